// SPDX-License-Identifier: MIT
// A teacher's notification centre: what came, how urgent it is, what is unread.
import { button, clock, make, part, prepend, say } from './dom.js';
import { CATEGORIES, wordsOf } from './teacher-words.js';

const MOST = 60;

export class Teacher {
  list = part('notifications');
  unread = part('unread');
  everything = part('mark-all');

  constructor() {
    this.everything.addEventListener('click', () => {
      for (const item of this.list.querySelectorAll('.is-unread')) this.read(item);
      this.list.focus();
    });
    this.count();
  }

  hear(message) {
    if (message.notification_type === undefined || typeof message.payload !== 'object') return;
    const [title, sentence] = wordsOf(message);
    const item = make('li', 'notification is-unread');
    item.dataset.priority = message.priority;
    const mark = button('Mark as read', () => this.read(item), 'quiet');
    mark.setAttribute('aria-label', `Mark as read: ${title}`);
    const tags = make('p', 'tags', make('span', 'category', CATEGORIES[message.category] ?? message.category));
    if (message.priority !== 'standard') tags.append(make('span', 'priority', message.priority));
    if (message.action_required) tags.append(make('span', 'action', 'action required'));
    tags.append(make('time', '', clock()));
    item.append(make('div', 'words', make('h3', '', title), make('p', '', sentence), tags), mark);
    prepend(this.list, item, MOST);
    this.count();
  }

  read(item) {
    if (item.querySelector('button') === document.activeElement) {
      (item.nextElementSibling?.querySelector('button') ?? this.list).focus();
    }
    item.classList.remove('is-unread');
    item.querySelector('button')?.remove();
    this.count();
  }

  count() {
    const count = this.list.querySelectorAll('.is-unread').length;
    say(this.unread, `${count} unread`);
    this.unread.classList.toggle('is-none', count === 0);
    this.everything.disabled = count === 0;
  }

  clear() {
    this.list.replaceChildren();
    this.count();
  }
}
