/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and SHA-1: the examples of FIPS 180-4 and of RFC 6234.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"

static void known_values(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *digest;
    } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char text[DIGEST_TEXT_LEN];
        assert_true(digest_text_of(span_str(cases[i].text), text));
        assert_memory_equal(text, cases[i].digest, sizeof text);
    }
    unsigned char digest[DIGEST_BYTES];
    assert_true(digest_of(SPAN("abc"), digest));
    assert_memory_equal(digest, "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae", 14);
}

static void known_sha1(void **state) {
    (void)state;
    char text[DIGEST_SHA1_TEXT_LEN];
    assert_true(digest_sha1_text_of(SPAN("abc"), text));
    assert_memory_equal(text, "a9993e364706816aba3e25717850c26c9cd0d89d", sizeof text);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(known_values),
                                        cmocka_unit_test(known_sha1) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
