/* SPDX-License-Identifier: MIT */
/*
 * Requests that are handled while those before them are not answered yet: whatever comes in which
 * order, the answers leave in the order of the requests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"

enum { ASKED_MAX = 256 };

static struct http_later asked[ASKED_MAX]; /* requests that wait for their answer */
static size_t asked_count;

static void later(struct http_call *call, bool lets_pass) {
    assert_true(asked_count < ASKED_MAX);
    asked[asked_count++] = call->later;
    call->is_later = true;
    call->lets_pass = lets_pass;
}

static void pass_post(void *context, struct http_call *call) {
    (void)context;
    later(call, true);
}

static void stop_get(void *context, struct http_call *call) {
    (void)context;
    later(call, false);
}

static void now_get(void *context, struct http_call *call) {
    (void)context;
    http_response_start(call->response, 200);
    http_response_body(call->response, HTTP_TEXT, SPAN("now"));
}

static struct endpoint_options news = {
    .name = "news",
    .path = "/news",
    .is_enabled = true,
    .auth = ENDPOINT_AUTH_OPTIONAL,
    .channels = { "news" },
    .channels_count = 1,
    .path_user = "",
    .ends_after = "",
    .max_message_bytes = 1000,
    .max_notification_bytes = 1000,
    .max_queue_bytes = 1 << 20,
};

static int set_up(void **state) {
    (void)state;
    asked_count = 0;
    news.dialect = dialect_find(SPAN("huleedu"));
    scene_begin((struct session_options){
        .handshake_seconds = 1, .http_idle_seconds = 1, .endpoints = &news, .endpoint_count = 1 });
    http_router_add(scene.router, HTTP_BIT(POST), "/pass", pass_post, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/stop", stop_get, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/now", now_get, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scene_end();
    return 0;
}

static void send_text(int client, const char *text) {
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    scene_turns(6);
}

static void write_word(void *context, struct http_response *response) {
    http_response_start(response, 200);
    http_response_body(response, HTTP_TEXT, span_str(context));
}

static void answer_only(size_t which, const char *word) {
    char room[16];
    (void)snprintf(room, sizeof room, "%s", word);
    asked[which].answer(asked[which].owner, asked[which].ticket, write_word, room);
}

static void answer(size_t which, const char *word) {
    answer_only(which, word);
    scene_turns(6);
}

/* The bodies of all answers that came, one after the other; of those without one the status. */
static char heard[8192];

static char bytes[65536];

static const char *hear(int client) {
    ssize_t got = recv(client, bytes, sizeof bytes - 1, 0);
    bytes[got > 0 ? got : 0] = 0;
    heard[0] = 0;
    for (const char *at = bytes; (at = strstr(at, "HTTP/1.1 ")) != NULL;) {
        const char *status = at + 9, *body = strstr(at, "\r\n\r\n");
        const char *end = strstr(status, "HTTP/1.1 ");
        assert_non_null(body);
        body += 4;
        size_t len = end ? (size_t)(end - body) : strlen(body);
        bool is_good = strncmp(status, "200", 3) == 0;
        size_t before = strlen(heard);
        (void)snprintf(heard + before, sizeof heard - before, "%.*s ", is_good ? (int)len : 3,
                       is_good ? body : status);
        at = status;
    }
    return heard;
}

static bool has_ended(int client) {
    char byte;
    return recv(client, &byte, 1, 0) == 0;
}

static void leave(int client) {
    (void)close(client);
    scene_turns(6);
    assert_true(session_is_empty(scene.session));
}

#define PASS "POST /pass HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}"
#define STOP "GET /stop HTTP/1.1\r\nHost: h\r\n\r\n"
#define NOW  "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"

static void every_order_of_answers(void **state) {
    (void)state;
    static const size_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                         { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static const char *const words[] = { "one", "two", "three" };
    for (size_t i = 0; i < countof(orders); i++) {
        int client = scene_connect();
        asked_count = 0;
        send_text(client, NOW PASS PASS NOW PASS NOW);
        assert_int_equal(asked_count, 3);
        assert_string_equal(hear(client), "now ");
        char all[256] = "";
        for (size_t j = 0; j < 3; j++) {
            answer(orders[i][j], words[orders[i][j]]);
            size_t len = strlen(all);
            (void)snprintf(all + len, sizeof all - len, "%s", hear(client));
        }
        assert_string_equal(all, "one two now three now ");
        send_text(client, NOW);
        assert_string_equal(hear(client), "now ");
        leave(client);
    }
}

static void every_cut_gives_the_same(void **state) {
    (void)state;
    static const char all[] = PASS NOW PASS STOP NOW PASS;
    for (size_t cut = 1; cut < sizeof all - 1; cut++) {
        int client = scene_connect();
        char part[sizeof all];
        (void)snprintf(part, sizeof part, "%.*s", (int)cut, all);
        asked_count = 0;
        send_text(client, part);
        send_text(client, all + cut);
        assert_int_equal(asked_count, 3); /* nothing passes STOP */
        answer(1, "two");
        answer(0, "one");
        assert_string_equal(hear(client), "one now two ");
        assert_int_equal(asked_count, 3);
        answer(2, "three");
        assert_string_equal(hear(client), "three now ");
        assert_int_equal(asked_count, 4);
        answer(3, "four");
        assert_string_equal(hear(client), "four ");
        leave(client);
    }
}

static void the_last_of_them_ends_it(void **state) {
    (void)state;
    static const struct {
        const char *requests;
        size_t asked;
        const char *told;
    } cases[] = {
        { PASS
          "POST /pass HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" NOW,
          2, "one two " },
        { PASS PASS "GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" NOW, 2,
          "one two now " },
        { PASS PASS "nonsense\r\n\r\n", 2, "one two 400 " },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        for (size_t first = 0; first < 2; first++) {
            int client = scene_connect();
            asked_count = 0;
            send_text(client, cases[i].requests);
            assert_int_equal(asked_count, cases[i].asked);
            assert_string_equal(hear(client), "");
            answer(first, first ? "two" : "one");
            assert_false(has_ended(client) && first);
            if (!first) assert_string_equal(hear(client), "");
            answer(1 - first, first ? "one" : "two");
            if (first) assert_string_equal(hear(client), cases[i].told);
            if (!first) {
                (void)hear(client);
                assert_true(strstr(cases[i].told, heard) != NULL);
            }
            assert_true(has_ended(client));
            leave(client);
        }
    }
}

static void who_only_stops_speaking_is_answered(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, PASS PASS NOW);
    (void)shutdown(client, SHUT_WR);
    scene_turns(6);
    assert_int_not_equal(uv_backend_timeout(loop_uv(scene.loop)), 0); /* and nobody spins */
    answer(1, "two");
    assert_string_equal(hear(client), "");
    answer(0, "one");
    assert_string_equal(hear(client), "one two now ");
    assert_true(has_ended(client));
    leave(client);
}

static void who_has_gone_is_passed_over(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, PASS NOW PASS STOP);
    leave(client);
    int other = scene_connect(); /* in the same slot */
    send_text(other, PASS);
    answer(0, "lost");
    answer(1, "lost");
    answer(2, "lost");
    assert_string_equal(hear(other), "");
    answer(3, "mine");
    assert_string_equal(hear(other), "mine ");
    leave(other);
    client = scene_connect();
    asked_count = 0;
    send_text(client, PASS PASS);
    leave(client);
    answer(1, "lost");
    answer(0, "lost");
}

static void waiting_is_not_being_late(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, PASS NOW "GET /n");
    for (int i = 0; i < 60; i++) {
        (void)usleep(50000);
        scene_turns(2);
    }
    assert_string_equal(hear(client), "");
    answer(0, "one");
    assert_string_equal(hear(client), "one now ");
    send_text(client, "ow HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(hear(client), "now ");
    leave(client);
}

static void a_drain_waits_for_all(void **state) {
    (void)state;
    int client = scene_connect(), other = scene_connect(), between = scene_connect();
    send_text(client, PASS PASS);
    send_text(other, PASS PASS);
    send_text(between, PASS NOW);
    session_drain(scene.session, 1);
    scene_turns(6);
    /* Only the last of them says that it is. */
    answer(2, "one");
    assert_string_equal(hear(other), "one ");
    assert_null(strstr(bytes, "close"));
    answer(3, "two");
    assert_string_equal(hear(other), "two ");
    assert_non_null(strstr(bytes, "close"));
    assert_true(has_ended(other));
    (void)close(other);
    answer(4, "one");
    assert_string_equal(hear(between), "one now ");
    (void)close(between);
    answer(1, "two");
    answer(0, "one");
    assert_string_equal(hear(client), "one two ");
    assert_true(has_ended(client));
    (void)close(client);
    client = scene_connect();
    send_text(client, NOW);
    assert_string_equal(hear(client), "now ");
    assert_true(has_ended(client));
    leave(client);
}

/* What tells a client to go on must not look like the answer to an earlier request. */
static void continue_is_in_order(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, PASS "POST /pass HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                           "Content-Length: 2\r\n\r\n");
    assert_string_equal(hear(client), "");
    answer(0, "one");
    assert_string_equal(hear(client), "one 100 ");
    send_text(client, "{}");
    assert_int_equal(asked_count, 2);
    answer(1, "two");
    assert_string_equal(hear(client), "two ");
    leave(client);
}

static void a_handshake_waits(void **state) {
    (void)state;
    static const char handshake[] =
        "GET /news HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    static const char ping[] = "\x89\x80\0\0\0"; /* and its last byte, the terminator */
    for (size_t cut = 1; cut < sizeof handshake - 1; cut += 7) {
        int client = scene_connect();
        char part[sizeof handshake];
        (void)snprintf(part, sizeof part, "%.*s", (int)cut, handshake);
        asked_count = 0;
        send_text(client, PASS NOW);
        send_text(client, part);
        assert_int_equal(send(client, handshake + cut, strlen(handshake + cut), MSG_NOSIGNAL),
                         strlen(handshake + cut));
        assert_int_equal(send(client, ping, sizeof ping, MSG_NOSIGNAL), sizeof ping);
        scene_turns(6);
        assert_string_equal(hear(client), "");
        answer(0, "one");
        ssize_t got = recv(client, bytes, sizeof bytes - 1, 0);
        assert_in_range(got, 10, sizeof bytes - 1);
        assert_memory_equal(bytes + got - 2, "\x8a\0", 2); /* the pong */
        bytes[got - 2] = 0;
        assert_non_null(strstr(bytes, "one"));
        assert_true(strstr(bytes, "one") < strstr(bytes, "\r\n\r\nnow"));
        assert_true(strstr(bytes, "\r\n\r\nnow") < strstr(bytes, "HTTP/1.1 101"));
        (void)close(client);
        scene_turns(6);
    }
    /* A refused one is answered in its place too. */
    int client = scene_connect();
    asked_count = 0;
    send_text(client, PASS "GET /news HTTP/1.1\r\nHost: h\r\n\r\n" NOW);
    assert_string_equal(hear(client), "");
    answer(0, "one");
    assert_string_equal(hear(client), "one 426 now ");
    leave(client);
}

/* Without memory for an answer nothing that follows is told in its place. */
static void failing_allocations(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth < 40; nth++) {
        int client = scene_connect();
        scene_turns(2);
        asked_count = 0;
        mem_fail_nth(nth);
        send_text(client, PASS NOW PASS NOW);
        for (size_t i = asked_count; i > 0; i--)
            answer(i - 1, i == 1 ? "one" : "two");
        mem_fail_nth(0);
        scene_turns(6);
        (void)hear(client);
        static const char whole[] = "one now two now ";
        /* Whatever came is the beginning of it all, but for a refusal at its end. */
        char *refusal = strstr(heard, "503 ");
        if (refusal) *refusal = 0;
        if (strncmp(whole, heard, strlen(heard)) != 0) fail_msg("%zu: %s", (size_t)nth, heard);
        leave(client);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_order_of_answers),      TEST(every_cut_gives_the_same),
        TEST(the_last_of_them_ends_it),    TEST(who_only_stops_speaking_is_answered),
        TEST(who_has_gone_is_passed_over), TEST(waiting_is_not_being_late),
        TEST(a_drain_waits_for_all),       TEST(continue_is_in_order),
        TEST(a_handshake_waits),           TEST(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
