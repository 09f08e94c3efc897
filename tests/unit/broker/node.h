/* SPDX-License-Identifier: MIT */
/*
 * broker/node.h: a broker over a real Redis, with one worker, which is the test's thread, and hubs
 * that write down what they are told.
 */
#ifndef TIDINGS_TEST_BROKER_NODE_H
#define TIDINGS_TEST_BROKER_NODE_H

#include "base/clock.h"
#include "base/mem.h"
#include "broker/redis/redis.h"
#include "redis_process.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct node {
    struct broker_redis *redis;
    struct broker *broker;
    struct loop *loop; /* the worker's, which is not run */
    struct counts counts;
    _Atomic bool is_full;  /* the hubs take nothing */
    _Atomic int to_refuse; /* or not so many */
    _Atomic int refused, delivered_calls, heard_calls;

    pthread_mutex_t lock;
    struct buf told;    /* channel=payload, with #sequence if it has one, a line each */
    struct buf changes; /* + and - */
    struct buf forgotten;
    struct buf asked; /* questions, a line each */
    const char *says; /* the answer to all, at once; NULL: there is none for now */
    size_t says_len;
    struct broker_question *question; /* the last, which was not answered at once; under the lock */
};

/* ---- hooks ---- */

static inline enum err node_deliver(void *owner, const struct broker_arrival *arrival) {
    struct node *node = owner;
    bool is_refused = atomic_load(&node->to_refuse) > 0;
    if (is_refused) atomic_fetch_sub(&node->to_refuse, 1);
    if (is_refused || atomic_load(&node->is_full)) {
        atomic_fetch_add(&node->refused, 1);
        return ERR_LIMIT;
    }
    pthread_mutex_lock(&node->lock);
    buf_append_span(&node->told, arrival->channel);
    if (arrival->sequence) {
        buf_append_char(&node->told, '#');
        buf_append_uint(&node->told, arrival->sequence);
    }
    buf_append_char(&node->told, arrival->is_last ? '!' : '=');
    buf_append_span(&node->told, arrival->payload);
    buf_append_char(&node->told, '\n');
    pthread_mutex_unlock(&node->lock);
    return ERR_OK;
}

static inline void node_delivered(void *owner) {
    atomic_fetch_add(&((struct node *)owner)->delivered_calls, 1);
}

static inline void node_heard(void *owner) {
    atomic_fetch_add(&((struct node *)owner)->heard_calls, 1);
}

static inline void node_changed(void *owner, bool is_up) {
    struct node *node = owner;
    pthread_mutex_lock(&node->lock);
    buf_append_char(&node->changes, is_up ? '+' : '-');
    pthread_mutex_unlock(&node->lock);
}

static inline void node_forget(void *owner, struct span channel) {
    struct node *node = owner;
    pthread_mutex_lock(&node->lock);
    buf_append_span(&node->forgotten, channel);
    buf_append_char(&node->forgotten, '\n');
    pthread_mutex_unlock(&node->lock);
}

static inline void node_question(void *owner, struct broker_question *question, struct span text) {
    struct node *node = owner;
    pthread_mutex_lock(&node->lock);
    buf_append_span(&node->asked, text);
    buf_append_char(&node->asked, '\n');
    struct span says = span_of(node->says, node->says_len);
    if (!says.at) node->question = question;
    pthread_mutex_unlock(&node->lock);
    if (says.at) broker_question_answer(question, says);
}

static inline struct broker_question *node_asked(struct node *node) {
    pthread_mutex_lock(&node->lock);
    struct broker_question *question = node->question;
    pthread_mutex_unlock(&node->lock);
    return question;
}

static inline void node_says(struct node *node, const char *text, size_t len) {
    pthread_mutex_lock(&node->lock);
    node->says = text;
    node->says_len = len;
    pthread_mutex_unlock(&node->lock);
}

/* ---- a node ---- */

/* A node of a single server; a test may change them. */
static inline void node_options(struct broker_redis_options *ret, uint16_t port,
                                const char *prefix) {
    *ret = (struct broker_redis_options){
        .link = { .mode = REDIS_SINGLE,
                  .host = "127.0.0.1",
                  .port = port,
                  .user = "",
                  .password = "",
                  .name = "tidings-test",
                  .connect_timeout_ms = 2000,
                  .reconnect_max_ms = 500,
                  .reply_timeout_ms = 5000,
                  .queued_bytes_max = 64 << 20 },
        .prefix = prefix,
        .channel_messages_max = 1000,
        .channel_bytes_max = 1 << 20,
        .keep_seconds = 60,
    };
}

/* As it is before its thread starts. */
static inline void node_init_with(struct node *node, const struct broker_redis_options *options) {
    static const struct broker_hooks hooks = { node_deliver, node_delivered, node_heard,
                                               node_changed, node_forget,    node_question };
    memset(node, 0, sizeof *node);
    (void)pthread_mutex_init(&node->lock, NULL);
    buf_init(&node->told, 256 << 20);
    buf_init(&node->changes, 1024);
    buf_init(&node->forgotten, 1 << 20);
    buf_init(&node->asked, 1 << 20);
    node->loop = loop_new(NULL);
    node->redis = broker_redis_new(options, &hooks, node, &node->counts, NULL);
    assert_non_null(node->redis);
    node->broker = broker_redis_join(node->redis, node->loop);
}

static inline void node_init(struct node *node, uint16_t port, const char *prefix) {
    struct broker_redis_options options;
    node_options(&options, port, prefix);
    node_init_with(node, &options);
}

static inline void node_start_with(struct node *node, const struct broker_redis_options *options) {
    node_init_with(node, options);
    assert_int_equal(broker_redis_start(node->redis), ERR_OK);
}

static inline void node_start(struct node *node, uint16_t port, const char *prefix) {
    struct broker_redis_options options;
    node_options(&options, port, prefix);
    node_start_with(node, &options);
}

/* Calls back what was answered; how many that were. */
static inline int node_take(struct node *node) {
    int count = 0;
    for (struct broker_call *call; (call = broker_take(node->broker)) != NULL; count++)
        call->done(call);
    return count;
}

static inline void node_end(struct node *node) {
    broker_redis_stop(node->redis);
    (void)node_take(node);
    broker_free(node->broker);
    broker_redis_free(node->redis);
    loop_free(node->loop);
    buf_finish(&node->told);
    buf_finish(&node->changes);
    buf_finish(&node->forgotten);
    buf_finish(&node->asked);
    pthread_mutex_destroy(&node->lock);
}

/* ---- waiting ---- */

/* Waits until `claim`, at most `seconds`; says so when it did not come true. */
#define WAIT_FOR(seconds, claim)                                                                   \
    do {                                                                                           \
        uint64_t end_ns_ = clock_now_ns() + (uint64_t)(seconds)*NS_PER_S;                          \
        while (!(claim)) {                                                                         \
            if (clock_now_ns() > end_ns_) fail_msg("never came true: %s", #claim);                 \
            redis_pause_ms(1);                                                                     \
        }                                                                                          \
    } while (0)

static inline bool node_is_up(struct node *node) {
    struct broker_redis_state state;
    broker_redis_state(node->redis, &state);
    return state.is_up;
}

/* What is written in `buf` is just `text`. */
static inline bool node_has(struct node *node, const struct buf *buf, const char *text) {
    pthread_mutex_lock(&node->lock);
    bool is_it = span_eq(buf_span(buf), span_str(text));
    pthread_mutex_unlock(&node->lock);
    return is_it;
}

/* How much it was told. */
static inline size_t node_lines(struct node *node) {
    size_t count = 0;
    pthread_mutex_lock(&node->lock);
    for (size_t i = 0; i < node->told.len; i++)
        count += node->told.at[i] == '\n';
    pthread_mutex_unlock(&node->lock);
    return count;
}

static inline void node_forget_told(struct node *node) {
    pthread_mutex_lock(&node->lock);
    buf_clear(&node->told);
    pthread_mutex_unlock(&node->lock);
}

/* Listens, and waits until it is heard. Returns the ticket. */
static inline uint64_t node_listen(struct node *node, const char *channel, bool has_history) {
    uint64_t ticket = 0;
    assert_int_equal(broker_listen(node->broker, span_str(channel), has_history, &ticket), ERR_OK);
    WAIT_FOR(10, broker_heard(node->broker) >= ticket);
    return ticket;
}

/* ---- calls ---- */

struct asking {
    struct broker_call call;
    bool is_done;
};

static inline void asking_done(struct broker_call *call) {
    struct asking *asking = container_of(call, struct asking, call);
    assert_false(asking->is_done);
    asking->is_done = true;
}

/* Asks; `asking` may be filled in but for `done`. */
static inline void node_ask(struct node *node, struct asking *asking) {
    asking->is_done = false;
    asking->call.done = asking_done;
    broker_ask(node->broker, &asking->call);
}

/* And waits for the answer, which the caller finishes. */
static inline enum err node_ask_now(struct node *node, struct asking *asking) {
    node_ask(node, asking);
    WAIT_FOR(15, (node_take(node), asking->is_done));
    return asking->call.err;
}

static inline enum err node_publish(struct node *node, const char *channel, const char *payload) {
    struct asking asking = {
        .call = { .verb = BROKER_PUBLISH, .name = span_str(channel), .payload = span_str(payload) }
    };
    enum err e = node_ask_now(node, &asking);
    buf_finish(&asking.call.answer);
    return e;
}

#endif
