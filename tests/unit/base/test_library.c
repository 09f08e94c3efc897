/* SPDX-License-Identifier: MIT */
/*
 * A library that is loaded late: its functions, and what is said when it is not there.
 */
#include "base/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LIBRARY "libm.so.6" /* of the C library, so it is there */

static void functions_can_be_called(void **state) {
    (void)state;
    static const char *const names[] = { "lrint", "ilogb" };
    struct {
        long (*lrint)(double);
        int (*ilogb)(double);
    } table;
    struct library library = { LIBRARY, names, countof(names), &table, false };
    assert_int_equal(library_load(&library, NULL), ERR_OK);
    assert_int_equal(table.lrint(2.6), 3);
    assert_int_equal(table.ilogb(8.0), 3);
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    static const char *const names[] = { "lrint", "no_such_function" };
    void *table[2];
    struct err_note note = { "" };
    struct library library = { "libnone.so.7", names, countof(names), table, false };
    assert_int_equal(library_load(&library, &note), ERR_UNSUPPORTED);
    assert_non_null(strstr(note.text, "not installed: libnone.so.7"));
    library.file = LIBRARY;
    assert_int_equal(library_load(&library, &note), ERR_UNSUPPORTED);
    assert_non_null(strstr(note.text, "no_such_function"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_can_be_called),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
