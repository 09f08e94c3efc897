/* SPDX-License-Identifier: MIT */
/*
 * A publish on one thread: who gets it, what the publisher is told, and what it costs when some
 * worker cannot take it.
 */
#include "crowd.h"

enum { MAILED_MAX = 1 << 30 };

static struct hub_shared *shared_new(uint64_t mailed_bytes_max) {
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, mailed_bytes_max);
    return shared;
}

static void shared_free(struct hub_shared *shared) {
    hub_shared_finish(shared);
    mem_free(shared);
}

static void join(struct crowd *crowd, const char *channel, uint32_t listener, uint16_t endpoint) {
    assert_int_equal(hub_subscribe(crowd->hub, span_str(channel), listener, endpoint,
                                   &crowd->list[listener].subscriptions[0]),
                     ERR_OK);
}

static void nobody_listens(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *crowd = crowd_new(shared);
    struct receipt receipt = { 9, 9 };
    assert_int_equal(crowd_publish(crowd, "a", "x", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 0);
    assert_int_equal(receipt.skipped, 0);
    crowd_free(crowd);
    shared_free(shared);
}

static void own_listeners_have_it_at_once(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *crowd = crowd_new(shared);
    join(crowd, "a", 1, 0);
    join(crowd, "a", 2, 0);
    join(crowd, "b", 3, 0);
    struct receipt receipt;
    assert_int_equal(crowd_publish(crowd, "a", "hello", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 2);
    assert_string_equal(crowd->list[1].last, "hello");
    assert_string_equal(crowd->list[2].last, "hello");
    assert_int_equal(crowd->list[3].heard, 0);
    assert_int_equal(shared->mailed_bytes, 0);
    crowd_leave(crowd, 0);
    crowd_free(crowd);
    shared_free(shared);
}

static void who_takes_nothing_keeps_no_reference(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *crowd = crowd_new(shared);
    for (uint32_t i = 1; i <= 5; i++) {
        join(crowd, "a", i, 0);
        crowd->list[i].is_deaf = i % 2;
    }
    struct message *message = message_new(SPAN("x"), 0);
    struct receipt receipt;
    assert_int_equal(hub_publish(crowd->hub, SPAN("a"), message, &receipt), ERR_OK);
    assert_int_equal(message->refs, 1);
    message_unref(message);
    crowd_leave(crowd, 0);
    crowd_free(crowd);
    shared_free(shared);
}

static void large_ones_skip_endpoints(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared);
    hub_join_loop(there->hub);
    shared->endpoint_max_bytes[1] = 5;
    shared->endpoint_max_bytes[2] = 4;
    for (uint32_t i = 1; i <= 6; i++)
        join(here, "a", i, i % 2 ? 1 : 2);
    for (uint32_t i = 1; i <= 4; i++)
        join(there, "a", i, 2);
    struct receipt receipt;
    assert_int_equal(crowd_publish(here, "a", "1234", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 10);
    assert_int_equal(receipt.skipped, 0);
    /* Half of those here are spared, and the other worker is not even told. */
    assert_int_equal(crowd_publish(here, "a", "12345", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 3);
    assert_int_equal(receipt.skipped, 7);
    assert_int_equal(crowd_publish(here, "a", "123456", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 0);
    assert_int_equal(receipt.skipped, 10);
    assert_int_equal(counter_read(&here->counts->dropped[COUNT_DROP_TOO_BIG]), 17);
    crowd_turn(there);
    assert_int_equal(there->list[1].heard, 1);
    for (uint32_t i = 1; i <= 6; i++)
        hub_unsubscribe(here->hub, &here->list[i].subscriptions[0], i % 2 ? 1 : 2);
    crowd_leave(there, 2);
    assert_int_equal(crowd_entries(shared), 0);
    crowd_free(here);
    crowd_free(there);
    shared_free(shared);
}

static void other_workers_get_mail_in_order(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared);
    hub_join_loop(here->hub);
    hub_join_loop(there->hub);
    join(here, "a", 1, 0);
    join(there, "a", 1, 0);
    join(there, "a", 2, 0);
    struct receipt receipt;
    assert_int_equal(crowd_publish(here, "a", "1", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 3);
    assert_string_equal(here->list[1].last, "1");
    assert_int_equal(there->list[1].heard, 0);
    assert_true(shared->mailed_bytes > 0);
    /* The other worker publishes before it has read its mail: that must not overtake. */
    assert_int_equal(crowd_publish(there, "a", "2", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 3);
    assert_int_equal(there->list[1].heard, 0);
    crowd_turn(there);
    assert_int_equal(there->list[1].heard, 2);
    assert_string_equal(there->list[1].last, "2");
    assert_string_equal(there->list[2].last, "2");
    assert_string_equal(here->list[1].last, "1");
    crowd_turn(here);
    assert_string_equal(here->list[1].last, "2");
    assert_int_equal(here->list[1].heard, 2);
    assert_int_equal(shared->mailed_bytes, 0);
    crowd_leave(here, 0);
    crowd_leave(there, 0);
    crowd_free(here);
    crowd_free(there);
    shared_free(shared);
}

static void mail_for_a_channel_that_was_left_finds_nobody(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared);
    hub_join_loop(there->hub);
    join(there, "a", 1, 0);
    struct receipt receipt;
    assert_int_equal(crowd_publish(here, "a", "for a", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 1);
    uint32_t index = there->list[1].subscriptions[0].channel;
    hub_unsubscribe(there->hub, &there->list[1].subscriptions[0], 0);
    join(there, "b", 2, 0);
    assert_int_equal(there->list[2].subscriptions[0].channel, index); /* the same slot */
    crowd_turn(there);
    assert_int_equal(there->list[1].heard + there->list[2].heard, 0);
    assert_int_equal(shared->mailed_bytes, 0);
    crowd_leave(there, 0);
    crowd_free(here);
    crowd_free(there);
    shared_free(shared);
}

static void mail_that_is_never_read_is_freed(void **state) {
    (void)state;
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared);
    join(there, "a", 1, 0);
    struct receipt receipt;
    for (int i = 0; i < 100; i++)
        assert_int_equal(crowd_publish(here, "a", "x", &receipt), ERR_OK);
    crowd_leave(there, 0);
    crowd_free(here);
    crowd_free(there);
    shared_free(shared);
}

/* Three workers, the last of which reads no mail: the first that does not fit goes to nobody. */
static void check_full(uint64_t mailed_bytes_max, uint64_t least, uint64_t most) {
    struct hub_shared *shared = shared_new(mailed_bytes_max);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared), *stuck = crowd_new(shared);
    hub_join_loop(there->hub);
    hub_join_loop(stuck->hub);
    join(here, "a", 1, 0);
    join(there, "a", 1, 0);
    join(stuck, "a", 1, 0);
    uint64_t taken = 0;
    enum err e;
    struct receipt receipt;
    while ((e = crowd_publish(here, "a", "x", &receipt)) == ERR_OK)
        taken++;
    assert_int_equal(e, ERR_LIMIT);
    assert_in_range(taken, least, most);
    assert_int_equal(crowd_publish(here, "a", "x", &receipt), ERR_LIMIT);
    assert_int_equal(crowd_publish(here, "elsewhere", "x", &receipt), ERR_OK);
    for (int turn = 0; turn < 10; turn++)
        crowd_turn(there);
    assert_int_equal(here->list[1].heard, taken);
    assert_int_equal(there->list[1].heard, taken);
    for (int turn = 0; turn < 10; turn++)
        crowd_turn(stuck);
    assert_int_equal(stuck->list[1].heard, taken);
    assert_int_equal(shared->mailed_bytes, 0);
    assert_int_equal(crowd_publish(here, "a", "x", &receipt), ERR_OK);
    crowd_leave(here, 0);
    crowd_leave(there, 0);
    crowd_leave(stuck, 0);
    crowd_free(here);
    crowd_free(there);
    crowd_free(stuck);
    shared_free(shared);
}

static void a_full_mailbox_refuses_for_all(void **state) {
    (void)state;
    check_full(MAILED_MAX, 100000, 1 << 17);
}

static void the_bytes_in_mailboxes_are_bounded(void **state) {
    (void)state;
    enum { FRAME = 3, WORKERS = 2 }; /* one byte and its head, for each other worker */
    check_full(3000, 3000 / FRAME / WORKERS - 2, 3000 / FRAME / WORKERS);
}

static void each_turn_does_its_portion(void **state) {
    (void)state;
    enum { LISTENERS = 300, PUBLISHES = 1000 };
    struct hub_shared *shared = shared_new(MAILED_MAX);
    struct crowd *here = crowd_new(shared), *there = crowd_new(shared);
    hub_join_loop(here->hub);
    hub_join_loop(there->hub);
    for (uint32_t i = 1; i <= LISTENERS; i++)
        join(there, "a", i, 0);
    struct receipt receipt;
    for (int i = 0; i < PUBLISHES; i++)
        assert_int_equal(crowd_publish(here, "a", "x", &receipt), ERR_OK);
    assert_false(hub_is_sated(here->hub)); /* mail is not what tires it */
    crowd_turn(there);
    uint64_t portion = there->list[1].heard;
    assert_in_range(portion, 1, PUBLISHES - 1);
    for (int turn = 0; turn < 10; turn++)
        crowd_turn(there);
    assert_int_equal(there->list[1].heard, PUBLISHES);
    assert_int_equal(there->list[LISTENERS].heard, PUBLISHES);
    /* Publishing straight to so many tires a worker until the turn's end. */
    int count = 0;
    while (!hub_is_sated(there->hub)) {
        assert_int_equal(crowd_publish(there, "a", "x", &receipt), ERR_OK);
        assert_true(++count <= PUBLISHES);
    }
    crowd_turn(there);
    assert_false(hub_is_sated(there->hub));
    crowd_leave(there, 0);
    crowd_free(here);
    crowd_free(there);
    shared_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(own_listeners_have_it_at_once),
        cmocka_unit_test(who_takes_nothing_keeps_no_reference),
        cmocka_unit_test(large_ones_skip_endpoints),
        cmocka_unit_test(other_workers_get_mail_in_order),
        cmocka_unit_test(mail_for_a_channel_that_was_left_finds_nobody),
        cmocka_unit_test(mail_that_is_never_read_is_freed),
        cmocka_unit_test(a_full_mailbox_refuses_for_all),
        cmocka_unit_test(the_bytes_in_mailboxes_are_bounded),
        cmocka_unit_test(each_turn_does_its_portion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
