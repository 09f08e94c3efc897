/* SPDX-License-Identifier: MIT */
/*
 * What a shared broker brings: who gets it, what is kept of it, and what is not taken.
 */
#include "crowd.h"

#include "hub/arrival.h"
#include "hub/rule.h"

enum { MAILED_MAX = 1 << 20 };

struct node {
    struct hub_shared shared;
    struct crowd *crowd, *other;
    struct counts *counts;
    struct hub_inlet inlet;
};

static const struct store_options roomy = {
    .channels_max = 10,
    .channel_messages_max = 10,
    .channel_bytes_max = 1000,
    .bytes_max = 100000,
    .keep_seconds = 60,
};

static struct node *node_new(void) {
    struct node *node = mem_new(sizeof *node);
    hub_shared_init(&node->shared, MAILED_MAX);
    node->shared.store = store_new(&roomy, &hub_store_ops);
    node->crowd = crowd_new(&node->shared);
    node->other = crowd_new(&node->shared);
    hub_join_loop(node->crowd->hub);
    hub_join_loop(node->other->hub);
    node->counts = mem_new(sizeof *node->counts);
    node->inlet = (struct hub_inlet){ .shared = &node->shared, .counts = node->counts };
    return node;
}

static void node_free(struct node *node) {
    crowd_free(node->crowd);
    crowd_free(node->other);
    hub_shared_finish(&node->shared);
    store_free(node->shared.store);
    mem_free(node->counts);
    mem_free(node);
}

static void join(struct crowd *crowd, const char *channel, uint32_t listener) {
    assert_int_equal(hub_subscribe(crowd->hub, span_str(channel), listener, 0,
                                   &crowd->list[listener].subscriptions[0]),
                     ERR_OK);
}

static enum err arrive(struct node *node, const char *channel, const char *payload,
                       uint64_t sequence) {
    const struct broker_arrival arrival = {
        .channel = span_str(channel),
        .payload = span_str(payload),
        .sequence = sequence,
    };
    return hub_arrive(&node->inlet, &arrival);
}

static size_t kept(struct node *node, const char *channel, uint64_t *ret_first) {
    struct store_item items[16];
    size_t count = store_read(node->shared.store, span_str(channel), 0, items, countof(items));
    for (size_t i = 0; i < count; i++)
        message_unref(items[i].message);
    *ret_first = count > 0 ? items[0].sequence : 0;
    return count;
}

static void listeners_of_all_workers_get_it(void **state) {
    (void)state;
    struct node *node = node_new();
    join(node->crowd, "a", 1);
    join(node->other, "a", 1);
    join(node->other, "b", 2);
    assert_int_equal(arrive(node, "a", "hello", 0), ERR_OK);
    assert_int_equal(node->inlet.to_wake, 3);
    hub_inlet_wake(&node->inlet);
    assert_int_equal(node->inlet.to_wake, 0);
    crowd_turn(node->crowd);
    crowd_turn(node->other);
    assert_string_equal(node->crowd->list[1].last, "hello");
    assert_string_equal(node->other->list[1].last, "hello");
    assert_int_equal(node->other->list[2].heard, 0);
    assert_int_equal(counter_read(&node->counts->queued), 2);
    assert_int_equal(arrive(node, "nobody", "x", 0), ERR_OK);
    assert_int_equal(node->inlet.to_wake, 0);
    crowd_leave(node->crowd, 0);
    crowd_leave(node->other, 0);
    node_free(node);
}

static void what_cannot_be_relayed_is_counted(void **state) {
    (void)state;
    struct node *node = node_new();
    join(node->crowd, "a", 1);
    node->shared.arrival_bytes_max = 5;
    assert_int_equal(arrive(node, "a", "123456", 0), ERR_TOO_BIG);
    assert_int_equal(arrive(node, "a", "\xc3\x28", 0), ERR_INVALID);
    assert_int_equal(arrive(node, "a", "12345", 0), ERR_OK);
    crowd_turn(node->crowd);
    assert_int_equal(node->crowd->list[1].heard, 1);
    /* Part of a history: it was taken when it was added, whatever the limit is by now. */
    assert_int_equal(arrive(node, "a", "123456", 1), ERR_OK);
    crowd_turn(node->crowd);
    assert_int_equal(node->crowd->list[1].heard, 2);
    assert_int_equal(counter_read(&node->counts->dropped[COUNT_DROP_PUBLISHED_TOO_BIG]), 1);
    assert_int_equal(counter_read(&node->counts->dropped[COUNT_DROP_NOT_UTF8]), 1);
    crowd_leave(node->crowd, 0);
    node_free(node);
}

static void a_history_is_kept_by_its_numbers(void **state) {
    (void)state;
    struct node *node = node_new();
    uint64_t first;
    join(node->crowd, "s", 1);
    assert_int_equal(arrive(node, "s", "five", 5), ERR_OK);
    assert_int_equal(arrive(node, "s", "six", 6), ERR_OK);
    assert_int_equal(arrive(node, "s", "six", 6), ERR_OK); /* again, for nobody */
    assert_int_equal(arrive(node, "s", "live only", 0), ERR_OK);
    crowd_turn(node->crowd);
    assert_int_equal(node->crowd->list[1].heard, 3);
    assert_int_equal(kept(node, "s", &first), 2);
    assert_int_equal(first, 5);
    /* A number further on: the channel was forgotten and declared anew. */
    assert_int_equal(arrive(node, "s", "ninety", 90), ERR_OK);
    assert_int_equal(kept(node, "s", &first), 1);
    assert_int_equal(first, 90);
    store_forget(node->shared.store, SPAN("s"));
    assert_int_equal(kept(node, "s", &first), 0);
    assert_int_equal(store_bytes(node->shared.store), 0);
    store_forget(node->shared.store, SPAN("s"));
    crowd_leave(node->crowd, 0);
    node_free(node);
}

static void workers_that_are_full_make_it_wait(void **state) {
    (void)state;
    struct node *node = node_new();
    uint64_t first;
    join(node->other, "s", 1);
    node->shared.mailed_bytes_max = 1;
    assert_int_equal(arrive(node, "s", "one", 1), ERR_LIMIT);
    assert_int_equal(kept(node, "s", &first), 0);
    node->shared.mailed_bytes_max = MAILED_MAX;
    assert_int_equal(arrive(node, "s", "one", 1), ERR_OK);
    crowd_turn(node->other);
    assert_string_equal(node->other->list[1].last, "one");
    assert_int_equal(kept(node, "s", &first), 1);
    crowd_leave(node->other, 0);
    node_free(node);
}

/* What memory is short for comes again, or is counted; nothing is left half done. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth <= 6; nth++) {
        struct node *node = node_new();
        uint64_t first;
        join(node->crowd, "s", 1);
        mem_fail_nth(nth);
        enum err e = arrive(node, "s", "one", 1);
        mem_fail_nth(0);
        assert_true(e == ERR_OK || e == ERR_LIMIT || e == ERR_NOMEM);
        crowd_turn(node->crowd);
        bool has_lost = counter_read(&node->counts->dropped[COUNT_DROP_MEMORY]) > 0;
        if (e == ERR_LIMIT) assert_int_equal(kept(node, "s", &first), 0);
        if (e == ERR_OK && !has_lost) assert_int_equal(node->crowd->list[1].heard, 1);
        crowd_leave(node->crowd, 0);
        node_free(node);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_of_all_workers_get_it),
        cmocka_unit_test(what_cannot_be_relayed_is_counted),
        cmocka_unit_test(a_history_is_kept_by_its_numbers),
        cmocka_unit_test(workers_that_are_full_make_it_wait),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
