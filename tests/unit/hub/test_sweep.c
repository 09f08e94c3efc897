/* SPDX-License-Identifier: MIT */
/*
 * Channels that are forgotten, and those to which somebody listens, also while that changes.
 */
#include "history_scene.h"

#include "base/clock.h"
#include "hub/rule.h"
#include "hub/sweep.h"

#include <pthread.h>

enum { KEEP_S = 100, ROUNDS = 20000, ENOUGH_S = 3 };

static const struct hub_rule rules[] = { { .prefix = { "task:", 5 }, .keeps_history = true } };

static atomic_bool is_over; /* for who sweeps */

static void begin(struct scene *s) {
    const struct store_options options = { .channels_max = 100,
                                           .channel_messages_max = 1 << 20,
                                           .channel_bytes_max = 1 << 24,
                                           .bytes_max = 1 << 30,
                                           .keep_seconds = KEEP_S };
    scene_begin(s, &options, rules, countof(rules));
}

static uint32_t now_s(const struct scene *s) {
    return (uint32_t)(loop_now_ns(s->crowd->loop) / NS_PER_S);
}

static enum err declare(const struct scene *s, const char *owner) {
    bool is_new;
    return store_declare(s->store, SPAN("task:1"), span_str(owner), now_s(s), &is_new);
}

static enum err listen_as(struct scene *s, uint32_t subscriber) {
    struct subscription *subscription = &s->crowd->list[subscriber].subscriptions[0];
    return hub_subscribe(s->crowd->hub, SPAN("task:1"), subscriber, 0, subscription);
}

static void leave(struct scene *s, uint32_t subscriber) {
    hub_unsubscribe(s->crowd->hub, &s->crowd->list[subscriber].subscriptions[0], 0);
}

static void a_listener_never_hears_another_owner(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    assert_int_equal(declare(&s, "ann"), ERR_OK);
    assert_int_equal(listen_as(&s, 1), ERR_OK);
    assert_int_equal(listen_as(&s, 2), ERR_OK);
    uint32_t began_s = now_s(&s);
    for (uint32_t i = 1; i <= 5; i++)
        hub_sweep(s.shared, began_s + i * KEEP_S);
    leave(&s, 1);
    hub_sweep(s.shared, began_s + 6 * KEEP_S);
    assert_int_equal(declare(&s, "bob"), ERR_EXISTS);
    /* The time begins when the last has gone, whatever was before. */
    leave(&s, 2);
    uint32_t gone_s = now_s(&s);
    hub_sweep(s.shared, gone_s + KEEP_S - 1);
    assert_int_equal(declare(&s, "bob"), ERR_EXISTS);
    hub_sweep(s.shared, gone_s + KEEP_S);
    assert_int_equal(declare(&s, "bob"), ERR_OK);
    struct receipt receipt;
    assert_int_equal(crowd_publish(s.crowd, "task:1", "for bob", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 0);
    scene_end(&s);
}

/* On a clock by which whatever nobody listens to is long expired. */
static void *sweep(void *arg) {
    struct scene *s = arg;
    uint32_t late_s = now_s(s) + 100 * KEEP_S;
    while (!atomic_load(&is_over)) {
        hub_sweep(s->shared, late_s += KEEP_S);
        (void)sched_yield(); /* or who sweeps has the lock whenever the other wants it */
    }
    return NULL;
}

static void what_was_found_while_listening_stays(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    pthread_t sweeper;
    assert_int_equal(pthread_create(&sweeper, NULL, sweep, &s), 0);
    uint32_t found = 0;
    uint64_t ends_ns = clock_now_ns() + ENOUGH_S * NS_PER_S;
    for (int i = 0; i < ROUNDS && (found == 0 || clock_now_ns() < ends_ns); i++) {
        const char *owner = i % 2 ? "ann" : "bob";
        assert_int_equal(declare(&s, owner), ERR_OK);
        assert_int_equal(listen_as(&s, 1), ERR_OK);
        struct span channel = SPAN("task:1");
        if (hub_admit_listener(s.crowd->hub, channel, span_str(owner)) == HUB_ADMIT_OK) {
            struct receipt receipt;
            assert_int_equal(crowd_publish(s.crowd, "task:1", "x", &receipt), ERR_OK);
            assert_int_equal(receipt.deliveries, 1);
            found++;
        }
        leave(&s, 1);
        while (declare(&s, i % 2 ? "bob" : "ann") == ERR_EXISTS)
            (void)sched_yield(); /* until it is swept */
        while (hub_admit_listener(s.crowd->hub, channel, SPAN("nobody")) == HUB_ADMIT_DENIED)
            (void)sched_yield();
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(sweeper, NULL), 0);
    assert_true(found > 0);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_never_hears_another_owner),
        cmocka_unit_test(what_was_found_while_listening_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
