/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol's header on a socket: not a byte of what comes behind it is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/proxy_read.h"

#include <sys/socket.h>
#include <unistd.h>

static int here, there;

static int connect_pair(void **state) {
    (void)state;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return -1;
    here = ends[0];
    there = ends[1];
    return 0;
}

static int close_pair(void **state) {
    (void)state;
    if (here >= 0) (void)close(here);
    (void)close(there);
    return 0;
}

static void say(const char *at, size_t len) {
    assert_int_equal(send(here, at, len, MSG_NOSIGNAL), len);
}

static void what_comes_behind_stays(void **state) {
    (void)state;
    static const char wire[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n\x16\x03\x01";
    struct proxy_header header = { 0 };
    say(wire, sizeof wire - 1);
    assert_int_equal(proxy_read(there, &header), ERR_OK);
    assert_true(header.has_client);
    char rest[16];
    assert_int_equal(recv(there, rest, sizeof rest, 0), 3);
    assert_memory_equal(rest, "\x16\x03\x01", 3);
}

static void it_may_come_in_pieces(void **state) {
    (void)state;
    struct proxy_header header = { 0 };
    assert_int_equal(proxy_read(there, &header), ERR_AGAIN);
    static const char wire[] = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    for (size_t i = 0; i < sizeof wire - 1; i++) {
        say(wire + i, 1);
        assert_int_equal(proxy_read(there, &header), i + 2 < sizeof wire ? ERR_AGAIN : ERR_OK);
        /* What was looked at does not stay: a socket that is readable for ever would keep a loop
         * busy. */
        char byte;
        assert_int_equal(recv(there, &byte, 1, MSG_PEEK), -1);
    }
}

static void a_long_one_is_read_at_once(void **state) {
    (void)state;
    enum { LEN = 3000 };
    static char wire[16 + LEN + 1] = "\r\n\r\n\0\r\nQUIT\n\x21\x31";
    wire[14] = (char)(LEN >> 8);
    wire[15] = (char)(LEN & 0xff);
    struct proxy_header header = { 0 };
    say(wire, sizeof wire);
    assert_int_equal(proxy_read(there, &header), ERR_OK);
    assert_false(header.has_client);
    char rest[16];
    assert_int_equal(recv(there, rest, sizeof rest, 0), 1);
}

static void other_ends(void **state) {
    (void)state;
    struct proxy_header header = { 0 };
    say("HELO", 4);
    assert_int_equal(proxy_read(there, &header), ERR_INVALID);
    assert_true(header.is_absent);
    char rest[16];
    assert_int_equal(recv(there, rest, sizeof rest, 0), 4);

    header = (struct proxy_header){ 0 };
    say("PROXY ", 6);
    (void)close(here);
    here = -1;
    assert_int_equal(proxy_read(there, &header), ERR_CLOSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_behind_stays, connect_pair, close_pair),
        cmocka_unit_test_setup_teardown(it_may_come_in_pieces, connect_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_long_one_is_read_at_once, connect_pair, close_pair),
        cmocka_unit_test_setup_teardown(other_ends, connect_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
