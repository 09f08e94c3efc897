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

#include "later_scene.h"

static int set_up(void **state) {
    (void)state;
    later_begin(1 << 20);
    http_router_add(scene.router, HTTP_BIT(POST), "/pass", later_passed, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/stop", later_alone, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/now", answer_now, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scene_end();
    return 0;
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
        assert_string_equal(hear_statuses(client), "now ");
        char all[256] = "";
        for (size_t j = 0; j < 3; j++) {
            answer(orders[i][j], words[orders[i][j]]);
            size_t len = strlen(all);
            (void)snprintf(all + len, sizeof all - len, "%s", hear_statuses(client));
        }
        assert_string_equal(all, "one two now three now ");
        send_text(client, NOW);
        assert_string_equal(hear_statuses(client), "now ");
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
        assert_string_equal(hear_statuses(client), "one now two ");
        assert_int_equal(asked_count, 3);
        answer(2, "three");
        assert_string_equal(hear_statuses(client), "three now ");
        assert_int_equal(asked_count, 4);
        answer(3, "four");
        assert_string_equal(hear_statuses(client), "four ");
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
            assert_string_equal(hear_statuses(client), "");
            answer(first, first ? "two" : "one");
            assert_false(has_ended(client) && first);
            if (!first) assert_string_equal(hear_statuses(client), "");
            answer(1 - first, first ? "one" : "two");
            if (first) assert_string_equal(hear_statuses(client), cases[i].told);
            if (!first) {
                (void)hear_statuses(client);
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
    assert_string_equal(hear_statuses(client), "");
    answer(0, "one");
    assert_string_equal(hear_statuses(client), "one two now ");
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
    assert_string_equal(hear_statuses(other), "");
    answer(3, "mine");
    assert_string_equal(hear_statuses(other), "mine ");
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
    assert_string_equal(hear_statuses(client), "");
    answer(0, "one");
    assert_string_equal(hear_statuses(client), "one now ");
    send_text(client, "ow HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_string_equal(hear_statuses(client), "now ");
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
    assert_string_equal(hear_statuses(other), "one ");
    assert_null(strstr(received, "close"));
    answer(3, "two");
    assert_string_equal(hear_statuses(other), "two ");
    assert_non_null(strstr(received, "close"));
    assert_true(has_ended(other));
    (void)close(other);
    answer(4, "one");
    assert_string_equal(hear_statuses(between), "one now ");
    (void)close(between);
    answer(1, "two");
    answer(0, "one");
    assert_string_equal(hear_statuses(client), "one two ");
    assert_true(has_ended(client));
    (void)close(client);
    client = scene_connect();
    send_text(client, NOW);
    assert_string_equal(hear_statuses(client), "now ");
    assert_true(has_ended(client));
    leave(client);
}

/* What tells a client to go on must not look like the answer to an earlier request. */
static void continue_is_in_order(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, PASS "POST /pass HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                           "Content-Length: 2\r\n\r\n");
    assert_string_equal(hear_statuses(client), "");
    answer(0, "one");
    assert_string_equal(hear_statuses(client), "one 100 ");
    send_text(client, "{}");
    assert_int_equal(asked_count, 2);
    answer(1, "two");
    assert_string_equal(hear_statuses(client), "two ");
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
        assert_string_equal(hear_statuses(client), "");
        answer(0, "one");
        ssize_t got = recv(client, received, sizeof received - 1, 0);
        assert_in_range(got, 10, sizeof received - 1);
        assert_memory_equal(received + got - 2, "\x8a\0", 2); /* the pong */
        received[got - 2] = 0;
        assert_non_null(strstr(received, "one"));
        assert_true(strstr(received, "one") < strstr(received, "\r\n\r\nnow"));
        assert_true(strstr(received, "\r\n\r\nnow") < strstr(received, "HTTP/1.1 101"));
        (void)close(client);
        scene_turns(6);
    }
    /* A refused one is answered in its place too. */
    int client = scene_connect();
    asked_count = 0;
    send_text(client, PASS "GET /news HTTP/1.1\r\nHost: h\r\n\r\n" NOW);
    assert_string_equal(hear_statuses(client), "");
    answer(0, "one");
    assert_string_equal(hear_statuses(client), "one 426 now ");
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
        (void)hear_statuses(client);
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
