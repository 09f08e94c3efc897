/* SPDX-License-Identifier: MIT */
/*
 * Workers that publish to the same channels all at once: every listener hears everything once, and
 * all listeners of a channel in one order.
 */
#include "crowd.h"

#include <pthread.h>

enum {
    WORKERS = 3,
    CHANNELS = 4,
    PUBLISHES = 6000, /* a worker */
    A_TURN = 40,
    HEARD_MAX = WORKERS * PUBLISHES,
};

static const char *const names[CHANNELS] = { "a", "b", "broadcast", "ws:u1" };

/* What one listener heard: publisher and number. */
struct diary {
    uint32_t count;
    uint32_t heard[HEARD_MAX];
};

struct worker {
    pthread_t thread;
    struct loop *loop;
    struct hub *hub;
    struct counts *counts;
    uint32_t number, published, refused, received;
    struct subscription subscriptions[2][CHANNELS];
    struct diary *diaries; /* of listener 0, who is on every channel */
};

static bool deliver(void *owner, uint32_t subscriber, struct message *message) {
    struct worker *worker = owner;
    uint32_t channel, what;
    memcpy(&channel, message_payload(message).at, sizeof channel);
    memcpy(&what, message_payload(message).at + sizeof channel, sizeof what);
    if (subscriber == 0) {
        struct diary *diary = &worker->diaries[channel];
        assert(diary->count < HEARD_MAX);
        diary->heard[diary->count++] = what;
        worker->received++;
    }
    message_unref(message);
    return true;
}

static struct subscription *subscriptions(void *owner, uint32_t subscriber, size_t *ret_count) {
    struct worker *worker = owner;
    *ret_count = CHANNELS;
    return worker->subscriptions[subscriber];
}

static bool publish_one(struct worker *worker) {
    uint32_t channel = worker->published % CHANNELS;
    const uint32_t words[] = { channel, worker->number << 24 | worker->published };
    struct message *message = message_new(span_of((const char *)words, sizeof words), 0);
    struct receipt receipt = { 0 };
    enum err e = hub_publish(worker->hub, span_str(names[channel]), message, &receipt);
    message_unref(message);
    if (e) {
        worker->refused++;
        return false;
    }
    assert(receipt.deliveries >= WORKERS);
    worker->published++;
    return true;
}

/* Listener 1 comes and goes all the while. */
static void come_or_go(struct worker *worker) {
    uint32_t channel = worker->published / 7 % CHANNELS;
    struct subscription *s = &worker->subscriptions[1][channel];
    if (s->channel) {
        hub_unsubscribe(worker->hub, s, 1);
    } else {
        enum err e = hub_subscribe(worker->hub, span_str(names[channel]), 1, 1, s);
        assert(e == ERR_OK);
        (void)e;
    }
}

static bool on_turn(void *owner) {
    struct worker *worker = owner;
    for (int i = 0; i < A_TURN && worker->published < PUBLISHES; i++) {
        if (!publish_one(worker)) break;
        if (i % 8 == 0) come_or_go(worker);
    }
    return worker->published < PUBLISHES;
}

/* The turn's last: has everything come? */
static bool look_at_end(void *owner) {
    struct worker *worker = owner;
    if (worker->received == WORKERS * PUBLISHES && worker->published == PUBLISHES) {
        loop_stop(worker->loop);
    }
    return false;
}

static void *run(void *arg) {
    struct worker *worker = arg;
    loop_run(worker->loop);
    return NULL;
}

static void keep_awake(void *owner) {
    (void)owner;
}

static void worker_begin(struct worker *worker, struct hub_shared *shared, uint32_t number) {
    static const struct subscriber_ops ops = { .deliver = deliver, .subscriptions = subscriptions };
    *worker = (struct worker){ .loop = loop_new(NULL), .number = number };
    worker->counts = mem_new(sizeof *worker->counts);
    worker->diaries = mem_new(CHANNELS * sizeof(struct diary));
    worker->hub = hub_new(shared, worker->loop, worker->counts, &ops, worker);
    loop_add_turn(worker->loop, on_turn, worker);
    hub_join_loop(worker->hub);
    loop_add_turn(worker->loop, look_at_end, worker);
    /* So that the loop has a first turn; later ones must come by mail. */
    loop_add_tick(worker->loop, 100, keep_awake, worker);
    for (uint32_t c = 0; c < CHANNELS; c++) {
        assert_int_equal(
            hub_subscribe(worker->hub, span_str(names[c]), 0, 0, &worker->subscriptions[0][c]),
            ERR_OK);
    }
}

static void worker_end(struct worker *worker) {
    for (uint32_t c = 0; c < CHANNELS; c++) {
        hub_unsubscribe(worker->hub, &worker->subscriptions[0][c], 0);
        if (worker->subscriptions[1][c].channel) {
            hub_unsubscribe(worker->hub, &worker->subscriptions[1][c], 1);
        }
    }
    loop_free(worker->loop);
    hub_free(worker->hub);
    mem_free(worker->counts);
    mem_free(worker->diaries);
}

/* Everything once, and each publisher's own in the order of publishing. */
static void check_diary(const struct diary *diary) {
    assert_int_equal(diary->count, WORKERS * PUBLISHES / CHANNELS);
    int64_t last[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        last[i] = -1;
    for (uint32_t i = 0; i < diary->count; i++) {
        uint32_t publisher = diary->heard[i] >> 24;
        int64_t number = diary->heard[i] & 0xffffff;
        assert_true(publisher < WORKERS);
        assert_true(number > last[publisher]);
        last[publisher] = number;
    }
}

static void all_hear_all_in_one_order(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 64 << 20);
    static struct worker workers[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++)
        worker_begin(&workers[i], shared, i);
    for (uint32_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    for (uint32_t i = 0; i < WORKERS; i++)
        (void)pthread_join(workers[i].thread, NULL);
    for (uint32_t i = 0; i < WORKERS; i++) {
        assert_int_equal(workers[i].refused, 0); /* there was room all the time */
        for (uint32_t c = 0; c < CHANNELS; c++) {
            const struct diary *diary = &workers[i].diaries[c], *first = &workers[0].diaries[c];
            check_diary(diary);
            assert_memory_equal(diary->heard, first->heard, diary->count * sizeof(uint32_t));
        }
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        worker_end(&workers[i]);
    assert_true(crowd_is_empty(shared));
    assert_int_equal(crowd_entries(shared), 0);
    assert_int_equal(shared->mailed_bytes, 0);
    hub_shared_finish(shared);
    mem_free(shared);
}

/* Two publish on different channels (and stripes) to a third that reads nothing, until it is full:
 * whatever they were told was delivered is there. */

struct flooder {
    pthread_t thread;
    struct crowd *crowd;
    const char *channel;
    pthread_barrier_t *barrier;
    uint64_t told;
};

static void *flood(void *arg) {
    struct flooder *flooder = arg;
    struct receipt receipt;
    (void)pthread_barrier_wait(flooder->barrier);
    while (crowd_publish(flooder->crowd, flooder->channel, "x", &receipt) == ERR_OK)
        flooder->told += receipt.deliveries;
    return NULL;
}

static void what_was_promised_is_there(void **state) {
    (void)state;
    struct hub_shared *shared = mem_new(sizeof *shared);
    hub_shared_init(shared, 1 << 30);
    struct crowd *receiver = crowd_new(shared);
    hub_join_loop(receiver->hub);
    struct flooder flooders[2];
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    for (uint32_t i = 0; i < 2; i++) {
        flooders[i] = (struct flooder){ .crowd = crowd_new(shared),
                                        .channel = names[i],
                                        .barrier = &barrier };
        assert_int_equal(hub_subscribe(receiver->hub, span_str(names[i]), 1, 0,
                                       &receiver->list[1].subscriptions[i]),
                         ERR_OK);
    }
    uint64_t heard = 0;
    for (int round = 0; round < 5; round++) {
        uint64_t told = 0;
        for (uint32_t i = 0; i < 2; i++) {
            flooders[i].told = 0;
            assert_int_equal(pthread_create(&flooders[i].thread, NULL, flood, &flooders[i]), 0);
        }
        for (uint32_t i = 0; i < 2; i++) {
            (void)pthread_join(flooders[i].thread, NULL);
            told += flooders[i].told;
        }
        for (int turn = 0; turn < 10; turn++)
            crowd_turn(receiver);
        assert_int_equal(receiver->list[1].heard - heard, told);
        heard = receiver->list[1].heard;
    }
    crowd_leave(receiver, 0);
    crowd_free(receiver);
    for (uint32_t i = 0; i < 2; i++)
        crowd_free(flooders[i].crowd);
    (void)pthread_barrier_destroy(&barrier);
    hub_shared_finish(shared);
    mem_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_hear_all_in_one_order),
        cmocka_unit_test(what_was_promised_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
