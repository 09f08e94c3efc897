/* SPDX-License-Identifier: MIT */
/*
 * broker/shared.h: what tests of shared things say in few words: a server, nodes on it, and calls
 * that are waited for.
 */
#ifndef TIDINGS_TEST_BROKER_SHARED_H
#define TIDINGS_TEST_BROKER_SHARED_H

#include "node.h"

static struct redis_process server;

static inline int server_start(void **state) {
    (void)state;
    server.port = redis_free_port();
    redis_start(&server);
    return 0;
}

static inline int server_stop(void **state) {
    (void)state;
    redis_stop(&server);
    return 0;
}

static inline void server_say(const char *line) {
    redis_say(server.port, line);
}

/* What the server answers to `line` begins with `wanted`. */
static inline bool server_says(const char *line, const char *wanted) {
    char answer[4096];
    return strncmp(redis_tell(server.port, line, answer, sizeof answer), wanted, strlen(wanted)) ==
           0;
}

static inline void start(struct node *node) {
    node_start(node, server.port, "");
    WAIT_FOR(10, node_is_up(node));
}

/* The nodes of a test. One that ends the second itself sets its `redis` to NULL. */
static struct node one, two;

static inline int two_start(void **state) {
    (void)server_start(state);
    start(&one);
    start(&two);
    return 0;
}

static inline int two_end(void **state) {
    node_end(&one);
    if (two.redis) node_end(&two);
    return server_stop(state);
}

/* The last answer. */
static uint64_t value;
static char said[4096];

static inline enum err ask(struct node *node, const struct broker_call *call) {
    struct asking asking = { .call = *call };
    enum err e = node_ask_now(node, &asking);
    struct span text = buf_span(&asking.call.answer);
    (void)snprintf(said, sizeof said, "%.*s", SPAN_ARG(text));
    value = asking.call.value;
    buf_finish(&asking.call.answer);
    return e;
}

static inline enum err declare(struct node *node, const char *channel, const char *owner) {
    return ask(node, &(struct broker_call){ .verb = BROKER_DECLARE,
                                            .name = span_str(channel),
                                            .text = span_str(owner) });
}

static inline enum err append(struct node *node, const char *channel, const char *payload,
                              bool is_last) {
    return ask(node, &(struct broker_call){ .verb = BROKER_APPEND,
                                            .name = span_str(channel),
                                            .payload = span_str(payload),
                                            .is_last = is_last });
}

static inline enum err ask_name(struct node *node, enum broker_verb verb, const char *name) {
    return ask(node, &(struct broker_call){ .verb = verb, .name = span_str(name) });
}

#endif
