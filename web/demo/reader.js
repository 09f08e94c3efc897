// SPDX-License-Identifier: MIT
// What else a reader is told: words that wait to be repeated, how learning goes, notices and errors.
import { make, part, prepend } from './dom.js';

const MOST = 4;

function figure(name, value) {
  return make('div', '', make('dt', '', name), make('dd', '', String(value)));
}

export class Reader {
  reminders = part('reminders');
  learning = part('learning');
  notices = part('notices');

  hear({ type, payload }) {
    if (type === 'review_reminder') this.remind(payload);
    else if (type === 'learning_update') this.learn(payload.stats);
    else if (type === 'notification') this.notice(payload.level, payload.title, payload.message);
    else if (type === 'error') this.notice('error', 'Something went wrong', payload.message);
  }

  remind({ items, message, count }) {
    const words = items.map(({ content, translation, priority }) => {
      const item = make('li', '', make('span', 'word', content));
      if (translation) item.append(make('span', 'translation', translation));
      item.append(make('span', 'due', priority));
      item.dataset.priority = priority;
      return item;
    });
    this.reminders.replaceChildren(make('h3', '', message ?? `${count} words are waiting`), make('ul', 'words-due', ...words));
  }

  learn({ totalTime, completedPages, masteredWords, pronunciationScore, streakDays }) {
    const figures = make(
      'dl',
      'figures',
      figure('minutes', Math.round(totalTime / 60)),
      figure('pages', completedPages),
      figure('words', masteredWords),
      figure('days in a row', streakDays),
    );
    if (pronunciationScore !== undefined) figures.append(figure('pronunciation', `${Math.round(pronunciationScore)} %`));
    this.learning.replaceChildren(figures);
  }

  notice(level, title, text) {
    const item = make('li', 'notice', make('strong', '', title), ' ', text);
    item.dataset.level = level;
    prepend(this.notices, item, MOST);
  }

  clear() {
    for (const area of [this.reminders, this.learning, this.notices]) area.replaceChildren();
  }
}
