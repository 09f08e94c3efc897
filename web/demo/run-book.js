// SPDX-License-Identifier: MIT
// A book that is read in page by page until it can be learnt from. Each step: [seconds from the beginning, system, message].

const PAGES = 24;
const UNREADABLE = 17;

export function bookRun() {
  const bookId = crypto.randomUUID();
  const steps = [];
  const tell = (seconds, type, payload) => steps.push([seconds, 'hailango', { type, payload, timestamp: '' }]);

  for (let page = 1; page <= PAGES; page++) {
    const isLast = page === PAGES;
    tell(0.4 + page * 0.7, 'ocr_progress', {
      bookId,
      totalPages: PAGES,
      processedPages: page,
      progress: Math.round((page / PAGES) * 1000) / 10,
      currentPage: Math.min(page + 1, PAGES),
      status: isLast ? 'completed' : 'processing',
      message: isLast ? 'All pages read' : `Reading page ${page + 1}`,
    });
  }
  tell(0.5 + UNREADABLE * 0.7, 'error', { code: 'ocr_failed', message: `Page ${UNREADABLE} is blurred and was read in part`, details: { page: UNREADABLE } });
  tell(18, 'book_ready', { bookId, title: 'Le Petit Prince', totalPages: PAGES, message: 'Your book is ready' });
  tell(19.5, 'notification', { title: 'New book', message: 'Le Petit Prince is in your library', level: 'success', action: { label: 'Open', url: `/books/${bookId}` } });
  tell(21, 'review_reminder', {
    count: 3,
    items: [
      { id: 'w-1', content: 'apprivoiser', translation: 'to tame', dueDate: '', priority: 'urgent' },
      { id: 'w-2', content: 'le renard', translation: 'the fox', dueDate: '', priority: 'recommended' },
      { id: 'w-3', content: 'le mouton', translation: 'the sheep', dueDate: '', priority: 'optional' },
    ],
    message: '3 words are waiting',
  });
  tell(23, 'learning_update', {
    sessionId: crypto.randomUUID(),
    bookId,
    stats: { totalTime: 1260, completedPages: 4, masteredWords: 18, pronunciationScore: 87.5, streakDays: 6, lastStudiedAt: '' },
    message: 'Six days in a row',
  });
  return steps;
}
