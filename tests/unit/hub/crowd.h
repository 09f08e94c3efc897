/* SPDX-License-Identifier: MIT */
/*
 * A hub with listeners that are only numbers: who hears what is written down, no socket is needed.
 */
#ifndef TIDINGS_TESTS_CROWD_H
#define TIDINGS_TESTS_CROWD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/publish.h"
#include "hub/subscribe.h"

enum { CROWD_MAX = 400, CROWD_CHANNELS = 6 };

struct listener {
    struct subscription subscriptions[CROWD_CHANNELS];
    uint64_t heard;
    char last[32]; /* the payload it heard last */
    bool is_deaf;  /* takes nothing */
};

/* One worker's side. */
struct crowd {
    struct loop *loop;
    struct hub *hub;
    struct counts *counts;
    struct listener list[CROWD_MAX]; /* from 1 */
};

static inline bool crowd_deliver(void *owner, uint32_t subscriber, struct message *message) {
    struct crowd *crowd = owner;
    struct listener *l = &crowd->list[subscriber];
    if (l->is_deaf) return false;
    l->heard++;
    struct span payload = message_payload(message);
    size_t len = size_min(payload.len, sizeof l->last - 1);
    memcpy(l->last, payload.at, len);
    l->last[len] = 0;
    message_unref(message);
    return true;
}

static inline struct subscription *crowd_subscriptions(void *owner, uint32_t subscriber,
                                                       size_t *ret_count) {
    struct crowd *crowd = owner;
    *ret_count = CROWD_CHANNELS;
    return crowd->list[subscriber].subscriptions;
}

static inline struct crowd *crowd_new(struct hub_shared *shared) {
    static const struct subscriber_ops ops = { .deliver = crowd_deliver,
                                               .subscriptions = crowd_subscriptions };
    struct crowd *crowd = mem_new(sizeof *crowd);
    crowd->loop = loop_new(NULL);
    assert_non_null(crowd->loop);
    crowd->counts = mem_new(sizeof *crowd->counts);
    crowd->hub = hub_new(shared, crowd->loop, crowd->counts, &ops, crowd);
    return crowd;
}

/* Everybody leaves. */
static inline void crowd_leave(struct crowd *crowd, uint16_t endpoint) {
    for (uint32_t i = 0; i < CROWD_MAX; i++) {
        for (size_t c = 0; c < CROWD_CHANNELS; c++) {
            struct subscription *s = &crowd->list[i].subscriptions[c];
            if (s->channel) hub_unsubscribe(crowd->hub, s, endpoint);
        }
    }
}

static inline void crowd_free(struct crowd *crowd) {
    loop_free(crowd->loop);
    hub_free(crowd->hub);
    mem_free(crowd->counts);
    mem_free(crowd);
}

/* One turn of its loop, without waiting. */
static inline void crowd_turn(struct crowd *crowd) {
    (void)uv_run(loop_uv(crowd->loop), UV_RUN_NOWAIT);
}

static inline enum err crowd_publish(struct crowd *crowd, const char *channel, const char *payload,
                                     struct receipt *ret) {
    struct message *message = message_new(span_str(payload), 1);
    if (!message) return ERR_NOMEM;
    enum err e = hub_publish(crowd->hub, span_str(channel), message, ret);
    message_unref(message);
    return e;
}

static inline bool crowd_is_empty(const struct hub_shared *shared) {
    return atomic_load(&shared->interest.channels) == 0 &&
           atomic_load(&shared->interest.users) == 0;
}

/* Entries in the shared table. */
static inline uint64_t crowd_entries(const struct hub_shared *shared) {
    uint64_t count = 0;
    for (size_t i = 0; i < INTEREST_STRIPES; i++)
        count += shared->interest.stripes[i].entries.count;
    return count;
}

#endif
