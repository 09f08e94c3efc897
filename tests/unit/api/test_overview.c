/* SPDX-License-Identifier: MIT */
/*
 * The overview of two workers: it is whole when both have said who is busiest there, and says so
 * when one could not be asked or nobody could.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api.h"
#include "base/mem.h"
#include "hub/ask.h"
#include "hub/publish.h"
#include "hub/subscribe.h"

enum { WORKERS = 2, ASKED_MAX = 100 };

static struct {
    struct loop *loops[WORKERS];
    struct hub *hubs[WORKERS];
    struct counts counts[WORKERS];
    const struct counts *count_list[WORKERS];
    struct subscription subscriptions[WORKERS];
    struct hub_shared hub_shared;
    struct api_keys *keys;
    struct api_rules rules;
    _Atomic uint64_t max_connections;
    struct api_shared *shared;
    struct api *api; /* of the first worker */
    struct http_router *router;
    struct http_parser *parser;
    struct http_peer peer;
    struct buf out;
    size_t answered; /* overviews, and the text of the last */
    char text[8192];
} w;

static bool hear(void *owner, uint32_t subscriber, struct message *message) {
    (void)owner, (void)subscriber;
    message_unref(message);
    return true;
}

static struct subscription *subscriptions_of(void *owner, uint32_t subscriber, size_t *ret_count) {
    (void)owner;
    *ret_count = 1;
    return &w.subscriptions[subscriber];
}

/* A listener on each worker, who has heard something: w0 on the first, w1 on the second. */
static void make_busy(unsigned worker) {
    char channel[] = "w?";
    channel[1] = (char)('0' + worker);
    assert_int_equal(
        hub_subscribe(w.hubs[worker], span_str(channel), worker, 0, &w.subscriptions[worker]),
        ERR_OK);
    struct message *message = message_new(SPAN("news"), 1);
    struct receipt receipt;
    assert_int_equal(hub_publish(w.hubs[worker], span_str(channel), message, &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 1);
    message_unref(message);
}

static int set_up(void **state) {
    (void)state;
    static const struct subscriber_ops ops = { .deliver = hear, .subscriptions = subscriptions_of };
    static const struct api_key_options key = { { "operator", 8 },
                                                { "read-key", 8 },
                                                API_SCOPE_READ };
    static const char *const names[] = { "huleedu" };
    struct err_note note;
    memset(&w, 0, sizeof w);
    hub_shared_init(&w.hub_shared, 1 << 20);
    for (unsigned i = 0; i < WORKERS; i++) {
        w.loops[i] = loop_new(&note);
        assert_non_null(w.loops[i]);
        w.hubs[i] = hub_new(&w.hub_shared, w.loops[i], &w.counts[i], &ops, NULL);
        hub_join_loop(w.hubs[i]);
        w.count_list[i] = &w.counts[i];
    }
    assert_int_equal(api_keys_new(&key, 1, &w.keys, &note), ERR_OK);
    w.rules = (struct api_rules){ .keys = w.keys, .publish_max_bytes = 64 };
    const struct api_options options = {
        .idempotency_entries = 100,
        .hub_shared = &w.hub_shared,
        .counts = w.count_list,
        .counts_count = WORKERS,
        .endpoint_names = names,
        .max_connections = &w.max_connections,
    };
    w.shared = api_shared_new(&options);
    api_shared_set_endpoints(w.shared, countof(names));
    w.api = api_new(w.shared, &w.rules, w.hubs[0], w.loops[0]);
    w.router = http_router_new();
    api_add_routes(w.api, w.router, true);
    w.parser = http_parser_new(&(struct http_limits){ 16384, 1 << 20 });
    buf_init(&w.out, 1 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (unsigned i = 0; i < WORKERS; i++) {
        if (w.subscriptions[i].channel) hub_unsubscribe(w.hubs[i], &w.subscriptions[i], 0);
    }
    buf_finish(&w.out);
    http_parser_free(w.parser);
    http_router_free(w.router);
    for (unsigned i = 0; i < WORKERS; i++) {
        loop_free(w.loops[i]);
        hub_free(w.hubs[i]);
    }
    api_free(w.api);
    api_shared_free(w.shared);
    api_keys_free(w.keys);
    hub_shared_finish(&w.hub_shared);
    return 0;
}

static void note_answer(struct span response) {
    size_t len = size_min(response.len, sizeof w.text - 1);
    memcpy(w.text, response.at, len);
    w.text[len] = 0;
    w.answered++;
}

static void answer(void *owner, uint64_t ticket, http_writer writer, void *context) {
    (void)owner, (void)ticket;
    struct http_response response;
    buf_clear(&w.out);
    http_response_init(&response, &w.out, http_parser_request(w.parser));
    writer(context, &response);
    note_answer(buf_span(&w.out));
}

/* Asks for the overview, which may be answered at once. */
static void ask(void) {
    struct span request = SPAN("GET /api/v1/admin/overview HTTP/1.1\r\nHost: x\r\n"
                               "X-API-Key: read-key\r\n\r\n");
    assert_int_equal(http_parser_feed(w.parser, &request), HTTP_STEP_DONE);
    buf_clear(&w.out);
    struct http_response response;
    http_response_init(&response, &w.out, http_parser_request(w.parser));
    struct http_call call = { .request = http_parser_request(w.parser),
                              .peer = &w.peer,
                              .response = &response,
                              .later = { .answer = answer } };
    http_router_dispatch(w.router, &call);
    if (!call.is_later) note_answer(buf_span(&w.out));
}

static void run_turns(void) {
    for (int turn = 0; turn < 4; turn++) {
        for (unsigned i = 0; i < WORKERS; i++)
            (void)uv_run(loop_uv(w.loops[i]), UV_RUN_NOWAIT);
    }
}

static void assert_overview(const char *is_whole, bool has_first, bool has_second) {
    if (!strstr(w.text, is_whole)) fail_msg("%s", w.text);
    assert_non_null(strstr(w.text, "HTTP/1.1 200 "));
    assert_int_equal(strstr(w.text, "{\"channel\":\"w0\",\"messages\":1,\"error\":0}") != NULL,
                     has_first);
    assert_int_equal(strstr(w.text, "{\"channel\":\"w1\",\"messages\":1,\"error\":0}") != NULL,
                     has_second);
}

static void all_workers_make_a_whole(void **state) {
    (void)state;
    for (unsigned i = 0; i < WORKERS; i++)
        make_busy(i);
    ask();
    assert_int_equal(w.answered, 0);
    run_turns();
    assert_int_equal(w.answered, 1);
    assert_overview("\"is_whole\":true", true, true);
}

/* The first mail to a worker needs memory for the mailbox. */
static void a_worker_that_cannot_be_asked_is_left_out(void **state) {
    (void)state;
    bool has_been_partial = false;
    for (uint64_t nth = 1; !has_been_partial && nth < 100; nth++) {
        set_up(state);
        for (unsigned i = 0; i < WORKERS; i++)
            make_busy(i);
        mem_fail_nth(nth);
        ask();
        mem_fail_nth(0);
        run_turns();
        assert_int_equal(w.answered, 1);
        has_been_partial = strstr(w.text, "\"is_whole\":false") != NULL;
        if (has_been_partial) assert_overview("\"is_whole\":false", false, true);
        tear_down(state);
    }
    assert_true(has_been_partial);
}

/* As much is asked as may be, so that there is an answer at once, without who is busiest. */
static void when_too_much_is_asked_nobody_is(void **state) {
    (void)state;
    for (unsigned i = 0; i < WORKERS; i++)
        make_busy(i);
    size_t asked = 0;
    while (w.answered == 0 && asked++ < ASKED_MAX)
        ask();
    assert_int_equal(w.answered, 1);
    assert_overview("\"is_whole\":false", false, false);
    if (!strstr(w.text, "\"users\":[],\"channels\":[]")) fail_msg("%s", w.text);
    run_turns();
    assert_int_equal(w.answered, asked);
    assert_overview("\"is_whole\":true", true, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_workers_make_a_whole, set_up, tear_down),
        cmocka_unit_test(a_worker_that_cannot_be_asked_is_left_out),
        cmocka_unit_test_setup_teardown(when_too_much_is_asked_nobody_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
