/* SPDX-License-Identifier: MIT */
/*
 * SipHash-1-3. The expected values come from a Python version written from the paper, which gives
 * the paper's own value for SipHash-2-4 when told two and four rounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

static void known_values(void **state) {
    (void)state;
    static const struct {
        size_t len;
        uint64_t hash;
    } cases[] = {
        { 0, 0xabac0158050fc4dc },  { 1, 0xc9f49bf37d57ca93 },  { 7, 0xd3927d989bb11140 },
        { 8, 0x369095118d299a8e },  { 9, 0x25a48eb36c063de4 },  { 15, 0xd320d86d2a519956 },
        { 16, 0xcc4fdd1a7d908b66 }, { 63, 0x9d199062b7bbb3a8 },
    };
    static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
    char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_true(hash_span_keyed(span_of(bytes, cases[i].len), key) == cases[i].hash);
        /* Where the bytes lie does not matter. */
        char shifted[65];
        memcpy(shifted + 1, bytes, cases[i].len);
        assert_true(hash_span_keyed(span_of(shifted + 1, cases[i].len), key) == cases[i].hash);
    }
    assert_true(hash_span_keyed(span_of(NULL, 0), key) == cases[0].hash);
}

static void bytes_above_127_are_not_negative(void **state) {
    (void)state;
    static const uint64_t key[2] = { 1, 2 };
    assert_true(hash_span_keyed(SPAN("\xff"), key) != hash_span_keyed(SPAN("\xff\xff"), key));
    assert_true(hash_span_keyed(SPAN("\x80"), key) != hash_span_keyed(SPAN("\x80\0"), key));
}

static void the_process_has_a_key_of_its_own(void **state) {
    (void)state;
    static const uint64_t zero[2];
    assert_true(hash_span(SPAN("name")) == hash_span(SPAN("name")));
    assert_true(hash_span(SPAN("name")) != hash_span_keyed(SPAN("name"), zero));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(bytes_above_127_are_not_negative),
        cmocka_unit_test(the_process_has_a_key_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
