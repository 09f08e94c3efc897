/* SPDX-License-Identifier: MIT */
/*
 * net/mailbox.h: how a thread is told something by others: a bounded queue of items of one size and
 * a wake-up.
 *
 * Posting and waking are apart so that a thread can post all that its turn has for another and wake
 * it once.
 */
#ifndef TIDINGS_NET_MAILBOX_H
#define TIDINGS_NET_MAILBOX_H

#include "net/loop.h"

struct mailbox;

/* Runs on the owner's loop when something has come; takes it with `mailbox_take`. */
typedef void (*mailbox_filled)(void *owner);

/* A mailbox of the thread that runs `loop`, for items of `item_bytes`, at most `max` waiting. */
struct mailbox *mailbox_new(struct loop *loop, size_t item_bytes, size_t max, mailbox_filled filled,
                            void *owner);
/* The owner's loop must have ended its turns; what waits is dropped. NULL is fine. */
void mailbox_free(struct mailbox *box);

/* Any thread. Copies the item. ERR_LIMIT when `max` wait, ERR_NOMEM. */
MUST_USE enum err mailbox_post(struct mailbox *box, const void *item);
/* Any thread: wakes the owner if something was posted since it was last woken. */
void mailbox_wake(struct mailbox *box);

/* Owner only: up to `max` items, oldest first; returns how many. */
size_t mailbox_take(struct mailbox *box, void *ret_items, size_t max);
/* Owner only: nothing waits. What a thread posted before it released a lock that the owner then
 * took counts as waiting. */
bool mailbox_is_empty(struct mailbox *box);
/* Any thread: could `more` items be posted? True may be stale unless posting is otherwise held off.
 */
bool mailbox_has_room(struct mailbox *box, size_t more);

#endif
