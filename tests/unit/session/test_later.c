/* SPDX-License-Identifier: MIT */
/*
 * Answers that come after the handler has returned, over socket pairs: their order, what a client
 * may do meanwhile, and what time and a drain do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/ask.h"
#include "later_scene.h"

#include <time.h>

static int set_up(void **state) {
    (void)state;
    later_begin(1000);
    http_router_add(scene.router, HTTP_BIT(GET), "/later", later_alone, NULL);
    http_router_add(scene.router, HTTP_BIT(GET), "/now", answer_now, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scene_end();
    return 0;
}

static void run_for_ms(int ms) {
    for (int i = 0; i < ms / 20; i++) {
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        run_turns();
    }
}

#define LATER "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"
#define NOW   "GET /now HTTP/1.1\r\nHost: h\r\n\r\n"

static void the_order_stays(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, NOW LATER NOW LATER "GET /n");
    assert_string_equal(hear(client), "now ");
    send_text(client, "ow HTTP/1.1\r\nHost: h\r\n\r\n"); /* is not read yet */
    assert_string_equal(hear(client), "");
    assert_int_equal(asked_count, 1);
    assert_true(is_resting());
    answer(0, "one");
    assert_string_equal(hear(client), "one now ");
    assert_int_equal(asked_count, 2);
    answer(1, "two");
    assert_string_equal(hear(client), "two now ");
    assert_int_equal(counter_read(&scene.counts->http[0][COUNT_STATUS_200]), 2);
    (void)close(client);
    run_turns();
    assert_true(session_is_empty(scene.session));
}

static bool has_come_back;

static void ask_nothing(struct hub_ask *ask, struct hub *hub, size_t worker) {
    (void)ask, (void)hub, (void)worker;
}

static void answer_first(struct hub_ask *ask, enum hub_answered how) {
    (void)ask, (void)how;
    char word[] = "one";
    const struct http_later *later = &asked[0];
    later->answer(later->owner, later->ticket, write_word, word);
    has_come_back = true;
}

/* An answer that comes in the midst of a turn's end: what was held is read on without an event. */
static void the_rest_is_read_at_once(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER NOW);
    struct hub_ask ask = { .run = ask_nothing, .done = answer_first };
    assert_int_equal(hub_ask_all(session_hub(scene.session), &ask), ERR_OK);
    for (has_come_back = false; !has_come_back;)
        (void)uv_run(loop_uv(scene.loop), UV_RUN_NOWAIT);
    assert_int_equal(uv_backend_timeout(loop_uv(scene.loop)), 0);
    run_turns();
    assert_string_equal(hear(client), "one now ");
    assert_true(is_resting());
    (void)close(client);
    run_turns();
}

static void every_cut_gives_the_same(void **state) {
    (void)state;
    static const char all[] = LATER NOW "HEAD /later HTTP/1.1\r\nHost: h\r\n\r\n" NOW;
    for (size_t cut = 1; cut < sizeof all - 1; cut++) {
        int client = scene_connect();
        char part[sizeof all];
        (void)snprintf(part, sizeof part, "%.*s", (int)cut, all);
        asked_count = 0;
        send_text(client, part);
        if (asked_count == 1) answer(0, "one");
        send_text(client, all + cut);
        if (asked_count == 1 && cut < sizeof LATER - 1) answer(0, "one");
        assert_int_equal(asked_count, 2);
        answer(1, "two");
        assert_string_equal(hear(client), "one now  now ");
        (void)close(client);
        run_turns();
        assert_true(session_is_empty(scene.session));
    }
}

static void who_has_gone_is_passed_over(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER NOW);
    (void)close(client);
    run_turns();
    assert_true(session_is_empty(scene.session));
    int other = scene_connect(); /* in the same slot */
    send_text(other, LATER);
    answer(0, "lost");
    assert_string_equal(hear(other), "");
    answer(1, "mine");
    assert_string_equal(hear(other), "mine ");
    answer(1, "twice");
    assert_string_equal(hear(other), "");
    assert_int_equal(counter_read(&scene.counts->http[0][COUNT_STATUS_200]), 1);
    (void)close(other);
    run_turns();
}

static void who_only_stops_speaking_is_answered(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER);
    (void)shutdown(client, SHUT_WR);
    run_turns();
    answer(0, "one");
    assert_string_equal(hear(client), "one ");
    assert_true(has_ended(client));
    (void)close(client);
    run_turns();
    assert_true(session_is_empty(scene.session));
}

static void the_last_request_ends_it(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, "GET /later HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" NOW);
    answer(0, "one");
    assert_string_equal(hear(client), "one ");
    assert_true(has_ended(client));
    (void)close(client);
    run_turns();
}

static void waiting_is_not_being_late(void **state) {
    (void)state;
    int client = scene_connect(), begun = scene_connect();
    send_text(client, LATER "GET /n");
    send_text(begun, NOW LATER);
    run_for_ms(3200);
    assert_string_equal(hear(client), "");
    answer(0, "one");
    assert_string_equal(hear(client), "one ");
    assert_string_equal(hear(begun), "now ");
    answer(1, "two");
    assert_string_equal(hear(begun), "two ");
    run_for_ms(3200); /* now it is */
    (void)hear(client);
    if (!strstr(heard, "not complete in time")) fail_msg("%s", heard);
    assert_true(has_ended(begun));
    (void)close(client);
    (void)close(begun);
    run_turns();
}

static void a_drain_waits_for_the_answer(void **state) {
    (void)state;
    int client = scene_connect();
    send_text(client, LATER NOW);
    session_drain(scene.session, 1);
    run_turns();
    assert_false(has_ended(client));
    answer(0, "one");
    assert_string_equal(hear(client), "one ");
    assert_true(has_ended(client));
    (void)close(client);
    run_turns();
    assert_true(session_is_empty(scene.session));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_order_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_rest_is_read_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_gives_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_gone_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_only_stops_speaking_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_request_ends_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_is_not_being_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drain_waits_for_the_answer, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
