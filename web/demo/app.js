// SPDX-License-Identifier: MIT
// The page of demo mode: a card for each endpoint, a button for each kind of message, a log of what arrives.

const LOG_MAX = 200;
const REPLAY_MS = 5000; // what comes so late was kept for a late watcher
const element = (id) => document.getElementById(id);

/** When each text was last published, to tell how long it was under way. */
const published = new Map();
/** HaiLanGo knows its users by UUID; each name gets one for as long as the page is open. */
const uuids = new Map();

function uuidOf(user) {
  if (!uuids.has(user)) uuids.set(user, crypto.randomUUID());
  return uuids.get(user);
}

function say(text, isBad = false) {
  const said = element('said');
  said.textContent = text;
  said.classList.toggle('is-bad', isBad);
}

async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error?.message ?? `${path}: ${answer.status}`);
  return json;
}

async function tokenFor(user, claims) {
  const { token } = await post('/demo/token', JSON.stringify({ user, claims }));
  return `?token=${encodeURIComponent(token)}`;
}

async function declareSubmission() {
  const { submission_id: number } = await post('/api/v1/submissions', '{}');
  return number;
}

/**
 * The four systems. `open` gives the path to connect to, `target` where to publish, `fit` makes a sample suit the
 * connection; a connection remembers its user, or its submission, in `at`.
 */
const systems = [
  {
    name: 'huleedu',
    about: '/ws: what concerns a teacher',
    open: async (at, user) => {
      at.user = user;
      return `/ws${await tokenFor(user, {})}`;
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'huleedu-status',
    about: '/ws/v1/status/{client_id}: the same user by another path, for batches',
    open: async (at, user) => {
      at.user = user;
      return `/ws/v1/status/${encodeURIComponent(user)}${await tokenFor(user, {})}`;
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'hailango',
    about: '/api/v1/ws: users are UUIDs with an email, and are welcomed',
    open: async (at, user) => {
      at.user = uuidOf(user);
      return `/api/v1/ws${await tokenFor(at.user, { email: 'demo@example.com' })}`;
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'submissions',
    about: '/ws/submissions/{submission_id}: declared first, replayed to late watchers, ended by complete',
    open: async (at) => {
      // After `complete` a submission is over: the next connection watches a new one.
      if (!at.submission || at.isOver) at.submission = await declareSubmission();
      at.isOver = false;
      return `/ws/submissions/${at.submission}`;
    },
    target: (at) => ({ channel: `submission:${at.submission}` }),
    fit: (text, at) => JSON.stringify({ ...JSON.parse(text), submission_id: at.submission }, null, 2),
    heard: (message, at) => {
      if (message?.type === 'complete') at.isOver = true;
    },
    where: (at) => `watching submission ${at.submission}`,
  },
];

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const kindOf = (message, text) =>
  message?.notification_type ?? message?.event_type ?? message?.event ?? message?.type ?? message?.error ?? text;

function span(className, text) {
  const made = document.createElement('span');
  made.className = className;
  made.textContent = text;
  return made;
}

function latencyOf(text) {
  const since = published.get(text);
  if (since === undefined) return 'from the server';
  const ms = performance.now() - since;
  return ms > REPLAY_MS ? 'replayed' : `${ms.toFixed(1)} ms`;
}

/** One line of the log, newest first. */
function log(system, text) {
  const latency = latencyOf(text);
  const message = parsed(text);
  const item = document.createElement('li');
  const details = document.createElement('details');
  const summary = document.createElement('summary');
  const body = document.createElement('pre');
  summary.append(
    span('time', new Date().toLocaleTimeString()),
    span('endpoint', system.name),
    span('kind', String(kindOf(message, text))),
    span('latency', latency),
  );
  body.textContent = message === undefined ? text : JSON.stringify(message, null, 2);
  details.append(summary, body);
  item.append(details);
  item.dataset.endpoint = system.name;
  item.dataset.kind = String(kindOf(message, text));
  const list = element('log');
  list.prepend(item);
  while (list.children.length > LOG_MAX) list.lastElementChild.remove();
  system.heard?.(message, system.at);
}

/** How a connection stands, in words and as a class. */
function show(system, state, words) {
  system.card.className = `is-${state}`;
  system.card.querySelector('.state').textContent = words;
  system.card.querySelector('.connect').textContent = state === 'open' ? 'Disconnect' : 'Connect';
  system.card.querySelector('.ping').disabled = state !== 'open';
}

async function connect(system) {
  if (system.socket) return;
  system.socket = 'opening';
  show(system, 'opening', 'connecting');
  try {
    const path = await system.open(system.at, element('user').value.trim());
    const socket = new WebSocket(location.origin.replace('http', 'ws') + path);
    system.socket = socket;
    socket.onopen = () => show(system, 'open', system.where?.(system.at) ?? `connected as ${system.at.user}`);
    socket.onmessage = (event) => log(system, event.data);
    socket.onclose = (event) => {
      system.socket = undefined;
      show(system, event.code === 1000 ? 'closed' : 'lost', `closed: ${event.code} ${event.reason}`.trim());
    };
  } catch (error) {
    system.socket = undefined;
    show(system, 'lost', error.message);
  }
}

function toggle(system) {
  if (system.socket instanceof WebSocket) system.socket.close(1000);
  else void connect(system);
}

async function publish(system, sample) {
  if (!(system.socket instanceof WebSocket)) {
    say(`Connect ${system.name} first.`, true);
    return;
  }
  const text = system.fit ? system.fit(sample.text, system.at) : sample.text;
  const head = JSON.stringify(system.target(system.at)).slice(0, -1);
  published.delete(text);
  published.set(text, performance.now());
  if (published.size > LOG_MAX) published.delete(published.keys().next().value);
  try {
    const answer = await post('/api/v1/publish', `${head},"data":${text}}`);
    const deliveries = answer.published[0].deliveries;
    say(`${sample.kind}: published to ${deliveries} connection${deliveries === 1 ? '' : 's'}.`);
  } catch (error) {
    say(`${sample.kind}: ${error.message}`, true);
  }
}

function button(text, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.onclick = act;
  return made;
}

function build(system, samples) {
  const card = element('endpoint-template').content.firstElementChild.cloneNode(true);
  system.card = card;
  system.at = {};
  card.id = system.name;
  card.querySelector('h2').textContent = system.name;
  card.querySelector('.about').textContent = system.about;
  card.querySelector('.connect').onclick = () => toggle(system);
  card.querySelector('.ping').onclick = () => system.socket.send('{"type":"ping"}');
  const kinds = card.querySelector('.kinds');
  kinds.setAttribute('aria-label', `Publish to ${system.name}`);
  for (const sample of samples) kinds.append(button(sample.kind, () => void publish(system, sample)));
  element('endpoints').append(card);
}

const samples = await (await fetch('/demo/samples.json')).json();
for (const system of systems) build(system, samples[system.name]);
element('who').onsubmit = (event) => event.preventDefault();
element('connect-all').onclick = () => systems.forEach((system) => void connect(system));
element('clear').onclick = () => element('log').replaceChildren();
