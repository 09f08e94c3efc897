/* SPDX-License-Identifier: MIT */
/*
 * The library against a real Redis: what arrives, what becomes of what does not, and that no call
 * waits for any of it.
 */
#include "base/clock.h"
#include "redis_process.h"
#include "tidings/tidings.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

enum { RESULTS = 10, PATIENCE_MS = 20000 };

/* What `done` was told. */
struct told {
    _Atomic uint64_t count[RESULTS]; /* by result, negated; those that are positive do not come */
    _Atomic uint64_t last_id;
    atomic_bool is_out_of_order;
    _Atomic unsigned lines;
};

static void on_done(void *owner, const struct tidings_outcome *outcome) {
    struct told *told = owner;
    atomic_fetch_add(&told->count[-outcome->result], 1);
    if (outcome->id <= atomic_exchange(&told->last_id, outcome->id))
        atomic_store(&told->is_out_of_order, true);
}

static void on_log(void *owner, enum tidings_level level, const char *text) {
    (void)level;
    (void)text;
    struct told *told = owner;
    atomic_fetch_add(&told->lines, 1);
}

static uint64_t count_of(const struct told *told, enum tidings_result result) {
    return atomic_load(&told->count[-(int)result]);
}

static struct tidings *publisher_new(uint16_t port, struct told *told,
                                     const struct tidings_options *base) {
    char url[64], problem[TIDINGS_PROBLEM_MAX];
    struct tidings_options options = base ? *base : (struct tidings_options)TIDINGS_OPTIONS;
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", (unsigned)port);
    options.url = url;
    options.done = on_done;
    options.log = on_log;
    options.owner = told;
    struct tidings *publisher = tidings_new(&options, problem);
    if (!publisher) fail_msg("%s", problem);
    return publisher;
}

static struct tidings_counters counters_of(struct tidings *publisher) {
    struct tidings_counters counters;
    tidings_count(publisher, &counters);
    return counters;
}

static void wait_until_connected(struct tidings *publisher) {
    for (int i = 0; i < PATIENCE_MS / 10 && !counters_of(publisher).is_connected; i++)
        redis_pause_ms(10);
    assert_true(counters_of(publisher).is_connected);
}

/* ---- a subscriber by hand ---- */

static int subscribe(uint16_t port, const char *channel) {
    char line[128], answer[256];
    int fd = redis_dial(port);
    assert_true(fd >= 0);
    int len = snprintf(line, sizeof line, "SUBSCRIBE %s\r\n", channel);
    assert_int_equal(send(fd, line, (size_t)len, MSG_NOSIGNAL), len);
    assert_true(recv(fd, answer, sizeof answer, 0) > 0);
    return fd;
}

/* The numbers that come as messages, one behind the other, each of which is larger than the one
 * before: nothing twice. Until `last`, or nothing comes for `ms`. Returns how many. */
static uint64_t hear_numbers(int fd, uint64_t last, unsigned ms) {
    static char all[1 << 20];
    size_t len = 0;
    uint64_t count = 0, highest = 0;
    const struct timeval patience = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (highest < last) {
        ssize_t got = recv(fd, all + len, sizeof all - len, 0);
        if (got <= 0) break;
        len += (size_t)got;
        char *at = all, *end = all + len, *line;
        /* Numbers stand alone in a line that does not begin with RESP's marks. */
        while ((line = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            if (*at >= '1' && *at <= '9') {
                uint64_t number = strtoull(at, NULL, 10);
                assert_true(number > highest);
                highest = number;
                count++;
            }
            at = line + 1;
        }
        memmove(all, at, (size_t)(end - at));
        len = (size_t)(end - at);
    }
    return count;
}

static int publish_number(struct tidings *publisher, uint64_t number) {
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return tidings_publish_user(publisher, "u1", text, (size_t)len);
}

/* ---- tests ---- */

static void what_is_published_arrives_in_order(void **state) {
    (void)state;
    struct redis_process redis = { .port = redis_free_port() };
    redis_start(&redis);
    struct told told = { 0 };
    struct tidings *publisher = publisher_new(redis.port, &told, NULL);
    int ear = subscribe(redis.port, "ws:u1");
    for (uint64_t i = 1; i <= 5000; i++)
        assert_int_equal(publish_number(publisher, i), TIDINGS_OK);
    assert_int_equal(hear_numbers(ear, 5000, PATIENCE_MS), 5000);
    assert_int_equal(tidings_flush(publisher, PATIENCE_MS), TIDINGS_OK);
    struct tidings_counters counters = counters_of(publisher);
    assert_int_equal(counters.published, 5000);
    assert_int_equal(counters.waiting, 0);
    assert_int_equal(counters.waiting_bytes, 0);
    assert_true(counters.latency_ns_max > 0);
    assert_int_equal(count_of(&told, TIDINGS_OK), 5000);
    assert_false(atomic_load(&told.is_out_of_order));
    (void)close(ear);
    tidings_free(publisher);
    redis_stop(&redis);
}

static void channels_and_prefixes(void **state) {
    (void)state;
    struct redis_process redis = { .port = redis_free_port() };
    redis_start(&redis);
    struct told told = { 0 };
    struct tidings_options options = TIDINGS_OPTIONS;
    options.prefix = "app:";
    struct tidings *publisher = publisher_new(redis.port, &told, &options);
    int all = subscribe(redis.port, "app:broadcast"), one = subscribe(redis.port, "app:c1");
    assert_int_equal(tidings_publish_broadcast(publisher, "1", 1), TIDINGS_OK);
    assert_int_equal(tidings_publish_channel(publisher, "c1", "2", 1), TIDINGS_OK);
    assert_int_equal(hear_numbers(all, 1, PATIENCE_MS), 1);
    assert_int_equal(hear_numbers(one, 2, PATIENCE_MS), 1);
    (void)close(all);
    (void)close(one);
    tidings_free(publisher);
    redis_stop(&redis);
}

static void what_is_none_is_not_queued(void **state) {
    (void)state;
    struct told told = { 0 };
    struct tidings_options options = TIDINGS_OPTIONS;
    options.message_bytes_max = 8;
    options.close_ms = 0;
    struct tidings *publisher = publisher_new(redis_free_port(), &told, &options);
    char long_name[300];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    static const char *const bad[] = { "", "{", "\"\xff\"", "1 2", "nan" };
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(tidings_publish_user(publisher, "u", bad[i], strlen(bad[i])),
                         TIDINGS_INVALID);
    }
    assert_int_equal(tidings_publish_user(publisher, "u", "123456789", 9), TIDINGS_TOO_BIG);
    assert_int_equal(tidings_publish_user(publisher, long_name, "1", 1), TIDINGS_INVALID);
    assert_int_equal(tidings_publish_channel(publisher, "", "1", 1), TIDINGS_INVALID);
    assert_int_equal(tidings_publish_channel(publisher, "a\nb", "1", 1), TIDINGS_INVALID);
    unsigned lines = atomic_load(&told.lines);
    assert_int_equal(tidings_publish_user(publisher, NULL, "1", 1), TIDINGS_SKIPPED);
    assert_int_equal(tidings_publish_user(publisher, "", "1", 1), TIDINGS_SKIPPED);
    assert_true(atomic_load(&told.lines) >= lines + 2);
    assert_int_equal(tidings_produce(publisher, "topic", NULL, "1", 1), TIDINGS_REFUSED);
    struct tidings_counters counters = counters_of(publisher);
    assert_int_equal(counters.skipped, 2);
    assert_int_equal(counters.rejected, countof(bad) + 5);
    assert_int_equal(counters.queued, 0);
    tidings_free(publisher);
}

static void options_that_are_none_are_refused(void **state) {
    (void)state;
    static const char *const urls[] = {
        NULL, "", "127.0.0.1", "ftp://x", "redis://", "redis://h:x"
    };
    for (size_t i = 0; i < countof(urls); i++) {
        struct tidings_options options = TIDINGS_OPTIONS;
        char problem[TIDINGS_PROBLEM_MAX] = "";
        options.url = urls[i];
        assert_null(tidings_new(&options, problem));
        assert_true(strlen(problem) > 0);
        assert_null(tidings_new(&options, NULL));
    }
    struct tidings_options none = { .url = "redis://127.0.0.1" };
    char problem[TIDINGS_PROBLEM_MAX];
    assert_null(tidings_new(&none, problem));
    tidings_free(NULL);
}

/* Nobody is there: calls return at once, the queue is bounded, what waits too long is dropped. */
static void without_redis_nothing_waits(void **state) {
    (void)state;
    struct told told = { 0 };
    struct tidings_options options = TIDINGS_OPTIONS;
    options.queue_messages_max = 100;
    options.deadline_ms = 300;
    options.close_ms = 100;
    struct tidings *publisher = publisher_new(redis_free_port(), &told, &options);
    int full = 0;
    for (uint64_t i = 1; i <= 200; i++)
        full += publish_number(publisher, i) == TIDINGS_FULL;
    assert_true(full >= 100);
    assert_true(counters_of(publisher).waiting <= 100);
    assert_int_equal(tidings_flush(publisher, PATIENCE_MS), TIDINGS_OK);
    assert_int_equal(count_of(&told, TIDINGS_EXPIRED), 200 - (uint64_t)full);
    assert_int_equal(publish_number(publisher, 1), TIDINGS_OK);
    tidings_free(publisher);
    assert_int_equal(count_of(&told, TIDINGS_CLOSED) + count_of(&told, TIDINGS_EXPIRED),
                     201 - (uint64_t)full);
}

/* A Redis that hangs, is killed and comes back, under a caller that never stops. */
static void nothing_is_sent_twice(void **state) {
    (void)state;
    struct redis_process redis = { .port = redis_free_port() };
    redis_start(&redis);
    struct told told = { 0 };
    struct tidings_options options = TIDINGS_OPTIONS;
    options.reply_timeout_ms = 300;
    options.deadline_ms = 1000;
    options.queue_messages_max = 1000;
    struct tidings *publisher = publisher_new(redis.port, &told, &options);
    wait_until_connected(publisher);
    int ear = subscribe(redis.port, "ws:u1");
    uint64_t number = 0, longest_ns = 0, taken = 0;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1500; i++) {
            if (i == 300) (void)kill(redis.pid, SIGSTOP);
            if (i == 1000) (void)kill(redis.pid, SIGCONT);
            uint64_t began_ns = clock_now_ns();
            taken += publish_number(publisher, ++number) == TIDINGS_OK;
            uint64_t took_ns = clock_now_ns() - began_ns;
            if (took_ns > longest_ns) longest_ns = took_ns;
            redis_pause_ms(1);
        }
    }
    wait_until_connected(publisher);
    assert_int_equal(publish_number(publisher, 1000000), TIDINGS_OK);
    uint64_t heard = hear_numbers(ear, 1000000, PATIENCE_MS);
    (void)close(ear);
    /* One that is gone for a while, and comes back as new. */
    redis_stop(&redis);
    for (int i = 0; i < 50; i++) {
        taken += publish_number(publisher, 1000001 + (uint64_t)i) == TIDINGS_OK;
        redis_pause_ms(1);
    }
    redis_start(&redis);
    wait_until_connected(publisher);
    ear = subscribe(redis.port, "ws:u1");
    taken += publish_number(publisher, 2000000) == TIDINGS_OK;
    heard += hear_numbers(ear, 2000000, PATIENCE_MS);
    assert_int_equal(tidings_flush(publisher, PATIENCE_MS), TIDINGS_OK);
    uint64_t ok = count_of(&told, TIDINGS_OK), unknown = count_of(&told, TIDINGS_UNKNOWN);
    uint64_t expired = count_of(&told, TIDINGS_EXPIRED);
    assert_int_equal(ok + unknown + expired, taken + 1);
    assert_true(unknown > 0);
    assert_true(heard >= ok && heard <= ok + unknown);
    /* Far below the 300 ms that an answer may take, however busy the machine. */
    assert_true(longest_ns < 200 * NS_PER_MS);
    (void)close(ear);
    tidings_free(publisher);
    redis_stop(&redis);
}

static void a_refusal_says_why(void **state) {
    (void)state;
    struct redis_process redis = { .port = redis_free_port() };
    redis_start(&redis);
    struct told told = { 0 };
    struct tidings *publisher = publisher_new(redis.port, &told, NULL);
    wait_until_connected(publisher);
    redis_say(redis.port, "ACL SETUSER default -publish");
    assert_int_equal(publish_number(publisher, 1), TIDINGS_OK);
    assert_int_equal(tidings_flush(publisher, PATIENCE_MS), TIDINGS_OK);
    assert_int_equal(count_of(&told, TIDINGS_REFUSED), 1);
    assert_int_equal(counters_of(publisher).failed, 1);
    tidings_free(publisher);
    redis_stop(&redis);
}

enum { THREADS = 4, EACH = 500 };

static void *publish_some(void *arg) {
    for (int i = 0; i < EACH; i++) {
        while (tidings_publish_broadcast(arg, "0", 1) == TIDINGS_FULL)
            redis_pause_ms(1);
    }
    return NULL;
}

static void threads_share_a_publisher(void **state) {
    (void)state;
    struct redis_process redis = { .port = redis_free_port() };
    redis_start(&redis);
    struct told told = { 0 };
    struct tidings_options options = TIDINGS_OPTIONS;
    options.queue_messages_max = 64;
    struct tidings *publisher = publisher_new(redis.port, &told, &options);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, publish_some, publisher), 0);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    tidings_free(publisher);
    assert_int_equal(count_of(&told, TIDINGS_OK), THREADS * EACH);
    assert_false(atomic_load(&told.is_out_of_order));
    redis_stop(&redis);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_arrives_in_order),
        cmocka_unit_test(channels_and_prefixes),
        cmocka_unit_test(what_is_none_is_not_queued),
        cmocka_unit_test(options_that_are_none_are_refused),
        cmocka_unit_test(without_redis_nothing_waits),
        cmocka_unit_test(nothing_is_sent_twice),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(threads_share_a_publisher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
