/* SPDX-License-Identifier: MIT */
/*
 * When the key set is asked for again. What comes of it is for the end-to-end tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/keyring_priv.h"
#include "fetch/fetch.h"

static void lifetimes(void **state) {
    (void)state;
    static const struct {
        uint64_t most_s;
        int64_t max_age_s;
        uint64_t want_s;
    } cases[] = {
        { 600, FETCH_NO_AGE, 600 },
        { 600, 600, 600 },
        { 600, 601, 600 },
        { 600, 599, 599 },
        { 600, 60, 60 },
        { 600, 59, 60 },
        { 600, 0, 60 },
        { 600, 2147483648, 600 },
        { 10, 0, 10 },
        { 10, 5, 10 },
        { 10, 3600, 10 },
        { 10, FETCH_NO_AGE, 10 },
    };
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(keyring_lifetime_s(cases[i].most_s, cases[i].max_age_s), cases[i].want_s);
}

static void retries(void **state) {
    (void)state;
    static const uint64_t wants_s[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    for (unsigned i = 0; i < countof(wants_s); i++)
        assert_int_equal(keyring_retry_s(i), wants_s[i]);
    assert_int_equal(keyring_retry_s(UINT32_MAX), 60);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(lifetimes), cmocka_unit_test(retries) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
