/* SPDX-License-Identifier: MIT */
/*
 * Turns of a loop: sockets, then the turn's end; and no sleep while work is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct scene {
    struct loop *loop;
    uint32_t kind;
    int ends[2];
    char story[64];
    size_t len;
    unsigned ready, ready_first; /* sockets so far, and those of the first turn */
    unsigned turns, ticks, work_left;
    uint32_t index, events;
};

static void note(struct scene *s, char what) {
    if (s->len < sizeof s->story - 1) s->story[s->len++] = what;
}

static void on_ready(void *owner, uint32_t index, uint32_t events) {
    struct scene *s = owner;
    s->ready++;
    s->index = index;
    s->events = events;
    note(s, 'r');
    char c;
    if (read(s->ends[0], &c, 1) == 1 && c == 'q') loop_stop(s->loop);
}

static bool on_turn(void *owner) {
    struct scene *s = owner;
    if (s->turns++ == 0) s->ready_first = s->ready;
    note(s, 't');
    if (s->work_left > 0) s->work_left--;
    return s->work_left > 0;
}

static bool on_later_turn(void *owner) {
    note(owner, 'u');
    return false;
}

static void begin(struct scene *s) {
    *s = (struct scene){ .loop = loop_new(NULL) };
    assert_non_null(s->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s->ends), 0);
    s->kind = loop_add_kind(s->loop, on_ready, s);
}

static void end(struct scene *s) {
    loop_free(s->loop);
    (void)close(s->ends[0]);
    (void)close(s->ends[1]);
}

static void sockets_come_before_the_end_of_the_turn(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    loop_add_turn(s.loop, on_turn, &s);
    loop_add_turn(s.loop, on_later_turn, &s);
    assert_int_equal(loop_watch(s.loop, s.ends[0], s.kind, 0xfffffffe, EPOLLIN), ERR_OK);
    assert_int_equal(write(s.ends[1], "abq", 3), 3); /* read one a turn: level-triggered */
    loop_run(s.loop);
    assert_string_equal(s.story, "rturturtu");
    assert_int_equal(s.index, 0xfffffffe);
    assert_int_equal(s.events, EPOLLIN);
    assert_true(clock_now_ns() - loop_now_ns(s.loop) < 10 * NS_PER_S);
    end(&s);
}

static void on_tick(void *owner) {
    struct scene *s = owner;
    if (++s->ticks == 3) loop_stop(s->loop);
}

static void ticks_recur(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    uint64_t before = clock_now_ns();
    loop_add_tick(s.loop, 5, on_tick, &s);
    loop_run(s.loop);
    assert_int_equal(s.ticks, 3);
    assert_true(clock_now_ns() - before >= 14 * NS_PER_MS);
    end(&s);
}

static void it_does_not_sleep_while_work_is_left(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    s.work_left = 50;
    loop_add_turn(s.loop, on_turn, &s);
    loop_add_tick(s.loop, 40, on_tick, &s); /* ends it; sleeps in between */
    loop_run(s.loop);
    assert_int_equal(s.work_left, 0);
    /* Fifty without sleeping, and then about one a tick. */
    assert_in_range(s.turns, 50, 56);
    end(&s);
}

/* Threads that wake a loop, one for its turn and one for being called, and wait until it has seen
 * why, time and again: hangs when a waking is lost. */

enum { BY_TURN, BY_CALL, WAKERS, WAKES = 5000 };

struct sleeper {
    struct loop *loop;
    struct loop_waker waker;
    atomic_uint said[WAKERS], seen[WAKERS];
    bool is_used[WAKERS];
    unsigned dawdled;
};

struct alarm_clock {
    pthread_t thread;
    struct sleeper *sleeper;
    int by;
};

static void see(struct sleeper *sleeper, int by) {
    unsigned said = atomic_load_explicit(&sleeper->said[by], memory_order_relaxed);
    atomic_store_explicit(&sleeper->seen[by], said, memory_order_relaxed);
}

/* So that it is woken at every point of its turn. */
static void dawdle(struct sleeper *sleeper) {
    for (volatile unsigned left = ++sleeper->dawdled % 1000; left > 0;)
        left--;
}

static void on_called(void *owner) {
    see(owner, BY_CALL);
    dawdle(owner);
}

static bool look_around(void *owner) {
    struct sleeper *sleeper = owner;
    see(sleeper, BY_TURN);
    bool is_over = true;
    for (int by = 0; by < WAKERS; by++)
        is_over &= !sleeper->is_used[by] || sleeper->seen[by] == WAKES;
    if (is_over) loop_stop(sleeper->loop);
    dawdle(sleeper);
    return false;
}

static void *wake_often(void *arg) {
    const struct alarm_clock *clock = arg;
    struct sleeper *sleeper = clock->sleeper;
    for (unsigned i = 1; i <= WAKES; i++) {
        atomic_store_explicit(&sleeper->said[clock->by], i, memory_order_relaxed);
        if (clock->by == BY_CALL) {
            loop_waker_set(&sleeper->waker);
        } else {
            loop_wake(sleeper->loop);
        }
        while (atomic_load_explicit(&sleeper->seen[clock->by], memory_order_relaxed) != i)
            (void)sched_yield();
    }
    return NULL;
}

static void no_waking_is_lost(void **state) {
    (void)state;
    static const bool used[][WAKERS] = { { true, false }, { false, true }, { true, true } };
    for (size_t i = 0; i < countof(used); i++) {
        struct sleeper sleeper = { .loop = loop_new(NULL) };
        struct alarm_clock clocks[WAKERS];
        memcpy(sleeper.is_used, used[i], sizeof used[i]);
        loop_add_waker(sleeper.loop, &sleeper.waker, on_called, &sleeper);
        loop_add_turn(sleeper.loop, look_around, &sleeper);
        for (int by = 0; by < WAKERS; by++) {
            clocks[by] = (struct alarm_clock){ .sleeper = &sleeper, .by = by };
            if (!used[i][by]) continue;
            assert_int_equal(pthread_create(&clocks[by].thread, NULL, wake_often, &clocks[by]), 0);
        }
        loop_run(sleeper.loop);
        for (int by = 0; by < WAKERS; by++) {
            if (used[i][by]) (void)pthread_join(clocks[by].thread, NULL);
        }
        loop_free(sleeper.loop);
    }
}

static void a_watch_can_be_changed_and_ended(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    loop_add_tick(s.loop, 5, on_tick, &s);
    assert_int_equal(loop_watch(s.loop, s.ends[0], s.kind, 1, EPOLLIN), ERR_OK);
    assert_int_equal(loop_watch(s.loop, s.ends[0], s.kind, 1, EPOLLIN), ERR_LIMIT);
    loop_rewatch(s.loop, s.ends[0], s.kind, 7, 0);
    assert_int_equal(write(s.ends[1], "a", 1), 1);
    loop_run(s.loop);
    assert_string_equal(s.story, "");
    s.ticks = 2; /* the next one stops it */
    loop_rewatch(s.loop, s.ends[0], s.kind, 7, EPOLLIN);
    loop_run(s.loop);
    assert_string_equal(s.story, "r");
    assert_int_equal(s.index, 7);
    loop_unwatch(s.loop, s.ends[0]);
    assert_int_equal(write(s.ends[1], "b", 1), 1);
    s.ticks = 2;
    loop_run(s.loop);
    assert_string_equal(s.story, "r");
    end(&s);
}

/* More sockets ready at once than one wait brings. */
static void many_are_ready_in_one_turn(void **state) {
    (void)state;
    enum { MANY = 700 };
    struct scene s;
    begin(&s);
    int ends[MANY][2];
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[i]), 0);
        assert_int_equal(loop_watch(s.loop, ends[i][0], s.kind, i, EPOLLIN), ERR_OK);
        assert_int_equal(write(ends[i][1], "x", 1), 1);
    }
    s.ticks = 1;
    loop_add_turn(s.loop, on_turn, &s);
    loop_add_tick(s.loop, 5, on_tick, &s);
    loop_run(s.loop);
    assert_true(s.ready_first >= MANY); /* none of them waited for the next */
    for (uint32_t i = 0; i < MANY; i++) {
        (void)close(ends[i][0]);
        (void)close(ends[i][1]);
    }
    end(&s);
}

static void a_loop_that_never_ran_can_be_freed(void **state) {
    (void)state;
    loop_free(NULL);
    struct scene s;
    begin(&s);
    loop_add_tick(s.loop, 1000, on_tick, &s);
    end(&s);
}

static void on_alarm(void *owner) {
    struct scene *s = owner;
    note(s, 'a');
}

static void an_alarm_goes_off_once(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    loop_add_tick(s.loop, 20, on_tick, &s);
    uint32_t never = loop_add_alarm(s.loop, on_tick, &s);
    uint32_t alarm = loop_add_alarm(s.loop, on_alarm, &s);
    assert_int_not_equal(never, alarm);
    loop_set_alarm(s.loop, alarm, 1);
    loop_set_alarm(s.loop, alarm, 5); /* moves it */
    loop_run(s.loop);
    assert_string_equal(s.story, "a");
    assert_int_equal(s.ticks, 3);
    end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_come_before_the_end_of_the_turn),
        cmocka_unit_test(ticks_recur),
        cmocka_unit_test(an_alarm_goes_off_once),
        cmocka_unit_test(it_does_not_sleep_while_work_is_left),
        cmocka_unit_test(no_waking_is_lost),
        cmocka_unit_test(a_watch_can_be_changed_and_ended),
        cmocka_unit_test(many_are_ready_in_one_turn),
        cmocka_unit_test(a_loop_that_never_ran_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
