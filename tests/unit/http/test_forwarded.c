/* SPDX-License-Identifier: MIT */
/*
 * The client behind proxies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/forwarded.h"
#include "http/request.h"

static struct address address_of(const char *text) {
    struct address address;
    if (!address_parse(span_str(text), &address)) fail_msg("'%s'", text);
    return address;
}

/* Who the client is when `peer` sends these X-Forwarded-For lines; proxies are 10/8 and fd00::/8.
 */
static bool client_of(const char *peer, const char *lines, char ret[ADDRESS_TEXT_MAX]) {
    struct cidr trusted[2];
    assert_int_equal(cidr_parse(SPAN("10.0.0.0/8"), &trusted[0], NULL), ERR_OK);
    assert_int_equal(cidr_parse(SPAN("fd00::/8"), &trusted[1], NULL), ERR_OK);
    struct buf wire;
    buf_init(&wire, 1 << 16);
    buf_printf(&wire, "GET / HTTP/1.0\r\n%s\r\n", lines);
    struct http_limits limits = { 1 << 16, 0 };
    struct http_parser *p = http_parser_new(&limits);
    struct span in = buf_span(&wire);
    assert_int_equal(http_parser_feed(p, &in), HTTP_STEP_DONE);
    struct address from = address_of(peer);
    struct address client;
    bool is_proxied = http_forwarded_client(http_parser_request(p)->headers, &from, trusted,
                                            countof(trusted), &client);
    (void)address_format(&client, ret);
    http_parser_free(p);
    buf_finish(&wire);
    return is_proxied;
}

#define FF(list) "X-Forwarded-For: " list "\r\n"

static void the_nearest_untrusted_hop_is_the_client(void **state) {
    (void)state;
    static const struct {
        const char *peer, *lines;
        bool is_proxied;
        const char *client;
    } CASES[] = {
        { "1.2.3.4", "", false, "1.2.3.4" },
        { "1.2.3.4", FF("5.6.7.8"), false, "1.2.3.4" },
        { "10.0.0.1", "", true, "10.0.0.1" },
        { "10.0.0.1", FF("5.6.7.8"), true, "5.6.7.8" },
        { "::ffff:10.0.0.1", FF("5.6.7.8"), true, "5.6.7.8" },
        { "10.0.0.1", FF("9.9.9.9, 5.6.7.8"), true, "5.6.7.8" },
        { "10.0.0.1", FF("9.9.9.9,5.6.7.8 ,\t10.0.0.2"), true, "5.6.7.8" },
        { "10.0.0.1", FF("10.0.0.3, 10.0.0.2"), true, "10.0.0.3" },
        { "10.0.0.1", FF("9.9.9.9") FF("5.6.7.8"), true, "5.6.7.8" },
        { "10.0.0.1", FF("9.9.9.9, 5.6.7.8") FF("10.0.0.2"), true, "5.6.7.8" },
        { "10.0.0.1", FF("2001:db8::1"), true, "2001:db8::1" },
        { "fd00::1", FF("[2001:db8::1]:443"), true, "2001:db8::1" },
        { "10.0.0.1", FF("5.6.7.8:1234"), true, "5.6.7.8" },
        { "10.0.0.1", FF("unknown"), true, "10.0.0.1" },
        { "10.0.0.1", FF("5.6.7.8, unknown, 10.0.0.2"), true, "10.0.0.2" },
        { "10.0.0.1", FF("5.6.7.8,"), true, "10.0.0.1" },
        { "10.0.0.1", FF(""), true, "10.0.0.1" },
        { "10.0.0.1", FF("5.6.7.8") FF(""), true, "10.0.0.1" },
        { "10.0.0.1", FF("5.6.7.8\", 10.0.0.2"), true, "10.0.0.2" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        char client[ADDRESS_TEXT_MAX];
        bool is_proxied = client_of(CASES[i].peer, CASES[i].lines, client);
        if (is_proxied != CASES[i].is_proxied || strcmp(client, CASES[i].client) != 0) {
            fail_msg("%s %s: %s", CASES[i].peer, CASES[i].lines, client);
        }
    }
}

static void sixteen_hops_are_walked(void **state) {
    (void)state;
    char client[ADDRESS_TEXT_MAX];
    char lines[400] = "X-Forwarded-For: 5.6.7.8";
    size_t len = strlen(lines);
    for (int i = 15; i > 0; i--) {
        len += (size_t)snprintf(lines + len, sizeof lines - len, ", 10.0.0.%d", i);
    }
    (void)snprintf(lines + len, sizeof lines - len, "\r\n");
    assert_true(client_of("10.0.0.99", lines, client));
    assert_string_equal(client, "5.6.7.8");
    (void)snprintf(lines + len, sizeof lines - len, ", 10.0.0.77\r\n");
    assert_true(client_of("10.0.0.99", lines, client));
    assert_string_equal(client, "10.0.0.15");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_untrusted_hop_is_the_client),
        cmocka_unit_test(sixteen_hops_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
