/* SPDX-License-Identifier: MIT */
/*
 * The heaviest names against exact counts: few names, a skewed stream of many, windows that pass,
 * several sketches joined.
 */
#include "base/sketch.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NAMES = 20000, STREAM = 400000, TOP = 20, ALL = 2 * SKETCH_SETS * SKETCH_WAYS };

static struct sketch sketch;
static struct sketch_top tops[2 * ALL];
static uint64_t exact[NAMES];

static int set_up(void **unused) {
    (void)unused;
    memset(&sketch, 0, sizeof sketch);
    memset(exact, 0, sizeof exact);
    return 0;
}

/* The same names and hashes on every run. */
static void add(uint64_t window, const char *name, uint64_t weight) {
    static const uint64_t key[2] = { 17, 4 };
    struct span s = span_str(name);
    sketch_add(&sketch, window, (uint32_t)hash_span_keyed(s, key), s, weight);
}

static void assert_tops(size_t count, size_t expected, const char *text) {
    struct {
        char at[1024];
        size_t len;
    } all = { "", 0 };
    assert_int_equal(count, expected);
    for (size_t i = 0; i < count; i++) {
        all.len += (size_t)snprintf(all.at + all.len, sizeof all.at - all.len, "%.*s=%d ",
                                    SPAN_ARG(sketch_top_name(&tops[i])), (int)tops[i].count);
    }
    assert_string_equal(all.at, text);
}

static void few_names_are_exact(void **unused) {
    (void)unused;
    assert_int_equal(sketch_heaviest(&sketch, 7, ALL, tops), 0);
    add(7, "b", 3);
    add(7, "a", 1);
    add(7, "c", 5);
    add(7, "a", 2);
    add(7, "", 1);
    assert_tops(sketch_heaviest(&sketch, 7, ALL, tops), 4, "c=5 a=3 b=3 =1 ");
    assert_tops(sketch_heaviest(&sketch, 7, 2, tops), 2, "c=5 a=3 ");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(tops[i].error, 0);
}

static void long_names_are_cut(void **unused) {
    (void)unused;
    char name[SKETCH_NAME_MAX + 50];
    for (size_t len = SKETCH_NAME_MAX - 1; len < sizeof name; len++) {
        set_up(NULL);
        sketch_add(&sketch, 1, 5, span_of(memset(name, 'n', sizeof name), len), 1);
        assert_int_equal(sketch_heaviest(&sketch, 1, ALL, tops), 1);
        assert_int_equal(sketch_top_name(&tops[0]).len, size_min(len, SKETCH_NAME_MAX));
    }
}

/* Different names whose hashes are the same are kept apart. */
static void hashes_may_collide(void **unused) {
    (void)unused;
    sketch_add(&sketch, 1, 99, SPAN("one"), 1);
    sketch_add(&sketch, 1, 99, SPAN("two"), 2);
    sketch_add(&sketch, 1, 99, SPAN("one"), 5);
    assert_tops(sketch_heaviest(&sketch, 1, ALL, tops), 2, "one=6 two=2 ");
}

static void windows_pass(void **unused) {
    (void)unused;
    add(4, "a", 1);
    add(4, "b", 5);
    assert_tops(sketch_heaviest(&sketch, 5, ALL, tops), 2, "b=5 a=1 ");
    add(5, "a", 6);
    add(5, "c", 2);
    assert_tops(sketch_heaviest(&sketch, 5, ALL, tops), 3, "a=7 b=5 c=2 ");
    assert_tops(sketch_heaviest(&sketch, 6, ALL, tops), 2, "a=6 c=2 ");
    add(6, "d", 1);
    assert_tops(sketch_heaviest(&sketch, 6, ALL, tops), 3, "a=6 c=2 d=1 ");
    assert_int_equal(sketch_heaviest(&sketch, 8, ALL, tops), 0);
    add(9, "e", 1);
    assert_tops(sketch_heaviest(&sketch, 9, ALL, tops), 1, "e=1 ");
}

static void a_full_set_gives_up_its_smallest(void **unused) {
    (void)unused;
    char name[2] = "a";
    for (uint64_t i = 0; i < SKETCH_WAYS; i++, name[0]++)
        sketch_add(&sketch, 1, 0, span_str(name), 10 + i);
    size_t tries = 0;
    do {
        assert_true(++tries < 200);
        assert_tops(sketch_heaviest(&sketch, 1, ALL, tops), 8,
                    "h=17 g=16 f=15 e=14 d=13 c=12 b=11 a=10 ");
        sketch_add(&sketch, 1, 0, SPAN("new"), 2);
        assert_int_equal(sketch_heaviest(&sketch, 1, ALL, tops), 8);
    } while (span_eq(sketch_top_name(&tops[7]), SPAN("a")));
    sketch_add(&sketch, 1, 0, SPAN("new"), 1);
    assert_tops(sketch_heaviest(&sketch, 1, ALL, tops), 8,
                "new=27 h=17 g=16 f=15 e=14 d=13 c=12 b=11 ");
    assert_int_equal(tops[0].error, 24);
}

/* About one stranger in eight is drawn, and no pattern of the stream decides which. */
static void strangers_are_drawn(void **unused) {
    (void)unused;
    size_t drawn[16] = { 0 };
    char name[2] = "a";
    for (uint64_t i = 0; i < SKETCH_WAYS; i++, name[0]++)
        sketch_add(&sketch, 1, 0, span_str(name), 10 + i);
    for (size_t i = 0; i < 16000; i++) {
        struct sketch copy = sketch;
        sketch_add(&sketch, 1, 0, SPAN("new"), 1);
        if (sketch_heaviest(&sketch, 1, 1, tops) == 1 && tops[0].count > 17) {
            drawn[i % 16]++;
            copy.random = sketch.random;
            sketch = copy;
        }
    }
    for (size_t i = 0; i < countof(drawn); i++)
        assert_in_range(drawn[i], 80, 175);
}

static int descending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Of 20,000 names the k-th comes in proportion to 1/k: the twenty heaviest are found, and every
 * count holds to the bound, with room for chance. */
static void skewed(void **unused) {
    (void)unused;
    static const uint64_t key[2] = { 17, 4 };
    static double edges[NAMES];
    uint64_t of_set[SKETCH_SETS] = { 0 };
    double sum = 0;
    for (size_t i = 0; i < NAMES; i++)
        edges[i] = sum += 1.0 / (double)(i + 1);
    uint64_t state = 1;
    for (size_t i = 0; i < STREAM; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        double at = (double)(state >> 11) / (double)(1ull << 53) * sum;
        size_t low = 0;
        for (size_t high = NAMES - 1; low < high;) {
            size_t middle = (low + high) / 2;
            if (edges[middle] < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        char name[16];
        uint64_t weight = 1 + (state >> 33) % 3;
        (void)snprintf(name, sizeof name, "%zu", low);
        add(3, name, weight);
        exact[low] += weight;
        of_set[(uint32_t)hash_span_keyed(span_str(name), key) % SKETCH_SETS] += weight;
    }
    size_t count = sketch_heaviest(&sketch, 3, ALL, tops);
    assert_int_equal(count, SKETCH_SETS * SKETCH_WAYS);
    uint64_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct span name = sketch_top_name(&tops[i]);
        uint64_t number;
        assert_true(span_to_uint(name, NAMES - 1, &number));
        uint64_t set = of_set[(uint32_t)hash_span_keyed(name, key) % SKETCH_SETS];
        assert_true(tops[i].count - tops[i].error <= exact[number]);
        assert_true(tops[i].error <= set / SKETCH_WAYS * 5 / 4);
        if (i > 0) assert_true(tops[i].count <= tops[i - 1].count);
        if (i < TOP) found |= 1ull << number;
    }
    /* Names 0 to 19 are by far the heaviest, in this order but for chance. */
    assert_int_equal(found, (1ull << TOP) - 1);
    qsort(exact, NAMES, sizeof exact[0], descending);
    for (size_t i = 0; i < TOP; i++)
        assert_in_range(tops[i].count, exact[i] * 95 / 100, exact[i] * 105 / 100);
}

static void several_are_joined(void **unused) {
    (void)unused;
    add(1, "a", 5);
    add(1, "b", 4);
    size_t count = sketch_heaviest(&sketch, 1, ALL, tops);
    set_up(NULL);
    add(1, "b", 3);
    add(1, "ab", 6);
    count += sketch_heaviest(&sketch, 1, ALL, tops + count);
    assert_int_equal(count, 4);
    assert_tops(sketch_join(tops, count), 3, "b=7 ab=6 a=5 ");
    assert_int_equal(sketch_join(tops, 0), 0);
    assert_int_equal(sketch_join(tops, 1), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(few_names_are_exact),
        TEST(long_names_are_cut),
        TEST(hashes_may_collide),
        TEST(windows_pass),
        TEST(a_full_set_gives_up_its_smallest),
        TEST(strangers_are_drawn),
        TEST(skewed),
        TEST(several_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
