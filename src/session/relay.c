/* SPDX-License-Identifier: MIT */
/*
 * session/relay.c: what is relayed to a client: notifications as they come, and before them, where
 * its endpoint replays, what the channel carried so far.
 *
 * A client that is being replayed to is not given live notifications: those are in the history too,
 * and it gets there. When the history has nothing more the client goes over to live ones, of which
 * it takes only what comes behind the last number that it has seen: no gap and no duplicate.
 *
 * A live client is ended by the message that ends its channel; one that comes late gets what was
 * published behind that one too, and is ended then.
 */
#include "hub/rule.h"
#include "hub/subscribe.h"
#include "session/channels.h"
#include "session/conn_priv.h"

enum {
    REPLAY_AT_ONCE = STREAM_PIECES_MAX, /* what leaves with one system call, */
    REPLAY_AT_ONCE_BYTES = 1 << 16,     /* and no message more when it is so much */
};

/* The compressed form for a listener that wants it, `m` itself where compressing does not pay.
 * Borrowed. */
static struct message *twin_of(struct session *s, struct message *m, unsigned which) {
    struct message *twin = message_twin(m, which);
    if (twin) return twin;
    struct span payload = message_payload(m);
    if (payload.len < WS_DEFLATE_MIN) return message_set_twin(m, which, m);
    if (!s->deflaters[which]) s->deflaters[which] = ws_deflater_new((enum ws_window)which);
    if (!s->deflaters[which]) return m;
    buf_clear(&s->scratch);
    enum err e = ws_deflate(s->deflaters[which], payload, &s->scratch);
    if (e || s->scratch.len >= payload.len) return message_set_twin(m, which, m);
    twin = message_new_compressed(buf_span(&s->scratch), m);
    return twin ? message_set_twin(m, which, twin) : m;
}

/* Puts `m` into the outbox in the form that the client wants; takes over a reference if it does. */
static bool relay(struct session *s, uint32_t index, struct message *m) {
    struct conn *c = conn_at(s, index);
    if (m->len - m->payload_at > conn_endpoint(s, c)->max_notification_bytes) {
        /* A live one was counted when it was published. */
        if (c->is_replaying) counter_add(&s->counts->dropped[COUNT_DROP_TOO_BIG], 1);
        return false;
    }
    struct message *form = c->has_deflate ? twin_of(s, m, c->has_narrow_window) : m;
    if (form != m) message_ref(form);
    if (!conn_push(s, index, form)) {
        if (form != m) message_unref(form);
        counter_add(&s->counts->dropped[COUNT_DROP_SLOW], 1);
        return false;
    }
    if (form != m) message_unref(m);
    return true;
}

/* It has had the message of that number, which may have been the last of its channel. */
static void note_sequence(struct session *s, struct conn *c, uint64_t sequence, bool is_last) {
    c->relayed_to = sequence;
    if (is_last && conn_endpoint(s, c)->ends_after[0]) c->is_complete = true;
}

bool relay_deliver(void *owner, uint32_t index, struct message *m) {
    struct session *s = owner;
    struct conn *c = conn_at(s, index);
    if (m->sequence == 0) return relay(s, index, m);
    if (c->is_replaying || c->is_complete || m->sequence <= c->relayed_to) return false;
    /* A shared broker may be fetching the history for the replay of others. */
    if (c->holds > 0) return false;
    note_sequence(s, c, m->sequence, m->is_last);
    if (c->is_complete) conn_mark(s, index);
    return relay(s, index, m);
}

struct subscription *relay_subscriptions(void *owner, uint32_t index, size_t *ret_count) {
    struct session *s = owner;
    return channels_of(conn_at(s, index), ret_count);
}

void relay_begin(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (conn_endpoint(s, c)->replay == ENDPOINT_REPLAY_NONE) return;
    c->is_replaying = true;
    conn_pause(s, index);
}

void relay_replay(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    if (!outbox_is_empty(&c->outbox)) return; /* goes on when that has left */
    size_t count;
    size_t bytes = 0;
    const struct subscription *subscriptions = channels_of(c, &count);
    struct store_item items[REPLAY_AT_ONCE];
    count = store_read(hub_shared_of(s->hub)->store, hub_channel_name(s->hub, &subscriptions[0]),
                       c->relayed_to, items, REPLAY_AT_ONCE);
    if (count == 0) c->is_replaying = false;
    for (size_t i = 0; i < count; i++) {
        struct message *m = items[i].message;
        bool has_room = bytes < REPLAY_AT_ONCE_BYTES;
        bytes += m->len;
        if (has_room) note_sequence(s, c, items[i].sequence, items[i].is_last);
        if (!has_room || !relay(s, index, m)) message_unref(m);
    }
    conn_mark(s, index); /* to send that, or to end it */
}
