/* SPDX-License-Identifier: MIT */
/*
 * store/store.h: channels that were declared, and what each carried since.
 *
 * A channel that keeps history exists from its declaration until nothing has happened to it for
 * `keep_seconds` and nobody listens to it. Its messages are numbered and never trimmed: a full
 * channel takes no more. Numbers only rise: those of a channel that is declared anew after it was
 * forgotten lie behind all that it gave before, so that who listened all the while misses nothing.
 * Any thread; one lock, held for a few instructions. The store does not look into messages and does
 * not know who listens.
 *
 * With a journal what is kept survives the process: see store/journal.h and `store_ticket`.
 */
#ifndef TIDINGS_STORE_STORE_H
#define TIDINGS_STORE_STORE_H

#include "base/err.h"
#include "base/span.h"

struct journal;
struct message;

/* What the store may do with a message; filled by the hub. */
struct store_message_ops {
    struct message *(*ref)(struct message *message);
    void (*unref)(struct message *message);
    size_t (*bytes)(const struct message *message); /* of what was published */
    size_t overhead;                                /* bytes of memory a message beside those */
    /* What a journal needs: what was published, and the message anew from that, with one reference;
     * NULL: no memory. */
    struct span (*payload)(const struct message *message);
    struct message *(*read)(struct span payload, uint64_t sequence, bool is_last);
};

struct store_options {
    uint32_t channels_max;
    uint32_t channel_messages_max;
    size_t channel_bytes_max; /* of what was published */
    size_t bytes_max;         /* of memory for the messages of all channels together */
    uint32_t keep_seconds;
};

enum { STORE_OWNER_MAX = 128 };

struct store;

/* Never NULL. Options are copied, `ops` is borrowed. */
struct store *store_new(const struct store_options *options, const struct store_message_ops *ops);
/* NULL is fine. */
void store_free(struct store *store);

/* Declares `channel` (1 to 200 bytes) for `owner` (empty: nobody's). ERR_OK and `*ret_is_new`; the
 * same again is fine and keeps it from being forgotten. ERR_EXISTS: it has another owner.
 * ERR_LIMIT: there are as many channels as may be. ERR_NOMEM. `now_s` are seconds of a clock that
 * only goes forward, here and below; those of different threads may differ by a few. */
MUST_USE enum err store_declare(struct store *store, struct span channel, struct span owner,
                                uint32_t now_s, bool *ret_is_new);

/* The owner of a declared channel; copied to `ret`, which has room for STORE_OWNER_MAX bytes, and
 * its length. ERR_NOT_FOUND. */
MUST_USE enum err store_owner(struct store *store, struct span channel, char *ret, size_t *ret_len);

/* Could a message of `bytes` be appended now? ERR_NOT_FOUND, ERR_LIMIT. */
MUST_USE enum err store_check(struct store *store, struct span channel, size_t bytes);

/* Appends `message`, keeping a reference, and gives it its number. `is_last`: it is the one that
 * ends what the channel tells. ERR_NOT_FOUND: not declared. ERR_LIMIT: the channel or the store is
 * full. ERR_NOMEM. */
MUST_USE enum err store_append(struct store *store, struct span channel, struct message *message,
                               bool is_last, uint32_t now_s, uint64_t *ret_sequence);

/* For a store that is a copy of what is kept elsewhere, without a journal. Puts `message`, keeping
 * a reference, behind the others of `channel`, which need not have been declared. When `sequence`
 * is not the next, what was there belongs to a channel that has been forgotten, and goes.
 * ERR_EXISTS: it has that number already. ERR_NOMEM. The limits are those of where it is kept; see
 * `store_is_full`. */
MUST_USE enum err store_put(struct store *store, struct span channel, struct message *message,
                            uint64_t sequence, bool is_last, uint32_t now_s);
/* Forgets a channel; one that is not there is fine. */
void store_forget(struct store *store, struct span channel);
/* Messages take `bytes_max` of memory, or more. Any thread. */
bool store_is_full(const struct store *store);

/* One message as it was appended. */
struct store_item {
    struct message *message; /* a reference, the reader's */
    uint64_t sequence;
    bool is_last;
};

/* Up to `max` messages behind number `after`, in order. Returns how many; 0 for an unknown channel
 * too. */
size_t store_read(struct store *store, struct span channel, uint64_t after,
                  struct store_item *ret_items, size_t max);

/* Something has happened to `channel`: it is kept for `keep_seconds` from now. One that is not
 * there is fine. */
void store_touch(struct store *store, struct span channel, uint32_t now_s);

/* Who listens; filled by the hub. Called without the store's lock: `hold` may wait for a thread
 * that is about to append. */
struct store_listeners {
    /* Does somebody listen to `channel`? Until `release` nobody comes and nobody appends. */
    bool (*hold)(void *owner, struct span channel);
    void (*release)(void *owner);
    void *owner;
};

/* Forgets the channels to which nothing has happened for `keep_seconds`. Those to which somebody
 * listens are kept for as long again; NULL: nobody listens to any. */
void store_sweep(struct store *store, uint32_t now_s, const struct store_listeners *listeners);

/* Every channel's name, under the lock: for the start. */
void store_each(struct store *store, void (*each)(void *context, struct span channel),
                void *context);

/* Fills an empty store with what `journal` holds and gives all changes from now on to the journal,
 * which outlives the store. `wall_s` is the time of day at `now_s`. Before any other thread knows
 * the store. ERR_LIMIT: it holds more than the options allow. ERR_INVALID, ERR_IO: `note` says.
 * ERR_NOMEM. */
MUST_USE enum err store_read_journal(struct store *store, struct journal *journal, int64_t wall_s,
                                     uint32_t now_s, struct err_note *note);

/* Nothing is given to the journal any more, which is about to go. When all other threads have
 * ended. */
void store_leave_journal(struct store *store);

/* With a journal, `store_declare` and `store_append` may also return ERR_AGAIN (too much waits to
 * be written) and ERR_IO (nothing can be written at present); then nothing has changed. Would they
 * now? */
MUST_USE enum err store_accepts(const struct store *store);
/* Whatever the calling thread has changed, or found there, is durable when `store_durable` has
 * reached this number; 0 without a journal. Any thread. */
uint64_t store_ticket(const struct store *store);
uint64_t store_durable(const struct store *store);
/* Nothing can be written at present. Any thread. */
bool store_is_failing(const struct store *store);

/* For the metrics. */
uint64_t store_channels(const struct store *store);
uint64_t store_bytes(const struct store *store);

#endif
