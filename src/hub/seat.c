/* SPDX-License-Identifier: MIT */
/*
 * hub/seat.c: connections of users and channels, on the entries of the interest table.
 */
#include "hub/seat.h"

static struct seat *seat_of(struct interest *entry, enum seat_kind kind, uint16_t endpoint) {
    struct seat *seats = interest_seats(entry);
    for (size_t i = 0; i < entry->seat_count; i++) {
        if (seats[i].endpoint == endpoint && seats[i].kind == kind) return &seats[i];
    }
    return NULL;
}

static bool has_user(struct interest *entry) {
    const struct seat *seats = interest_seats(entry);
    for (size_t i = 0; i < entry->seat_count; i++) {
        if (seats[i].kind == SEAT_USER) return true;
    }
    return false;
}

enum err seat_take(struct interest_table *table, struct span name, enum seat_kind kind,
                   uint16_t endpoint, uint32_t max, struct interest **ret) {
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, name, &hash);
    enum err e = ERR_NOMEM;
    struct interest *entry = interest_obtain(stripe, name, hash);
    if (!entry) goto out;
    bool is_new_user = kind == SEAT_USER && !has_user(entry);
    struct seat *seat = seat_of(entry, kind, endpoint);
    if (seat && max > 0 && seat->connections >= max) {
        e = ERR_LIMIT;
    } else if (seat) {
        seat->connections++;
        e = ERR_OK;
    } else if (interest_add_seat(entry, (struct seat){ 1, endpoint, (uint8_t)kind })) {
        e = ERR_OK;
    } else {
        interest_settle(stripe, entry);
    }
    if (e) goto out;
    if (is_new_user) atomic_fetch_add_explicit(&table->users, 1, memory_order_relaxed);
    *ret = entry;
out:
    interest_unlock(stripe);
    return e;
}

void seat_leave(struct interest_table *table, struct interest *entry, enum seat_kind kind,
                uint16_t endpoint) {
    /* The seat keeps the entry alive, so its name can be read before the lock is held. */
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, interest_name(entry), &hash);
    struct seat *seat = seat_of(entry, kind, endpoint);
    assert(seat && seat->connections > 0);
    if (--seat->connections == 0) {
        interest_remove_seat(entry, (size_t)(seat - interest_seats(entry)));
        if (kind == SEAT_USER && !has_user(entry)) {
            atomic_fetch_sub_explicit(&table->users, 1, memory_order_relaxed);
        }
        interest_settle(stripe, entry);
    }
    interest_unlock(stripe);
}
