/* SPDX-License-Identifier: MIT */
/*
 * Questions to all workers: each answers once, all answers come back to the asker, and nothing is
 * lost or left when a worker cannot be asked or ends first.
 */
#include "crowd.h"

#include "hub/ask.h"

#include <pthread.h>

enum { WORKERS = 3, ROUNDS = 300 };

/* A question that adds up what the workers say. */
struct sum {
    struct hub_ask ask;
    uint64_t said[WORKERS];
    uint64_t total;
    int done_count;
    enum hub_answered how;
};

static void say(struct hub_ask *ask, struct hub *hub, size_t worker) {
    struct sum *sum = container_of(ask, struct sum, ask);
    assert_int_equal(hub_worker(hub), worker);
    sum->said[worker] += worker + 1;
}

static void add_up(struct hub_ask *ask, enum hub_answered how) {
    struct sum *sum = container_of(ask, struct sum, ask);
    sum->done_count++;
    sum->how = how;
    for (size_t i = 0; i < WORKERS; i++)
        sum->total += sum->said[i];
}

static struct sum new_sum(void) {
    return (struct sum){ .ask = { .run = say, .done = add_up } };
}

struct office {
    struct hub_shared *shared;
    struct crowd *crowds[WORKERS];
};

static void begin(struct office *o) {
    o->shared = mem_new(sizeof *o->shared);
    hub_shared_init(o->shared, 1 << 20);
    for (size_t i = 0; i < WORKERS; i++) {
        o->crowds[i] = crowd_new(o->shared);
        hub_join_loop(o->crowds[i]->hub);
    }
}

static void end(struct office *o) {
    for (size_t i = 0; i < WORKERS; i++)
        crowd_free(o->crowds[i]);
    assert_true(crowd_is_empty(o->shared));
    hub_shared_finish(o->shared);
    mem_free(o->shared);
}

static void all_answer_once(void **state) {
    (void)state;
    struct office o;
    begin(&o);
    struct sum sums[2] = { new_sum(), new_sum() };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(hub_ask_all(o.crowds[i]->hub, &sums[i].ask), ERR_OK);
    assert_int_equal(sums[0].done_count, 0);
    crowd_turn(o.crowds[0]);
    crowd_turn(o.crowds[1]);
    assert_int_equal(sums[0].done_count, 0); /* one has yet to answer */
    crowd_turn(o.crowds[2]);
    crowd_turn(o.crowds[1]);
    assert_int_equal(sums[0].done_count, 0);
    assert_int_equal(sums[1].done_count, 1);
    crowd_turn(o.crowds[0]);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sums[i].done_count, 1);
        assert_int_equal(sums[i].how, HUB_ANSWERED_BY_ALL);
        assert_int_equal(sums[i].total, 1 + 2 + 3);
    }
    end(&o);
}

/* What was published before is delivered before. */
static struct listener *watched;

static void look(struct hub_ask *ask, struct hub *hub, size_t worker) {
    (void)hub;
    struct sum *sum = container_of(ask, struct sum, ask);
    if (worker == 1) sum->said[1] = watched->heard;
}

static void it_stays_behind_messages(void **state) {
    (void)state;
    struct office o;
    begin(&o);
    watched = &o.crowds[1]->list[1];
    assert_int_equal(hub_subscribe(o.crowds[1]->hub, SPAN("c"), 1, 0, &watched->subscriptions[0]),
                     ERR_OK);
    struct receipt receipt;
    for (int i = 0; i < 100; i++)
        assert_int_equal(crowd_publish(o.crowds[0], "c", "x", &receipt), ERR_OK);
    struct sum sum = new_sum();
    sum.ask.run = look;
    assert_int_equal(hub_ask_all(o.crowds[0]->hub, &sum.ask), ERR_OK);
    assert_int_equal(crowd_publish(o.crowds[0], "c", "x", &receipt), ERR_OK);
    for (size_t i = WORKERS; i-- > 0;)
        crowd_turn(o.crowds[i]);
    assert_int_equal(sum.total, 100);
    crowd_leave(o.crowds[1], 0);
    end(&o);
}

static void there_is_a_limit(void **state) {
    (void)state;
    struct office o;
    begin(&o);
    static struct sum sums[100];
    size_t taken = 0;
    for (size_t i = 0; i < countof(sums); i++) {
        sums[i] = new_sum();
        enum err e = hub_ask_all(o.crowds[0]->hub, &sums[i].ask);
        assert_true(e == ERR_OK || e == ERR_LIMIT);
        if (!e) taken++;
    }
    assert_int_equal(taken, 64);
    for (size_t i = WORKERS; i-- > 0;)
        crowd_turn(o.crowds[i]);
    size_t done = 0;
    for (size_t i = 0; i < countof(sums); i++)
        done += (size_t)sums[i].done_count;
    assert_int_equal(done, taken);
    assert_int_equal(hub_ask_all(o.crowds[0]->hub, &sums[99].ask), ERR_OK);
    end(&o); /* which ends that one */
    assert_int_equal(sums[99].done_count, 1);
    assert_int_equal(sums[99].how, HUB_ANSWERED_NEVER);
}

/* The first mail to a worker needs memory for the mailbox. */
static void without_memory_for_mail_it_comes_back_in_part(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth <= WORKERS; nth++) {
        struct office o;
        begin(&o);
        struct sum sum = new_sum();
        mem_fail_nth(nth);
        assert_int_equal(hub_ask_all(o.crowds[0]->hub, &sum.ask), ERR_OK);
        mem_fail_nth(0);
        for (int turn = 0; turn < 2; turn++) {
            for (size_t i = WORKERS; i-- > 0;)
                crowd_turn(o.crowds[i]);
        }
        assert_int_equal(sum.done_count, 1);
        assert_int_equal(sum.how, HUB_ANSWERED_IN_PART);
        assert_int_equal(sum.total, 1 + 2 + 3 - nth);
        end(&o);
    }
}

/* Three threads that ask all the time. */
struct asker {
    pthread_t thread;
    struct crowd *crowd;
    struct sum sum;
    int rounds;
    _Atomic int *finished;
};

static void ask_again(struct hub_ask *ask, enum hub_answered how) {
    struct sum *sum = container_of(ask, struct sum, ask);
    struct asker *asker = container_of(sum, struct asker, sum);
    add_up(ask, how);
    assert_int_equal(how, HUB_ANSWERED_BY_ALL);
    if (++asker->rounds == ROUNDS) {
        atomic_fetch_add(asker->finished, 1);
    } else {
        assert_int_equal(hub_ask_all(asker->crowd->hub, ask), ERR_OK);
    }
}

static void stop_when_all_have(void *owner) {
    struct asker *asker = owner;
    if (atomic_load(asker->finished) == WORKERS) loop_stop(asker->crowd->loop);
}

static void *run(void *arg) {
    struct asker *asker = arg;
    assert_int_equal(hub_ask_all(asker->crowd->hub, &asker->sum.ask), ERR_OK);
    loop_run(asker->crowd->loop);
    return NULL;
}

static void many_threads_ask_each_other(void **state) {
    (void)state;
    struct office o;
    begin(&o);
    struct asker askers[WORKERS];
    _Atomic int finished = 0;
    for (size_t i = 0; i < WORKERS; i++) {
        askers[i] = (struct asker){ .crowd = o.crowds[i], .finished = &finished };
        askers[i].sum = new_sum();
        askers[i].sum.ask.done = ask_again;
        loop_add_tick(o.crowds[i]->loop, 10, stop_when_all_have, &askers[i]);
    }
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&askers[i].thread, NULL, run, &askers[i]), 0);
    for (size_t i = 0; i < WORKERS; i++)
        (void)pthread_join(askers[i].thread, NULL);
    for (size_t i = 0; i < WORKERS; i++) {
        for (size_t w = 0; w < WORKERS; w++)
            assert_int_equal(askers[i].sum.said[w], ROUNDS * (w + 1));
    }
    end(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answer_once),
        cmocka_unit_test(it_stays_behind_messages),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(without_memory_for_mail_it_comes_back_in_part),
        cmocka_unit_test(many_threads_ask_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
