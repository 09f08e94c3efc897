/* SPDX-License-Identifier: MIT */
/*
 * hub/message.h: bytes that leave on many sockets: counted, immutable, framed once.
 *
 * A server's frames are not masked (RFC 6455 §5.1), so that the same bytes serve every socket.
 * Any thread may hold references; the last one frees.
 */
#ifndef TIDINGS_HUB_MESSAGE_H
#define TIDINGS_HUB_MESSAGE_H

#include "base/span.h"

#include <stdatomic.h>

enum { MESSAGE_TWINS = 2 };

struct message {
    _Atomic uint32_t refs;
    uint32_t len;         /* of the whole frame */
    uint32_t payload_at;  /* where the payload begins in it */
    bool is_notification; /* published by a backend, not the server's own words */
    bool is_last;         /* ends its channel; see hub/rule.h */
    uint64_t received_ns; /* when the publish came in; 0 for the server's own words */
    uint64_t sequence;    /* its number in the history of its one channel; 0: there is none */
    /* The same compressed, for windows of two sizes, each made when a listener first needs it.
     * Points to the message itself when compressing was found not to pay. */
    _Atomic(struct message *) twins[MESSAGE_TWINS];
    char bytes[];
};

/* A notification as one WebSocket text message. One reference, the caller's. NULL when there is no
 * memory or the payload is longer than a message can be. */
MUST_USE struct message *message_new(struct span payload, uint64_t received_ns);
/* One frame of the server's own: `opcode` as in RFC 6455 §5.2, with FIN. */
MUST_USE struct message *message_new_frame(uint8_t opcode, struct span payload);
/* Bytes that go out as they are: the answer to a handshake. */
MUST_USE struct message *message_new_raw(struct span bytes);
/* The notification `of` with its payload compressed (RSV1, RFC 7692 §6). */
MUST_USE struct message *message_new_compressed(struct span deflated, const struct message *of);

static inline struct message *message_ref(struct message *m) {
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}
/* Many at once, for a fan-out. */
static inline void message_ref_many(struct message *m, uint32_t count) {
    atomic_fetch_add_explicit(&m->refs, count, memory_order_relaxed);
}
/* NULL is fine. */
void message_unref(struct message *m);
void message_unref_many(struct message *m, uint32_t count);

static inline struct span message_payload(const struct message *m) {
    return span_of(m->bytes + m->payload_at, m->len - m->payload_at);
}

/* The twin of that number; NULL as long as nobody gave one. */
static inline struct message *message_twin(struct message *m, unsigned which) {
    return atomic_load_explicit(&m->twins[which], memory_order_acquire);
}
/* Gives `m` a twin (or itself: not worth it) and returns the one that it now has: another thread
 * may have been first. Takes over the caller's reference to `own_twin` unless that is `m`. */
struct message *message_set_twin(struct message *m, unsigned which, struct message *own_twin);

#endif
