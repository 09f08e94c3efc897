/* SPDX-License-Identifier: MIT */
/*
 * What a connection is owed, at most, behind answers that have not come yet: how many answers, of
 * how many bytes, and what becomes of it when the connection ends or there is no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "later_scene.h"
#include "session/answers.h"

enum { BULK_BYTES = 1 << 19 };

static char bulk[BULK_BYTES];

static void bulk_get(void *context, struct http_call *call) {
    (void)context;
    http_response_start(call->response, 200);
    http_response_body(call->response, HTTP_TEXT, span_of(bulk, sizeof bulk));
}

static int set_up(void **state) {
    (void)state;
    memset(bulk, 'b', sizeof bulk);
    later_begin(1000);
    http_router_add(scene.router, HTTP_BIT(GET) | HTTP_BIT(POST), "/later", later_passed, NULL);
    http_router_add(scene.router, HTTP_BIT(GET) | HTTP_BIT(POST), "/now", answer_now, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/alone", later_alone, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/bulk", bulk_get, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    scene_end();
    return 0;
}

#define LATER "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
#define NOW   "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"
#define ALONE "GET /alone HTTP/1.1\r\nHost: h\r\n\r\n"

static void what_is_the_last_is_said_by_the_last(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER LATER);
    session_drain(scene.session, 1);
    answer(0, "one");
    answer(1, "two");
    char bytes[1024];
    ssize_t got = recv(client, bytes, sizeof bytes - 1, 0);
    bytes[got > 0 ? got : 0] = 0;
    const char *close_field = strstr(bytes, "Connection: close");
    assert_non_null(close_field);
    if (close_field < strstr(bytes, "one")) fail_msg("%s", bytes);
    (void)close(client);
    run_turns();
}

static void what_cannot_be_parsed_is_said_in_its_turn(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, NOW LATER NOW "GET\r\n\r\n" NOW);
    assert_string_equal(hear(client), "now ");
    send_text(client, NOW); /* nobody listens */
    answer(0, "one");
    (void)hear(client);
    if (strncmp(heard, "one now {\"error\"", 16) != 0) fail_msg("%s", heard);
    assert_int_equal(asked_count, 1);
    assert_true(has_ended(client));
    (void)close(client);
    run_turns();
}

/* All at once. */
static void send_many(int client, const char *request, size_t count) {
    static char all[1 << 15];
    size_t len = strlen(request);
    assert_true(count * len <= sizeof all);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * len, request, len);
    assert_int_equal(send(client, all, count * len, MSG_NOSIGNAL), count * len);
    run_turns();
}

static void so_many_are_asked_at_once(void **state) {
    (void)state;
    enum { ALL = ANSWERS_MAX + 300 };
    int client = scene_connect();
    send_many(client, LATER, ALL);
    assert_int_equal(asked_count, ANSWERS_MAX);
    assert_true(is_resting());
    answer(1, "other"); /* nothing leaves */
    assert_int_equal(asked_count, ANSWERS_MAX);
    size_t next = 0;
    for (; next < ANSWERS_MAX - ANSWERS_FEW; next++) {
        assert_int_equal(asked_count, ANSWERS_MAX);
        answer(next, "x");
    }
    assert_int_equal(asked_count, ANSWERS_MAX + ANSWERS_MAX - ANSWERS_FEW);
    assert_true(is_resting());
    assert_int_equal(strlen(hear(client)), strlen("x other ") + 2 * (next - 2));
    for (; next < ALL; next++) {
        assert_in_range(asked_count - next, 1, ANSWERS_MAX);
        answer(next, "x");
        assert_string_equal(hear(client), "x ");
    }
    assert_int_equal(asked_count, ALL);
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    send_text(client, NOW);
    assert_string_equal(hear(client), "now ");
    (void)close(client);
    run_turns();
}

static void behind_some_nothing_is_looked_at(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER NOW ALONE LATER "GET /n");
    assert_int_equal(asked_count, 2);
    answer(1, "two");
    assert_int_equal(asked_count, 2);
    send_text(client, "ow HTTP/1.1\r\nHost: h\r\n\r\n"); /* is not read yet */
    assert_true(is_resting());
    answer(0, "one");
    assert_int_equal(asked_count, 3);
    answer(2, "three");
    assert_string_equal(hear(client), "one now two three now ");
    send_text(client, ALONE NOW);
    assert_string_equal(hear(client), "");
    answer(3, "four");
    assert_string_equal(hear(client), "four now ");
    (void)close(client);
    run_turns();
}

#define BULK "GET /bulk HTTP/1.1\r\nHost: h\r\n\r\n"

static size_t hear_all(int client) {
    static char sink[1 << 16];
    size_t all = 0;
    for (int i = 0; i < 1000; i++) {
        ssize_t got;
        while ((got = recv(client, sink, sizeof sink, 0)) > 0)
            all += (size_t)got;
        run_turns();
    }
    return all;
}

/* What waits behind an answer is within what one connection, and all together, may keep. */
static void what_waits_is_bounded(void **state) {
    (void)state;
    int client = scene_connect();
    session_shared_set_unfinished_max(scene.shared, 100 << 20);
    send_text(client, LATER);
    send_many(client, BULK, 100);
    assert_in_range(session_shared_unfinished_bytes(scene.shared), 1 << 20, 3 << 20);
    assert_true(is_resting());
    answer(0, "one");
    assert_int_equal(hear_all(client) / BULK_BYTES, 100);
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    (void)close(client);
    run_turns();
}

static void write_bulk(void *context, struct http_response *response) {
    (void)context;
    http_response_start(response, 200);
    http_response_body(response, HTTP_TEXT, span_of(bulk, sizeof bulk));
}

static void what_all_keep_is_bounded(void **state) {
    (void)state;
    int client = scene_connect();
    session_shared_set_unfinished_max(scene.shared, 1 << 16);
    send_text(client, LATER BULK NOW);
    answer(0, "one");
    assert_in_range(hear_all(client), BULK_BYTES, BULK_BYTES * 2); /* and a refusal */
    assert_true(has_ended(client));
    (void)close(client);
    run_turns();
    int other = scene_connect();
    send_text(other, LATER LATER);
    const struct http_later *later = &asked[2];
    later->answer(later->owner, later->ticket, write_bulk, NULL);
    run_turns();
    assert_true(has_ended(other));
    (void)close(other);
    run_turns();
}

static void asking_first_waits_until_all_is_out(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER "GET /news HTTP/1.1\r\nHost: h\r\n\r\n" NOW LATER NOW);
    assert_int_equal(asked_count, 1);
    assert_string_equal(hear(client), "");
    answer(0, "one");
    (void)hear(client);
    if (strncmp(heard, "one {\"error\"", 12) != 0 || !strstr(heard, "}} now ")) {
        fail_msg("%s", heard);
    }
    assert_int_equal(asked_count, 2);
    answer(1, "two");
    assert_string_equal(hear(client), "two now ");
    (void)close(client);
    run_turns();
}

/* Whatever there is no memory for: what comes is a part of the truth, and nothing is left. */
static void without_memory_no_answer_is_mistaken(void **state) {
    (void)state;
    static const char right[] = "now one now two now three now ";
    bool has_failed = true;
    for (uint64_t nth = 1; has_failed; nth++) {
        asked_count = 0;
        int client = scene_connect();
        mem_fail_nth(nth);
        send_text(client, NOW LATER NOW LATER NOW LATER NOW LATER LATER LATER);
        if (asked_count > 2) answer(2, "three");
        if (asked_count > 1) answer(1, "two");
        if (asked_count > 0) answer(0, "one");
        has_failed = mem_tried() >= nth;
        mem_fail_nth(0);
        (void)hear(client);
        bool is_ended = has_ended(client);
        if (strncmp(heard, right, strlen(heard)) != 0 || (!has_failed && is_ended)) {
            fail_msg("%u: %s", (unsigned)nth, heard);
        }
        if (!has_failed) assert_string_equal(heard, right);
        (void)close(client);
        run_turns();
        assert_true(session_is_empty(scene.session));
        assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_the_last_is_said_by_the_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_parsed_is_said_in_its_turn, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(so_many_are_asked_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(behind_some_nothing_is_looked_at, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_all_keep_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_first_waits_until_all_is_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_no_answer_is_mistaken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
