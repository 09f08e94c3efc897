/* SPDX-License-Identifier: MIT */
/*
 * URLs are taken apart, and what is none is refused with a reason.
 */
#include "load/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void takes_apart(void **state) {
    (void)state;
    static const struct {
        enum load_scheme scheme;
        const char *text, *authority, *host;
        uint16_t port;
        const char *target;
        bool is_secure;
    } cases[] = {
        { LOAD_WS, "ws://localhost", "localhost", "localhost", 80, "" },
        { LOAD_WS, "ws://localhost:8080/ws", "localhost:8080", "localhost", 8080, "/ws" },
        { LOAD_WS, "ws://a/?token={token}", "a", "a", 80, "/?token={token}" },
        { LOAD_WS, "ws://a?x=y", "a", "a", 80, "?x=y" },
        { LOAD_WS, "ws://[::1]/ws", "[::1]", "::1", 80, "/ws" },
        { LOAD_HTTP, "http://[::1]:65535", "[::1]:65535", "::1", 65535, "" },
        { LOAD_HTTP, "http://127.0.0.1:1/a@b:c", "127.0.0.1:1", "127.0.0.1", 1, "/a@b:c" },
        { LOAD_WS, "wss://a/ws", "a", "a", 443, "/ws", true },
        { LOAD_WS, "wss://[::1]:1", "[::1]:1", "::1", 1, "", true },
        { LOAD_HTTP, "https://a", "a", "a", 443, "", true },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct load_url url;
        if (load_url_parse(span_str(cases[i].text), cases[i].scheme, &url, NULL))
            fail_msg("%s: refused", cases[i].text);
        assert_true(span_eq(url.authority, span_str(cases[i].authority)));
        assert_true(span_eq(url.host, span_str(cases[i].host)));
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.is_secure, cases[i].is_secure);
        assert_true(span_eq(url.target, span_str(cases[i].target)));
    }
}

static void refuses(void **state) {
    (void)state;
    static const struct {
        enum load_scheme scheme;
        const char *text;
    } cases[] = {
        { LOAD_WS, "" },
        { LOAD_WS, "localhost" },
        { LOAD_WS, "http://localhost" },
        { LOAD_WS, "https://localhost" },
        { LOAD_HTTP, "wss://localhost" },
        { LOAD_WS, "wss:/localhost" },
        { LOAD_WS, "wss://" },
        { LOAD_HTTP, "ws://localhost" },
        { LOAD_WS, "ws://" },
        { LOAD_WS, "ws:///path" },
        { LOAD_WS, "ws://:80" },
        { LOAD_WS, "ws://a:0" },
        { LOAD_WS, "ws://a:65536" },
        { LOAD_WS, "ws://a:" },
        { LOAD_WS, "ws://a:8x" },
        { LOAD_WS, "ws://[::1" },
        { LOAD_WS, "ws://[::1]80" },
        { LOAD_WS, "ws://[]" },
        { LOAD_WS, "ws://u:p@a" },
        { LOAD_WS, "ws://a/b#c" },
        { LOAD_WS, "ws://a/b c" },
        { LOAD_WS, "ws://a/\r\nX: y" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct load_url url;
        struct err_note note = { "" };
        enum err e = load_url_parse(span_str(cases[i].text), cases[i].scheme, &url, &note);
        if (e != ERR_INVALID) fail_msg("%s: %d", cases[i].text, e);
        assert_true(*note.text);
    }
}

static void resolves_addresses(void **state) {
    (void)state;
    struct load_url url;
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    assert_int_equal(load_url_parse(SPAN("ws://[::1]:81/"), LOAD_WS, &url, NULL), ERR_OK);
    assert_int_equal(load_url_resolve(&url, &address, NULL), ERR_OK);
    address_format_port(&address, text);
    assert_string_equal(text, "[::1]:81");
    assert_int_equal(load_url_parse(SPAN("ws://localhost:82/"), LOAD_WS, &url, NULL), ERR_OK);
    assert_int_equal(load_url_resolve(&url, &address, NULL), ERR_OK);
    assert_true(address_is_loopback(&address));
    assert_int_equal(address.port, 82);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_apart),
        cmocka_unit_test(refuses),
        cmocka_unit_test(resolves_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
