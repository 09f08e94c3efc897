/* SPDX-License-Identifier: MIT */
/*
 * hub/interest.h: the table that all workers share: for each channel, who listens on which worker;
 * for each user, how many connections there are.
 *
 * An entry is both: a user's entry is that of the user's own channel (`ws:<user>`), whose name thus
 * stands in memory once. Entries hang in stripes, each with a lock; the hash is keyed, so that
 * nobody can choose names that collide. An entry lives as long as somebody listens or is connected.
 */
#ifndef TIDINGS_HUB_INTEREST_H
#define TIDINGS_HUB_INTEREST_H

#include "base/err.h"
#include "base/map.h"
#include "base/span.h"

#include <pthread.h>
#include <stdatomic.h>

enum { INTEREST_STRIPES = 64, INTEREST_NAME_MAX = 200 };

/* Some connections of one worker that came by one endpoint and listen to a channel. */
struct listening {
    uint16_t worker;
    uint16_t endpoint;
    uint32_t count;
    uint32_t channel;    /* the worker's own index for it */
    uint32_t generation; /* and which use of that index */
};

/* What connections are counted by. */
enum seat_kind {
    SEAT_USER,    /* those of the user whose own channel it is */
    SEAT_CHANNEL, /* those that came for the channel */
};

/* Connections to one endpoint. */
struct seat {
    uint32_t connections;
    uint16_t endpoint;
    uint8_t kind; /* enum seat_kind */
};

struct interest {
    struct map_node node;
    uint16_t listening_count;
    uint8_t seat_count;
    uint8_t name_len;
    /* The first of each stands here, since most have just one. */
    union {
        struct listening one;
        struct listening *many;
    } listening;
    union {
        struct seat one;
        struct seat *many;
    } seats;
    char name[];
};

struct interest_stripe {
    pthread_mutex_t lock;
    struct map entries;
};

struct interest_table {
    struct interest_stripe stripes[INTEREST_STRIPES];
    _Atomic uint64_t channels; /* entries with listeners */
    _Atomic uint64_t users;    /* entries with connections */
};

void interest_table_init(struct interest_table *table);
void interest_table_finish(struct interest_table *table);

/* The stripe of `name`, locked; `*ret_hash` is what the calls below want. */
struct interest_stripe *interest_lock(struct interest_table *table, struct span name,
                                      uint32_t *ret_hash);
void interest_unlock(struct interest_stripe *stripe);

/* All below: under the stripe's lock. */

/* NULL when there is none. */
struct interest *interest_find(const struct interest_stripe *stripe, struct span name,
                               uint32_t hash);
/* Finds or makes it; NULL when there is no memory. A new one must get a listener or a seat before
 * the lock is released, or `interest_settle`. */
struct interest *interest_obtain(struct interest_stripe *stripe, struct span name, uint32_t hash);
/* Frees the entry if nothing keeps it. */
void interest_settle(struct interest_stripe *stripe, struct interest *entry);

static inline struct span interest_name(const struct interest *entry) {
    return span_of(entry->name, entry->name_len);
}
static inline struct listening *interest_listening(struct interest *entry) {
    return entry->listening_count > 1 ? entry->listening.many : &entry->listening.one;
}
static inline struct seat *interest_seats(struct interest *entry) {
    return entry->seat_count > 1 ? entry->seats.many : &entry->seats.one;
}

/* Adds a record behind the others; false when there is no memory. */
MUST_USE bool interest_add_listening(struct interest *entry, struct listening record);
void interest_remove_listening(struct interest *entry, size_t at);
MUST_USE bool interest_add_seat(struct interest *entry, struct seat seat);
void interest_remove_seat(struct interest *entry, size_t at);

#endif
