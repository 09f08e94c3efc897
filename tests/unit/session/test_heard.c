/* SPDX-License-Identifier: MIT */
/*
 * A handshake is answered when whatever is published from then on is heard: what a client gets
 * before, behind and instead of that answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/arrival.h"
#include "hub/rule.h"
#include "shared_scene.h"

enum { NEWS, WATCH, GLANCE, ENDPOINTS };

static struct endpoint_options endpoints[ENDPOINTS] = {
    [NEWS] = { .name = "news",
               .path = "/news",
               .channels = { "news" },
               .channels_count = 1,
               .max_queue_bytes = 1000 },
    [WATCH] = { .name = "watch",
                .path = "/watch/{submission_id}",
                .channels = { "submission:{submission_id}" },
                .channels_count = 1,
                .is_declared = true,
                .replay = ENDPOINT_REPLAY_ALL,
                .max_queue_bytes = 1 << 20 },
    [GLANCE] = { .name = "glance",
                 .path = "/glance/{submission_id}",
                 .channels = { "submission:{submission_id}" },
                 .channels_count = 1,
                 .is_declared = true,
                 .max_queue_bytes = 1 << 20 },
};

static const struct hub_rule rule = { .prefix = { "submission:", 11 }, .keeps_history = true };
static struct store *store;
static struct hub_inlet inlet;

static int set_up(void **state) {
    (void)state;
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct endpoint_options *e = &endpoints[i];
        e->is_enabled = true;
        e->auth = ENDPOINT_AUTH_OPTIONAL;
        e->dialect = dialect_find(SPAN("huleedu"));
        e->path_user = "";
        e->ends_after = "";
        e->max_message_bytes = e->max_notification_bytes = 1000;
    }
    shared_begin((struct session_options){ .endpoints = endpoints, .endpoint_count = ENDPOINTS });
    const struct store_options options = { .channels_max = 100,
                                           .channel_messages_max = 100,
                                           .channel_bytes_max = 1 << 20,
                                           .bytes_max = 1 << 20,
                                           .keep_seconds = 100 };
    store = store_new(&options, &hub_store_ops);
    scene.hub_shared->store = store;
    hub_set_rules(session_hub(scene.session), &rule, 1);
    scene.hub_shared->arrival_bytes_max = 1000;
    inlet = (struct hub_inlet){ scene.hub_shared, scene.counts, 0 };
    fake.next_ticket = 1;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    shared_end();
    store_free(store);
    return 0;
}

/* What the broker brings. */
static void arrive(const char *channel, const char *payload, uint64_t sequence) {
    const struct broker_arrival arrival = { .channel = span_str(channel),
                                            .payload = span_str(payload),
                                            .sequence = sequence };
    assert_int_equal(hub_arrive(&inlet, &arrival), ERR_OK);
    hub_inlet_wake(&inlet);
    scene_turns(6);
}

static int enter(const char *path, const char *find) {
    int client = scene_connect();
    shake_hands(client, path, NULL);
    if (find) expect_asked(find, ERR_OK, 0);
    return client;
}

static void hear_up_to(uint64_t ticket) {
    fake.heard = ticket;
    scene_turns(6);
}

static bool has_ended(int client) {
    char byte;
    return recv(client, &byte, 1, 0) == 0;
}

static void the_answer_comes_when_it_is_true(void **state) {
    (void)state;
    int client = enter("/news", NULL);
    assert_int_equal(fake.listened, 1);
    assert_int_equal(outcome(client), 0);
    arrive("news", "one", 0); /* is not lost, and does not come before the answer */
    arrive("news", "two", 0);
    assert_int_equal(outcome(client), 0);
    hear_up_to(1);
    assert_int_equal(outcome(client), 101);
    assert_string_equal(heard, "\x81\x03one\x81\x03two");
    leave(client);
    assert_int_equal(fake.left, 1);
}

static void each_waits_for_its_own(void **state) {
    (void)state;
    int first = enter("/news", NULL), second = enter("/news", NULL);
    fake.next_ticket = 5;
    int third = enter("/watch/1", "FIND submission:1  0/0");
    int fourth = enter("/news", NULL); /* nothing tells that it could be answered earlier */
    hear_up_to(1);
    assert_int_equal(outcome(first), 101);
    assert_int_equal(outcome(second), 101);
    hear_up_to(4);
    assert_int_equal(outcome(third), 0);
    hear_up_to(5);
    assert_int_equal(outcome(third), 101);
    assert_int_equal(outcome(fourth), 101);
    int fifth = enter("/news", NULL); /* everything is heard already */
    assert_int_equal(outcome(fifth), 101);
    leave(first);
    leave(second);
    leave(third);
    leave(fourth);
    leave(fifth);
}

static void an_outage_makes_nobody_wait(void **state) {
    (void)state;
    int client = enter("/news", NULL);
    hear_up_to(UINT64_MAX);
    assert_int_equal(outcome(client), 101);
    leave(client);
}

/* The history comes behind the answer, and what is live behind that. */
static void replay_begins_behind_the_answer(void **state) {
    (void)state;
    int client = enter("/watch/17", "FIND submission:17  0/0");
    arrive("submission:17", "one", 1); /* fetched for it */
    arrive("submission:17", "two", 2);
    arrive("submission:17", "raw", 0); /* of no history */
    assert_int_equal(outcome(client), 0);
    hear_up_to(1);
    arrive("submission:17", "six", 6); /* the channel was declared anew in between */
    assert_int_equal(outcome(client), 101);
    assert_string_equal(heard, "\x81\x03raw\x81\x03one\x81\x03two\x81\x03six");
    int late = enter("/watch/17", "FIND submission:17  0/0");
    arrive("submission:17", "six", 6); /* brought twice */
    assert_int_equal(outcome(late), 101);
    assert_string_equal(heard, "\x81\x03six"); /* what the channel tells since then */
    assert_int_equal(outcome(client), 0);
    leave(client);
    leave(late);
}

/* What is fetched for those whose endpoint replays is news to nobody. */
static void who_wants_no_replay_gets_none(void **state) {
    (void)state;
    int glance = enter("/glance/17", "FIND submission:17  0/0");
    int watch = enter("/watch/17", "FIND submission:17  0/0");
    arrive("submission:17", "one", 1);
    hear_up_to(1);
    arrive("submission:17", "two", 2);
    assert_int_equal(outcome(glance), 101);
    assert_string_equal(heard, "\x81\x03two");
    assert_int_equal(outcome(watch), 101);
    assert_string_equal(heard, "\x81\x03one\x81\x03two");
    leave(glance);
    leave(watch);
}

static void what_waits_behind_the_answer_is_bounded(void **state) {
    (void)state;
    int client = enter("/news", NULL), other = enter("/watch/1", "FIND submission:1  0/0");
    char payload[501];
    memset(payload, 'x', 500);
    payload[500] = 0;
    arrive("news", payload, 0);
    arrive("news", payload, 0);
    assert_false(has_ended(client));
    hear_up_to(1);
    assert_true(has_ended(client)); /* without half an answer */
    assert_int_equal(outcome(other), 101);
    leave(client);
    leave(other);
    assert_int_equal(session_shared_connections(scene.shared), 0);
}

static void who_does_not_wait_is_forgotten(void **state) {
    (void)state;
    int gone = enter("/news", NULL);
    leave(gone);
    assert_int_equal(session_shared_connections(scene.shared), 0);
    assert_false(session_is_empty(scene.session)); /* its slot waits with it */
    int other = enter("/news", NULL);
    hear_up_to(1);
    assert_int_equal(outcome(other), 101);
    leave(other);
    assert_true(session_is_empty(scene.session));
}

static void the_end_waits_for_nothing(void **state) {
    (void)state;
    int client = enter("/news", NULL);
    session_drain(scene.session, 1);
    scene_turns(6);
    hear_up_to(1);
    assert_int_equal(outcome(client), 1012);
    int held = enter("/news", NULL); /* and one is left to the very end */
    fake.next_ticket = 9;
    (void)enter("/watch/2", "FIND submission:2  0/0");
    leave(client);
    leave(held);
}

static void without_memory_nothing_is_left_behind(void **state) {
    (void)state;
    bool is_done = false;
    for (uint64_t nth = 1; !is_done; nth++) {
        (void)set_up(NULL);
        int client = scene_connect();
        mem_fail_nth(nth);
        shake_hands(client, "/news", NULL);
        hear_up_to(1);
        is_done = nth > mem_tried();
        mem_fail_nth(0);
        int got = outcome(client);
        if (is_done) assert_int_equal(got, 101);
        leave(client);
        assert_true(session_is_empty(scene.session));
        (void)tear_down(NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_answer_comes_when_it_is_true),
        TEST(each_waits_for_its_own),
        TEST(an_outage_makes_nobody_wait),
        TEST(replay_begins_behind_the_answer),
        TEST(who_wants_no_replay_gets_none),
        TEST(what_waits_behind_the_answer_is_bounded),
        TEST(who_does_not_wait_is_forgotten),
        TEST(the_end_waits_for_nothing),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
