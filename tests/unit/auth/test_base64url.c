/* SPDX-License-Identifier: MIT */
/*
 * Strict base64url: every byte string has one spelling, everything else is refused.
 */
#include "auth/base64url_priv.h"
#include "token_maker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void decodes_what_openssl_encodes(void **state) {
    (void)state;
    uint8_t bytes[300], out[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + i / 7);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        char *text = maker_base64url(bytes, len);
        size_t got = 999;
        assert_int_equal(base64url_len(len), strlen(text));
        assert_int_equal(base64url_bytes(strlen(text)), len);
        assert_true(base64url_decode(span_str(text), out, &got));
        assert_int_equal(got, len);
        assert_memory_equal(out, bytes, len);
        free(text);
    }
}

static void takes_every_value(void **state) {
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (int c = 0; c < 256; c++) {
        const char text[] = { 'A', 'A', 'A', (char)c };
        const char *place = c ? strchr(alphabet, c) : NULL;
        uint8_t out[3];
        size_t len;
        assert_int_equal(base64url_decode(span_of(text, 4), out, &len), place != NULL);
        if (place) assert_int_equal(out[2], place - alphabet);
    }
}

static void refuses_other_spellings(void **state) {
    (void)state;
    static const char *const bad[] = {
        "A",  "AAAAA", "QQ==", "QUI=", "QUJD=", "=",     "QR", "QUJ", /* stray bits at the end */
        "+A", "/w",    "QU I", " QUI", "QUI\n", "QU\tI", "Q.", "QU\x80I",
    };
    for (size_t i = 0; i < countof(bad); i++) {
        uint8_t out[16];
        size_t len = 77;
        assert_false(base64url_decode(span_str(bad[i]), out, &len));
        assert_int_equal(len, 77);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_what_openssl_encodes),
        cmocka_unit_test(takes_every_value),
        cmocka_unit_test(refuses_other_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
