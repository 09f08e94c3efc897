// SPDX-License-Identifier: MIT
// A button for each kind of message of the catalogue, which publishes its sample.
import { publish } from './api.js';
import { button, make, part } from './dom.js';

export function tell(text, isBad = false) {
  const said = part('said');
  said.textContent = text;
  said.classList.toggle('is-bad', isBad);
}

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/** Publishes a message where the connection hears it. */
export function publishTo({ system, at }, message) {
  const fitting = system.fit ? system.fit(message, at) : message;
  return publish(system.target(at), JSON.stringify(fitting, null, 2));
}

async function publishSample(connection, sample) {
  if (!connection.client) {
    tell(`Connect ${connection.system.title} first.`, true);
    return;
  }
  try {
    const deliveries = await publishTo(connection, JSON.parse(sample.text));
    tell(`${sample.kind}: published to ${plural(deliveries, 'connection')}.`);
  } catch (error) {
    tell(`${sample.kind}: ${error.message}`, true);
  }
}

export function showButtons(connections, samples) {
  for (const connection of connections) {
    const { name, title, path } = connection.system;
    const kinds = make('div', 'kinds');
    kinds.setAttribute('role', 'group');
    kinds.setAttribute('aria-label', `Publish to ${name}`);
    for (const sample of samples[name]) kinds.append(button(sample.kind, () => void publishSample(connection, sample)));
    const group = make('div', 'kinds-of', make('h3', '', title, ' ', make('code', 'path', path)), kinds);
    group.dataset.endpoint = name;
    part('by-hand').append(group);
  }
}
