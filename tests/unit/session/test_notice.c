/* SPDX-License-Identifier: MIT */
/*
 * Notices of an outage: each client gets one for each change, in its dialect, in its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared_scene.h"

enum { HULEEDU, HAILANGO, WATCH, ENDPOINTS, CROWD = 300 };

static struct endpoint_options endpoints[ENDPOINTS] = {
    [HULEEDU] = { .name = "huleedu", .path = "/ws", .channels = { "broadcast" } },
    [HAILANGO] = { .name = "hailango", .path = "/api", .channels = { "broadcast" } },
    [WATCH] = { .name = "submissions",
                .path = "/watch/{submission_id}",
                .channels = { "submission:{submission_id}" } },
};

static int set_up(void **state) {
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct endpoint_options *e = &endpoints[i];
        e->is_enabled = true;
        e->auth = ENDPOINT_AUTH_OPTIONAL;
        e->dialect = dialect_find(span_str(e->name));
        e->path_user = "";
        e->ends_after = "";
        e->channels_count = 1;
        e->max_message_bytes = e->max_notification_bytes = 1000;
        e->max_queue_bytes = 1 << 20;
        e->compresses = true;
    }
    shared_begin((struct session_options){ .endpoints = endpoints, .endpoint_count = ENDPOINTS });
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    shared_end();
    return 0;
}

static int enter(const char *path) {
    int client = scene_connect();
    shake_hands(client, path, NULL);
    return client;
}

/* What came since; its frames are all short texts. */
static const char *hear(int client) {
    heard_is(recv(client, heard, sizeof heard - 1, 0));
    return heard;
}

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* One frame, with that in it. */
static void expect_notice(int client, const char *part) {
    const char *got = hear(client);
    if (count_of(got, "\x81") != 1 || !strstr(got, part)) fail_msg("%s: %s", part, got);
}

static void change(bool is_degraded) {
    session_set_degraded(scene.session, is_degraded);
    scene_turns(60);
}

static void each_hears_it_in_its_own_words(void **state) {
    (void)state;
    static const struct {
        const char *path, *bad, *good;
    } cases[] = {
        { "/ws", "\"service_degraded\",\"category\"", "\"service_recovered\",\"category\"" },
        { "/api", "{\"code\":\"service_degraded\"", "{\"code\":\"service_recovered\"" },
        { "/watch/17", "\"submission_id\":17,\"status\":\"degraded\"",
          "\"submission_id\":17,\"status\":\"recovered\"" },
        { "/watch/17", "\"submission_id\":17,\"status\":\"degraded\"",
          "\"submission_id\":17,\"status\":\"recovered\"" },
        { "/watch/9", "\"submission_id\":9,\"status\":\"degraded\"",
          "\"submission_id\":9,\"status\":\"recovered\"" },
    };
    int clients[countof(cases)];
    for (size_t i = 0; i < countof(cases); i++) {
        clients[i] = enter(cases[i].path);
        assert_int_equal(outcome(clients[i]), 101);
        assert_null(strstr(heard, "service"));
    }
    for (int round = 0; round < 2; round++) {
        change(true);
        for (size_t i = 0; i < countof(cases); i++)
            expect_notice(clients[i], cases[i].bad);
        change(true); /* no change */
        for (size_t i = 0; i < countof(cases); i++)
            assert_string_equal(hear(clients[i]), "");
        change(false);
        for (size_t i = 0; i < countof(cases); i++)
            expect_notice(clients[i], cases[i].good);
    }
    for (size_t i = 0; i < countof(cases); i++)
        leave(clients[i]);
}

static void who_comes_meanwhile_hears_it_at_once(void **state) {
    (void)state;
    change(true);
    int plain = enter("/ws"), welcomed = enter("/api");
    assert_int_equal(outcome(plain), 101);
    assert_int_equal(count_of(heard, "\x81"), 1);
    assert_non_null(strstr(heard, "service_degraded"));
    assert_int_equal(outcome(welcomed), 101);
    const char *welcome = strstr(heard, "connection_established");
    assert_non_null(welcome);
    assert_int_equal(count_of(welcome, "service_degraded"), 1); /* behind it */
    change(false);
    expect_notice(plain, "service_recovered");
    expect_notice(welcomed, "service_recovered");
    leave(plain);
    leave(welcomed);
    int late = enter("/ws");
    assert_int_equal(outcome(late), 101);
    assert_string_equal(heard, "");
    leave(late);
}

/* A crowd is told over several turns; who is not told yet when all is well again hears nothing. */
static void a_crowd_is_told_in_portions(void **state) {
    (void)state;
    static int clients[CROWD];
    for (int i = 0; i < CROWD; i++) {
        clients[i] = enter("/ws");
        assert_int_equal(outcome(clients[i]), 101);
    }
    session_set_degraded(scene.session, true);
    scene_turns(1);
    int told = 0;
    for (int i = 0; i < CROWD; i++)
        told += strstr(hear(clients[i]), "service_degraded") != NULL;
    assert_in_range(told, 1, CROWD / 2);
    session_set_degraded(scene.session, false);
    scene_turns(60);
    int good = 0, bad = 0;
    for (int i = 0; i < CROWD; i++) {
        good += strstr(hear(clients[i]), "service_recovered") != NULL;
        bad += strstr(heard, "service_degraded") != NULL;
    }
    assert_int_equal(good, told + bad);
    assert_in_range(good, 1, CROWD / 2);
    change(true);
    change(false);
    for (int i = 0; i < CROWD; i++) {
        const char *got = hear(clients[i]);
        const char *first = strstr(got, "service_degraded");
        assert_int_equal(count_of(got, "\x81"), 2);
        assert_non_null(first);
        assert_non_null(strstr(first, "service_recovered"));
        (void)close(clients[i]);
    }
    scene_turns(60);
}

static void who_is_held_hears_it_in_its_place(void **state) {
    (void)state;
    fake.next_ticket = 1;
    int before = enter("/ws");
    session_set_degraded(scene.session, true);
    int during = enter("/ws");
    change(true);
    fake.heard = 1;
    scene_turns(6);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(outcome(i ? during : before), 101);
        assert_int_equal(count_of(heard, "service_degraded"), 1);
    }
    leave(before);
    leave(during);
}

static void without_memory_nobody_is_harmed(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth < 4; nth++) {
        int client = enter("/ws");
        assert_int_equal(outcome(client), 101);
        mem_fail_nth(nth);
        change(true);
        mem_fail_nth(0);
        size_t told = count_of(hear(client), "service_degraded");
        change(false);
        assert_int_equal(count_of(hear(client), "service_recovered"), told);
        leave(client);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_hears_it_in_its_own_words),  TEST(who_comes_meanwhile_hears_it_at_once),
        TEST(a_crowd_is_told_in_portions),     TEST(who_is_held_hears_it_in_its_place),
        TEST(without_memory_nobody_is_harmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
