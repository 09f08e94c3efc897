/* SPDX-License-Identifier: MIT */
/*
 * Tests of the HTTP API from request bytes to response bytes, over a real router and hub: who may
 * call what, what is answered, what reaches the listeners.
 */
#include "api/api.h"

#include "base/json.h"
#include "hub/subscribe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LISTENERS = 4, HEARD_MAX = 64, SMALL_ENDPOINT_BYTES = 16 };

/* Everything that a worker would have. */
static struct {
    struct loop *loop;
    struct hub_shared hub_shared;
    struct counts counts;
    const struct counts *count_list[1];
    struct hub *hub;
    struct api_keys *keys;
    struct api_shared *shared;
    struct api *api;
    struct http_router *router;
    struct http_parser *parser;
    struct api_rules rules;
    struct http_peer peer;
    struct buf out;
    struct subscription subscriptions[LISTENERS];
    char heard[HEARD_MAX][64]; /* "listener:payload", in order */
    size_t heard_count;
} w;

static bool hear(void *owner, uint32_t subscriber, struct message *message) {
    (void)owner;
    struct span payload = message_payload(message);
    assert_true(w.heard_count < HEARD_MAX);
    (void)snprintf(w.heard[w.heard_count++], sizeof w.heard[0], "%u:%.*s", subscriber,
                   SPAN_ARG(payload));
    message_unref(message);
    return true;
}

static struct subscription *subscriptions_of(void *owner, uint32_t subscriber, size_t *ret_count) {
    (void)owner;
    *ret_count = 1;
    return &w.subscriptions[subscriber];
}

static const struct subscriber_ops ops = { .deliver = hear, .subscriptions = subscriptions_of };

static void listen_to(uint32_t subscriber, const char *channel, uint16_t endpoint) {
    assert_int_equal(
        hub_subscribe(w.hub, span_str(channel), subscriber, endpoint, &w.subscriptions[subscriber]),
        ERR_OK);
}

static uint64_t forty_two(const void *owner) {
    return *(const uint64_t *)owner;
}

static void build(const struct api_key_options *keys, size_t key_count, bool has_public_stats,
                  const char *const *origins, size_t origin_count) {
    static const char *const names[] = { "huleedu", "odd \"name\"" };
    static const uint64_t answer = 42;
    static const struct api_gauge gauge = { "limits_addresses", "Addresses remembered.", forty_two,
                                            &answer };
    struct err_note note;
    memset(&w, 0, sizeof w);
    w.loop = loop_new(&note);
    assert_non_null(w.loop);
    hub_shared_init(&w.hub_shared, 1 << 20);
    w.hub_shared.endpoint_max_bytes[1] = SMALL_ENDPOINT_BYTES;
    w.hub = hub_new(&w.hub_shared, w.loop, &w.counts, &ops, NULL);
    assert_int_equal(api_keys_new(keys, key_count, &w.keys, &note), ERR_OK);
    w.count_list[0] = &w.counts;
    w.rules = (struct api_rules){
        .keys = w.keys,
        .publish_max_bytes = 64,
        .has_public_stats = has_public_stats,
        .origins = origins,
        .origin_count = origin_count,
    };
    const struct api_options options = {
        .idempotency_entries = 100,
        .hub_shared = &w.hub_shared,
        .counts = w.count_list,
        .counts_count = 1,
        .endpoint_names = names,
        .gauges = &gauge,
        .gauge_count = 1,
    };
    w.shared = api_shared_new(&options);
    api_shared_set_endpoints(w.shared, countof(names));
    w.api = api_new(w.shared, &w.rules, w.hub, w.loop);
    w.router = http_router_new();
    api_add_routes(w.api, w.router, true);
    w.parser = http_parser_new(&(struct http_limits){ 16384, 1 << 20 });
    buf_init(&w.out, 1 << 22);
    listen_to(0, "ws:u1", 0);
    listen_to(1, "ws:u1", 0);
    listen_to(2, "broadcast", 0);
    listen_to(3, "ws:u2", 1);
}

static int set_up(void **unused) {
    (void)unused;
    static const struct api_key_options keys[] = {
        { { "backend", 7 }, { "publish-key", 11 }, API_SCOPE_PUBLISH },
        { { "operator", 8 }, { "read-key", 8 }, API_SCOPE_READ },
    };
    build(keys, countof(keys), true, NULL, 0);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    for (uint32_t i = 0; i < LISTENERS; i++) {
        hub_unsubscribe(w.hub, &w.subscriptions[i], i == 3 ? 1 : 0);
    }
    buf_finish(&w.out);
    http_parser_free(w.parser);
    http_router_free(w.router);
    api_free(w.api);
    api_shared_free(w.shared);
    api_keys_free(w.keys);
    loop_free(w.loop);
    hub_free(w.hub);
    hub_shared_finish(&w.hub_shared);
    return 0;
}

static struct span head_text;
static struct span body_text;

/* Answers one request; returns the status and sets `head_text` and `body_text`. */
static int ask_with(struct http_router *router, const char *method, const char *path,
                    const char *headers, const char *body) {
    struct buf in;
    buf_init(&in, 1 << 21);
    buf_printf(&in, "%s %s HTTP/1.1\r\nHost: x\r\n%s", method, path, headers);
    if (body) buf_printf(&in, "Content-Length: %zu\r\n", strlen(body));
    buf_printf(&in, "\r\n%s", body ? body : "");
    struct span bytes = buf_span(&in);
    assert_int_equal(http_parser_feed(w.parser, &bytes), HTTP_STEP_DONE);
    buf_clear(&w.out);
    struct http_response response;
    http_response_init(&response, &w.out, http_parser_request(w.parser));
    struct http_call call = { .request = http_parser_request(w.parser),
                              .peer = &w.peer,
                              .response = &response };
    http_router_dispatch(router, &call);
    buf_finish(&in);
    assert_int_equal(buf_err(&w.out), ERR_OK);
    char *end = memmem(w.out.at, w.out.len, "\r\n\r\n", 4);
    assert_non_null(end);
    head_text = span_of(w.out.at, (size_t)(end - w.out.at) + 2);
    body_text = span_skip(buf_span(&w.out), head_text.len + 2);
    return response.status;
}

static int ask(const char *method, const char *path, const char *headers, const char *body) {
    return ask_with(w.router, method, path, headers, body);
}

static int publish(const char *path, const char *body) {
    return ask("POST", path, "X-API-Key: publish-key\r\n", body);
}

static bool has(struct span text, const char *part) {
    return memmem(text.at, text.len, part, strlen(part)) != NULL;
}

static void assert_body(const char *expected) {
    if (!span_eq(body_text, span_str(expected))) fail_msg("%.*s", SPAN_ARG(body_text));
}

static void assert_error(const char *code) {
    char start[64];
    (void)snprintf(start, sizeof start, "{\"error\":{\"code\":\"%s\",\"message\":\"", code);
    if (!span_starts(body_text, span_str(start))) fail_msg("%.*s", SPAN_ARG(body_text));
    struct json_value value;
    struct json_error error;
    assert_true(json_parse(body_text, &value, &error));
}

static void assert_heard(size_t count, const char *const *expected) {
    assert_int_equal(w.heard_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(w.heard[i], expected[i]);
    w.heard_count = 0;
}

static void publishing(void **unused) {
    (void)unused;
    assert_int_equal(publish("/api/v1/publish", "{\"user\":\"u1\",\"data\":{ \"n\" : 1e400 }}"),
                     200);
    assert_body("{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2}]}");
    assert_true(has(head_text, "Content-Type: application/json\r\n"));
    const char *const relayed[] = { "0:{ \"n\" : 1e400 }", "1:{ \"n\" : 1e400 }" };
    assert_heard(2, relayed);

    assert_int_equal(
        publish("/api/v1/publish", "{\"users\":[\"u1\",\"nobody\",\"u1\"],\"data\":1}"), 200);
    assert_body("{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2},"
                "{\"channel\":\"ws:nobody\",\"deliveries\":0}]}");
    const char *const once[] = { "0:1", "1:1" };
    assert_heard(2, once);

    assert_int_equal(
        publish("/api/v1/publish", "{\"channels\":[\"broadcast\",\"a\\\"b\"],\"data\":2}"), 200);
    assert_body("{\"published\":[{\"channel\":\"broadcast\",\"deliveries\":1},"
                "{\"channel\":\"a\\\"b\",\"deliveries\":0}]}");
    const char *const two[] = { "2:2" };
    assert_heard(1, two);

    assert_int_equal(publish("/api/v1/broadcast", "{\"data\":\"\\u00e4\"}"), 200);
    assert_body("{\"published\":[{\"channel\":\"broadcast\",\"deliveries\":1}]}");
    const char *const escaped[] = { "2:\"\\u00e4\"" };
    assert_heard(1, escaped);
}

static void skipping(void **unused) {
    (void)unused;
    assert_int_equal(publish("/api/v1/publish", "{\"user\":\"u2\",\"data\":\"0123456789abcd\"}"),
                     200);
    assert_body("{\"published\":[{\"channel\":\"ws:u2\",\"deliveries\":1}]}");
    assert_int_equal(publish("/api/v1/publish", "{\"user\":\"u2\",\"data\":\"0123456789abcde\"}"),
                     200);
    assert_body("{\"published\":[{\"channel\":\"ws:u2\",\"deliveries\":0,\"skipped\":1}]}");
    assert_int_equal(w.heard_count, 1);
}

static void refusing(void **unused) {
    (void)unused;
    assert_int_equal(publish("/api/v1/publish", "{\"user\":"), 400);
    assert_error("malformed_json");
    assert_true(has(body_text, "line 1, column 9"));
    assert_int_equal(publish("/api/v1/publish", "{\"data\":1}"), 400);
    assert_error("invalid_request");
    assert_int_equal(publish("/api/v1/publish", ""), 400);
    assert_error("malformed_json");
    char body[128];
    (void)snprintf(body, sizeof body, "{\"user\":\"u1\",\"data\":\"%063d\"}", 0);
    assert_int_equal(publish("/api/v1/publish", body), 413);
    assert_error("too_large");
    assert_int_equal(ask("GET", "/api/v1/publish", "", NULL), 405);
    assert_true(has(head_text, "Allow: POST\r\n"));
    /* Server-to-server calls are not for pages. */
    assert_int_equal(ask("OPTIONS", "/api/v1/publish", "Origin: http://a\r\n", NULL), 405);
    assert_false(has(head_text, "Access-Control"));
    assert_int_equal(w.heard_count, 0);
}

static void authorizing(void **unused) {
    (void)unused;
    static const struct {
        const char *headers;
        int status;
        const char *code;
    } cases[] = {
        { "", 401, "unauthorized" },
        { "X-API-Key: wrong\r\n", 401, "unauthorized" },
        { "X-API-Key: \r\n", 401, "unauthorized" },
        { "X-API-Key: publish-ke\r\n", 401, "unauthorized" },
        { "X-API-Key: read-key\r\n", 403, "forbidden" },
        { "X-API-Key: publish-key\r\n", 200, NULL },
        { "x-api-key:publish-key\r\n", 200, NULL },
        { "Authorization: Bearer publish-key\r\n", 200, NULL },
        { "Authorization: bearer  publish-key\r\n", 200, NULL },
        { "Authorization: Bearer read-key\r\n", 403, "forbidden" },
        { "Authorization: Bearerpublish-key\r\n", 401, "unauthorized" },
        { "Authorization: Basic publish-key\r\n", 401, "unauthorized" },
        { "Authorization: Bearer\r\n", 401, "unauthorized" },
        { "X-API-Key: wrong\r\nAuthorization: Bearer publish-key\r\n", 401, "unauthorized" },
    };
    static const char *const paths[] = { "/api/v1/publish", "/api/v1/broadcast", "/api/v1/batch" };
    static const char *const bodies[] = { "{\"user\":\"nobody\",\"data\":1}", "{\"data\":1}",
                                          "{\"commands\":[]}" };
    for (size_t i = 0; i < countof(cases); i++) {
        for (size_t p = 0; p < countof(paths); p++) {
            assert_int_equal(ask("POST", paths[p], cases[i].headers, bodies[p]), cases[i].status);
            if (cases[i].code) assert_error(cases[i].code);
            assert_int_equal(has(head_text, "WWW-Authenticate: Bearer\r\n"),
                             cases[i].status == 401);
        }
    }
}

static void without_keys(void **unused) {
    (void)unused;
    build(NULL, 0, true, NULL, 0);
    assert_int_equal(ask("POST", "/api/v1/publish", "X-API-Key: a\r\n", "{}"), 403);
    assert_error("forbidden");
    assert_int_equal(ask("POST", "/api/v1/publish", "", "{}"), 403);
    assert_int_equal(ask("GET", "/api/v1/ws/stats", "", NULL), 200);
}

static void idempotent(void **unused) {
    (void)unused;
    const char *body = "{\"user\":\"u1\",\"data\":1,\"idempotency_key\":\"k\"}";
    for (int i = 0; i < 3; i++) {
        assert_int_equal(publish("/api/v1/publish", body), 200);
        assert_body("{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2}]}");
        assert_int_equal(w.heard_count, 2);
    }
    assert_int_equal(
        publish("/api/v1/publish", "{\"user\":\"u1\",\"data\":2,\"idempotency_key\":\"k\"}"), 422);
    assert_error("idempotency_key_reused");
    assert_int_equal(publish("/api/v1/broadcast", "{\"data\":1,\"idempotency_key\":\"k\"}"), 422);
    /* What was refused did not take its key. */
    assert_int_equal(publish("/api/v1/publish", "{\"data\":1,\"idempotency_key\":\"free\"}"), 400);
    assert_int_equal(publish("/api/v1/broadcast", "{\"data\":1,\"idempotency_key\":\"free\"}"),
                     200);
    assert_int_equal(w.heard_count, 3);
}

/* A listener on a worker that takes nothing more. */
static void overloaded(void **unused) {
    (void)unused;
    struct err_note note;
    struct loop *far_loop = loop_new(&note);
    assert_non_null(far_loop);
    struct hub *far = hub_new(&w.hub_shared, far_loop, &w.counts, &ops, NULL);
    struct subscription subscription = { 0 };
    assert_int_equal(hub_subscribe(far, SPAN("ws:far"), 0, 0, &subscription), ERR_OK);
    w.hub_shared.mailed_bytes_max = 0;

    const char *alone = "{\"user\":\"far\",\"data\":1,\"idempotency_key\":\"k\"}";
    assert_int_equal(publish("/api/v1/publish", alone), 503);
    assert_error("overloaded");
    assert_true(has(head_text, "Retry-After: 1\r\n"));
    const char *midway = "{\"users\":[\"far\",\"u1\"],\"data\":1,\"idempotency_key\":\"m\"}";
    for (int i = 0; i < 2; i++) {
        assert_int_equal(publish("/api/v1/publish", midway), 200);
        assert_body("{\"published\":[{\"channel\":\"ws:far\",\"error\":{\"code\":\"overloaded\","
                    "\"message\":\"The server has too much to deliver; not sent\"}},"
                    "{\"channel\":\"ws:u1\",\"deliveries\":2}]}");
        assert_int_equal(w.heard_count, 2);
    }
    assert_int_equal(publish("/api/v1/publish", "{\"users\":[\"u1\",\"far\"],\"data\":1}"), 200);
    /* What came to nothing may be repeated under the same key. */
    w.hub_shared.mailed_bytes_max = 1 << 20;
    assert_int_equal(publish("/api/v1/publish", alone), 200);
    assert_body("{\"published\":[{\"channel\":\"ws:far\",\"deliveries\":1}]}");

    hub_unsubscribe(far, &subscription, 0);
    loop_free(far_loop);
    hub_free(far);
}

static void batches(void **unused) {
    (void)unused;
    assert_int_equal(
        publish("/api/v1/batch",
                "{\"commands\":[{\"publish\":{\"user\":\"u1\",\"data\":1}},"
                "{\"publish\":{\"data\":1}},{\"broadcast\":{\"data\":2}},{\"other\":{}},7,"
                "{\"publish\":{\"user\":\"u1\",\"data\":3},\"broadcast\":{\"data\":3}},"
                "{\"publish\":[]},{\"publish\":{\"channel\":\"broadcast\",\"data\":4}}]}"),
        200);
    const char *const heard[] = { "0:1", "1:1", "2:2", "2:4" };
    assert_heard(4, heard);
    struct json_walk walk = json_walk(body_text);
    struct json_value name;
    struct json_value results;
    assert_int_equal(json_member(&walk, &name, &results), JSON_ITEM);
    assert_true(json_text_is(&name, SPAN("results")));
    static const char *const starts[] = {
        "{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2}]}",
        "{\"error\":{\"code\":\"invalid_request\"",
        "{\"published\":[{\"channel\":\"broadcast\",\"deliveries\":1}]}",
        "{\"error\":{\"code\":\"invalid_request\"",
        "{\"error\":{\"code\":\"invalid_request\"",
        "{\"error\":{\"code\":\"invalid_request\"",
        "{\"error\":{\"code\":\"invalid_request\"",
        "{\"published\":[{\"channel\":\"broadcast\",\"deliveries\":1}]}",
    };
    struct json_walk items = json_walk(results.raw);
    struct json_value item;
    for (size_t i = 0; i < countof(starts); i++) {
        assert_int_equal(json_element(&items, &item), JSON_ITEM);
        if (!span_starts(item.raw, span_str(starts[i]))) fail_msg("%.*s", SPAN_ARG(item.raw));
    }
    assert_int_equal(json_element(&items, &item), JSON_END);

    assert_int_equal(publish("/api/v1/batch", "{\"commands\":[]}"), 200);
    assert_body("{\"results\":[]}");
}

static void bad_batches(void **unused) {
    (void)unused;
    static const struct {
        const char *body;
        const char *code;
    } cases[] = {
        { "{}", "invalid_request" },
        { "{\"commands\":{}}", "invalid_request" },
        { "{\"commands\":[],\"commands\":[]}", "invalid_request" },
        { "{\"commands\":[],\"more\":1}", "invalid_request" },
        { "{\"command\":[]}", "invalid_request" },
        { "[]", "invalid_request" },
        { "{\"commands\":[{\"broadcast\":{\"data\":1}},]}", "malformed_json" },
        { "{\"commands\":[{\"broadcast\":{\"data\":1}}]", "malformed_json" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(publish("/api/v1/batch", cases[i].body), 400);
        assert_error(cases[i].code);
    }
    assert_int_equal(w.heard_count, 0);
}

static void long_batches(void **unused) {
    (void)unused;
    for (int count = 1000; count <= 1001; count++) {
        struct buf body;
        buf_init(&body, 1 << 20);
        buf_append_text(&body, "{\"commands\":[");
        for (int i = 0; i < count; i++) {
            buf_printf(&body, "%s{\"publish\":{\"user\":\"v\",\"data\":%d}}", i ? "," : "", i);
        }
        buf_append_text(&body, "]}");
        buf_append_char(&body, 0);
        assert_int_equal(publish("/api/v1/batch", body.at), count == 1000 ? 200 : 400);
        if (count > 1000) assert_error("too_many_commands");
        buf_finish(&body);
    }
}

static void statistics(void **unused) {
    (void)unused;
    counter_add(&w.counts.endpoints[0].active, 3);
    counter_add(&w.counts.endpoints[1].active, 1);
    atomic_store(&w.hub_shared.interest.users, 2);
    assert_int_equal(ask("GET", "/api/v1/ws/stats", "", NULL), 200);
    assert_body("{\"connected_users\":2,\"total_connections\":4}");
    assert_true(has(head_text, "Access-Control-Allow-Origin: *\r\n"));
    assert_false(has(head_text, "Credentials"));
    assert_int_equal(ask("OPTIONS", "/api/v1/ws/stats",
                         "Origin: http://a\r\nAccess-Control-Request-Method: GET\r\n", NULL),
                     204);
    assert_true(has(head_text, "Access-Control-Allow-Methods: GET\r\n"));
    assert_true(has(head_text, "Access-Control-Allow-Headers: Authorization, X-API-Key\r\n"));
    assert_int_equal(ask("HEAD", "/api/v1/ws/stats", "", NULL), 200);
    assert_int_equal(body_text.len, 0);
    atomic_store(&w.hub_shared.interest.users, 0);
}

static void closed_statistics(void **unused) {
    (void)unused;
    static const struct api_key_options keys[] = {
        { { "operator", 8 }, { "read-key", 8 }, API_SCOPE_READ },
        { { "backend", 7 }, { "publish-key", 11 }, API_SCOPE_PUBLISH },
    };
    static const char *const origins[] = { "https://a.example.com", "*.example.org" };
    build(keys, countof(keys), false, origins, countof(origins));
    assert_int_equal(ask("GET", "/api/v1/ws/stats", "Origin: https://a.example.com\r\n", NULL),
                     401);
    assert_true(has(head_text, "Access-Control-Allow-Origin: https://a.example.com\r\n"));
    assert_true(has(head_text, "Vary: Origin\r\n"));
    assert_int_equal(ask("GET", "/api/v1/ws/stats", "X-API-Key: publish-key\r\n", NULL), 403);
    assert_int_equal(ask("GET", "/api/v1/ws/stats",
                         "X-API-Key: read-key\r\nOrigin: http://b.example.org\r\n", NULL),
                     200);
    assert_true(has(head_text, "Access-Control-Allow-Origin: http://b.example.org\r\n"));
    assert_int_equal(ask("OPTIONS", "/api/v1/ws/stats", "Origin: https://evil.net\r\n", NULL), 204);
    assert_false(has(head_text, "Access-Control"));
    assert_true(has(head_text, "Vary: Origin\r\n"));
}

static void health(void **unused) {
    (void)unused;
    assert_int_equal(ask("GET", "/healthz", "", NULL), 200);
    assert_body("{\"service\":\"tidings\",\"status\":\"healthy\"}");
    assert_int_equal(ask("GET", "/healthz/redis", "", NULL), 200);
    assert_body("{\"service\":\"redis\",\"status\":\"disabled\"}");
    assert_int_equal(ask("GET", "/healthz/websocket/", "", NULL), 200);
    assert_body("{\"service\":\"websocket\",\"status\":\"healthy\",\"connections\":0}");
    assert_int_equal(ask("GET", "/readyz", "", NULL), 503);
    assert_body("{\"service\":\"tidings\",\"status\":\"not ready\"}");
    api_shared_set_ready(w.shared, true);
    assert_int_equal(ask("GET", "/readyz", "", NULL), 200);
    assert_body("{\"service\":\"tidings\",\"status\":\"ready\"}");
    api_shared_set_ready(w.shared, false);
    assert_int_equal(ask("GET", "/readyz", "", NULL), 503);
}

/* The promise of docs/metrics: each of these is there, with help and type. */
static void metrics(void **unused) {
    (void)unused;
    static const char *const lines[] = {
        "# TYPE websocket_connections_total gauge\nwebsocket_connections_total 5\n",
        "# TYPE websocket_connections_opened_total counter\n",
        "websocket_connections_opened_total{endpoint=\"huleedu\",result=\"ok\"} 0\n",
        "websocket_connections_opened_total{endpoint=\"odd \\\"name\\\"\",result=\"full\"} 1\n",
        "websocket_messages_sent_total{endpoint=\"huleedu\"} 9\n",
        "# TYPE websocket_messages_received_total counter\nwebsocket_messages_received_total 8\n",
        "websocket_messages_dropped_total{reason=\"slow_consumer\"} 2\n",
        "# TYPE websocket_connection_duration_seconds histogram\n",
        "websocket_connection_duration_seconds_bucket{le=\"5\"} 1\n",
        "websocket_connection_duration_seconds_sum 4\n",
        "# TYPE websocket_message_size_bytes histogram\n",
        "websocket_message_size_bytes_bucket{le=\"+Inf\"} 3\n",
        "websocket_message_size_bytes_sum 6000000\n",
        "websocket_close_total{code=\"1008\"} 1\n",
        "websocket_close_total{code=\"other\"} 1\n",
        "# TYPE websocket_channel_subscriptions gauge\nwebsocket_channel_subscriptions 3\n",
        "# TYPE websocket_users_connected gauge\nwebsocket_users_connected 0\n",
        "# TYPE notification_latency_seconds histogram\n",
        "notification_latency_seconds_sum 0.000123\n",
        "jwt_validation_total{result=\"expired\"} 4\n",
        "# TYPE http_requests_total counter\n",
        "http_requests_total{route=\"/metrics\",status=\"200\"} 2\n",
        "http_requests_total{route=\"/api/v1/publish\",status=\"405\"} 1\n",
        "http_requests_total{route=\"other\",status=\"404\"} 7\n",
        "# TYPE limits_addresses gauge\nlimits_addresses 42\n",
        "idempotency_keys 1\n",
        "# TYPE process_cpu_seconds_total counter\n",
        "# TYPE process_resident_memory_bytes gauge\n",
        "# TYPE process_open_fds gauge\n",
        "# TYPE process_max_fds gauge\n",
        "# TYPE process_start_time_seconds gauge\n",
    };
    counter_add(&w.counts.endpoints[0].active, 5);
    counter_add(&w.counts.endpoints[1].opened[COUNT_OPENED_FULL], 1);
    counter_add(&w.counts.endpoints[0].sent, 9);
    counter_add(&w.counts.received, 8);
    counter_add(&w.counts.dropped[COUNT_DROP_SLOW], 2);
    counter_add(&w.counts.closed[count_close_kind(1008)], 1);
    counter_add(&w.counts.closed[count_close_kind(3999)], 1);
    counter_add(&w.counts.jwt[7], 4);
    counter_add(&w.counts.http[0][COUNT_STATUS_200], 2);
    counter_add(&w.counts.http[1][COUNT_STATUS_405], 1);
    counter_add(&w.counts.http[COUNT_ROUTES_MAX - 1][COUNT_STATUS_404], 7);
    histogram_add(&w.counts.duration, &histogram_duration, 4, 1);
    histogram_add(&w.counts.size, &histogram_size, 2000000, 3);
    histogram_add(&w.counts.latency, &histogram_latency, 123000, 1);
    assert_int_equal(publish("/api/v1/broadcast", "{\"data\":1,\"idempotency_key\":\"k\"}"), 200);
    assert_int_equal(ask("GET", "/metrics", "", NULL), 200);
    assert_true(has(head_text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    for (size_t i = 0; i < countof(lines); i++) {
        if (!has(body_text, lines[i]))
            fail_msg("%s is not in\n%.*s", lines[i], SPAN_ARG(body_text));
    }
    assert_false(has(body_text, "status=\"500\""));
    assert_true(body_text.at[body_text.len - 1] == '\n');
}

static void metrics_doors(void **unused) {
    (void)unused;
    w.peer.is_proxied = true;
    assert_int_equal(ask("GET", "/metrics", "", NULL), 404);
    struct http_router *direct = http_router_new();
    api_add_metrics(w.api, direct);
    assert_int_equal(ask_with(direct, "GET", "/metrics", "", NULL), 200);
    w.peer.is_proxied = false;
    assert_int_equal(ask_with(direct, "GET", "/healthz", "", NULL), 404);
    http_router_free(direct);
    struct http_router *elsewhere = http_router_new();
    api_add_routes(w.api, elsewhere, false);
    assert_int_equal(ask_with(elsewhere, "GET", "/metrics", "", NULL), 404);
    assert_error("not_found");
    http_router_free(elsewhere);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
/* These build a server of their own. */
#define TEST_ALONE(name) cmocka_unit_test_teardown(name, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(publishing),
        TEST(skipping),
        TEST(refusing),
        TEST(authorizing),
        TEST(idempotent),
        TEST(overloaded),
        TEST(batches),
        TEST(bad_batches),
        TEST(long_batches),
        TEST(statistics),
        TEST(health),
        TEST(metrics),
        TEST(metrics_doors),
        TEST_ALONE(without_keys),
        TEST_ALONE(closed_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
