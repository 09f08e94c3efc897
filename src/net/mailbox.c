/* SPDX-License-Identifier: MIT */
/*
 * net/mailbox.c: two arrays that change places: others fill one under a lock, the owner empties the
 * other without.
 */
#include "net/mailbox.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>

struct items {
    char *at;
    size_t len, cap; /* in items */
};

struct mailbox {
    struct loop_waker waker;
    size_t item_bytes, max;
    pthread_mutex_t lock;
    struct items posted;         /* under `lock` */
    _Atomic size_t posted_count; /* the same as posted.len, for a look without the lock */
    atomic_bool needs_wake;
    struct items taken; /* the owner's */
    size_t taken_from;
};

struct mailbox *mailbox_new(struct loop *loop, size_t item_bytes, size_t max, mailbox_filled filled,
                            void *owner) {
    struct mailbox *box = mem_new(sizeof *box);
    box->item_bytes = item_bytes;
    box->max = max;
    (void)pthread_mutex_init(&box->lock, NULL);
    loop_add_waker(loop, &box->waker, filled, owner);
    return box;
}

void mailbox_free(struct mailbox *box) {
    if (!box) return;
    (void)pthread_mutex_destroy(&box->lock);
    mem_free(box->posted.at);
    mem_free(box->taken.at);
    mem_free(box);
}

static enum err items_add(struct items *items, const void *item, size_t item_bytes) {
    if (items->len == items->cap) {
        size_t cap = items->cap ? items->cap * 2 : 64;
        char *at = mem_try_resize(items->at, cap * item_bytes);
        if (!at) return ERR_NOMEM;
        items->at = at;
        items->cap = cap;
    }
    memcpy(items->at + items->len * item_bytes, item, item_bytes);
    items->len++;
    return ERR_OK;
}

enum err mailbox_post(struct mailbox *box, const void *item) {
    pthread_mutex_lock(&box->lock);
    enum err e =
        box->posted.len < box->max ? items_add(&box->posted, item, box->item_bytes) : ERR_LIMIT;
    atomic_store(&box->posted_count, box->posted.len);
    pthread_mutex_unlock(&box->lock);
    if (!e) atomic_store(&box->needs_wake, true);
    return e;
}

void mailbox_wake(struct mailbox *box) {
    if (!atomic_load_explicit(&box->needs_wake, memory_order_relaxed)) return;
    if (atomic_exchange(&box->needs_wake, false)) loop_waker_set(&box->waker);
}

size_t mailbox_take(struct mailbox *box, void *ret_items, size_t max) {
    if (box->taken_from == box->taken.len) {
        if (atomic_load(&box->posted_count) == 0) return 0;
        pthread_mutex_lock(&box->lock);
        struct items emptied = box->taken;
        emptied.len = 0;
        box->taken = box->posted;
        box->posted = emptied;
        atomic_store(&box->posted_count, 0);
        pthread_mutex_unlock(&box->lock);
        box->taken_from = 0;
    }
    size_t count = size_min(max, box->taken.len - box->taken_from);
    memcpy(ret_items, box->taken.at + box->taken_from * box->item_bytes, count * box->item_bytes);
    box->taken_from += count;
    return count;
}

bool mailbox_is_empty(struct mailbox *box) {
    return box->taken_from == box->taken.len && atomic_load(&box->posted_count) == 0;
}

bool mailbox_has_room(struct mailbox *box, size_t more) {
    return atomic_load(&box->posted_count) + more <= box->max;
}
