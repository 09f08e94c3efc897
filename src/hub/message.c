/* SPDX-License-Identifier: MIT */
/*
 * hub/message.c: makes, counts and frees messages.
 */
#include "hub/message.h"

#include "base/mem.h"
#include "ws/frame.h"

static struct message *message_alloc(size_t len) {
    if (len > UINT32_MAX - sizeof(struct message)) return NULL;
    struct message *m = mem_try(sizeof *m + len);
    if (!m) return NULL;
    memset(m, 0, sizeof *m);
    atomic_init(&m->refs, 1);
    return m;
}

static struct message *message_frame(uint8_t opcode, bool is_compressed, struct span payload) {
    struct message *m = message_alloc(WS_HEAD_MAX + payload.len);
    if (!m) return NULL;
    struct ws_head head = {
        .is_final = true, .rsv1 = is_compressed, .opcode = opcode, .payload_len = payload.len
    };
    m->payload_at = (uint32_t)ws_head_encode(m->bytes, &head);
    if (payload.len) memcpy(m->bytes + m->payload_at, payload.at, payload.len);
    m->len = m->payload_at + (uint32_t)payload.len;
    return m;
}

struct message *message_new(struct span payload, uint64_t received_ns) {
    struct message *m = message_frame(WS_OP_TEXT, false, payload);
    if (!m) return NULL;
    m->is_notification = true;
    m->received_ns = received_ns;
    return m;
}

struct message *message_new_frame(uint8_t opcode, struct span payload) {
    return message_frame(opcode, false, payload);
}

struct message *message_new_compressed(struct span deflated, const struct message *of) {
    struct message *m = message_frame(WS_OP_TEXT, true, deflated);
    if (!m) return NULL;
    m->is_notification = of->is_notification;
    m->received_ns = of->received_ns;
    return m;
}

struct message *message_new_raw(struct span bytes) {
    struct message *m = message_alloc(bytes.len);
    if (!m) return NULL;
    if (bytes.len) memcpy(m->bytes, bytes.at, bytes.len);
    m->len = (uint32_t)bytes.len;
    return m;
}

void message_unref_many(struct message *m, uint32_t count) {
    if (!m || count == 0) return;
    uint32_t was = atomic_fetch_sub_explicit(&m->refs, count, memory_order_acq_rel);
    assert(was >= count);
    if (was != count) return;
    for (unsigned i = 0; i < MESSAGE_TWINS; i++) {
        struct message *twin = message_twin(m, i);
        if (twin != m) message_unref(twin);
    }
    mem_free(m);
}

void message_unref(struct message *m) {
    message_unref_many(m, 1);
}

struct message *message_set_twin(struct message *m, unsigned which, struct message *own_twin) {
    struct message *none = NULL;
    if (atomic_compare_exchange_strong_explicit(&m->twins[which], &none, own_twin,
                                                memory_order_acq_rel, memory_order_acquire)) {
        return own_twin;
    }
    if (own_twin != m) message_unref(own_twin);
    return none;
}
