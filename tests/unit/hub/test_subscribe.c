/* SPDX-License-Identifier: MIT */
/*
 * Coming to channels and leaving them, against a model that is only a table of who listens.
 */
#include "crowd.h"

static const char *const names[CROWD_CHANNELS] = { "a", "b", "c", "broadcast", "ws:u1", "x:y" };

static uint64_t random_state = 88172645463325252u;

static uint32_t random_to(uint32_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % limit;
}

/* Who came by which endpoint is the listener's number. */
static uint16_t endpoint_of(uint32_t listener) {
    return (uint16_t)(listener % 3);
}

static enum err subscribe(struct crowd *crowd, uint32_t listener, uint32_t channel) {
    return hub_subscribe(crowd->hub, span_str(names[channel]), listener, endpoint_of(listener),
                         &crowd->list[listener].subscriptions[channel]);
}

static void unsubscribe(struct crowd *crowd, uint32_t listener, uint32_t channel) {
    struct subscription *s = &crowd->list[listener].subscriptions[channel];
    hub_unsubscribe(crowd->hub, s, endpoint_of(listener));
    assert_int_equal(s->channel, 0);
    assert_int_equal(s->position, 0);
}

/* Publishes to every channel; those and only those who should hear it do. */
static void check(struct crowd *crowd, bool listens[CROWD_MAX][CROWD_CHANNELS]) {
    uint64_t channels = 0;
    for (uint32_t c = 0; c < CROWD_CHANNELS; c++) {
        uint64_t before[CROWD_MAX], expected = 0;
        for (uint32_t i = 0; i < CROWD_MAX; i++) {
            before[i] = crowd->list[i].heard;
            expected += listens[i][c];
        }
        struct receipt receipt = { 99, 99 };
        assert_int_equal(crowd_publish(crowd, names[c], "x", &receipt), ERR_OK);
        assert_int_equal(receipt.deliveries, expected);
        assert_int_equal(receipt.skipped, 0);
        for (uint32_t i = 0; i < CROWD_MAX; i++)
            assert_int_equal(crowd->list[i].heard, before[i] + listens[i][c]);
        channels += expected > 0;
    }
    assert_int_equal(hub_shared_of(crowd->hub)->interest.channels, channels);
    assert_int_equal(counter_read(&crowd->counts->subscriptions), channels);
    assert_int_equal(crowd_entries(hub_shared_of(crowd->hub)), channels);
}

static void random_comings_and_goings(void **state) {
    (void)state;
    static bool listens[CROWD_MAX][CROWD_CHANNELS];
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct crowd *crowd = crowd_new(shared);
    for (uint32_t step = 0; step < 60000; step++) {
        /* Crowds gather, then scatter. */
        bool is_gathering = step / 6000 % 2 == 0;
        uint32_t i = 1 + random_to(CROWD_MAX - 1), c = random_to(CROWD_CHANNELS);
        if (random_to(8) == 0) is_gathering = !is_gathering;
        if (is_gathering && !listens[i][c]) {
            assert_int_equal(subscribe(crowd, i, c), ERR_OK);
            listens[i][c] = true;
        } else if (!is_gathering && listens[i][c]) {
            unsubscribe(crowd, i, c);
            listens[i][c] = false;
        }
        if (step % 500 == 0) check(crowd, listens);
    }
    for (uint32_t i = 1; i < CROWD_MAX; i++) {
        for (uint32_t c = 0; c < CROWD_CHANNELS; c++) {
            if (listens[i][c]) unsubscribe(crowd, i, c);
            listens[i][c] = false;
        }
    }
    check(crowd, listens);
    assert_int_equal(counter_read(&crowd->counts->subscriptions), 0);
    crowd_free(crowd);
    hub_shared_finish(shared);
    mem_free(shared);
}

/* Every order in which four can leave. */
static void whoever_leaves_the_others_stay(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct crowd *crowd = crowd_new(shared);
    for (uint32_t order = 0; order < 24; order++) {
        bool listens[CROWD_MAX][CROWD_CHANNELS] = { { false } };
        for (uint32_t i = 1; i <= 4; i++) {
            assert_int_equal(subscribe(crowd, i, 0), ERR_OK);
            listens[i][0] = true;
        }
        uint32_t code = order;
        for (uint32_t left = 4; left > 0; left--) {
            uint32_t skip = code % left;
            code /= left;
            uint32_t i = 1;
            while (!listens[i][0] || skip-- > 0)
                i++;
            unsubscribe(crowd, i, 0);
            listens[i][0] = false;
            check(crowd, listens);
        }
    }
    crowd_free(crowd);
    hub_shared_finish(shared);
    mem_free(shared);
}

static void one_listener_may_be_on_a_channel_twice(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct crowd *crowd = crowd_new(shared);
    struct subscription *s = crowd->list[1].subscriptions;
    for (int i = 0; i < 3; i++)
        assert_int_equal(hub_subscribe(crowd->hub, SPAN("a"), 1, 0, &s[i]), ERR_OK);
    hub_unsubscribe(crowd->hub, &s[0], 0); /* the third moves into its place */
    struct receipt receipt;
    assert_int_equal(crowd_publish(crowd, "a", "x", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 2);
    assert_int_equal(crowd->list[1].heard, 2);
    hub_unsubscribe(crowd->hub, &s[2], 0);
    hub_unsubscribe(crowd->hub, &s[1], 0);
    assert_true(crowd_is_empty(shared));
    crowd_free(crowd);
    hub_shared_finish(shared);
    mem_free(shared);
}

static void names_have_bounds(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct crowd *crowd = crowd_new(shared);
    struct subscription *s = crowd->list[1].subscriptions;
    char name[INTEREST_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    assert_int_equal(hub_subscribe(crowd->hub, span_of(name, 0), 1, 0, s), ERR_TOO_BIG);
    assert_int_equal(hub_subscribe(crowd->hub, span_of(name, sizeof name), 1, 0, s), ERR_TOO_BIG);
    assert_int_equal(s->channel, 0);
    assert_int_equal(hub_subscribe(crowd->hub, span_of(name, sizeof name - 1), 1, 0, s), ERR_OK);
    crowd_leave(crowd, 0);
    assert_int_equal(crowd_entries(shared), 0);
    crowd_free(crowd);
    hub_shared_finish(shared);
    mem_free(shared);
}

/* Each allocation of a small life fails once; who could not come is not there, all others are. */
static void without_memory_nobody_is_half_there(void **state) {
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        static bool listens[CROWD_MAX][CROWD_CHANNELS];
        struct hub_shared *shared = mem_new(sizeof *shared);
        hub_shared_init(shared, 1 << 20);
        struct crowd *crowd = crowd_new(shared);
        mem_fail_nth(nth);
        for (uint32_t c = 0; c < CROWD_CHANNELS; c++) {
            for (uint32_t i = 1; i < 60; i++) {
                enum err e = subscribe(crowd, i, c);
                listens[i][c] = !e;
                if (e) {
                    assert_int_equal(e, ERR_NOMEM);
                    assert_int_equal(crowd->list[i].subscriptions[c].channel, 0);
                }
            }
        }
        for (uint32_t c = 0; c < CROWD_CHANNELS; c++) {
            for (uint32_t i = 1; i < 60; i++) {
                if (i % 9 == 0 || !listens[i][c]) continue;
                unsubscribe(crowd, i, c);
                listens[i][c] = false;
            }
        }
        bool is_done = nth > mem_tried();
        mem_fail_nth(0);
        check(crowd, listens);
        for (uint32_t c = 0; c < CROWD_CHANNELS; c++) {
            for (uint32_t i = 1; i < 60; i++) {
                if (listens[i][c]) unsubscribe(crowd, i, c);
                listens[i][c] = false;
            }
        }
        assert_true(crowd_is_empty(shared));
        assert_int_equal(crowd_entries(shared), 0);
        crowd_free(crowd);
        hub_shared_finish(shared);
        mem_free(shared);
        if (is_done) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_comings_and_goings),
        cmocka_unit_test(whoever_leaves_the_others_stay),
        cmocka_unit_test(one_listener_may_be_on_a_channel_twice),
        cmocka_unit_test(names_have_bounds),
        cmocka_unit_test(without_memory_nobody_is_half_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
