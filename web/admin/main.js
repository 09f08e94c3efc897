// SPDX-License-Identifier: MIT
// The page for operators: asks for a key unless none is needed, then shows what the server says of itself.
import { Api, CallError } from './api.js';
import { BusiestView } from './busiest.js';
import { part, say } from './dom.js';
import { History } from './history.js';
import { KeyForm, storeKey, storedKey } from './key.js';
import { OverviewView } from './overview.js';
import { Poll } from './poll.js';
import { UsersView } from './users.js';

const board = part('board', HTMLElement);
const state = part('state', HTMLElement);
const pause = part('pause', HTMLButtonElement);
const leave = part('leave', HTMLButtonElement);

const api = new Api();
const history = new History();
const overview = new OverviewView();
const users = new UsersView(api);
const busiest = new BusiestView((user) => void users.choose(user));
const door = new KeyForm((key) => enter(key));

const poll = new Poll(
  async (signal) => {
    const answer = await api.overview(signal);
    if (signal.aborted) return;
    open();
    showState('live', 'Live');
    if (!history.add(answer)) say(part('notice', HTMLElement), 'The server has restarted, or another one answers now.');
    overview.show(history);
    busiest.show(answer);
  },
  (error) => {
    if (error instanceof CallError && error.isAboutKey) {
      shut(api.key ? error.message : '');
    } else {
      // Without an answer to the first question it is not known whether a key is needed.
      open();
      showState('lost', `${error instanceof CallError ? error.message : 'The answer cannot be read'}. Trying again.`);
    }
  },
);

/**
 * @param {'live' | 'lost' | 'paused' | 'none'} name
 * @param {string} words
 */
function showState(name, words) {
  say(state, words);
  state.dataset.state = name;
}

function open() {
  if (!board.hidden) return;
  door.hide();
  board.hidden = false;
  pause.hidden = false;
  leave.hidden = api.key === '';
  if (api.key) storeKey(api.key);
}

/** @param {string} key "": none */
function enter(key) {
  api.key = key;
  showState('none', 'Asking…');
  poll.start();
}

/** @param {string} [problem] */
function shut(problem) {
  poll.stop();
  poll.isPaused = false;
  showPause();
  storeKey('');
  api.key = '';
  history.clear();
  users.clear();
  board.hidden = true;
  pause.hidden = true;
  leave.hidden = true;
  showState('none', '');
  door.show(problem);
}

function showPause() {
  pause.setAttribute('aria-pressed', String(poll.isPaused));
}

pause.addEventListener('click', () => {
  poll.isPaused = !poll.isPaused;
  showPause();
  if (poll.isPaused) showState('paused', 'Paused');
});
leave.addEventListener('click', () => shut());
enter(storedKey());
