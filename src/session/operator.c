/* SPDX-License-Identifier: MIT */
/*
 * session/operator.c: what an operator may see of a user's connections, and do to them.
 */
#include "base/clock.h"
#include "session/cluster.h"

uint32_t operator_next_of_user(void *owner, const struct interest *user, uint32_t after) {
    const struct session *s = owner;
    for (uint32_t i = after + 1; i < s->conns.fresh; i++) {
        const struct conn *c = conn_at(s, i);
        if (c->state == CONN_OPEN && c->user == user) return i;
    }
    return 0;
}

/* Within the process the worker and the number would do if a number could not come again after four
 * thousand million connections; between nodes its mark tells them apart. */
static void write_id(const struct session *s, const struct conn *c, char ret[SUBSCRIBER_ID_MAX]) {
    (void)snprintf(ret, SUBSCRIBER_ID_MAX, "%08x-%u-%u-%u", s->shared->mark, hub_worker(s->hub),
                   c->number, c->opened_s);
}

void operator_describe(void *owner, uint32_t index, struct subscriber_about *ret) {
    const struct session *s = owner;
    const struct conn *c = conn_at(s, index);
    write_id(s, c, ret->id);
    ret->endpoint = c->endpoint;
    ret->connected_ms = s->shared->started_ms + (c->opened_s - 1) * 1000ll;
    (void)address_format(&c->address, ret->address);
}

void operator_end(void *owner, uint32_t index, uint16_t code, struct span reason) {
    conn_end(owner, index, &(struct conn_reason){ "ended by the operator", code, reason });
}

void operator_block_user(void *owner, struct span user, uint32_t seconds) {
    struct session *s = owner;
    struct limits *limits = s->shared->limits;
    uint64_t for_ms = seconds * 1000ull;
    uint64_t until_ms = loop_now_ns(s->loop) / NS_PER_MS + for_ms;
    for (size_t i = 0; i < s->rules->options.endpoint_count; i++) {
        const struct limits_key key = limits_key_user(limits, user, (uint16_t)i);
        limits_block(limits, &key, until_ms);
        const struct endpoint_options *options = s->rules->endpoints[i].options;
        if (cluster_has_limits(s, options)) cluster_block_user(s, options, user, for_ms);
    }
}
