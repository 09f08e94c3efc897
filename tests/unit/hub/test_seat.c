/* SPDX-License-Identifier: MIT */
/*
 * How many connections a user or a channel may have, whichever workers they land on.
 */
#include "crowd.h"
#include "hub/seat.h"

#include <pthread.h>

static void each_endpoint_counts_for_itself(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct interest_table *table = &shared->interest;
    struct interest *seats[5], *other, *refused = NULL;
    for (int i = 0; i < 5; i++)
        assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 0, 5, &seats[i]), ERR_OK);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 0, 5, &refused), ERR_LIMIT);
    assert_null(refused);
    for (int i = 0; i < 8; i++) /* without a limit */
        assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 7, 0, &other), ERR_OK);
    assert_ptr_equal(other, seats[0]);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 3, 1, &other), ERR_OK);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 3, 1, &refused), ERR_LIMIT);
    struct interest *second;
    assert_int_equal(seat_take(table, SPAN("ws:u2"), SEAT_USER, 0, 5, &second), ERR_OK);
    assert_int_equal(table->users, 2);
    assert_true(span_eq(seat_user(second), SPAN("u2")));
    assert_int_equal(seat_user(NULL).len, 0);

    seat_leave(table, seats[0], SEAT_USER, 0);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 0, 5, &seats[0]), ERR_OK);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 0, 5, &refused), ERR_LIMIT);
    assert_int_equal(seat_take(table, SPAN("ws:u1"), SEAT_USER, 0, 6, &other), ERR_OK); /* raised */
    seat_leave(table, other, SEAT_USER, 0);

    for (int i = 0; i < 5; i++)
        seat_leave(table, seats[i], SEAT_USER, 0);
    assert_int_equal(table->users, 2);
    for (int i = 0; i < 8; i++)
        seat_leave(table, seats[0], SEAT_USER, 7);
    seat_leave(table, seats[0], SEAT_USER, 3);
    assert_int_equal(table->users, 1);
    seat_leave(table, second, SEAT_USER, 0);
    assert_true(crowd_is_empty(shared));
    assert_int_equal(crowd_entries(shared), 0);
    hub_shared_finish(shared);
    mem_free(shared);
}

/* What is counted on a channel is no user, even where the channel is a user's own. */
static void channels_and_users_count_apart(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct interest_table *table = &shared->interest;
    struct interest *user, *channel, *other, *refused = NULL;
    assert_int_equal(seat_take(table, SPAN("ws:u"), SEAT_CHANNEL, 0, 1, &channel), ERR_OK);
    assert_int_equal(table->users, 0);
    assert_int_equal(seat_take(table, SPAN("ws:u"), SEAT_USER, 0, 1, &user), ERR_OK);
    assert_ptr_equal(user, channel);
    assert_int_equal(table->users, 1);
    assert_int_equal(seat_take(table, SPAN("ws:u"), SEAT_CHANNEL, 0, 1, &refused), ERR_LIMIT);
    assert_int_equal(seat_take(table, SPAN("ws:u"), SEAT_USER, 0, 1, &refused), ERR_LIMIT);
    assert_int_equal(seat_take(table, SPAN("ws:u"), SEAT_CHANNEL, 1, 1, &other), ERR_OK);
    seat_leave(table, user, SEAT_USER, 0);
    assert_int_equal(table->users, 0);
    assert_int_equal(crowd_entries(shared), 1);
    seat_leave(table, channel, SEAT_CHANNEL, 0);
    seat_leave(table, other, SEAT_CHANNEL, 1);
    assert_int_equal(table->users, 0);
    assert_int_equal(crowd_entries(shared), 0);
    hub_shared_finish(shared);
    mem_free(shared);
}

static void an_entry_lives_as_long_as_a_seat_or_a_listener(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    struct crowd *crowd = crowd_new(shared);
    struct interest *seat;
    assert_int_equal(seat_take(&shared->interest, SPAN("ws:u"), SEAT_USER, 0, 5, &seat), ERR_OK);
    struct subscription *own = &crowd->list[1].subscriptions[0];
    assert_int_equal(hub_subscribe(crowd->hub, SPAN("ws:u"), 1, 0, own), ERR_OK);
    assert_int_equal(crowd_entries(shared), 1); /* the user's and the channel's are one */
    seat_leave(&shared->interest, seat, SEAT_USER, 0);
    assert_int_equal(crowd_entries(shared), 1);
    assert_int_equal(seat_take(&shared->interest, SPAN("ws:u"), SEAT_USER, 0, 5, &seat), ERR_OK);
    hub_unsubscribe(crowd->hub, own, 0);
    assert_int_equal(crowd_entries(shared), 1);
    seat_leave(&shared->interest, seat, SEAT_USER, 0);
    assert_int_equal(crowd_entries(shared), 0);
    assert_true(crowd_is_empty(shared));
    crowd_free(crowd);
    hub_shared_finish(shared);
    mem_free(shared);
}

static void without_memory_nobody_sits(void **state) {
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        struct hub_shared *shared = mem_new(sizeof *shared);
        hub_shared_init(shared, 1 << 20);
        struct interest *seats[4];
        bool is_seated[4];
        mem_fail_nth(nth);
        for (uint16_t i = 0; i < 4; i++) {
            enum err e = seat_take(&shared->interest, SPAN("ws:u"), SEAT_USER, i, 5, &seats[i]);
            is_seated[i] = !e;
            if (e) assert_int_equal(e, ERR_NOMEM);
        }
        bool is_done = nth > mem_tried();
        mem_fail_nth(0);
        for (uint16_t i = 0; i < 4; i++) {
            if (is_seated[i]) seat_leave(&shared->interest, seats[i], SEAT_USER, i);
        }
        assert_int_equal(crowd_entries(shared), 0);
        assert_true(crowd_is_empty(shared));
        hub_shared_finish(shared);
        mem_free(shared);
        if (is_done) break;
    }
}

/* The limit holds although all come at once. */

enum { SITTERS = 4, ROUNDS = 5000, SEATS = 3 };

struct sitter {
    pthread_t thread;
    struct interest_table *table;
    _Atomic int *seated;
    _Atomic int *over;
    unsigned got;
};

static void *sit(void *arg) {
    struct sitter *sitter = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct interest *seat;
        if (seat_take(sitter->table, SPAN("ws:crowded"), SEAT_USER, 1, SEATS, &seat) != ERR_OK)
            continue;
        sitter->got++;
        if (atomic_fetch_add(sitter->seated, 1) >= SEATS) atomic_fetch_add(sitter->over, 1);
        atomic_fetch_sub(sitter->seated, 1);
        seat_leave(sitter->table, seat, SEAT_USER, 1);
    }
    return NULL;
}

static void threads_share_one_limit(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 20);
    _Atomic int seated = 0, over = 0;
    struct sitter sitters[SITTERS];
    for (int i = 0; i < SITTERS; i++) {
        sitters[i] =
            (struct sitter){ .table = &shared->interest, .seated = &seated, .over = &over };
        assert_int_equal(pthread_create(&sitters[i].thread, NULL, sit, &sitters[i]), 0);
    }
    unsigned got = 0;
    for (int i = 0; i < SITTERS; i++) {
        (void)pthread_join(sitters[i].thread, NULL);
        got += sitters[i].got;
    }
    assert_true(got >= ROUNDS);
    assert_int_equal(over, 0);
    assert_int_equal(crowd_entries(shared), 0);
    assert_true(crowd_is_empty(shared));
    hub_shared_finish(shared);
    mem_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_endpoint_counts_for_itself),
        cmocka_unit_test(channels_and_users_count_apart),
        cmocka_unit_test(an_entry_lives_as_long_as_a_seat_or_a_listener),
        cmocka_unit_test(without_memory_nobody_sits),
        cmocka_unit_test(threads_share_one_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
