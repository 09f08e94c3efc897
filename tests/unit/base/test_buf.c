/* SPDX-License-Identifier: MIT */
/*
 * A buffer that grows up to its maximum and no further.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void holds(const struct buf *b, struct span expected) {
    assert_int_equal(buf_err(b), ERR_OK);
    assert_true(span_eq(buf_span(b), expected));
}

static void it_grows_to_its_maximum_exactly(void **state) {
    (void)state;
    static const size_t maxima[] = { 0, 1, 255, 256, 257, 1000, 4096 };
    for (size_t i = 0; i < countof(maxima); i++) {
        struct buf b;
        buf_init(&b, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++)
            buf_append_char(&b, (char)('a' + n % 26));
        assert_int_equal(buf_err(&b), ERR_OK);
        assert_int_equal(b.len, maxima[i]);
        assert_true(b.cap <= maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++)
            assert_int_equal(b.at[n], 'a' + n % 26);
        buf_append_char(&b, 'x');
        assert_int_equal(buf_err(&b), ERR_TOO_BIG);
        assert_int_equal(b.len, maxima[i]);
        buf_finish(&b);
    }
}

static void a_broken_one_swallows_what_comes_until_it_is_cleared(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    buf_append_text(&b, "abc");
    buf_append_text(&b, "de");
    buf_append_text(&b, "d"); /* would fit, but a text with a hole in it is worse than none */
    assert_int_equal(buf_err(&b), ERR_TOO_BIG);
    assert_null(buf_room(&b, 1));
    assert_true(span_eq(buf_span(&b), SPAN("abc")));
    buf_clear(&b);
    buf_append_text(&b, "wxyz");
    holds(&b, SPAN("wxyz"));
    buf_finish(&b);
    holds(&b, SPAN(""));
    buf_append_text(&b, "1234");
    holds(&b, SPAN("1234"));
    buf_finish(&b);
}

static void sizes_near_the_end_of_the_address_space_are_too_big(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_append_char(&b, 'x');
    assert_null(buf_room(&b, SIZE_MAX));
    assert_int_equal(buf_err(&b), ERR_TOO_BIG);
    buf_clear(&b);
    assert_null(buf_room(&b, SIZE_MAX - 1));
    buf_finish(&b);
}

static void pieces_of_every_kind(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_append(&b, NULL, 0);
    assert_null(b.at); /* nothing was asked for, nothing is allocated */
    buf_append_span(&b, span_of(NULL, 0));
    buf_append_span(&b, SPAN("a\0b"));
    buf_append_uint(&b, 0);
    buf_append_char(&b, ' ');
    buf_append_uint(&b, UINT64_MAX);
    buf_printf(&b, " %s=%d", "k", -7);
    buf_printf(&b, "%s", "");
    holds(&b, SPAN("a\0b0 18446744073709551615 k=-7"));
    buf_finish(&b);
}

static void a_formatted_text_needs_a_byte_more_than_it_has(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_printf(&b, "%d", 1234567);
    holds(&b, SPAN("1234567"));
    buf_clear(&b);
    buf_printf(&b, "%d", 12345678);
    assert_int_equal(buf_err(&b), ERR_TOO_BIG);
    buf_finish(&b);
}

static void bytes_are_taken_from_the_front(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_append_text(&b, "abcdef");
    buf_consume(&b, 0);
    holds(&b, SPAN("abcdef"));
    buf_consume(&b, 2);
    holds(&b, SPAN("cdef"));
    buf_append_text(&b, "gh");
    buf_consume(&b, 6);
    holds(&b, SPAN(""));
    buf_consume(&b, 0);
    buf_append_text(&b, "x");
    holds(&b, SPAN("x"));
    buf_finish(&b);
}

static void room_is_lent_and_used_in_part(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_append_text(&b, "ab");
    char *room = buf_room(&b, 700);
    assert_non_null(room);
    memset(room, 'x', 700);
    buf_added(&b, 2);
    holds(&b, SPAN("abxx"));
    assert_non_null(buf_room(&b, 996));
    assert_null(buf_room(&b, 997));
    buf_finish(&b);
}

static void moving_out_leaves_an_empty_one(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    buf_append_text(&b, "abcd");
    struct buf taken = buf_take(&b);
    holds(&taken, SPAN("abcd"));
    holds(&b, SPAN(""));
    assert_null(b.at);
    buf_append_text(&b, "efgh"); /* the maximum stays */
    holds(&b, SPAN("efgh"));
    buf_append_char(&b, 'i');
    assert_int_equal(buf_err(&b), ERR_TOO_BIG);
    buf_finish(&b);
    buf_finish(&taken);
}

static void without_memory_it_keeps_what_it_has(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 10000);
    buf_append_text(&b, "kept");
    char *room = buf_room(&b, 200);
    assert_non_null(room);
    mem_fail_nth(1);
    assert_null(buf_room(&b, 5000));
    mem_fail_nth(0);
    assert_int_equal(buf_err(&b), ERR_NOMEM);
    assert_true(span_eq(buf_span(&b), SPAN("kept")));
    buf_clear(&b);
    buf_append_text(&b, "again");
    holds(&b, SPAN("again"));
    buf_finish(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_to_its_maximum_exactly),
        cmocka_unit_test(a_broken_one_swallows_what_comes_until_it_is_cleared),
        cmocka_unit_test(sizes_near_the_end_of_the_address_space_are_too_big),
        cmocka_unit_test(pieces_of_every_kind),
        cmocka_unit_test(a_formatted_text_needs_a_byte_more_than_it_has),
        cmocka_unit_test(bytes_are_taken_from_the_front),
        cmocka_unit_test(room_is_lent_and_used_in_part),
        cmocka_unit_test(moving_out_leaves_an_empty_one),
        cmocka_unit_test(without_memory_it_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
