/* SPDX-License-Identifier: MIT */
/*
 * The hash table of things with a link of their own, against a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/mem.h"

enum { THINGS = 1000 };

struct thing {
    struct map_node node;
    uint32_t hash;
    bool is_in;
};

static struct thing things[THINGS];

static bool is_found(const struct map *m, const struct thing *thing) {
    bool is_found = false;
    for (struct map_node *n = map_first(m, thing->hash); n; n = map_next(n)) {
        assert_int_equal(n->hash, thing->hash);
        if (n != &thing->node) continue;
        assert_false(is_found); /* each comes once */
        is_found = true;
    }
    return is_found;
}

static void check_all(const struct map *m) {
    uint32_t count = 0;
    for (int i = 0; i < THINGS; i++) {
        assert_int_equal(is_found(m, &things[i]), things[i].is_in);
        count += things[i].is_in;
    }
    assert_int_equal(m->count, count);
}

static void put(struct map *m, struct thing *thing) {
    map_insert(m, &thing->node, thing->hash);
    thing->is_in = true;
}

static void take(struct map *m, struct thing *thing) {
    map_remove(m, &thing->node);
    thing->is_in = false;
}

/* Puts all in, takes each third out, puts those in again, takes all out; `hashes` is how many
 * different ones there are. */
static void comes_and_goes(uint32_t hashes) {
    struct map m = { 0 };
    for (uint32_t i = 0; i < THINGS; i++)
        things[i] = (struct thing){ .hash = i % hashes * 64 }; /* many to a bucket */
    check_all(&m);
    for (int i = 0; i < THINGS; i++) {
        put(&m, &things[i]);
        if (i % 97 == 0 || i < 40) check_all(&m);
    }
    for (int i = 0; i < THINGS; i += 3)
        take(&m, &things[i]);
    check_all(&m);
    for (int i = 0; i < THINGS; i += 3)
        put(&m, &things[i]);
    check_all(&m);
    for (int i = THINGS - 1; i >= 0; i--)
        take(&m, &things[i]);
    check_all(&m);
    assert_null(map_pop(&m));
    map_finish(&m);
    assert_null(map_first(&m, 0));
}

static void whatever_was_put_in_is_found(void **state) {
    (void)state;
    comes_and_goes(THINGS);
    comes_and_goes(7);
    comes_and_goes(1);
}

static void buckets_grow_with_what_is_in_them(void **state) {
    (void)state;
    struct map m = { 0 };
    for (uint32_t i = 0; i < THINGS; i++) {
        map_insert(&m, &things[i].node, i);
        assert_true((m.many ? m.many_count : MAP_FEW) >= m.count);
        assert_int_equal(m.many_count & (m.many_count - 1), 0);
    }
    assert_int_equal(m.many_count, 1024);
    map_finish(&m);
    assert_int_equal(m.count, 0);
}

static void popping_empties_it(void **state) {
    (void)state;
    struct map m = { 0 };
    assert_null(map_pop(&m));
    for (uint32_t i = 0; i < THINGS; i++) {
        things[i] = (struct thing){ .hash = i * 7919 };
        put(&m, &things[i]);
    }
    for (int i = 0; i < THINGS; i++) {
        struct map_node *node = map_pop(&m);
        assert_non_null(node);
        struct thing *thing = container_of(node, struct thing, node);
        assert_true(thing->is_in);
        thing->is_in = false;
    }
    assert_null(map_pop(&m));
    assert_int_equal(m.count, 0);
    map_finish(&m);
}

static void no_memory_is_needed(void **state) {
    (void)state;
    struct map m = { 0 };
    for (uint32_t i = 0; i < THINGS; i++) {
        things[i] = (struct thing){ .hash = i };
        mem_fail_from(i <= 40 ? 1 : UINT64_MAX);
        put(&m, &things[i]);
        if (i == 40) assert_null(m.many);
    }
    mem_fail_nth(0);
    assert_int_equal(m.many_count, 1024);
    check_all(&m);
    map_finish(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_was_put_in_is_found),
        cmocka_unit_test(buckets_grow_with_what_is_in_them),
        cmocka_unit_test(popping_empties_it),
        cmocka_unit_test(no_memory_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
