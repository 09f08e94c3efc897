/* SPDX-License-Identifier: MIT */
/*
 * One worker's API with a broker that nodes share, from request bytes to what is answered, at once
 * or later. Channels that begin with `submission:` keep history and `plain:` must be declared only.
 */
#ifndef TIDINGS_TESTS_API_SHARED_SCENE_H
#define TIDINGS_TESTS_API_SHARED_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api.h"
#include "base/mem.h"
#include "fake_broker.h"
#include "hub/message.h"
#include "hub/rule.h"
#include "hub/subscribe.h"

enum { REPLIES_MAX = 4096, LISTENERS = 3 };

/* What a client was told. */
struct reply {
    bool is_later; /* it was not answered at once */
    bool is_gone;  /* the client does not wait any more */
    int status;    /* 0: nothing yet */
    struct buf bytes;
    struct http_response response; /* prepared, for an answer later */
};

static struct {
    struct loop *loop;
    struct hub_shared hub_shared;
    struct counts counts;
    const struct counts *count_list[1];
    struct store *store;
    struct hub *hub;
    struct fake_broker fake;
    struct api_keys *keys;
    struct api_shared *shared;
    struct api *api;
    struct http_router *router;
    struct http_parser *parser;
    struct api_rules rules;
    struct subscription subscriptions[LISTENERS];
    struct reply replies[REPLIES_MAX];
    size_t reply_count;
    uint64_t fail_nth; /* of the allocations from the next handler on; 0: none */
} w;

static inline bool hear_nothing(void *owner, uint32_t subscriber, struct message *message) {
    (void)owner, (void)subscriber;
    message_unref(message);
    return true;
}

static inline struct subscription *subscriptions_of(void *owner, uint32_t subscriber,
                                                    size_t *ret_count) {
    (void)owner;
    *ret_count = 1;
    return &w.subscriptions[subscriber];
}

/* A test may want more of them. */
static struct subscriber_ops ops = { .deliver = hear_nothing, .subscriptions = subscriptions_of };

static inline void begin_shared(void) {
    static const struct api_key_options keys[] = {
        { { "backend", 7 }, { "publish-key", 11 }, API_SCOPE_ALL },
        { { "other", 5 }, { "other-key", 9 }, API_SCOPE_PUBLISH },
    };
    static const struct hub_rule rules[] = {
        { .prefix = { "submission:", 11 }, .keeps_history = true, .ends_after = { "complete", 8 } },
        { .prefix = { "plain:", 6 } },
    };
    static const struct store_options store_options = { 100, 100, 1 << 20, 1 << 20, 100 };
    static const char *const names[] = { "huleedu" };
    struct err_note note;
    memset(&w, 0, sizeof w);
    w.loop = loop_new(&note);
    assert_non_null(w.loop);
    hub_shared_init(&w.hub_shared, 1 << 24);
    w.hub_shared.endpoint_max_bytes[0] = 100;
    w.hub_shared.store = w.store = store_new(&store_options, &hub_store_ops);
    w.hub = hub_new(&w.hub_shared, w.loop, &w.counts, &ops, NULL);
    hub_set_rules(w.hub, rules, countof(rules));
    fake_broker_use(&w.fake, w.hub);
    hub_join_loop(w.hub);
    assert_int_equal(api_keys_new(keys, countof(keys), &w.keys, &note), ERR_OK);
    w.count_list[0] = &w.counts;
    w.rules = (struct api_rules){ .keys = w.keys, .publish_max_bytes = 1000 };
    const struct api_options options = { .idempotency_entries = 10,
                                         .hub_shared = &w.hub_shared,
                                         .counts = w.count_list,
                                         .counts_count = 1,
                                         .endpoint_names = names };
    w.shared = api_shared_new(&options);
    api_shared_set_endpoints(w.shared, countof(names));
    w.api = api_new(w.shared, &w.rules, w.hub, w.loop);
    w.router = http_router_new();
    api_add_routes(w.api, w.router, true);
    w.parser = http_parser_new(&(struct http_limits){ 16384, 1 << 21 });
    for (uint32_t i = 0; i < LISTENERS; i++) {
        assert_int_equal(hub_subscribe(w.hub, i < 2 ? SPAN("ws:u1") : SPAN("broadcast"), i, 0,
                                       &w.subscriptions[i]),
                         ERR_OK);
    }
}

static inline void forget_replies(void) {
    for (size_t i = 0; i < w.reply_count; i++)
        buf_finish(&w.replies[i].bytes);
    w.reply_count = 0;
}

/* The hub is the last to go, as in the server: what it still brings back finds no API. */
static inline void end_shared(void) {
    for (uint32_t i = 0; i < LISTENERS; i++)
        hub_unsubscribe(w.hub, &w.subscriptions[i], 0);
    http_parser_free(w.parser);
    http_router_free(w.router);
    api_free(w.api);
    api_shared_free(w.shared);
    api_keys_free(w.keys);
    w.fake.is_stopped = true;
    loop_free(w.loop);
    hub_free(w.hub);
    assert_true(w.fake.is_freed);
    store_free(w.store);
    hub_shared_finish(&w.hub_shared);
    forget_replies();
}

static inline void write_later(void *owner, uint64_t ticket, http_writer writer, void *context) {
    (void)owner;
    struct reply *reply = &w.replies[ticket];
    assert_int_equal(reply->status, 0);
    if (reply->is_gone) return;
    writer(context, &reply->response);
    reply->status = reply->response.status;
}

/* Hands in a request with these header lines. */
static inline struct reply *request(const char *method, const char *path, const char *headers,
                                    struct span body) {
    assert_true(w.reply_count < REPLIES_MAX);
    struct reply *reply = &w.replies[w.reply_count];
    *reply = (struct reply){ 0 };
    struct buf in;
    buf_init(&in, 1 << 22);
    buf_init(&reply->bytes, 1 << 26);
    buf_printf(&in, "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", method, path,
               headers, body.len);
    buf_append_span(&in, body);
    struct span bytes = buf_span(&in);
    assert_int_equal(http_parser_feed(w.parser, &bytes), HTTP_STEP_DONE);
    http_response_init(&reply->response, &reply->bytes, http_parser_request(w.parser));
    struct http_response now = reply->response;
    static const struct http_peer peer;
    struct http_call call = { .request = http_parser_request(w.parser),
                              .peer = &peer,
                              .response = &now,
                              .later = { write_later, NULL, w.reply_count } };
    w.reply_count++;
    mem_fail_nth(w.fail_nth);
    http_router_dispatch(w.router, &call);
    reply->is_later = call.is_later;
    if (!call.is_later) reply->status = now.status;
    if (in.at) memset(in.at, '#', in.len); /* it was only lent */
    buf_finish(&in);
    return reply;
}

static inline struct reply *post(const char *path, const char *body) {
    return request("POST", path, "X-API-Key: publish-key\r\n", span_str(body));
}

static inline void turns(void) {
    for (int i = 0; i < 4; i++)
        (void)uv_run(loop_uv(w.loop), UV_RUN_NOWAIT);
}

/* Answers the call that waits longest. */
static inline void say(enum err err, uint64_t value, const char *text) {
    assert_true(w.fake.asked_count > 0);
    struct broker_call *call = w.fake.asked[0];
    buf_init(&call->answer, 1 << 20);
    buf_append_text(&call->answer, text);
    fake_broker_answer(&w.fake, call, err, value);
}

/* All that wait now, alike. */
static inline void say_all(enum err err) {
    for (size_t left = w.fake.asked_count; left > 0; left--)
        say(err, 0, "");
    turns();
}

static inline struct span body_of(const struct reply *reply) {
    assert_int_equal(buf_err(&reply->bytes), ERR_OK);
    const char *end = memmem(reply->bytes.at, reply->bytes.len, "\r\n\r\n", 4);
    assert_non_null(end);
    return span_skip(buf_span(&reply->bytes), (size_t)(end + 4 - reply->bytes.at));
}

static inline void assert_told(const struct reply *reply, int status, const char *body) {
    if (reply->status != status || !span_eq(body_of(reply), span_str(body))) {
        fail_msg("%d %.*s", reply->status, SPAN_ARG(buf_span(&reply->bytes)));
    }
}

static inline void assert_refused(const struct reply *reply, int status, const char *code) {
    char start[64];
    (void)snprintf(start, sizeof start, "{\"error\":{\"code\":\"%s\",\"message\":\"", code);
    if (reply->status != status || !span_starts(body_of(reply), span_str(start))) {
        fail_msg("%d %.*s", reply->status, SPAN_ARG(buf_span(&reply->bytes)));
    }
}

/* The calls that wait, as "VERB name payload" in a row with "; " between them. Names of keys are
 * only "key". */
static inline void assert_asked(const char *expected) {
    struct buf text;
    buf_init(&text, 1 << 16);
    for (size_t i = 0; i < w.fake.asked_count; i++) {
        char line[1024];
        const struct broker_call *call = w.fake.asked[i];
        fake_describe(call, line, sizeof line);
        bool is_key = call->verb == BROKER_ONCE || call->verb == BROKER_ONCE_DONE ||
                      call->verb == BROKER_ONCE_DROP;
        struct span name = is_key ? SPAN("key") : call->name;
        buf_printf(&text, "%s%.*s %.*s", i ? "; " : "", (int)strcspn(line, " "), line,
                   SPAN_ARG(name));
        if (call->payload.len) buf_printf(&text, " %.*s", SPAN_ARG(call->payload));
        if (call->is_last) buf_append_text(&text, " (last)");
    }
    if (!span_eq(buf_span(&text), span_str(expected))) fail_msg("%.*s", SPAN_ARG(buf_span(&text)));
    buf_finish(&text);
}

#endif
