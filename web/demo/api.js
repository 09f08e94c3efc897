// SPDX-License-Identifier: MIT
// What the page asks of the server over HTTP: tokens, submissions, and to publish.

const KEPT = 500;

/** When each text was last published, to tell how long it was under way. */
const published = new Map();

async function post(path, body) {
  const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.error?.message ?? `${path}: ${answer.status}`);
  return json;
}

export async function tokenFor(user, claims = {}) {
  return (await post('/demo/token', JSON.stringify({ user, claims }))).token;
}

/** Declares a submission, or finds that it is; without a number the server gives one. */
export async function declareSubmission(number) {
  const body = number === undefined ? {} : { submission_id: number };
  return (await post('/api/v1/submissions', JSON.stringify(body))).submission_id;
}

/** Publishes a text of JSON as it stands. Gives how many connections it went to. */
export async function publish(target, text) {
  published.delete(text);
  published.set(text, performance.now());
  if (published.size > KEPT) published.delete(published.keys().next().value);
  const answer = await post('/api/v1/publish', `${JSON.stringify(target).slice(0, -1)},"data":${text}}`);
  return answer.published[0].deliveries;
}

/** Milliseconds since that text was published here; undefined if it was not. */
export function sincePublished(text) {
  const then = published.get(text);
  return then === undefined ? undefined : performance.now() - then;
}
