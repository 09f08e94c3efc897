/* SPDX-License-Identifier: MIT */
/*
 * Tests of ws/close: which codes may be received, names, and reasons cut to fit.
 */
#include "ws/close.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool is_allowed_by_the_registry(unsigned code) {
    static const uint16_t listed[] = { 1000, 1001, 1002, 1003, 1007, 1008,
                                       1009, 1010, 1011, 1012, 1013, 1014 };
    for (size_t i = 0; i < countof(listed); i++) {
        if (listed[i] == code) return true;
    }
    return code >= 3000 && code <= 4999;
}

static void codes_are_those_of_the_registry(void **state) {
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        assert_int_equal(ws_close_is_allowed((uint16_t)code), is_allowed_by_the_registry(code));
    }
}

static void codes_have_names(void **state) {
    (void)state;
    assert_string_equal(ws_close_name(WS_CLOSE_NORMAL), "normal");
    assert_string_equal(ws_close_name(1006), "abnormal");
    assert_string_equal(ws_close_name(4008), "idle");
    assert_string_equal(ws_close_name(4013), "slow_consumer");
    assert_string_equal(ws_close_name(0), "other");
    assert_string_equal(ws_close_name(1004), "other");
    assert_string_equal(ws_close_name(UINT16_MAX), "other");
}

static void payload_is_code_and_reason(void **state) {
    (void)state;
    char out[WS_CONTROL_MAX];
    assert_int_equal(ws_close_encode(out, WS_CLOSE_NO_CODE, SPAN("unsaid")), 0);
    assert_int_equal(ws_close_encode(out, WS_CLOSE_NORMAL, SPAN("")), 2);
    assert_memory_equal(out, "\x03\xE8", 2);
    assert_int_equal(ws_close_encode(out, 4008, SPAN("idle")), 6);
    assert_memory_equal(out, "\x0F\xA8idle", 6);
}

/* A reason of `len` bytes of which the last ones are `last`. */
static size_t encoded_len(size_t len, const char *last) {
    char reason[256];
    char out[WS_CONTROL_MAX];
    memset(reason, 'a', sizeof reason);
    memcpy(reason + len - strlen(last), last, strlen(last));
    size_t encoded = ws_close_encode(out, 1008, span_of(reason, len));
    assert_memory_equal(out + 2, reason, encoded - 2);
    assert_true(utf8_is_valid(span_of(out + 2, encoded - 2)));
    return encoded;
}

static void a_long_reason_is_cut_between_characters(void **state) {
    (void)state;
    assert_int_equal(encoded_len(123, "a"), 125);
    assert_int_equal(encoded_len(123, "\xC3\xA9"), 125);
    assert_int_equal(encoded_len(124, "a"), 125);
    assert_int_equal(encoded_len(124, "\xC3\xA9"), 124);
    assert_int_equal(encoded_len(125, "\xF0\x9F\x98\x80"), 123);
    assert_int_equal(encoded_len(200, "a"), 125);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_the_registry),
        cmocka_unit_test(codes_have_names),
        cmocka_unit_test(payload_is_code_and_reason),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
