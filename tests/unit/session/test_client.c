/* SPDX-License-Identifier: MIT */
/*
 * Clients of a session, over socket pairs: which channels they come to hear, whose address counts,
 * and what is left of them when memory is short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/keys.h"
#include "base/mem.h"
#include "hub/publish.h"
#include "session/session.h"

#include <sys/socket.h>
#include <unistd.h>

enum { ROOMS, PAIRS, OWN, CLOSED, ENDPOINTS };

static struct endpoint_options endpoints[ENDPOINTS] = {
    [ROOMS] = { .name = "rooms",
                .path = "/rooms/{room}",
                .channels = { "room:{room}:news", "broadcast" },
                .channels_count = 2 },
    /* More channels than stand in a connection itself. */
    [PAIRS] = { .name = "pairs",
                .path = "/pairs/{a}/{b}",
                .channels = { "{a}", "{b}", "{a}{b}", "broadcast" },
                .channels_count = 4 },
    [OWN] = { .name = "own",
              .path = "/own",
              .channels = { "broadcast", "ws:{user_id}" },
              .channels_count = 2 },
    [CLOSED] = { .name = "closed",
                 .path = "/closed",
                 .auth = ENDPOINT_AUTH_REQUIRED,
                 .channels = { "broadcast" },
                 .channels_count = 1,
                 .attempts_per_minute = 2,
                 .block_seconds = 60 },
};

struct scene {
    struct loop *loop;
    struct counts *counts;
    struct hub_shared *hub_shared;
    struct auth_keys *keys;
    struct session_shared *shared;
    struct session_rules *rules;
    struct session *session;
    struct http_router *router;
    struct cidr proxies;
};

static void begin(struct scene *s) {
    *s = (struct scene){ .loop = loop_new(NULL) };
    const struct auth_key_options key_options = { .algorithms = AUTH_BIT(AUTH_HS256),
                                                  .secret =
                                                      SPAN("0123456789abcdef0123456789abcdef") };
    assert_int_equal(auth_keys_new(&key_options, &s->keys, NULL), ERR_OK);
    assert_int_equal(cidr_parse(SPAN("10.0.0.0/8"), &s->proxies, NULL), ERR_OK);
    for (int i = 0; i < ENDPOINTS; i++) {
        struct endpoint_options *e = &endpoints[i];
        e->dialect = dialect_find(SPAN("huleedu"));
        e->is_enabled = true;
        if (i != CLOSED) e->auth = ENDPOINT_AUTH_OPTIONAL;
        e->path_user = "";
        e->ends_after = "";
        e->refuse = ENDPOINT_REFUSE_HTTP;
        e->max_message_bytes = 1000;
        e->max_notification_bytes = i == ROOMS ? 10 : 1000;
        e->max_queue_bytes = 1 << 20;
    }
    s->counts = mem_new(sizeof *s->counts);
    s->hub_shared = mem_new(sizeof *s->hub_shared);
    hub_shared_init(s->hub_shared, 1 << 20);
    for (int i = 0; i < ENDPOINTS; i++)
        s->hub_shared->endpoint_max_bytes[i] = endpoints[i].max_notification_bytes;
    const struct session_options options = {
        .endpoints = endpoints,
        .endpoint_count = ENDPOINTS,
        .keys = s->keys,
        .max_connections = 100,
        .handshake_seconds = 10,
        .http_idle_seconds = 10,
        .max_header_bytes = 8192,
        .max_body_bytes = 8192,
        .queue_bytes_max = 1 << 20,
        .trusted_proxies = &s->proxies,
        .trusted_proxy_count = 1,
    };
    s->shared = session_shared_new(1000, 1 << 20);
    s->rules = session_rules_new(&options);
    const struct session_parts parts = { s->shared, s->rules, s->hub_shared, s->loop, s->counts };
    s->session = session_new(&parts);
    s->router = http_router_new();
    session_set_router(s->session, SESSION_DOOR_PUBLIC, s->router);
}

static void end(struct scene *s) {
    loop_free(s->loop);
    session_free(s->session);
    http_router_free(s->router);
    session_shared_free(s->shared);
    session_rules_free(s->rules);
    assert_int_equal(atomic_load(&s->hub_shared->interest.channels), 0);
    assert_int_equal(atomic_load(&s->hub_shared->interest.users), 0);
    hub_shared_finish(s->hub_shared);
    mem_free(s->hub_shared);
    mem_free(s->counts);
    auth_keys_unref(s->keys);
}

static void run_turns(struct scene *s) {
    for (int i = 0; i < 6; i++)
        (void)uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
}

/* A client's end of a connection that came from `from`. */
static int connect_from(struct scene *s, const char *from) {
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct address address;
    assert_true(address_parse(span_str(from), &address));
    session_accept(s->session, SESSION_DOOR_PUBLIC, false, ends[1], &address);
    return ends[0];
}

static void ask(struct scene *s, int client, const char *path, const char *fields) {
    char request[1024];
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                       path, fields);
    (void)!send(client, request, (size_t)len, MSG_NOSIGNAL);
    run_turns(s);
}

/* The status of the answer that waits; 0: there is none. */
static int status_of(int client) {
    char answer[8192];
    ssize_t got = recv(client, answer, sizeof answer, 0);
    uint64_t status = 0;
    if (got > 12) (void)!span_to_uint(span_of(answer + 9, 3), 999, &status);
    return (int)status;
}

static int handshake(struct scene *s, int client, const char *path, const char *fields) {
    ask(s, client, path, fields);
    return status_of(client);
}

static struct receipt publish(struct scene *s, struct span channel, const char *payload) {
    struct message *message = message_new(span_str(payload), 1);
    struct receipt receipt;
    assert_int_equal(hub_publish(session_hub(s->session), channel, message, &receipt), ERR_OK);
    message_unref(message);
    run_turns(s);
    return receipt;
}

static void placeholders_come_from_the_path(void **state) {
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *hears[4];
    } cases[] = {
        { "/rooms/7", 101, { "room:7:news", "broadcast" } },
        { "/rooms/%7Buser_id%7D", 101, { "room:{user_id}:news", "broadcast" } },
        { "/rooms/a%2Fb", 101, { "room:a/b:news", "broadcast" } },
        { "/rooms/%C3%A4", 101, { "room:\xc3\xa4:news", "broadcast" } },
        { "/pairs/x/y", 101, { "x", "y", "xy", "broadcast" } },
        { "/pairs/x/x", 101, { "x", "xx", "broadcast" } }, /* heard once */
        { "/pairs/broadcast/x", 101, { "broadcast", "x" } },
        { "/rooms/%0A", 404, { NULL } }, /* no channel has such a name */
        { "/rooms/%C3", 404, { NULL } },
        { "/own", 101, { "broadcast" } }, /* who has no name has no channel of its own */
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct scene s;
        begin(&s);
        int client = connect_from(&s, "192.0.2.1");
        int status = handshake(&s, client, cases[i].path, "");
        if (status != cases[i].status) fail_msg("%s: %d", cases[i].path, status);
        bool is_open = status == 101;
        assert_int_equal(session_shared_connections(s.shared), is_open);
        if (!is_open) assert_int_equal(atomic_load(&s.hub_shared->interest.channels), 0);
        for (size_t n = 0; n < countof(cases[i].hears) && cases[i].hears[n]; n++) {
            struct span channel = span_str(cases[i].hears[n]);
            if (publish(&s, channel, "news").deliveries != 1) {
                fail_msg("%s does not hear %.*s", cases[i].path, SPAN_ARG(channel));
            }
            char got[64];
            assert_int_equal(recv(client, got, sizeof got, 0), 6);
            assert_memory_equal(got, "\x81\x04news", 6);
        }
        (void)close(client);
        run_turns(&s);
        assert_true(session_is_empty(s.session));
        assert_int_equal(session_shared_connections(s.shared), 0);
        end(&s);
    }
}

static void a_name_of_two_hundred_bytes_is_the_longest(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    for (int len = 189; len <= 191; len++) { /* and "room:" and ":news" */
        char path[256] = "/rooms/";
        memset(path + 7, 'x', (size_t)len);
        int client = connect_from(&s, "192.0.2.1");
        assert_int_equal(handshake(&s, client, path, ""), len <= 190 ? 101 : 404);
        (void)close(client);
    }
    run_turns(&s);
    end(&s);
}

static void who_is_spared_is_counted_once(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    int spared = connect_from(&s, "192.0.2.1"), other = connect_from(&s, "192.0.2.1");
    assert_int_equal(handshake(&s, spared, "/rooms/1", ""), 101);
    assert_int_equal(handshake(&s, other, "/pairs/a/b", ""), 101);
    struct receipt receipt = publish(&s, SPAN("broadcast"), "more than ten bytes");
    assert_int_equal(receipt.deliveries, 1);
    assert_int_equal(receipt.skipped, 1);
    char got[64];
    assert_int_equal(recv(spared, got, sizeof got, 0), -1);
    assert_int_equal(recv(other, got, sizeof got, 0), 21);
    assert_int_equal(counter_read(&s.counts->dropped[COUNT_DROP_TOO_BIG]), 1);
    (void)close(spared);
    (void)close(other);
    run_turns(&s);
    end(&s);
}

static void each_client_of_a_proxy_counts_for_itself(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    int proxy = connect_from(&s, "10.0.0.1");
    const char *one = "X-Forwarded-For: 203.0.113.1\r\n", *two = "X-Forwarded-For: 203.0.113.2\r\n";
    assert_int_equal(handshake(&s, proxy, "/closed", one), 401);
    assert_int_equal(handshake(&s, proxy, "/closed", one), 401);
    assert_int_equal(handshake(&s, proxy, "/closed", one), 429);
    /* The same connection now speaks for somebody else. */
    assert_int_equal(handshake(&s, proxy, "/closed", two), 401);
    assert_int_equal(handshake(&s, proxy, "/closed", one), 429);
    int stranger = connect_from(&s, "192.0.2.1"); /* whose word is not taken for it */
    assert_int_equal(handshake(&s, stranger, "/closed", one), 401);
    (void)close(proxy);
    (void)close(stranger);
    run_turns(&s);
    end(&s);
}

/* Handshake, a notification, a ping, the end: each allocation in it fails once. */
static void without_memory_nothing_is_left_behind(void **state) {
    (void)state;
    bool is_done = false;
    for (uint64_t nth = 1; !is_done; nth++) {
        struct scene s;
        begin(&s);
        mem_fail_nth(nth);
        int client = connect_from(&s, "192.0.2.1");
        int status = handshake(&s, client, "/pairs/x/y", "Sec-WebSocket-Protocol: chat\r\n");
        assert_true(status == 101 || status == 500 || status == 503 || status == 0);
        struct message *message = message_new(SPAN("news"), 1);
        if (message) {
            struct receipt receipt = { 0 };
            (void)!hub_publish(session_hub(s.session), SPAN("x"), message, &receipt);
            message_unref(message);
        }
        run_turns(&s);
        static const char ping[] = "\x89\x82\0\0\0\0hi\x81\x84\0\0\0\0ping";
        (void)!send(client, ping, sizeof ping - 1, MSG_NOSIGNAL);
        run_turns(&s);
        (void)close(client);
        run_turns(&s);
        is_done = nth > mem_tried();
        mem_fail_nth(0);
        if (is_done) assert_int_equal(status, 101);
        assert_true(session_is_empty(s.session));
        assert_int_equal(session_shared_connections(s.shared), 0);
        assert_int_equal(atomic_load(&s.hub_shared->interest.channels), 0);
        assert_int_equal(counter_read(&s.counts->http_connections), 0);
        end(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_come_from_the_path),
        cmocka_unit_test(a_name_of_two_hundred_bytes_is_the_longest),
        cmocka_unit_test(who_is_spared_is_counted_once),
        cmocka_unit_test(each_client_of_a_proxy_counts_for_itself),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
