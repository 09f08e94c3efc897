/* SPDX-License-Identifier: MIT */
/*
 * Tests of api/idempotency: who owns a key, what the same call again gets, what is forgotten when,
 * and many threads at once.
 */
#include "api/idempotency_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <cmocka.h>

static struct idempotency *table;
static struct buf answer;

static int set_up(void **unused) {
    (void)unused;
    table = idempotency_new(4, 4096);
    buf_init(&answer, 1 << 20);
    return 0;
}

static int tear_down(void **unused) {
    (void)unused;
    idempotency_free(table);
    buf_finish(&answer);
    return 0;
}

static enum idempotency_verdict begin_as(uint32_t owner, const char *key, const char *body,
                                         uint64_t now_s, struct idempotency_entry **ret) {
    const struct idempotency_call call = { owner, span_str(key), span_str(body) };
    return idempotency_begin(table, &call, now_s * NS_PER_S, ret, &answer);
}

static enum idempotency_verdict begin(const char *key, const char *body, uint64_t now_s,
                                      struct idempotency_entry **ret) {
    return begin_as(0, key, body, now_s, ret);
}

/* Does a call from begin to end. */
static void complete(const char *key, const char *body, uint64_t now_s, const char *text) {
    struct idempotency_entry *entry = NULL;
    assert_int_equal(begin(key, body, now_s, &entry), IDEMPOTENCY_FIRST);
    assert_non_null(entry);
    idempotency_finish(table, entry, span_str(text));
}

static bool is_known(const char *key, const char *body, uint64_t now_s) {
    struct idempotency_entry *entry = NULL;
    enum idempotency_verdict verdict = begin(key, body, now_s, &entry);
    if (verdict == IDEMPOTENCY_FIRST) idempotency_abandon(table, entry);
    return verdict == IDEMPOTENCY_AGAIN;
}

static void again(void **unused) {
    (void)unused;
    struct idempotency_entry *entry;
    complete("k", "body", 0, "{\"published\":[]}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(begin("k", "body", 1, &entry), IDEMPOTENCY_AGAIN);
        assert_true(span_eq(buf_span(&answer), SPAN("{\"published\":[]}")));
    }
    assert_int_equal(idempotency_count(table), 1);
}

static void another_body(void **unused) {
    (void)unused;
    struct idempotency_entry *entry;
    complete("k", "body", 0, "a");
    assert_int_equal(begin("k", "bodY", 1, &entry), IDEMPOTENCY_OTHER);
    assert_int_equal(begin("k", "body ", 1, &entry), IDEMPOTENCY_OTHER);
    assert_int_equal(begin("k", "", 1, &entry), IDEMPOTENCY_OTHER);
    assert_true(is_known("k", "body", 1));
}

static void keys_apart(void **unused) {
    (void)unused;
    struct idempotency_entry *entry;
    complete("k", "body", 0, "a");
    assert_false(is_known("K", "body", 1));
    assert_false(is_known("kk", "body", 1));
    /* Another API key has keys of its own. */
    assert_int_equal(begin_as(1, "k", "other", 1, &entry), IDEMPOTENCY_FIRST);
    idempotency_finish(table, entry, SPAN("b"));
    assert_true(is_known("k", "body", 1));
    assert_int_equal(begin_as(1, "k", "other", 1, &entry), IDEMPOTENCY_AGAIN);
    assert_true(span_eq(buf_span(&answer), SPAN("b")));
}

static void running(void **unused) {
    (void)unused;
    struct idempotency_entry *first;
    struct idempotency_entry *entry;
    assert_int_equal(begin("k", "body", 0, &first), IDEMPOTENCY_FIRST);
    assert_int_equal(begin("k", "body", 0, &entry), IDEMPOTENCY_RUNNING);
    assert_int_equal(begin("k", "other", 0, &entry), IDEMPOTENCY_OTHER);
    idempotency_abandon(table, first);
    assert_int_equal(idempotency_count(table), 0);
    assert_int_equal(idempotency_bytes(table), 0);
    assert_int_equal(begin("k", "other", 0, &entry), IDEMPOTENCY_FIRST);
    idempotency_finish(table, entry, SPAN("x"));
    assert_true(is_known("k", "other", 0));
}

static void time_is_over(void **unused) {
    (void)unused;
    complete("a", "body", 0, "x");
    complete("b", "body", 100, "x");
    assert_true(is_known("a", "body", 299));
    assert_false(is_known("a", "body", 300));
    assert_true(is_known("b", "body", 399));
    assert_false(is_known("b", "body", 400));
    assert_int_equal(idempotency_count(table), 0);
    assert_int_equal(idempotency_bytes(table), 0);
}

static void full_of_entries(void **unused) {
    (void)unused;
    static const char *const keys[] = { "a", "b", "c", "d", "e" };
    for (size_t i = 0; i < countof(keys); i++)
        complete(keys[i], "body", i, "x");
    assert_int_equal(idempotency_count(table), 4);
    assert_false(is_known("a", "body", 5)); /* and this try has cost b its place */
    assert_false(is_known("b", "body", 5));
    assert_true(is_known("d", "body", 5));
    assert_true(is_known("e", "body", 5));
}

static void full_of_bytes(void **unused) {
    (void)unused;
    char text[1501];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    complete("a", "body", 0, text);
    complete("b", "body", 0, text);
    assert_int_equal(idempotency_count(table), 2);
    complete("c", "body", 0, text);
    assert_true(idempotency_bytes(table) <= 4096);
    assert_int_equal(idempotency_count(table), 2);
    assert_true(is_known("c", "body", 0));
    assert_true(is_known("b", "body", 0));
}

/* What runs is not forgotten, whatever comes. */
static void full_of_running(void **unused) {
    (void)unused;
    static const char *const keys[] = { "a", "b", "c", "d" };
    struct idempotency_entry *entries[countof(keys)];
    struct idempotency_entry *entry;
    for (size_t i = 0; i < countof(keys); i++) {
        assert_int_equal(begin(keys[i], "body", 0, &entries[i]), IDEMPOTENCY_FIRST);
    }
    assert_int_equal(begin("e", "body", 1000, &entry), IDEMPOTENCY_NO_MEMORY);
    assert_int_equal(begin("a", "body", 1000, &entry), IDEMPOTENCY_RUNNING);
    idempotency_finish(table, entries[2], SPAN("x"));
    assert_int_equal(begin("e", "body", 1000, &entry), IDEMPOTENCY_FIRST);
    assert_int_equal(idempotency_count(table), 4);
    idempotency_abandon(table, entries[0]);
    idempotency_abandon(table, entries[1]);
    idempotency_abandon(table, entries[3]);
    idempotency_abandon(table, entry);
    assert_int_equal(idempotency_bytes(table), 0);
}

/* Without its answer a call is not done twice. */
static void lost_answer(void **unused) {
    (void)unused;
    struct idempotency_entry *entry;
    char text[5000] = { 0 };
    assert_int_equal(begin("empty", "body", 0, &entry), IDEMPOTENCY_FIRST);
    idempotency_finish(table, entry, (struct span){ NULL, 0 });
    assert_int_equal(begin("empty", "body", 0, &entry), IDEMPOTENCY_RUNNING);
    assert_int_equal(begin("big", "body", 0, &entry), IDEMPOTENCY_FIRST);
    idempotency_finish(table, entry, span_of(text, sizeof text));
    assert_int_equal(begin("big", "body", 0, &entry), IDEMPOTENCY_RUNNING);
    /* Nothing else was forgotten for an answer that can never fit. */
    assert_int_equal(begin("empty", "body", 0, &entry), IDEMPOTENCY_RUNNING);
    assert_int_equal(begin("memory", "body", 0, &entry), IDEMPOTENCY_FIRST);
    mem_fail_nth(1);
    idempotency_finish(table, entry, SPAN("x"));
    mem_fail_nth(0);
    assert_int_equal(begin("memory", "body", 0, &entry), IDEMPOTENCY_RUNNING);
    assert_false(is_known("memory", "body", 300));
}

static void no_memory(void **unused) {
    (void)unused;
    struct idempotency_entry *entry;
    mem_fail_nth(1);
    assert_int_equal(begin("k", "body", 0, &entry), IDEMPOTENCY_NO_MEMORY);
    mem_fail_nth(0);
    assert_int_equal(idempotency_count(table), 0);
    complete("k", "body", 0, "x");
    buf_finish(&answer);
    mem_fail_nth(1);
    assert_int_equal(begin("k", "body", 0, &entry), IDEMPOTENCY_NO_MEMORY);
    mem_fail_nth(0);
    assert_true(is_known("k", "body", 0));
}

/* The same calls from several threads: each is done by exactly one. */
enum { THREADS = 4, CALLS = 300 };
static _Atomic int done[CALLS];

static void *call_all(void *shared) {
    struct idempotency *big = shared;
    struct buf room;
    buf_init(&room, 64);
    for (int i = 0; i < CALLS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key %d", i);
        const struct idempotency_call call = { 7, span_str(key), SPAN("body") };
        struct idempotency_entry *entry;
        enum idempotency_verdict verdict;
        while ((verdict = idempotency_begin(big, &call, 0, &entry, &room)) == IDEMPOTENCY_RUNNING) {
        }
        if (verdict == IDEMPOTENCY_FIRST) {
            atomic_fetch_add(&done[i], 1);
            idempotency_finish(big, entry, span_str(key));
        } else if (verdict != IDEMPOTENCY_AGAIN || !span_eq(buf_span(&room), span_str(key))) {
            atomic_fetch_add(&done[i], 100);
        }
    }
    buf_finish(&room);
    return NULL;
}

static void threads(void **unused) {
    (void)unused;
    struct idempotency *big = idempotency_new(CALLS, IDEMPOTENCY_BYTES_MAX);
    pthread_t ids[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&ids[i], NULL, call_all, big), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(ids[i], NULL);
    for (int i = 0; i < CALLS; i++)
        assert_int_equal(atomic_load(&done[i]), 1);
    assert_int_equal(idempotency_count(big), CALLS);
    idempotency_free(big);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(again),        TEST(another_body),    TEST(keys_apart),          TEST(running),
        TEST(time_is_over), TEST(full_of_entries), TEST(full_of_bytes),       TEST(full_of_running),
        TEST(lost_answer),  TEST(no_memory),       cmocka_unit_test(threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
