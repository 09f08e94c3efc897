/* SPDX-License-Identifier: MIT */
/*
 * The door to the heap, and the switch that makes one allocation fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void fixed_pieces_are_zeroed(void **state) {
    (void)state;
    char *piece = mem_new(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(piece[i], 0);
    mem_free(piece);
    mem_free(mem_new(0));
    mem_free(NULL);
    char *text = mem_new_text("abc", 2);
    assert_string_equal(text, "ab");
    mem_free(text);
    text = mem_new_text(NULL, 0);
    assert_string_equal(text, "");
    mem_free(text);
}

static void just_the_nth_fails(void **state) {
    (void)state;
    mem_fail_nth(3);
    void *first = mem_try(1);
    void *piece = mem_try(10);
    assert_non_null(first);
    assert_non_null(piece);
    memset(piece, 'x', 10);
    assert_null(mem_try_resize(piece, 1000));
    assert_int_equal(((char *)piece)[9], 'x'); /* the old piece is still there */
    mem_free(mem_new(1));                      /* what cannot fail is not counted */
    piece = mem_try_resize(piece, 1000);
    assert_non_null(piece);
    assert_int_equal(mem_tried(), 4);
    mem_fail_nth(0);
    assert_int_equal(mem_tried(), 0);
    void *empty = mem_try(0);
    assert_non_null(empty);
    empty = mem_try_resize(empty, 0);
    assert_non_null(empty);
    assert_int_equal(mem_tried(), 2);
    mem_free(empty);
    mem_free(piece);
    mem_free(first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_pieces_are_zeroed),
        cmocka_unit_test(just_the_nth_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
