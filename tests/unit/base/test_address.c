/* SPDX-License-Identifier: MIT */
/*
 * Addresses and networks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/address.h"

static struct address address_of(const char *text) {
    struct address address;
    if (!address_parse(span_str(text), &address)) fail_msg("'%s'", text);
    return address;
}

static void good_addresses_are_read_and_written(void **state) {
    (void)state;
    static const struct {
        const char *text, *alone, *with_port;
    } CASES[] = {
        { "192.0.2.1", "192.0.2.1", "192.0.2.1:0" },
        { "192.0.2.1:80", "192.0.2.1", "192.0.2.1:80" },
        { "0.0.0.0:65535", "0.0.0.0", "0.0.0.0:65535" },
        { "::", "::", "[::]:0" },
        { "::1", "::1", "[::1]:0" },
        { "[::1]", "::1", "[::1]:0" },
        { "[2001:DB8::1]:8080", "2001:db8::1", "[2001:db8::1]:8080" },
        { "::ffff:1.2.3.4", "1.2.3.4", "1.2.3.4:0" },
        { "[::ffff:1.2.3.4]:1", "1.2.3.4", "1.2.3.4:1" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:0" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct address address = address_of(CASES[i].text);
        char text[ADDRESS_TEXT_MAX];
        assert_int_equal(address_format(&address, text), strlen(CASES[i].alone));
        assert_string_equal(text, CASES[i].alone);
        assert_int_equal(address_format_port(&address, text), strlen(CASES[i].with_port));
        assert_string_equal(text, CASES[i].with_port);
    }
}

static void other_texts_are_no_addresses(void **state) {
    (void)state;
    static const struct span CASES[] = {
#define TEXT(text) { text, sizeof text - 1 }
        TEXT(""),
        TEXT("localhost"),
        TEXT("1.2.3"),
        TEXT("1.2.3.4.5"),
        TEXT("1.2.3.256"),
        TEXT("01.2.3.4"),
        TEXT(" 1.2.3.4"),
        TEXT("1.2.3.4 "),
        TEXT("1.2.3.4\0"),
        TEXT("1.2.3.4:"),
        TEXT("1.2.3.4:65536"),
        TEXT("1.2.3.4:-1"),
        TEXT("1.2.3.4:080"),
        TEXT(":80"),
        TEXT("[]"),
        TEXT("[::1"),
        TEXT("[::1]80"),
        TEXT("[::1]:"),
        TEXT("[1.2.3.4]"),
        TEXT("[1.2.3.4]:80"),
        TEXT("::1]"),
        TEXT("1:2:3:4:5:6:7:8:9"),
        TEXT("fe80::1%eth0"),
        TEXT("g::"),
        TEXT("[[::1]]"),
        TEXT("0000:0000:0000:0000:0000:0000:0000:00000000000001"),
#undef TEXT
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct address address;
        if (address_parse(CASES[i], &address)) fail_msg("'%.*s'", SPAN_ARG(CASES[i]));
    }
}

static void sockaddrs_are_understood(void **state) {
    (void)state;
    struct address address;
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(80) };
    v4.sin_addr.s_addr = htonl(0x7f000001);
    assert_true(address_from_sockaddr((const struct sockaddr *)&v4, &address));
    char text[ADDRESS_TEXT_MAX];
    (void)address_format_port(&address, text);
    assert_string_equal(text, "127.0.0.1:80");
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons(81),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    assert_true(address_from_sockaddr((const struct sockaddr *)&v6, &address));
    (void)address_format_port(&address, text);
    assert_string_equal(text, "[::1]:81");
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_from_sockaddr(&other, &address));
}

static void networks_contain_their_addresses(void **state) {
    (void)state;
    static const struct {
        const char *network, *address;
        bool is_inside;
    } CASES[] = {
        { "10.0.0.0/8", "10.255.0.1", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.0.0.0/8", "::ffff:10.1.1.1", true },
        { "192.0.2.0/23", "192.0.3.9", true },
        { "192.0.2.0/23", "192.0.4.0", false },
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "0.0.0.0/0", "1.2.3.4", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "::1", true },
        { "::/0", "1.2.3.4", true },
        { "2001:db8::/33", "2001:db8:7fff::", true },
        { "2001:db8::/33", "2001:db8:8000::", false },
        { "::1/128", "::1", true },
        { "::1", "::2", false },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct cidr network;
        assert_int_equal(cidr_parse(span_str(CASES[i].network), &network, NULL), ERR_OK);
        struct address address = address_of(CASES[i].address);
        if (cidr_contains(&network, &address) != CASES[i].is_inside) {
            fail_msg("%s in %s", CASES[i].address, CASES[i].network);
        }
    }
}

static void bad_networks_are_explained(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
    } CASES[] = {
        { "", "'' is not an IP address" },
        { "proxy/8", "'proxy' is not an IP address" },
        { "10.0.0.1:80/32", "not an IP address" },
        { "10.0.0.0/33", "must be 0 to 32" },
        { "10.0.0.0/", "must be 0 to 32" },
        { "::/129", "must be 0 to 128" },
        { "::/-1", "must be 0 to 128" },
        { "10.0.0.1/8", "bits set behind its prefix" },
        { "2001:db8::1/64", "bits set behind its prefix" },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct cidr network;
        struct err_note note = { "" };
        assert_int_equal(cidr_parse(span_str(CASES[i].text), &network, &note), ERR_INVALID);
        if (!strstr(note.text, CASES[i].why)) fail_msg("'%s': %s", CASES[i].text, note.text);
    }
}

static void kinds_of_addresses_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_loopback, is_private;
    } CASES[] = {
        { "127.0.0.1", true, true },     { "127.255.0.9", true, true },
        { "::1", true, true },           { "128.0.0.1", false, false },
        { "10.1.2.3", false, true },     { "172.31.0.1", false, true },
        { "172.32.0.1", false, false },  { "192.168.1.1", false, true },
        { "169.254.1.1", false, true },  { "100.127.0.1", false, true },
        { "100.128.0.1", false, false }, { "fd12::1", false, true },
        { "fe80::1", false, true },      { "2001:db8::1", false, false },
        { "::", false, false },
    };
    for (size_t i = 0; i < countof(CASES); i++) {
        struct address address = address_of(CASES[i].text);
        assert_int_equal(address_is_loopback(&address), CASES[i].is_loopback);
        assert_int_equal(address_is_private(&address), CASES[i].is_private);
    }
}

static void limits_count_a_site_of_ipv6_as_one(void **state) {
    (void)state;
    uint8_t a[16];
    uint8_t b[16];
    struct address one = address_of("2001:db8:0:1::1");
    struct address other = address_of("2001:db8:0:1:ffff::2");
    address_limit_key(&one, a);
    address_limit_key(&other, b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(one.bytes, other.bytes, sizeof one.bytes);
    other = address_of("2001:db8:0:2::1");
    address_limit_key(&other, b);
    assert_memory_not_equal(a, b, sizeof a);
    one = address_of("1.2.3.4:1");
    other = address_of("1.2.3.5");
    address_limit_key(&one, a);
    address_limit_key(&other, b);
    assert_memory_not_equal(a, b, sizeof a);
    other = address_of("1.2.3.4:2");
    address_limit_key(&other, b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(one.bytes, other.bytes, sizeof one.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_read_and_written),
        cmocka_unit_test(other_texts_are_no_addresses),
        cmocka_unit_test(sockaddrs_are_understood),
        cmocka_unit_test(networks_contain_their_addresses),
        cmocka_unit_test(bad_networks_are_explained),
        cmocka_unit_test(kinds_of_addresses_are_told_apart),
        cmocka_unit_test(limits_count_a_site_of_ipv6_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
