/* SPDX-License-Identifier: MIT */
/*
 * store/store_priv.h: the table of channels. Its functions are called with the lock held, or before
 * other threads know the store.
 */
#ifndef TIDINGS_STORE_STORE_PRIV_H
#define TIDINGS_STORE_STORE_PRIV_H

#include "base/map.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct item {
    struct message *message;
    bool is_last;
};

struct channel {
    struct map_node node;
    struct channel *older, *newer; /* by when something last happened */
    uint64_t id;                   /* in the journal */
    int64_t touched_s;             /* of one that was read from a file it may lie before 0 */
    uint32_t count, cap;           /* of items */
    uint64_t before;               /* the number of the first one, less one */
    size_t bytes;
    struct item *items;
    uint8_t name_len, owner_len;
    char text[]; /* the name, then the owner */
};

struct store {
    pthread_mutex_t lock;
    struct store_options options;
    const struct store_message_ops *ops;
    struct map channels;
    struct channel *oldest, *newest;
    struct journal *journal;               /* NULL: what is kept ends with the process */
    int64_t wall_offset_s;                 /* what the wall clock is ahead of `now_s` */
    uint64_t last_id;                      /* that a channel got */
    uint64_t highest;                      /* number in a channel that was forgotten */
    _Atomic uint64_t bytes, channel_count; /* changed under the lock, read by anybody */
};

/* A channel that is not in the table yet; NULL: no memory. */
struct channel *store_channel_new(struct span name, struct span owner);
/* Puts it into the table, as the newest. */
void store_insert(struct store *store, struct channel *own_channel, int64_t touched_s);
/* NULL: there is none of that name. */
struct channel *store_find(const struct store *store, struct span name);

/* Whether a message of so many bytes fits. ERR_NOT_FOUND (`channel` is NULL), ERR_LIMIT. */
MUST_USE enum err store_may_append(const struct store *store, const struct channel *channel,
                                   size_t bytes);
/* Adds the message without counting it; takes no reference. ERR_NOMEM. */
MUST_USE enum err store_add_item(struct channel *channel, struct item item);
/* Counts the bytes of a message that was added. */
void store_count_item(struct store *store, struct channel *channel, size_t bytes);

#endif
