/* SPDX-License-Identifier: MIT */
/*
 * Declared channels: their owners, their limits, what they carried and when they are forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { OVERHEAD = 10, KEEP_S = 60 };

/* The store does not look into messages, so here they are this. */
struct message {
    atomic_int refs;
    size_t bytes;
};

static struct message *ref(struct message *m) {
    atomic_fetch_add(&m->refs, 1);
    return m;
}
static void unref(struct message *m) {
    assert(atomic_fetch_sub(&m->refs, 1) > 0);
}
static size_t bytes_of(const struct message *m) {
    return m->bytes;
}

static const struct store_message_ops ops = { ref, unref, bytes_of, OVERHEAD };

static const struct store_options roomy = {
    .channels_max = 1000,
    .channel_messages_max = 1000,
    .channel_bytes_max = 1000000,
    .bytes_max = 1000000,
    .keep_seconds = KEEP_S,
};

static enum err declare(struct store *store, const char *channel, const char *owner, uint32_t now_s,
                        bool *ret_is_new) {
    return store_declare(store, span_str(channel), span_str(owner), now_s, ret_is_new);
}

static void declare_new(struct store *store, const char *channel, const char *owner,
                        uint32_t now_s) {
    bool is_new = false;
    assert_int_equal(declare(store, channel, owner, now_s, &is_new), ERR_OK);
    assert_true(is_new);
}

static bool is_declared(struct store *store, const char *channel) {
    char owner[STORE_OWNER_MAX];
    size_t len;
    return store_owner(store, span_str(channel), owner, &len) == ERR_OK;
}

static enum err append(struct store *store, const char *channel, struct message *m, uint32_t now_s,
                       uint64_t *ret) {
    return store_append(store, span_str(channel), m, false, now_s, ret);
}

static void a_channel_has_one_owner(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    char owner[STORE_OWNER_MAX];
    size_t len = 99;
    bool is_new = true;
    assert_int_equal(store_owner(store, SPAN("c"), owner, &len), ERR_NOT_FOUND);
    assert_int_equal(len, 99);
    declare_new(store, "c", "anna", 1);
    declare_new(store, "cc", "", 1);
    assert_int_equal(declare(store, "c", "anna", 1, &is_new), ERR_OK);
    assert_false(is_new);
    is_new = true;
    static const char *const others[] = { "", "ann", "annaa", "Anna" };
    for (size_t i = 0; i < countof(others); i++)
        assert_int_equal(declare(store, "c", others[i], 1, &is_new), ERR_EXISTS);
    assert_int_equal(declare(store, "cc", "anna", 1, &is_new), ERR_EXISTS);
    assert_true(is_new); /* untouched */
    assert_int_equal(declare(store, "cc", "", 1, &is_new), ERR_OK);
    assert_int_equal(store_owner(store, SPAN("c"), owner, &len), ERR_OK);
    assert_true(span_eq(span_of(owner, len), SPAN("anna")));
    assert_int_equal(store_owner(store, SPAN("cc"), owner, &len), ERR_OK);
    assert_int_equal(len, 0);
    assert_int_equal(store_channels(store), 2);
    store_free(store);
    store_free(NULL);
}

static void names_and_owners_have_a_length(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    char text[300];
    memset(text, 'x', sizeof text);
    bool is_new;
    assert_int_equal(store_declare(store, SPAN(""), SPAN(""), 1, &is_new), ERR_TOO_BIG);
    assert_int_equal(store_declare(store, span_of(text, 256), SPAN(""), 1, &is_new), ERR_TOO_BIG);
    assert_int_equal(
        store_declare(store, SPAN("c"), span_of(text, STORE_OWNER_MAX + 1), 1, &is_new),
        ERR_TOO_BIG);
    assert_int_equal(
        store_declare(store, span_of(text, 200), span_of(text, STORE_OWNER_MAX), 1, &is_new),
        ERR_OK);
    char owner[STORE_OWNER_MAX];
    size_t len;
    assert_int_equal(store_owner(store, span_of(text, 200), owner, &len), ERR_OK);
    assert_true(span_eq(span_of(owner, len), span_of(text, STORE_OWNER_MAX)));
    assert_int_equal(store_owner(store, span_of(text, 199), owner, &len), ERR_NOT_FOUND);
    store_free(store);
}

static void messages_come_back_in_order(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    struct message m[100] = { 0 };
    struct store_item items[7];
    uint64_t number = 0;
    assert_int_equal(append(store, "c", &m[0], 1, &number), ERR_NOT_FOUND);
    assert_int_equal(store_check(store, SPAN("c"), 0), ERR_NOT_FOUND);
    assert_int_equal(store_read(store, SPAN("c"), 0, items, 7), 0);
    declare_new(store, "c", "", 1);
    assert_int_equal(store_read(store, SPAN("c"), 0, items, 7), 0);
    for (uint64_t i = 0; i < countof(m); i++) {
        m[i].bytes = i;
        bool is_last = i == 50;
        assert_int_equal(store_append(store, SPAN("c"), &m[i], is_last, 1, &number), ERR_OK);
        assert_int_equal(number, i + 1);
        assert_int_equal(m[i].refs, 1);
    }
    for (uint64_t after = 0; after <= countof(m) + 2; after++) {
        for (size_t max = 0; max <= 7; max++) {
            uint64_t left = after < countof(m) ? countof(m) - after : 0;
            size_t count = store_read(store, SPAN("c"), after, items, max);
            assert_int_equal(count, size_min(max, left));
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(items[i].sequence, after + i + 1);
                assert_ptr_equal(items[i].message, &m[after + i]);
                assert_int_equal(items[i].is_last, after + i == 50);
                assert_int_equal(m[after + i].refs, 2);
                unref(items[i].message);
            }
        }
    }
    assert_int_equal(store_read(store, SPAN("c"), UINT64_MAX, items, 7), 0);
    assert_int_equal(store_bytes(store), 99 * 50 + 100 * OVERHEAD);
    store_free(store);
    for (size_t i = 0; i < countof(m); i++)
        assert_int_equal(m[i].refs, 0);
}

static void what_is_full_takes_no_more(void **state) {
    (void)state;
    const struct store_options narrow = { .channels_max = 2,
                                          .channel_messages_max = 3,
                                          .channel_bytes_max = 100,
                                          .bytes_max = 100 + 6 * OVERHEAD,
                                          .keep_seconds = KEEP_S };
    struct store *store = store_new(&narrow, &ops);
    struct message small = { .bytes = 1 }, none = { 0 }, most = { .bytes = 98 };
    struct message over = { .bytes = 101 }, huge = { .bytes = SIZE_MAX };
    uint64_t number = 0;
    bool is_new;
    declare_new(store, "a", "", 1);
    declare_new(store, "b", "", 1);
    assert_int_equal(declare(store, "c", "", 1, &is_new), ERR_LIMIT);
    assert_int_equal(declare(store, "a", "", 1, &is_new), ERR_OK);

    assert_int_equal(append(store, "a", &over, 1, &number), ERR_LIMIT);
    assert_int_equal(append(store, "a", &huge, 1, &number), ERR_LIMIT);
    assert_int_equal(append(store, "a", &small, 1, &number), ERR_OK);
    assert_int_equal(append(store, "a", &most, 1, &number), ERR_OK);
    assert_int_equal(store_check(store, SPAN("a"), 1), ERR_OK);
    assert_int_equal(store_check(store, SPAN("a"), 2), ERR_LIMIT);
    assert_int_equal(append(store, "a", &small, 1, &number), ERR_OK);
    assert_int_equal(number, 3);
    assert_int_equal(append(store, "a", &none, 1, &number), ERR_LIMIT); /* a fourth */
    assert_int_equal(number, 3);
    /* All channels together. */
    assert_int_equal(store_check(store, SPAN("b"), 20), ERR_OK);
    assert_int_equal(store_check(store, SPAN("b"), 21), ERR_LIMIT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(store, "b", &none, 1, &number), ERR_OK);
    assert_int_equal(store_bytes(store), narrow.bytes_max);
    store_sweep(store, 1 + KEEP_S, NULL);
    assert_int_equal(store_bytes(store), 0);
    assert_int_equal(store_channels(store), 0);
    assert_int_equal(small.refs + none.refs + most.refs + over.refs + huge.refs, 0);
    declare_new(store, "c", "", 100);
    store_free(store);
}

/* Overhead alone can be more than what is left. */
static void the_last_bytes_may_be_too_few_for_any(void **state) {
    (void)state;
    struct store_options narrow = roomy;
    narrow.bytes_max = OVERHEAD + OVERHEAD / 2;
    struct store *store = store_new(&narrow, &ops);
    struct message none = { 0 };
    uint64_t number;
    declare_new(store, "a", "", 1);
    assert_int_equal(append(store, "a", &none, 1, &number), ERR_OK);
    assert_int_equal(append(store, "a", &none, 1, &number), ERR_LIMIT);
    store_free(store);
}

static void silence_makes_it_forget(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    struct message m = { 0 };
    uint64_t number;
    bool is_new;
    declare_new(store, "silent", "", 10);
    declare_new(store, "told", "", 10);
    declare_new(store, "again", "", 10);
    assert_int_equal(append(store, "told", &m, 20, &number), ERR_OK);
    assert_int_equal(declare(store, "again", "", 30, &is_new), ERR_OK);
    store_sweep(store, 10 + KEEP_S - 1, NULL);
    assert_int_equal(store_channels(store), 3);
    store_sweep(store, 10 + KEEP_S, NULL);
    assert_false(is_declared(store, "silent"));
    assert_true(is_declared(store, "told"));
    store_sweep(store, 20 + KEEP_S, NULL);
    assert_false(is_declared(store, "told"));
    assert_int_equal(m.refs, 0);
    assert_true(is_declared(store, "again"));
    store_sweep(store, 30 + KEEP_S, NULL);
    assert_int_equal(store_channels(store), 0);
    assert_int_equal(store_bytes(store), 0);
    store_free(store);
}

static void a_sweep_forgets_all_whose_time_has_come(void **state) {
    (void)state;
    struct store_options options = roomy;
    options.channels_max = 5000;
    struct store *store = store_new(&options, &ops);
    char name[16];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        declare_new(store, name, "", i < 4000 ? 10 : 11);
    }
    store_sweep(store, 10 + KEEP_S, NULL);
    assert_int_equal(store_channels(store), 1000);
    store_free(store);
}

/* Somebody listens to channels whose names begin with "heard". */
struct listeners {
    uint32_t held, released;
};

static bool hold(void *owner, struct span channel) {
    struct listeners *listeners = owner;
    assert_int_equal(listeners->held++, listeners->released);
    return span_starts(channel, SPAN("heard"));
}

static void release(void *owner) {
    struct listeners *listeners = owner;
    assert_int_equal(listeners->held, ++listeners->released);
}

static void what_is_heard_is_kept_on(void **state) {
    (void)state;
    struct listeners listeners = { 0 };
    const struct store_listeners ask = { hold, release, &listeners };
    struct store *store = store_new(&roomy, &ops);
    declare_new(store, "heard 1", "", 10);
    declare_new(store, "silent", "", 10);
    declare_new(store, "heard 2", "", 10);
    declare_new(store, "young", "", 11);
    store_sweep(store, 10 + KEEP_S, &ask);
    assert_int_equal(listeners.held, 3); /* nobody is asked of what is young */
    assert_true(is_declared(store, "heard 1"));
    assert_false(is_declared(store, "silent"));
    assert_true(is_declared(store, "heard 2"));
    assert_true(is_declared(store, "young"));
    /* For as long again from then. */
    store_sweep(store, 10 + 2 * KEEP_S - 1, NULL);
    assert_false(is_declared(store, "young"));
    store_touch(store, SPAN("heard 2"), 10 + 2 * KEEP_S - 1);
    store_touch(store, SPAN("young"), 10 + 2 * KEEP_S - 1); /* too late */
    store_sweep(store, 10 + 2 * KEEP_S, NULL);
    assert_false(is_declared(store, "heard 1"));
    assert_true(is_declared(store, "heard 2"));
    store_sweep(store, 10 + 3 * KEEP_S - 1, NULL);
    assert_int_equal(store_channels(store), 0);
    store_free(store);
}

/* Threads read their clocks at different times. */
static void a_clock_that_lags_forgets_nothing(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    declare_new(store, "c", "", 100);
    store_sweep(store, 99, NULL);
    assert_true(is_declared(store, "c"));
    store_sweep(store, 0, NULL);
    assert_true(is_declared(store, "c"));
    store_free(store);
}

static void a_second_life_is_numbered_behind_the_first(void **state) {
    (void)state;
    struct store *store = store_new(&roomy, &ops);
    struct message m[5] = { 0 };
    uint64_t number;
    declare_new(store, "c", "", 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(store, "c", &m[i], 1, &number), ERR_OK);
    assert_int_equal(number, 3);
    store_sweep(store, 1 + KEEP_S, NULL);
    declare_new(store, "c", "other", 100);
    assert_int_equal(append(store, "c", &m[3], 100, &number), ERR_OK);
    assert_true(number > 3);
    struct store_item items[4];
    /* For one that comes now and for one that had all of the first life. */
    for (uint64_t after = 0; after <= 3; after++) {
        assert_int_equal(store_read(store, SPAN("c"), after, items, 4), 1);
        assert_ptr_equal(items[0].message, &m[3]);
        assert_int_equal(items[0].sequence, number);
        unref(items[0].message);
    }
    assert_int_equal(store_read(store, SPAN("c"), number, items, 4), 0);
    store_free(store);
}

static void without_memory_nothing_changes(void **state) {
    (void)state;
    bool is_done = false;
    for (uint64_t nth = 1; !is_done; nth++) {
        struct store *store = store_new(&roomy, &ops);
        struct message m = { .bytes = 5 };
        uint64_t declared = 0, appended = 0, number = 0;
        mem_fail_nth(nth);
        for (int i = 0; i < 40; i++) {
            char name[8];
            bool is_new = false;
            (void)snprintf(name, sizeof name, "c%d", i);
            enum err e = declare(store, name, "me", 1, &is_new);
            assert_true(e == ERR_OK || e == ERR_NOMEM);
            assert_int_equal(is_new, e == ERR_OK);
            declared += e == ERR_OK;
        }
        for (int i = 0; i < 40; i++) {
            enum err e = append(store, "c39", &m, 1, &number);
            assert_true(e == ERR_OK || e == ERR_NOMEM || (e == ERR_NOT_FOUND && declared == 39));
            appended += e == ERR_OK;
            assert_int_equal(number, appended);
        }
        is_done = nth > mem_tried();
        mem_fail_nth(0);
        if (is_done) assert_int_equal(declared + appended, 80);
        assert_int_equal(store_channels(store), declared);
        assert_int_equal(store_bytes(store), appended * (5 + OVERHEAD));
        assert_int_equal(m.refs, (int)appended);
        store_free(store);
        assert_int_equal(m.refs, 0);
    }
}

/* Threads that append to one channel, one that reads on and on, one that declares and sweeps. */
enum { WRITERS = 3, APPENDS = 3000 };

struct crowd {
    struct store *store;
    atomic_int next, finished;
    struct message messages[WRITERS * APPENDS];
};

static void *write_all(void *arg) {
    struct crowd *crowd = arg;
    for (int i = 0; i < APPENDS; i++) {
        struct message *m = &crowd->messages[atomic_fetch_add(&crowd->next, 1)];
        uint64_t number = 0;
        enum err e = append(crowd->store, "c", m, 50, &number);
        assert(e == ERR_OK && number > 0);
        (void)e;
    }
    atomic_fetch_add(&crowd->finished, 1);
    return NULL;
}

static void *read_all(void *arg) {
    struct crowd *crowd = arg;
    struct store_item items[16];
    uint64_t after = 0;
    while (after < WRITERS * APPENDS) {
        size_t count = store_read(crowd->store, SPAN("c"), after, items, countof(items));
        for (size_t i = 0; i < count; i++) {
            assert(items[i].sequence == ++after);
            unref(items[i].message);
        }
    }
    return NULL;
}

static void *come_and_go(void *arg) {
    struct crowd *crowd = arg;
    for (uint32_t i = 0; atomic_load(&crowd->finished) < WRITERS; i++) {
        char name[16];
        bool is_new;
        (void)snprintf(name, sizeof name, "%u", i % 100);
        (void)!declare(crowd->store, name, "", 1, &is_new);
        store_sweep(crowd->store, 1 + KEEP_S, NULL);
        (void)store_channels(crowd->store);
        (void)store_bytes(crowd->store);
        (void)is_declared(crowd->store, "c");
    }
    return NULL;
}

static void many_threads_at_once(void **state) {
    (void)state;
    struct store_options options = roomy;
    options.channel_messages_max = WRITERS * APPENDS;
    struct crowd *crowd = mem_new(sizeof *crowd);
    crowd->store = store_new(&options, &ops);
    declare_new(crowd->store, "c", "", 50);
    pthread_t threads[WRITERS + 2];
    for (size_t i = 0; i < countof(threads); i++) {
        void *(*run)(void *) = i < WRITERS ? write_all : i == WRITERS ? read_all : come_and_go;
        assert_int_equal(pthread_create(&threads[i], NULL, run, crowd), 0);
    }
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(store_bytes(crowd->store), WRITERS * APPENDS * OVERHEAD);
    store_free(crowd->store);
    for (size_t i = 0; i < countof(crowd->messages); i++)
        assert_int_equal(crowd->messages[i].refs, 0);
    mem_free(crowd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_has_one_owner),
        cmocka_unit_test(names_and_owners_have_a_length),
        cmocka_unit_test(messages_come_back_in_order),
        cmocka_unit_test(what_is_full_takes_no_more),
        cmocka_unit_test(the_last_bytes_may_be_too_few_for_any),
        cmocka_unit_test(silence_makes_it_forget),
        cmocka_unit_test(a_sweep_forgets_all_whose_time_has_come),
        cmocka_unit_test(what_is_heard_is_kept_on),
        cmocka_unit_test(a_clock_that_lags_forgets_nothing),
        cmocka_unit_test(a_second_life_is_numbered_behind_the_first),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(many_threads_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
