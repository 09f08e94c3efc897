/* SPDX-License-Identifier: MIT */
/*
 * Which URLs may be asked, and that nothing secret of one is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/url.h"

static void good_and_bad(void **state) {
    (void)state;
    static const struct {
        const char *url;
        bool is_secure, is_plain; /* accepted; accepted where http is allowed */
    } cases[] = {
        { "https://issuer.example/.well-known/jwks.json", true, true },
        { "HTTPS://issuer.example", true, true },
        { "https://user:secret@issuer.example:8443/keys?tenant=7", true, true },
        { "https://[::1]:8443/keys", true, true },
        { "http://issuer.example/keys", false, true },
        { "ftp://issuer.example/keys", false, false },
        { "file:///etc/passwd", false, false },
        { "issuer.example/keys", false, false },
        { "/keys", false, false },
        { "https:///keys", false, false },
        { "https://", false, false },
        { "https://issuer.example/a b", false, false },
        { "https://issuer.example/\x7f", false, false },
        { "https://issuer.example/\xc3\xa4", false, false },
        { "https://issuer.example:99999/", false, false },
        { "https://iss\nuer.example/", false, false },
        { "", false, false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct err_note note = { "" };
        bool is_secure = fetch_url_check(cases[i].url, false, &note) == ERR_OK;
        bool is_plain = fetch_url_check(cases[i].url, true, NULL) == ERR_OK;
        if (is_secure != cases[i].is_secure || is_plain != cases[i].is_plain)
            fail_msg("%s: %d %d", cases[i].url, is_secure, is_plain);
        assert_int_equal(*note.text == '\0', is_secure);
    }
}

static void too_long(void **state) {
    (void)state;
    char url[FETCH_URL_MAX + 2] = "https://issuer.example/";
    memset(url + strlen(url), 'a', sizeof url - 1 - strlen(url));
    assert_int_equal(fetch_url_check(url, false, NULL), ERR_INVALID);
    url[FETCH_URL_MAX] = '\0';
    assert_int_equal(fetch_url_check(url, false, NULL), ERR_OK);
}

static void shown(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        { "https://issuer.example/keys", "https://issuer.example/keys" },
        { "https://user:secret@issuer.example:8443/keys", "https://***@issuer.example:8443/keys" },
        { "https://token@issuer.example/", "https://***@issuer.example/" },
        { "https://issuer.example/keys?code=secret#secret", "https://issuer.example/keys?***" },
        { "http://[::1]:80/keys", "http://[::1]:80/keys" },
        { "secret", "***" },
        { "", "***" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct buf out;
        buf_init(&out, 4096);
        fetch_url_show(cases[i][0], &out);
        buf_append_char(&out, '\0');
        assert_string_equal(out.at, cases[i][1]);
        buf_finish(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_and_bad),
        cmocka_unit_test(too_long),
        cmocka_unit_test(shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
