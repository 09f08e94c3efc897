/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at any moment: each scenario is run with the 1st, 2nd, 3rd, … allocation that may
 * fail failing, and with all from there on, in a new world each time, until none is left to fail.
 * What clients are told is whole and true, or they are cut off; whoever stands by notices nothing,
 * and afterwards nothing is left.
 */
#include "client.h"

#include "failing_libraries.h"

#include <errno.h>

enum { SERVED_MAX = 40 };

#define TIMES_10(text) text text text text text text text text text text
#define LARGE          "{\"again\":\"" TIMES_10(TIMES_10("and again ")) "\"}"
#define MOMENT         "4102444800"

static char *tokens[4]; /* of u1, u2, a UUID, and of nobody */
static struct client *bystander;

/* ---- scenarios ---- */

static struct client *visitors[SERVED_MAX];
static size_t visitor_count;

static struct client *visit(void) {
    assert_true(visitor_count < SERVED_MAX);
    return visitors[visitor_count++] = client_new();
}

static struct client *visit_ws(const char *path, const char *token, const char *fields) {
    struct client *client = visit();
    client_shake(client, path, token, fields);
    return client;
}

static void publish(struct client *client, const char *body) {
    client_ask(client, "POST", "/api/v1/publish", "", body);
}

static void speaks(void) {
    struct client *client = visit_ws("/ws", tokens[0], "");
    client_frame(client, 0x81, "\"echo\"");
    client_frame(client, 0x89, "ping");
    client_frame(client, 0x01, "\"in");
    client_frame(client, 0x00, " three ");
    client_frame(client, 0x80, "pieces\"");
    client_frame(client, 0x01, LARGE);
    client_frame(client, 0x80, " ");
    client_frame(client, 0x88, "");
}

static void asks_for_a_pong(void) {
    client_frame(visit_ws("/ws/v1/status/u1", tokens[0], ""), 0x81, "{\"type\":\"ping\"}");
    client_frame(visit_ws("/api/v1/ws", tokens[2], ""), 0x81, "ping");
}

static void is_refused(void) {
    (void)visit_ws("/ws", tokens[3], "");
    (void)visit_ws("/api/v1/ws", tokens[3], "");
    (void)visit_ws("/ws/submissions/77", tokens[0], "");
    client_ask(visit(), "GET", "/ws", "Authorization: Bearer x.y.z\r\n", "");
    client_ask(visit(), "GET", "/nothing", "", "");
    client_send(visit(), "nonsense\r\n\r\n", 12);
}

static void is_published_to(void) {
    for (int i = 0; i < 6; i++)
        (void)visit_ws("/ws", tokens[i % 2], "");
    struct client *backend = visit();
    publish(backend, "{\"user\":\"u1\",\"data\":{\"n\":1}}");
    publish(backend, "{\"channels\":[\"ws:u1\",\"ws:u2\",\"room:a\"],\"data\":\"\\u0041\"}");
    publish(backend, "{\"channels\":[\"room:a\",\"room:b\"],\"data\":" LARGE "}");
    client_ask(backend, "POST", "/api/v1/batch", "",
               "{\"commands\":[{\"publish\":{\"user\":\"u1\",\"data\":1}},"
               "{\"publish\":{\"channels\":[\"room:a\",\"room:b\"],\"data\":2,"
               "\"idempotency_key\":\"k\"}},{\"nonsense\":{}}]}");
}

static void compresses(void) {
    static const char *const offer = "Sec-WebSocket-Extensions: permessage-deflate; "
                                     "client_max_window_bits; server_max_window_bits=10\r\n";
    struct client *wide =
        visit_ws("/ws", tokens[0], "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    (void)visit_ws("/ws", tokens[1], offer);
    publish(visit(), "{\"channels\":[\"room:a\",\"ws:u1\"],\"data\":" LARGE "}");
    /* {"a":"aaaaaaaa"} as Python's zlib has it, in two frames. */
    client_send(wide, "\x41\x84\0\0\0\0\xaa\x56\x4a\x54", 10);
    client_send(wide, "\x80\x89\0\0\0\0\xb2\x52\x4a\x84\x02\xa5\x5a\0\0", 15);
}

static void asks_twice(void) {
    struct client *backend = visit();
    for (int i = 0; i < 8; i++) {
        char fields[64];
        (void)snprintf(fields, sizeof fields, "Idempotency-Key: key-%d\r\n", i / 2);
        client_ask(backend, "POST", "/api/v1/publish", fields, "{\"user\":\"u9\",\"data\":1}");
    }
}

static void comes_late(void) {
    struct client *backend = visit();
    client_ask(backend, "POST", "/api/v1/submissions", "",
               "{\"submission_id\":5,\"user_id\":\"u1\"}");
    for (int i = 0; i < 3; i++)
        publish(backend, "{\"channel\":\"submission:5\",\"data\":{\"n\":1}}");
    (void)visit_ws("/ws/submissions/5", tokens[0], "");
    client_ask(backend, "GET", "/api/v1/submissions/5", "", "");
    publish(backend, "{\"channel\":\"submission:5\",\"data\":{\"type\":\"complete\"}}");
    (void)visit_ws("/ws/submissions/5", tokens[0], "");
    client_ask(backend, "POST", "/api/v1/submissions", "", "{}");
}

static void operates(void) {
    (void)visit_ws("/ws", tokens[0], "");
    struct client *operator= visit();
    client_ask(operator, "GET", "/api/v1/users/u1/connections", "", "");
    client_ask(operator, "GET", "/api/v1/admin/overview", "", "");
    client_ask(operator, "GET", "/api/v1/ws/stats", "Origin: https://a.example\r\n", "");
    client_ask(operator, "GET", "/metrics", "", "");
    client_ask(operator, "GET", "/healthz/websocket", "", "");
    client_ask(operator, "DELETE", "/api/v1/users/u1/connections", "", "{\"reason\":\"go\"}");
}

/* Requests that lie in pieces, behind one another, and a body that says its length bit by bit. */
static void dribbles(void) {
    static const char chunked[] = "POST /api/v1/publish HTTP/1.1\r\nHost: h\r\n"
                                  "X-API-Key: publish-key\r\nTransfer-Encoding: chunked\r\n"
                                  "Expect: 100-continue\r\n\r\n";
    struct client *client = visit();
    for (size_t at = 0; at < sizeof chunked - 1; at += 20)
        client_send(client, chunked + at, size_min(20, sizeof chunked - 1 - at));
    static const char *const pieces[] = { "14\r\n{\"user\":\"u1\",\"data\":\r\n", "2\r\n7}\r\n",
                                          "0\r\n\r\n" };
    for (size_t i = 0; i < countof(pieces); i++)
        client_send(client, pieces[i], strlen(pieces[i]));
    struct buf many;
    char room[4096];
    many = (struct buf){ .at = room, .cap = sizeof room, .max = sizeof room };
    for (int i = 0; i < 60; i++)
        buf_append_text(&many, "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    client_send(client, many.at, many.len);
}

/* So much that it does not fit into the socket, and more than one chunk of an outbox. */
static void does_not_read(void) {
    struct client *deaf = visit_ws("/ws", tokens[0], "");
    struct client *backend = visit();
    static char body[1 << 16];
    (void)snprintf(body, sizeof body, "{\"user\":\"u1\",\"data\":\"%060000d\"}", 0);
    for (int i = 0; i < 10; i++)
        publish(backend, body);
    for (int i = 0; i < 130; i++)
        publish(backend, "{\"user\":\"u1\",\"data\":1}");
    (void)deaf;
}

static void crowds_in(void) {
    for (int i = 0; i < 30; i++)
        (void)visit_ws("/ws", tokens[i % 2], "");
    publish(visit(), "{\"channel\":\"room:a\",\"data\":1}");
    for (size_t i = 0; i < 25; i++) {
        (void)shutdown(visitors[i]->fd, SHUT_RDWR);
        world_turns();
    }
}

static void reloads(void) {
    (void)visit_ws("/ws", tokens[0], "");
    enum err e;
    struct settings *next = world_settings(&e);
    if (next) {
        world_follow(next);
        world.next = next;
    }
    publish(visit(), "{\"user\":\"u1\",\"data\":1}");
    (void)visit_ws("/ws", tokens[1], "");
}

static void degrades(void) {
    (void)visit_ws("/ws", tokens[0], "");
    (void)visit_ws("/api/v1/ws", tokens[2], "");
    session_set_degraded(world.session, true);
    world_turns();
    (void)visit_ws("/ws", tokens[0], "");
    session_set_degraded(world.session, false);
    world_turns();
}

static void is_drained(void) {
    for (int i = 0; i < 5; i++)
        (void)visit_ws("/ws", tokens[i % 2], "");
    session_drain(world.session, 1);
    world_turns();
}

/* ---- what must hold of them ---- */

/* As often as publishes said that they were delivered they were heard, unless somebody was cut off.
 */
static void heard_as_told(void) {
    uint64_t delivered = 0, heard = 0;
    for (size_t i = 0; i < visitor_count; i++) {
        if (visitors[i]->is_gone) return;
        delivered += visitors[i]->delivered;
        heard += (uint64_t)visitors[i]->texts;
    }
    assert_int_equal(heard, delivered);
}

/* What was acknowledged is there for who comes now, and nothing twice. */
static void kept_as_told(void) {
    struct client *backend = visitors[0];
    struct client *late = visit_ws("/ws/submissions/5", tokens[0], "");
    world_turns();
    client_take(late);
    assert_in_range(late->texts, backend->acknowledged, 4);
}

static void told_to_go(void) {
    for (size_t i = 0; i < visitor_count; i++) {
        struct client *visitor = visitors[i];
        assert_true(visitor->is_gone || visitor->code == 1012);
    }
    client_take(bystander);
    assert_true(bystander->is_gone || bystander->code == 1012);
}

static const struct scenario {
    const char *name;
    void (*run)(void);
    void (*judge)(void); /* when memory is there again; NULL: there is nothing special */
    enum { UNHEARD, HEARD, LAST } by; /* what it is to whoever stands by; the last thing of all */
} scenarios[] = {
    { "speaks", speaks },
    { "asks for a pong", asks_for_a_pong },
    { "is refused", is_refused },
    { "is published to", is_published_to, heard_as_told },
    { "compresses", compresses },
    { "asks twice", asks_twice },
    { "comes late", comes_late, kept_as_told },
    { "operates", operates },
    { "dribbles", dribbles },
    { "does not read", does_not_read },
    { "crowds in", crowds_in, heard_as_told },
    { "reloads", reloads },
    { "degrades", degrades, NULL, HEARD },
    { "is drained", is_drained, told_to_go, LAST },
};

/* ---- what must hold of all ---- */

static uint64_t active(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT_ENDPOINTS_MAX; i++)
        sum += counter_read(&world.counts->endpoints[i].active);
    return sum;
}

struct standing {
    uint64_t connections, http, active, channels, users, subscriptions;
};

static struct standing standing(void) {
    return (struct standing){
        session_shared_connections(world.session_shared),
        counter_read(&world.counts->http_connections),
        active(),
        atomic_load(&world.hub_shared->interest.channels),
        atomic_load(&world.hub_shared->interest.users),
        counter_read(&world.counts->subscriptions),
    };
}

static void expect_standing(const struct standing *before) {
    struct standing now = standing();
    assert_int_equal(now.connections, before->connections);
    assert_int_equal(now.http, before->http);
    assert_int_equal(now.active, before->active);
    assert_int_equal(now.channels, before->channels);
    assert_int_equal(now.users, before->users);
    assert_int_equal(now.subscriptions, before->subscriptions);
    assert_int_equal(session_shared_queued_bytes(world.session_shared), 0);
    assert_int_equal(session_shared_unfinished_bytes(world.session_shared), 0);
    assert_int_equal(atomic_load(&world.hub_shared->mailed_bytes), 0);
}

static void let_go(void) {
    for (size_t i = 0; i < visitor_count; i++)
        client_free(visitors[i]);
    visitor_count = 0;
}

/* Memory is there again: all goes on. */
static void expect_served(bool has_heard) {
    struct client *backend = client_new();
    publish(backend, "{\"user\":\"by\",\"data\":\"mark\"}");
    client_take(backend);
    assert_int_equal(backend->status, 200);
    client_take(bystander);
    assert_false(bystander->is_gone);
    assert_int_equal(bystander->code, 0);
    assert_string_equal(bystander->last, "\"mark\"");
    if (!has_heard) assert_int_equal(bystander->texts, 1);
    client_free(backend);
}

static uint64_t run(const struct scenario *scenario, void (*break_from)(uint64_t), uint64_t nth) {
    world_begin();
    visitor_count = 0;
    bystander = client_new();
    char *token = maker_simple("{\"sub\":\"by\",\"exp\":" MOMENT "}");
    client_shake(bystander, "/ws/v1/status/by", token, "");
    free(token);
    client_take(bystander);
    assert_true(bystander->is_open);
    struct standing before = standing();
    break_from(nth);
    scenario->run();
    uint64_t tried = mem_tried();
    mem_fail_nth(0);
    world_turns();
    for (size_t i = 0; i < visitor_count; i++)
        client_take(visitors[i]);
    if (scenario->judge) scenario->judge();
    let_go();
    if (scenario->by != LAST) {
        expect_served(scenario->by == HEARD);
        expect_standing(&before);
    }
    client_free(bystander);
    assert_true(session_is_empty(world.session));
    world_end();
    return tried;
}

static char doing[200]; /* for whoever reads of a failure */

static void each_allocation_fails(void **state) {
    const struct scenario *scenario = *state;
    static const struct {
        const char *name;
        void (*break_from)(uint64_t);
    } ways[] = { { "once", mem_fail_nth }, { "from there on", mem_fail_from } };
    for (size_t i = 0; i < countof(ways); i++) {
        uint64_t nth = 0;
        do {
            nth++;
            (void)snprintf(doing, sizeof doing, "allocation %llu fails, %s",
                           (unsigned long long)nth, ways[i].name);
        } while (run(scenario, ways[i].break_from, nth) >= nth);
        assert_true(nth > 1);
    }
    doing[0] = 0;
}

static int say_where(void **state) {
    (void)state;
    if (*doing) print_error("%s\n", doing);
    return 0;
}

int main(void) {
    failing_libraries();
    log_set(LOG_ERROR, LOG_LOGFMT);
    client_inflater = ws_inflater_new();
    tokens[0] = maker_simple("{\"sub\":\"u1\",\"exp\":" MOMENT "}");
    tokens[1] = maker_simple("{\"\\u0073ub\":\"u\\u0032\",\"exp\":" MOMENT "}");
    tokens[2] = maker_simple("{\"user_id\":\"6f1c0f3e-6f3b-4b1e-9a52-0c9f0a4b7a11\","
                             "\"email\":\"a@b.c\",\"exp\":" MOMENT "}");
    tokens[3] = maker_simple("{\"exp\":" MOMENT "}");
    struct CMUnitTest tests[countof(scenarios)];
    for (size_t i = 0; i < countof(scenarios); i++) {
        tests[i] = (struct CMUnitTest){ scenarios[i].name, each_allocation_fails, NULL, say_where,
                                        (void *)(uintptr_t)&scenarios[i] };
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < countof(tokens); i++)
        free(tokens[i]);
    ws_inflater_free(client_inflater);
    return failed;
}
