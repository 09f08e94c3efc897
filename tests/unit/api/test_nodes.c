/* SPDX-License-Identifier: MIT */
/*
 * Several nodes that share a broker: what this one says of itself, what it shows of the others, and
 * how often it asks them. The broker is one that never began to connect, and is down.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "api/api.h"
#include "base/mem.h"
#include "broker/redis/redis.h"
#include "fake_broker.h"

enum { REPLIES_MAX = 16 };

/* What a client was told. */
struct reply {
    bool is_answered;
    char text[8192];
};

static struct {
    struct loop *loop;
    struct hub_shared hub_shared;
    struct counts counts;
    const struct counts *count_list[1];
    struct hub *hub;
    struct fake_broker fake;
    struct broker_redis *redis;
    struct api_keys *keys;
    struct api_rules rules;
    _Atomic uint64_t max_connections;
    struct api_shared *shared;
    struct api *api;
    struct http_router *router;
    struct http_parser *parser;
    struct http_peer peer;
    struct buf out;
    struct reply replies[REPLIES_MAX];
    size_t reply_count;
} w;

static bool hear(void *owner, uint32_t subscriber, struct message *message) {
    (void)owner, (void)subscriber, (void)message;
    return true;
}

static int set_up(void **state) {
    (void)state;
    static const struct subscriber_ops ops = { .deliver = hear };
    static const struct api_key_options key = { { "operator", 8 },
                                                { "read-key", 8 },
                                                API_SCOPE_READ };
    static const char *const names[] = { "huleedu" };
    static const char *const origins[] = { "https://a.example" };
    static const struct broker_hooks hooks = { 0 };
    const struct broker_redis_options redis = { .prefix = "" };
    struct err_note note = { "" };
    memset(&w, 0, sizeof w);
    hub_shared_init(&w.hub_shared, 1 << 20);
    w.loop = loop_new(&note);
    w.hub = hub_new(&w.hub_shared, w.loop, &w.counts, &ops, NULL);
    fake_broker_use(&w.fake, w.hub);
    hub_join_loop(w.hub);
    w.redis = broker_redis_new(&redis, &hooks, NULL, &w.counts, &note);
    assert_non_null(w.redis);
    w.count_list[0] = &w.counts;
    assert_int_equal(api_keys_new(&key, 1, &w.keys, &note), ERR_OK);
    w.rules = (struct api_rules){
        .keys = w.keys, .has_public_stats = true, .origins = origins, .origin_count = 1
    };
    const struct api_options options = {
        .idempotency_entries = 100,
        .hub_shared = &w.hub_shared,
        .broker = w.redis,
        .counts = w.count_list,
        .counts_count = 1,
        .endpoint_names = names,
        .max_connections = &w.max_connections,
    };
    w.shared = api_shared_new(&options);
    api_shared_set_endpoints(w.shared, countof(names));
    w.api = api_new(w.shared, &w.rules, w.hub, w.loop);
    w.router = http_router_new();
    api_add_routes(w.api, w.router, true);
    w.parser = http_parser_new(&(struct http_limits){ 16384, 1 << 20 });
    buf_init(&w.out, 1 << 20);
    counter_add(&w.counts.endpoints[0].active, 3);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    w.fake.is_stopped = true;
    buf_finish(&w.out);
    http_parser_free(w.parser);
    http_router_free(w.router);
    api_free(w.api);
    api_shared_free(w.shared);
    loop_free(w.loop);
    hub_free(w.hub);
    broker_redis_free(w.redis);
    api_keys_free(w.keys);
    hub_shared_finish(&w.hub_shared);
    return 0;
}

static void note_answer(struct reply *reply) {
    assert_false(reply->is_answered);
    reply->is_answered = true;
    (void)snprintf(reply->text, sizeof reply->text, "%.*s", (int)w.out.len, w.out.at);
}

static void answer(void *owner, uint64_t ticket, http_writer writer, void *context) {
    (void)owner;
    struct http_response response;
    buf_clear(&w.out);
    http_response_init(&response, &w.out, http_parser_request(w.parser));
    writer(context, &response);
    note_answer(&w.replies[ticket]);
}

/* The text is empty until it is answered. */
static const struct reply *ask(const char *path) {
    char head[512];
    (void)snprintf(head, sizeof head,
                   "GET %s HTTP/1.1\r\nHost: x\r\nX-API-Key: read-key\r\n"
                   "Origin: https://a.example\r\n\r\n",
                   path);
    struct span request = span_str(head);
    assert_int_equal(http_parser_feed(w.parser, &request), HTTP_STEP_DONE);
    buf_clear(&w.out);
    assert_true(w.reply_count < REPLIES_MAX);
    struct http_response response;
    http_response_init(&response, &w.out, http_parser_request(w.parser));
    struct http_call call = { .request = http_parser_request(w.parser),
                              .peer = &w.peer,
                              .response = &response,
                              .later = { .answer = answer, .ticket = w.reply_count } };
    http_router_dispatch(w.router, &call);
    struct reply *reply = &w.replies[w.reply_count++];
    if (!call.is_later) note_answer(reply);
    return reply;
}

static void run_turns(void) {
    for (int turn = 0; turn < 4; turn++)
        (void)uv_run(loop_uv(w.loop), UV_RUN_NOWAIT);
}

/* What the other nodes say to the one question that is open. */
static void others_say(const char *text, enum err err, uint64_t silent) {
    struct broker_call *call = fake_broker_expect(&w.fake, "ASK_NODES   0/0");
    buf_init(&call->answer, 1 << 21);
    buf_append_text(&call->answer, text);
    fake_broker_answer(&w.fake, call, err, silent);
    run_turns();
}

static bool has(const struct reply *reply, const char *part) {
    return strstr(reply->text, part) != NULL;
}

static void assert_has(const struct reply *reply, const char *part) {
    if (!has(reply, part)) fail_msg("no %s in %s", part, reply->text);
}

#define TWO                                                                                        \
    "{\"self\":false,\"node\":\"b\",\"connections\":10,\"users\":4},"                              \
    "{\"users\":1,\"more\":[1],\"connections\":2}"

/* One question for all who ask at a time, none while its answer is fresh. */
static void stats_are_of_all_nodes(void **state) {
    (void)state;
    const struct reply *first = ask("/api/v1/ws/stats"), *second = ask("/api/v1/ws/stats");
    assert_false(first->is_answered);
    assert_int_equal(w.fake.asked_count, 1);
    others_say(TWO, ERR_OK, 0);
    assert_has(first, "\r\n\r\n{\"connected_users\":5,\"total_connections\":15}");
    assert_has(second, "\r\n\r\n{\"connected_users\":5,\"total_connections\":15}");
    assert_has(first, "\r\nAccess-Control-Allow-Origin: https://a.example\r\n");
    counter_add(&w.counts.endpoints[0].active, 1);
    const struct reply *third = ask("/api/v1/ws/stats");
    assert_int_equal(w.fake.asked_count, 0);
    assert_has(third, "\r\n\r\n{\"connected_users\":5,\"total_connections\":16}");

    (void)usleep(1100 * 1000);
    const struct reply *later = ask("/api/v1/ws/stats");
    assert_false(later->is_answered);
    others_say("", ERR_OK, 2);
    assert_has(later, "\r\n\r\n{\"connected_users\":0,\"total_connections\":4}");
}

static void stats_are_this_nodes_when_nobody_can_be_asked(void **state) {
    (void)state;
    const struct reply *reply = ask("/api/v1/ws/stats");
    others_say("", ERR_CLOSED, 0);
    assert_has(reply, "\r\n\r\n{\"connected_users\":0,\"total_connections\":3}");
    /* And they are not asked again at once. */
    assert_true(ask("/api/v1/ws/stats")->is_answered);
}

static void stats_wait_for_nobody_without_memory(void **state) {
    (void)state;
    (void)ask("/healthz"); /* what the parser needs is there from now on */
    mem_fail_nth(2);       /* the first are its header lines */
    const struct reply *reply = ask("/api/v1/ws/stats");
    mem_fail_nth(0);
    assert_int_equal(w.fake.asked_count, 0);
    assert_has(reply, "\"total_connections\":3}");
}

/* Anybody may answer anything in Redis. */
static void nonsense_counts_for_nothing(void **state) {
    (void)state;
    static const struct {
        const char *text;
        unsigned users, connections;
    } cases[] = {
        { "{", 0, 3 },
        { "]", 0, 3 },
        { "1,null,\"x\",[{\"connections\":5}]", 0, 3 },
        { "{\"connections\":-5,\"users\":\"7\"}", 0, 3 },
        { "{\"connections\":9223372036854775807,\"users\":1.5}", 0, 3 },
        { "{\"connections\":5},{\"users\":6}", 6, 8 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        char expected[128];
        (void)snprintf(expected, sizeof expected,
                       "{\"connected_users\":%u,\"total_connections\":%u}", cases[i].users,
                       cases[i].connections);
        const struct reply *reply = ask("/api/v1/ws/stats");
        others_say(cases[i].text, ERR_OK, 0);
        assert_has(reply, expected);
    }
}

static void the_overview_shows_all_nodes(void **state) {
    (void)state;
    const struct reply *reply = ask("/api/v1/admin/overview");
    others_say(TWO, ERR_OK, 1);
    char own[128];
    (void)snprintf(own, sizeof own, "\"nodes\":[{\"self\":true,\"node\":\"%s\",\"version\":",
                   broker_redis_node(w.redis));
    assert_has(reply, own);
    assert_has(reply, "\"connections\":3,\"users\":0}," TWO "],\"nodes_silent\":1}");
    assert_has(reply, ",\"redis\":{\"status\":\"down\",\"since\":\"");
    assert_has(reply, "\"problem\":\"");
    assert_has(reply, ",\"ping_ms\":null,\"reconnects\":0,\"channels\":0,\"nodes\":");
}

static void the_overview_does_without_the_others(void **state) {
    (void)state;
    static const char *const texts[] = { "", "{\"connections\":1}", "{" };
    for (size_t i = 0; i < countof(texts); i++) {
        const struct reply *reply = ask("/api/v1/admin/overview");
        others_say(texts[i], i == 2 ? ERR_OK : ERR_IO, 0);
        assert_true(reply->is_answered);
        assert_has(reply, i == 2 ? "\"users\":0}],\"nodes_silent\":0}" : "\"users\":0}]}");
    }
}

/* Rather none of them than a list that breaks off. */
static void the_overview_shows_no_part_of_too_much(void **state) {
    (void)state;
    enum { FILL = 700000 };
    static char text[2 * FILL + 100];
    size_t len = 0;
    for (int i = 0; i < 2; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s{\"fill\":\"", i > 0 ? "," : "");
        memset(text + len, 'x', FILL);
        len += FILL;
        len += (size_t)snprintf(text + len, sizeof text - len, "\"}");
    }
    const struct reply *reply = ask("/api/v1/admin/overview");
    others_say(text, ERR_OK, 0);
    assert_has(reply, "\"users\":0}]}");
}

/* The server ends while somebody waits: nobody is answered, nothing is left over. */
static void who_waits_at_the_end_is_forgotten(void **state) {
    (void)state;
    const struct reply *stats = ask("/api/v1/ws/stats"), *page = ask("/api/v1/admin/overview");
    tear_down(state);
    assert_false(stats->is_answered || page->is_answered);
    set_up(state);
}

static char answered[1024];
static size_t answered_count;

static void on_answered(void *owner, struct span text) {
    assert_ptr_equal(owner, answered);
    answered_count++;
    (void)snprintf(answered, sizeof answered, "%.*s", SPAN_ARG(text));
}

static const char *question(const char *text) {
    size_t before = answered_count;
    api_question(w.api, span_str(text), on_answered, answered);
    assert_int_equal(answered_count, before + 1);
    return answered;
}

static void questions_are_answered(void **state) {
    (void)state;
    const char *figures = question("{\"do\":\"stats\",\"from\":\"somebody\"}");
    assert_non_null(strstr(figures, "{\"self\":false,\"node\":\""));
    assert_non_null(strstr(figures, "\"connections\":3,\"users\":0}"));
    assert_string_not_equal(question("{\"from\":null, \"do\":\"s\\u0074ats\"}"), "");
    char own[128];
    (void)snprintf(own, sizeof own, "{\"do\":\"stats\",\"from\":\"%s\"}",
                   broker_redis_node(w.redis));
    assert_string_equal(question(own), "");
    static const char *const unknown[] = {
        "", "stats", "[]", "{}", "{\"do\":\"dance\"}", "{\"do\":1}", "{\"do\":\"stats\"", "\"do\"",
    };
    for (size_t i = 0; i < countof(unknown); i++)
        assert_string_equal(question(unknown[i]), "null");
}

static void a_broker_that_is_down_shows(void **state) {
    (void)state;
    api_shared_set_ready(w.shared, true);
    const struct reply *health = ask("/healthz/redis"), *ready = ask("/readyz");
    assert_has(health, "HTTP/1.1 503 ");
    assert_has(health, "{\"service\":\"redis\",\"status\":\"unhealthy\",\"problem\":\"");
    assert_has(ready, "HTTP/1.1 503 ");
    assert_has(ready, "{\"service\":\"tidings\",\"status\":\"not ready\",\"problem\":\"Redis is "
                      "down\"}");
    assert_has(ask("/healthz"), "HTTP/1.1 200 ");
    counter_add(&w.counts.redis_published[COUNT_REDIS_UNAVAILABLE], 7);
    (void)ask("/metrics");
    buf_append_char(&w.out, '\0');
    const char *text = w.out.at; /* longer than a reply keeps */
    assert_non_null(strstr(text, "\nredis_connected 0\n"));
    assert_non_null(strstr(text, "\nredis_publish_total{result=\"unavailable\"} 7\n"));
    assert_non_null(strstr(text, "\nredis_publish_total{result=\"ok\"} 0\n"));
    assert_non_null(strstr(text, "\nredis_reconnects_total 0\n"));
    assert_non_null(strstr(text, "\nredis_subscribed_channels 0\n"));
    assert_non_null(strstr(text, "\nredis_ping_seconds 0.000000\n"));
    assert_non_null(strstr(text, "\ntidings_nodes "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(stats_are_of_all_nodes),
        TEST(stats_are_this_nodes_when_nobody_can_be_asked),
        TEST(stats_wait_for_nobody_without_memory),
        TEST(nonsense_counts_for_nothing),
        TEST(the_overview_shows_all_nodes),
        TEST(the_overview_does_without_the_others),
        TEST(the_overview_shows_no_part_of_too_much),
        TEST(who_waits_at_the_end_is_forgotten),
        TEST(questions_are_answered),
        TEST(a_broker_that_is_down_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
