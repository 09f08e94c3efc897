/* SPDX-License-Identifier: MIT */
/*
 * Pieces of one size, named by indexes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/slab.h"

struct piece {
    uint64_t first;
    char rest[16];
};

enum { MANY = 3 * SLAB_PAGE_ITEMS + 5 };

static bool is_zeroed(const struct piece *piece) {
    static const struct piece zero;
    return memcmp(piece, &zero, sizeof zero) == 0;
}

static void pieces_are_zeroed_and_never_move(void **state) {
    (void)state;
    struct slab s;
    slab_init(&s, sizeof(struct piece), UINT32_MAX);
    static struct piece *at[MANY];
    static uint32_t indexes[MANY];
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(slab_take(&s, &indexes[i]), ERR_OK);
        assert_int_not_equal(indexes[i], 0);
        at[i] = slab_at(&s, indexes[i]);
        assert_true(is_zeroed(at[i]));
        memset(at[i], 0xff, sizeof *at[i]);
        at[i]->first = i;
    }
    assert_int_equal(s.used, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_ptr_equal(slab_at(&s, indexes[i]), at[i]);
        assert_int_equal(at[i]->first, i); /* nobody else has it */
    }
    for (uint32_t i = 0; i < MANY; i += 2)
        slab_give(&s, indexes[i]);
    for (uint32_t i = 0; i < MANY; i += 2) {
        uint32_t index;
        assert_int_equal(slab_take(&s, &index), ERR_OK);
        assert_true(is_zeroed(slab_at(&s, index)));
        memset(slab_at(&s, index), 0xee, sizeof(struct piece));
    }
    for (uint32_t i = 1; i < MANY; i += 2)
        assert_int_equal(at[i]->first, i);
    assert_int_equal(s.fresh, MANY + 1); /* what was given back was used again */
    slab_finish(&s);
}

static void no_more_than_the_maximum(void **state) {
    (void)state;
    struct slab s;
    slab_init(&s, 1, 3); /* smaller than what a free piece holds */
    uint32_t index[4] = { 0 };
    for (int i = 0; i < 3; i++)
        assert_int_equal(slab_take(&s, &index[i]), ERR_OK);
    assert_int_equal(slab_take(&s, &index[3]), ERR_LIMIT);
    assert_int_equal(index[3], 0);
    slab_give(&s, index[1]);
    assert_int_equal(slab_take(&s, &index[3]), ERR_OK);
    assert_int_equal(index[3], index[1]);
    assert_int_equal(slab_take(&s, &index[3]), ERR_LIMIT);
    slab_finish(&s);
    assert_int_equal(slab_take(&s, &index[0]), ERR_OK); /* empty and usable again */
    slab_finish(&s);
}

static void without_memory_nothing_is_lost(void **state) {
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        struct slab s;
        slab_init(&s, sizeof(struct piece), UINT32_MAX);
        mem_fail_nth(nth);
        size_t failed = 0;
        for (uint32_t i = 0; i < 9 * SLAB_PAGE_ITEMS; i++) {
            uint32_t index = 0;
            enum err e = slab_take(&s, &index);
            if (e) {
                assert_int_equal(e, ERR_NOMEM);
                failed++;
                assert_int_equal(slab_take(&s, &index), ERR_OK);
            }
            assert_int_equal(index, i + 1);
        }
        uint64_t tried = mem_tried();
        mem_fail_nth(0);
        slab_finish(&s);
        assert_int_equal(failed, nth <= tried ? 1 : 0);
        if (nth > tried) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_and_never_move),
        cmocka_unit_test(no_more_than_the_maximum),
        cmocka_unit_test(without_memory_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
