/* SPDX-License-Identifier: MIT */
/*
 * session/conn_guests.c: connections that have no place of their own: they speak HTTP without a
 * key, or were told goodbye. They stand in a list, who came or asked last at its end.
 *
 * A process has room for so many sockets. When all of it is taken, a newcomer gets the room of the
 * guest who has been quiet for longest: thousands who connect and say nothing push out each other,
 * and whoever asks at once still gets in. Who has a WebSocket or a key is never pushed out.
 */
#include "session/conn_priv.h"

static bool is_guest(const struct session *s, uint32_t index) {
    const struct conn *c = conn_at(s, index);
    return c->newer_guest || c->older_guest || s->oldest_guest == index;
}

void conn_guest_leave(struct session *s, uint32_t index) {
    if (!is_guest(s, index)) return;
    struct conn *c = conn_at(s, index);
    *(c->older_guest ? &conn_at(s, c->older_guest)->newer_guest : &s->oldest_guest) =
        c->newer_guest;
    *(c->newer_guest ? &conn_at(s, c->newer_guest)->older_guest : &s->newest_guest) =
        c->older_guest;
    c->older_guest = c->newer_guest = 0;
}

void conn_guest_stay(struct session *s, uint32_t index) {
    conn_guest_leave(s, index);
    struct conn *c = conn_at(s, index);
    c->older_guest = s->newest_guest;
    *(s->newest_guest ? &conn_at(s, s->newest_guest)->newer_guest : &s->oldest_guest) = index;
    s->newest_guest = index;
}

bool conn_guest_take_room(struct session *s) {
    _Atomic uint64_t *sockets = &s->shared->sockets;
    uint64_t before = atomic_fetch_add_explicit(sockets, 1, memory_order_relaxed);
    if (before < s->rules->options.max_connections + SPARE_CONNECTIONS) return true;
    if (!s->oldest_guest) {
        conn_guest_give_room(s);
        return false;
    }
    counter_add(&s->counts->pushed_out, 1);
    conn_drop(s, s->oldest_guest, 0, "pushed out by a newcomer");
    return true;
}

void conn_guest_give_room(struct session *s) {
    atomic_fetch_sub_explicit(&s->shared->sockets, 1, memory_order_relaxed);
}
