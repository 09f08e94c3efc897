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

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
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

static void on_pause(void *owner) {
    note(owner, 'p');
}

static void on_alarm(void *owner) {
    note(owner, 'a');
}

/* Nothing that was done before the loop waits is without a pause behind it. */
static void a_pause_comes_before_each_wait(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    loop_add_turn(s.loop, on_turn, &s);
    loop_add_pause(s.loop, on_pause, &s);
    loop_set_alarm(s.loop, loop_add_alarm(s.loop, on_alarm, &s), 0);
    assert_int_equal(loop_watch(s.loop, s.ends[0], s.kind, 0, EPOLLIN), ERR_OK);
    assert_int_equal(write(s.ends[1], "abq", 3), 3);
    loop_run(s.loop);
    assert_string_equal(s.story, "aprtprtprtp");
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

/* A loop that is woken by itself and, while it looks why, by another thread: each time a little
 * later, so that it is met at every point of its turn. The other waits until the loop has seen why;
 * as soon as one waking is lost nothing goes on. */

enum { ROUNDS = 20000, STEPS = 500, DAWDLE = 200, PATIENCE = 20000, GIVE_UP_MS = 5000 };

struct sleeper {
    struct loop *loop;
    struct loop_waker own, waker; /* called in the other order */
    int ends[2];
    unsigned round, seen_before;
    atomic_uint awake, said; /* the round that the loop, and the other thread, are in */
    atomic_bool is_lost;
    bool is_called, is_own_called;
};

/* In every other round it is the turn that counts, else the call. */
static bool is_by_call(unsigned round) {
    return round % 2 == 0;
}

static void spin(unsigned steps) {
    for (volatile unsigned left = steps; left > 0;)
        left--;
}

static void on_awake(void *owner, uint32_t index, uint32_t events) {
    struct sleeper *sleeper = owner;
    (void)index;
    (void)events;
    char c;
    assert_int_equal(read(sleeper->ends[0], &c, 1), 1);
    atomic_store_explicit(&sleeper->awake, sleeper->round, memory_order_relaxed);
}

static void on_own(void *owner) {
    ((struct sleeper *)owner)->is_own_called = true;
    spin(DAWDLE);
}

static void on_called(void *owner) {
    ((struct sleeper *)owner)->is_called = true;
}

/* The socket is ready before the waking is: so the other thread hears of it just before. */
static void begin_round(struct sleeper *sleeper) {
    if (++sleeper->round > ROUNDS) {
        loop_stop(sleeper->loop);
        return;
    }
    sleeper->is_called = sleeper->is_own_called = false;
    assert_int_equal(write(sleeper->ends[1], "x", 1), 1);
    loop_waker_set(&sleeper->own);
}

static bool look_around(void *owner) {
    struct sleeper *sleeper = owner;
    unsigned said = atomic_load_explicit(&sleeper->said, memory_order_relaxed);
    bool is_seen = is_by_call(sleeper->round) ? sleeper->is_called : said == sleeper->round;
    is_seen &= sleeper->is_own_called;
    if (is_seen && !atomic_load(&sleeper->is_lost)) begin_round(sleeper);
    if (!is_seen) spin(DAWDLE);
    return false;
}

static void give_up(void *owner) {
    struct sleeper *sleeper = owner;
    bool is_lost = sleeper->round == sleeper->seen_before;
    sleeper->seen_before = sleeper->round;
    if (!is_lost) return;
    atomic_store(&sleeper->is_lost, true);
    loop_stop(sleeper->loop);
}

static void *wake_often(void *arg) {
    struct sleeper *sleeper = arg;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (int looks = 0; atomic_load_explicit(&sleeper->awake, memory_order_relaxed) != round;) {
            if (++looks % PATIENCE == 0) (void)sched_yield();
            if (atomic_load_explicit(&sleeper->is_lost, memory_order_relaxed)) return NULL;
        }
        spin(round % STEPS);
        atomic_store_explicit(&sleeper->said, round, memory_order_relaxed);
        if (is_by_call(round)) {
            loop_waker_set(&sleeper->waker);
        } else {
            loop_wake(sleeper->loop);
        }
    }
    return NULL;
}

/* Side by side, each on the first or the last processor there is. */
static void part(pthread_t thread, const cpu_set_t *all, bool is_first) {
    cpu_set_t one;
    size_t at = is_first ? 0 : CPU_SETSIZE - 1;
    while (!CPU_ISSET(at, all))
        at += is_first ? 1 : (size_t)-1;
    CPU_ZERO(&one);
    CPU_SET(at, &one);
    (void)pthread_setaffinity_np(thread, sizeof one, &one);
}

static void no_waking_is_lost(void **state) {
    (void)state;
    struct sleeper sleeper = { .loop = loop_new(NULL) };
    pthread_t other;
    cpu_set_t all;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sleeper.ends), 0);
    uint32_t kind = loop_add_kind(sleeper.loop, on_awake, &sleeper);
    assert_int_equal(loop_watch(sleeper.loop, sleeper.ends[0], kind, 0, EPOLLIN), ERR_OK);
    loop_add_waker(sleeper.loop, &sleeper.own, on_own, &sleeper);
    loop_add_waker(sleeper.loop, &sleeper.waker, on_called, &sleeper);
    loop_add_turn(sleeper.loop, look_around, &sleeper);
    loop_add_tick(sleeper.loop, GIVE_UP_MS, give_up, &sleeper);
    begin_round(&sleeper);
    assert_int_equal(pthread_create(&other, NULL, wake_often, &sleeper), 0);
    part(pthread_self(), &all, true);
    part(other, &all, false);
    loop_run(sleeper.loop);
    (void)pthread_join(other, NULL);
    (void)pthread_setaffinity_np(pthread_self(), sizeof all, &all);
    loop_free(sleeper.loop);
    (void)close(sleeper.ends[0]);
    (void)close(sleeper.ends[1]);
    assert_false(sleeper.is_lost);
}

/* Who was woken several times before the loop looks is called once, and again the next time; also
 * when the loop's own turn was what woke it. */

struct self {
    struct scene scene;
    struct loop_waker first, second;
    size_t next; /* how long the story is when it is to be woken */
};

static bool wake_second(void *owner) {
    struct self *self = owner;
    if (self->scene.len != self->next) return false;
    self->next += 2;
    loop_waker_set(&self->second);
    return false;
}

static void wakings_are_one_until_they_are_seen(void **state) {
    (void)state;
    struct self self = { .next = 1 };
    struct loop *loop;
    begin(&self.scene);
    loop = self.scene.loop;
    loop_add_waker(loop, &self.first, on_alarm, &self.scene);
    loop_add_waker(loop, &self.second, on_pause, &self.scene);
    loop_add_turn(loop, wake_second, &self);
    for (int i = 0; i < 3; i++) {
        loop_waker_set(&self.first);
        loop_waker_set(&self.first);
        loop_wake(loop);
        for (int turn = 0; turn < 3; turn++)
            (void)uv_run(loop_uv(loop), UV_RUN_NOWAIT);
    }
    assert_string_equal(self.scene.story, "apapap");
    loop_waker_set(&self.first); /* and nobody looks any more */
    end(&self.scene);
    assert_string_equal(self.scene.story, "apapap");
}

static unsigned count_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Not even one, and only one, of those that the loop itself takes. */
static void without_descriptors_it_says_so(void **state) {
    (void)state;
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    loop_free(loop_new(NULL)); /* libuv keeps some for the process */
    unsigned open_before = count_descriptors();
    int next = dup(0);
    (void)close(next);
    limit = before;
    for (int room = 0; room < 2; room++) {
        struct err_note note = { "" };
        limit.rlim_cur = (rlim_t)(next + room);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct loop *loop = loop_new(&note);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_null(loop);
        assert_string_equal(note.text, "event loop: too many open files");
        assert_int_equal(count_descriptors(), open_before);
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
        cmocka_unit_test(a_pause_comes_before_each_wait),
        cmocka_unit_test(ticks_recur),
        cmocka_unit_test(an_alarm_goes_off_once),
        cmocka_unit_test(it_does_not_sleep_while_work_is_left),
        cmocka_unit_test(no_waking_is_lost),
        cmocka_unit_test(wakings_are_one_until_they_are_seen),
        cmocka_unit_test(a_watch_can_be_changed_and_ended),
        cmocka_unit_test(many_are_ready_in_one_turn),
        cmocka_unit_test(a_loop_that_never_ran_can_be_freed),
        cmocka_unit_test(without_descriptors_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
