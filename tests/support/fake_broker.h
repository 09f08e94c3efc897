/* SPDX-License-Identifier: MIT */
/*
 * support/fake_broker.h: a shared broker that does nothing by itself: it writes down what it was
 * asked, and answers what the test says, when the test says so, in any order.
 *
 *     fake_broker_use(&fake, hub);
 *     ... something asks ...
 *     struct broker_call *call = fake_broker_expect(&fake, "SIT huleedu/user/u1 huleedu/user/u1
 * 5"); fake_broker_answer(&fake, call, ERR_OK, 0);
 */
#ifndef TIDINGS_SUPPORT_FAKE_BROKER_H
#define TIDINGS_SUPPORT_FAKE_BROKER_H

#include "hub/hub.h"

enum { FAKE_CALLS_MAX = 4096 };

struct fake_broker {
    struct broker broker;
    struct broker_call *asked[FAKE_CALLS_MAX]; /* and not answered yet, in order */
    size_t asked_count;
    struct broker_call *answered[FAKE_CALLS_MAX]; /* and not taken yet */
    size_t answered_count;
    size_t taken;
    size_t counts[BROKER_VERBS]; /* how often each was asked */
    size_t listened, left;       /* channels */
    uint64_t next_ticket;        /* for who listens from now on */
    uint64_t heard;
    bool is_stopped; /* what is asked, or was and is not answered, is dropped */
    bool is_freed;
};

static inline struct fake_broker *fake_of(struct broker *broker) {
    return container_of(broker, struct fake_broker, broker);
}

static inline void fake_ask(struct broker *broker, struct broker_call *call) {
    struct fake_broker *fake = fake_of(broker);
    assert_true(fake->asked_count < FAKE_CALLS_MAX);
    assert_non_null(call->done);
    assert_int_equal(call->answer.cap, 0);
    fake->counts[call->verb]++;
    fake->asked[fake->asked_count++] = call;
}

static inline void fake_forget(struct fake_broker *fake, struct broker_call *call) {
    size_t at = 0;
    while (at < fake->asked_count && fake->asked[at] != call)
        at++;
    assert_true(at < fake->asked_count);
    fake->asked_count--;
    memmove(&fake->asked[at], &fake->asked[at + 1],
            (fake->asked_count - at) * sizeof fake->asked[0]);
}

static inline struct broker_call *fake_take(struct broker *broker) {
    struct fake_broker *fake = fake_of(broker);
    if (fake->is_stopped && fake->asked_count > 0) {
        struct broker_call *call = fake->asked[0];
        fake_forget(fake, call);
        call->err = ERR_CLOSED;
        call->is_dropped = true;
        return call;
    }
    if (fake->taken == fake->answered_count) {
        fake->taken = fake->answered_count = 0;
        return NULL;
    }
    return fake->answered[fake->taken++];
}

static inline enum err fake_listen(struct broker *broker, struct span channel, bool has_history,
                                   uint64_t *ret_ticket) {
    struct fake_broker *fake = fake_of(broker);
    (void)channel;
    (void)has_history;
    fake->listened++;
    *ret_ticket = fake->next_ticket;
    return ERR_OK;
}

static inline void fake_leave(struct broker *broker, struct span channel) {
    (void)channel;
    fake_of(broker)->left++;
}

static inline uint64_t fake_heard(const struct broker *broker) {
    return container_of(broker, const struct fake_broker, broker)->heard;
}

static inline void fake_free(struct broker *broker) {
    struct fake_broker *fake = fake_of(broker);
    assert_int_equal(fake->asked_count, 0);
    assert_int_equal(fake->taken, fake->answered_count);
    fake->is_freed = true;
}

/* Nobody waits to hear, unless the test raises `next_ticket`. */
static inline void fake_broker_use(struct fake_broker *fake, struct hub *hub) {
    static const struct broker_ops ops = { .ask = fake_ask,
                                           .take = fake_take,
                                           .listen = fake_listen,
                                           .leave = fake_leave,
                                           .heard = fake_heard,
                                           .free = fake_free };
    memset(fake, 0, sizeof *fake);
    fake->broker = (struct broker){ &ops, true };
    hub_use_broker(hub, &fake->broker);
}

/* To be taken in the next turn. */
static inline void fake_broker_answer(struct fake_broker *fake, struct broker_call *call,
                                      enum err err, uint64_t value) {
    fake_forget(fake, call);
    call->err = err;
    call->value = value;
    assert_true(fake->answered_count < FAKE_CALLS_MAX);
    fake->answered[fake->answered_count++] = call;
}

/* The same with a text. */
static inline void fake_broker_say(struct fake_broker *fake, struct broker_call *call,
                                   const char *answer) {
    buf_init(&call->answer, 1000);
    buf_append_text(&call->answer, answer);
    fake_broker_answer(fake, call, ERR_OK, 0);
}

static inline void fake_describe(const struct broker_call *call, char *room, size_t len) {
    static const char *const verbs[BROKER_VERBS] = {
        [BROKER_PUBLISH] = "PUBLISH", [BROKER_APPEND] = "APPEND",
        [BROKER_DECLARE] = "DECLARE", [BROKER_FIND] = "FIND",
        [BROKER_FETCH] = "FETCH",     [BROKER_NEXT] = "NEXT",
        [BROKER_ATTEMPT] = "ATTEMPT", [BROKER_BLOCK] = "BLOCK",
        [BROKER_SIT] = "SIT",         [BROKER_LEAVE] = "LEAVE",
        [BROKER_ONCE] = "ONCE",       [BROKER_ONCE_DONE] = "ONCE_DONE",
        [BROKER_ONCE_DROP] = "DROP",  [BROKER_ASK_NODES] = "ASK_NODES",
    };
    (void)snprintf(room, len, "%s %.*s %.*s %llu/%llu", verbs[call->verb], SPAN_ARG(call->name),
                   SPAN_ARG(call->text), (unsigned long long)call->limit,
                   (unsigned long long)call->number);
}

/* The first open call that reads so: `VERB name text limit/number`. */
static inline struct broker_call *fake_broker_expect(struct fake_broker *fake, const char *wanted) {
    char text[1024];
    for (size_t i = 0; i < fake->asked_count; i++) {
        fake_describe(fake->asked[i], text, sizeof text);
        if (strcmp(text, wanted) == 0) return fake->asked[i];
    }
    for (size_t i = 0; i < fake->asked_count; i++) {
        fake_describe(fake->asked[i], text, sizeof text);
        print_error("asked: %s\n", text);
    }
    fail_msg("not asked: %s", wanted);
    return NULL;
}

#endif
