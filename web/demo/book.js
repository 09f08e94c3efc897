// SPDX-License-Identifier: MIT
// A reader's books while they are read in, page by page.
import { bar, make, part, prepend, say } from './dom.js';

const MOST = 3;

class Book {
  constructor(id) {
    this.title = make('h3', '', `Book ${id.slice(0, 8)}`);
    this.percent = make('span', 'percent', '');
    this.bar = bar('Pages read', 0, 100);
    this.note = make('p', 'note', '');
    this.element = make('article', 'book', make('div', 'row', this.title, this.percent), this.bar, this.note);
  }

  progress({ processedPages, totalPages, progress, message }) {
    this.element.classList.remove('is-ready');
    this.bar.value = progress;
    say(this.percent, `${Math.round(progress)} %`);
    say(this.note, `${processedPages} of ${totalPages} pages${message ? ` · ${message}` : ''}`);
  }

  ready({ title, totalPages, message }) {
    this.element.classList.add('is-ready');
    this.bar.value = 100;
    say(this.title, title);
    say(this.percent, 'ready');
    say(this.note, `${totalPages} pages · ${message ?? 'ready to read'}`);
  }
}

export class Books {
  area = part('books');
  books = new Map();

  hear({ type, payload }) {
    if (type === 'ocr_progress') this.book(payload.bookId).progress(payload);
    if (type === 'book_ready') this.book(payload.bookId).ready(payload);
  }

  book(id) {
    let book = this.books.get(id);
    if (!book) {
      book = new Book(id);
      this.books.set(id, book);
      if (this.books.size > MOST) this.books.delete(this.books.keys().next().value);
      prepend(this.area, book.element, MOST);
    }
    return book;
  }

  clear() {
    this.books.clear();
    this.area.replaceChildren();
  }
}
