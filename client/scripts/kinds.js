// SPDX-License-Identifier: MIT
// Writes src/kinds.ts, the types of every kind of message, from the schemas in catalogue/. usage: node scripts/kinds.js [--print]
//
// It knows the part of JSON Schema that the catalogue is written in (catalogue/README.md) and fails on any other.
import { readFileSync, writeFileSync } from 'node:fs';

const DIALECTS = ['huleedu', 'huleedu-status', 'hailango', 'submissions'];
const DISCRIMINATORS = ['notification_type', 'event_type', 'event', 'type'];
const KNOWN = new Set(
  '$ref const enum type required properties items description default minLength minimum maximum pattern'.split(
    ' ',
  ),
);
const PLAIN = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

const refName = (ref) => ref.replace('#/$defs/', '');
const pascal = (name) => name.replace(/(?:^|[._-])([a-z])/g, (_, letter) => letter.toUpperCase());
const interfaceOf = (kind) => `${pascal(kind)}Message`;
const quote = (text) => `'${text}'`;
const comment = (text, indent) => (text ? `${indent}/** ${text} */\n` : '');

/** The type of a schema. What a dialect shares is named where it is a closed list, and put in place otherwise. */
function typeOf(schema, defs, indent) {
  for (const key of Object.keys(schema)) if (!KNOWN.has(key)) throw new Error(`a schema says ${key}`);
  if (schema.$ref) {
    const name = refName(schema.$ref);
    return defs[name].enum ? pascal(name) : typeOf(defs[name], defs, indent);
  }
  if (schema.const !== undefined) return quote(schema.const);
  if (schema.enum) return schema.enum.map(quote).join(' | ');
  if (schema.type === 'object') return objectOf(schema, defs, indent);
  if (schema.type === 'array') {
    const items = typeOf(schema.items, defs, indent);
    return items.includes(' | ') ? `(${items})[]` : `${items}[]`;
  }
  if (schema.type === undefined) return 'unknown';
  return [schema.type]
    .flat()
    .map((name) => PLAIN[name])
    .join(' | ');
}

function objectOf(schema, defs, indent, extra = '') {
  const inner = `${indent}  `;
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const about = member.description ?? (member.$ref && defs[refName(member.$ref)].description);
    const mark = schema.required.includes(name) ? '' : '?';
    return `${comment(about, inner)}${inner}${name}${mark}: ${typeOf(member, defs, inner)};\n`;
  });
  return `{\n${members.join('')}${extra}${indent}}`;
}

/** One kind: an interface that says `undefined` of every discriminator but its own, so that a switch on any of them narrows. */
function kindOf(name, schema, defs) {
  const own = DISCRIMINATORS.find((member) => schema.properties[member]?.const === name);
  if (!own) throw new Error(`nothing tells ${name} apart`);
  const others = DISCRIMINATORS.filter((member) => member !== own)
    .map((member) => `  ${member}?: undefined;\n`)
    .join('');
  return `${comment(schema.description, '')}export interface ${interfaceOf(name)} ${objectOf(schema, defs, '', others)}\n`;
}

const parts = [
  `// SPDX-License-Identifier: MIT
// The kinds of message in catalogue/, as types. Written by scripts/kinds.js: change the catalogue and run \`npm run kinds\`.
`,
];
const shared = new Map();
const kinds = [];
const unions = [];
for (const dialect of DIALECTS) {
  const schema = JSON.parse(
    readFileSync(new URL(`../../catalogue/${dialect}.json`, import.meta.url), 'utf8'),
  );
  const names = schema.oneOf.map((one) => refName(one.$ref));
  for (const [name, def] of Object.entries(schema.$defs)) {
    if (def.enum) shared.set(name, `export type ${pascal(name)} = ${def.enum.map(quote).join(' | ')};\n`);
  }
  for (const name of names) parts.push(kindOf(name, schema.$defs[name], schema.$defs));
  kinds.push(...names);
  unions.push(
    `${comment(schema.description, '')}export type ${pascal(dialect)}Message =\n  | ${names.map(interfaceOf).join('\n  | ')};\n`,
  );
}
parts.splice(1, 0, ...shared.values());
parts.push(...unions);
const rows = kinds.map((name) => `  ${/^\w+$/.test(name) ? name : quote(name)}: ${interfaceOf(name)};\n`);
parts.push(
  `/** Every kind of the catalogue by its name. */\nexport interface CatalogueKinds {\n${rows.join('')}}\n`,
);

const text = parts.join('\n');
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(new URL('../src/kinds.ts', import.meta.url), text);
