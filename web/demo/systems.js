// SPDX-License-Identifier: MIT
// The four systems: which client each has, whom it is told of, where one publishes to reach it.
//
// `open` makes a client that is connecting, `target` says where to publish, `fit` makes a message suit the connection. What a
// connection is of, its user or its submission, is in `at`.
import { declareSubmission, tokenFor } from './api.js';
import { HaiLanGoWebSocketClient, HuleEduWebSocketClient, SubmissionWatcher, TidingsClient } from './tidings-client.js';

/** Never gives up, and a restarted server is found soon. */
const patient = { maxReconnectAttempts: Infinity, maxReconnectDelay: 4000, heartbeatInterval: 10_000 };

/** HaiLanGo knows its users by UUID; each name gets one for as long as the page is open. */
const uuids = new Map();

function uuidOf(user) {
  if (!uuids.has(user)) uuids.set(user, crypto.randomUUID());
  return uuids.get(user);
}

function connecting(client) {
  client.connect();
  return client;
}

export const systems = [
  {
    name: 'huleedu',
    title: 'Teacher',
    path: '/ws',
    about: 'what concerns a teacher',
    open: (at, user, WebSocket) => {
      at.user = user;
      return connecting(new HuleEduWebSocketClient(() => tokenFor(user), { ...patient, WebSocket }));
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'huleedu-status',
    title: 'Batch status',
    path: '/ws/v1/status/{client_id}',
    about: 'the same user by another path, for batches',
    open: (at, user, WebSocket) => {
      at.user = user;
      const url = `/ws/v1/status/${encodeURIComponent(user)}`;
      return connecting(new TidingsClient({ ...patient, url, getToken: () => tokenFor(user), WebSocket }));
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'hailango',
    title: 'Reader',
    path: '/api/v1/ws',
    about: 'users are UUIDs with an email, and are welcomed',
    open: (at, user, WebSocket) => {
      at.user = uuidOf(user);
      const getToken = () => tokenFor(at.user, { email: 'demo@example.com' });
      return connecting(new HaiLanGoWebSocketClient({ ...patient, getToken, WebSocket }));
    },
    target: (at) => ({ user: at.user }),
  },
  {
    name: 'submissions',
    title: 'Submission',
    path: '/ws/submissions/{submission_id}',
    about: 'declared first, replayed to late watchers, ended by complete',
    open: async (at, user, WebSocket) => {
      // After `complete` a submission is over: the next connection watches a new one, unless the old is to be seen again.
      if (!at.submission || (at.isOver && !at.isAgain)) at.submission = await declareSubmission();
      at.isOver = at.isAgain = false;
      const number = at.submission;
      // A server that was restarted without a store has forgotten it.
      const getToken = async () => {
        await declareSubmission(number);
        return tokenFor(user);
      };
      const watcher = new SubmissionWatcher(number, getToken, { ...patient, WebSocket });
      watcher.onError = () => undefined; // the log has it
      watcher.onComplete = () => (at.isOver = true);
      return watcher.client;
    },
    target: (at) => ({ channel: `submission:${at.submission}` }),
    fit: (message, at) => ({ ...message, submission_id: at.submission }),
    where: (at) => `watching submission ${at.submission}`,
  },
];
