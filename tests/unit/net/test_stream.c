/* SPDX-License-Identifier: MIT */
/*
 * Byte streams over loopback: what the kernel does not take stays with the caller.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/listener.h"
#include "net/stream.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    struct stream here, there;
};

static void wait_for(const struct stream *s, short events) {
    struct pollfd ready = { .fd = s->fd, .events = events };
    assert_int_equal(poll(&ready, 1, 5000), 1);
}

static void connect_pair(struct pair *pair) {
    *pair = (struct pair){ { -1 }, { -1 } };
    struct address address;
    assert_true(address_parse(SPAN("127.0.0.1:0"), &address));
    int listening;
    assert_int_equal(listener_bind(&address, 1, 30, &listening, NULL), ERR_OK);
    assert_int_equal(stream_connect(&address, &pair->here, NULL), ERR_OK);
    wait_for(&(struct stream){ .fd = listening }, POLLIN);
    pair->there.fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(pair->there.fd >= 0);
    wait_for(&pair->here, POLLOUT);
    (void)close(listening);
}

static void close_pair(struct pair *pair) {
    stream_close(&pair->here);
    stream_close(&pair->there);
    stream_close(&pair->there); /* closed already: nothing */
}

static void pieces_arrive_as_one_stream(void **state) {
    (void)state;
    struct pair pair;
    connect_pair(&pair);
    char got[64];
    size_t len = 4711;
    assert_int_equal(stream_read(&pair.there, got, sizeof got, &len), ERR_AGAIN);
    assert_int_equal(len, 4711);
    char ab[] = "ab", cde[] = "cde";
    const struct iovec pieces[] = { { ab, 2 }, { NULL, 0 }, { cde, 3 } };
    size_t sent;
    assert_int_equal(stream_write(&pair.here, pieces, 3, &sent), ERR_OK);
    assert_int_equal(sent, 5);
    assert_int_equal(stream_write(&pair.here, pieces, 1, &sent), ERR_OK);
    assert_int_equal(sent, 2);
    stream_finish_writing(&pair.here);
    size_t have = 0;
    enum err e;
    while ((e = stream_read(&pair.there, got + have, sizeof got - have, &len)) != ERR_CLOSED) {
        if (e == ERR_AGAIN) {
            wait_for(&pair.there, POLLIN);
            continue;
        }
        have += len;
    }
    assert_int_equal(have, 7);
    assert_memory_equal(got, "abcdeab", 7);
    /* Only one direction has ended. */
    assert_int_equal(stream_write(&pair.there, pieces, 1, &sent), ERR_OK);
    wait_for(&pair.here, POLLIN);
    assert_int_equal(stream_read(&pair.here, got, sizeof got, &len), ERR_OK);
    assert_int_equal(len, 2);
    close_pair(&pair);
}

static void a_full_kernel_takes_the_rest_later(void **state) {
    (void)state;
    enum { TOTAL = 1 << 19 };
    struct pair pair;
    connect_pair(&pair);
    int small = 4096;
    assert_int_equal(setsockopt(pair.here.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    char *bytes = malloc(TOTAL), *got = malloc(TOTAL);
    assert_true(bytes && got);
    for (size_t i = 0; i < TOTAL; i++)
        bytes[i] = (char)(i * 31 + i / 251);
    size_t out = 0, in = 0;
    unsigned partial = 0;
    while (in < TOTAL) {
        if (out < TOTAL) {
            size_t half = (TOTAL - out) / 2, sent;
            const struct iovec pieces[] = { { bytes + out, half },
                                            { bytes + out + half, TOTAL - out - half } };
            assert_int_equal(stream_write(&pair.here, pieces, 2, &sent), ERR_OK);
            partial += sent < TOTAL - out;
            out += sent;
            assert_true(stream_unacknowledged(&pair.here) <= TOTAL);
        }
        size_t len;
        enum err e = stream_read(&pair.there, got + in, TOTAL - in, &len);
        if (e == ERR_OK) in += len;
        if (e == ERR_AGAIN) {
            struct pollfd either[] = { { .fd = pair.there.fd, .events = POLLIN },
                                       { .fd = pair.here.fd, .events = POLLOUT } };
            assert_true(poll(either, out < TOTAL ? 2 : 1, 5000) > 0);
        }
    }
    assert_true(partial > 0);
    assert_memory_equal(got, bytes, TOTAL);
    free(bytes);
    free(got);
    close_pair(&pair);
}

static void nothing_is_taken_when_nobody_reads(void **state) {
    (void)state;
    struct pair pair;
    connect_pair(&pair);
    static char bytes[1 << 16];
    const struct iovec piece = { bytes, sizeof bytes };
    size_t sent, total = 0;
    do {
        assert_int_equal(stream_write(&pair.here, &piece, 1, &sent), ERR_OK);
        total += sent;
    } while (sent > 0);
    assert_int_equal(stream_write(&pair.here, &piece, 1, &sent), ERR_OK);
    assert_int_equal(sent, 0);
    assert_in_range(stream_unacknowledged(&pair.here), 1, total);
    close_pair(&pair);
}

static void a_peer_that_is_gone_is_seen(void **state) {
    (void)state;
    struct pair pair;
    connect_pair(&pair);
    stream_abort(&pair.there);
    assert_int_equal(pair.there.fd, -1);
    wait_for(&pair.here, POLLIN);
    char got[8], x[] = "x";
    size_t len;
    assert_int_equal(stream_read(&pair.here, got, sizeof got, &len), ERR_CLOSED);
    const struct iovec piece = { x, 1 };
    /* No SIGPIPE either, one piece or several. */
    assert_int_equal(stream_write(&pair.here, &piece, 1, &len), ERR_CLOSED);
    const struct iovec pieces[] = { { x, 1 }, { x, 1 } };
    assert_int_equal(stream_write(&pair.here, pieces, 2, &len), ERR_CLOSED);
    close_pair(&pair);
}

static void closing_sends_what_the_kernel_holds(void **state) {
    (void)state;
    struct pair pair;
    connect_pair(&pair);
    char words[] = "last words";
    const struct iovec piece = { words, sizeof words };
    size_t len;
    assert_int_equal(stream_write(&pair.here, &piece, 1, &len), ERR_OK);
    stream_close(&pair.here);
    wait_for(&pair.there, POLLIN);
    char got[64];
    assert_int_equal(stream_read(&pair.there, got, sizeof got, &len), ERR_OK);
    assert_int_equal(len, sizeof words);
    close_pair(&pair);
}

static void a_connection_that_is_refused_fails_at_its_first_use(void **state) {
    (void)state;
    struct address address;
    assert_true(address_parse(SPAN("127.0.0.1:0"), &address));
    int listening;
    assert_int_equal(listener_bind(&address, 1, 30, &listening, NULL), ERR_OK);
    (void)close(listening);
    struct stream s = { -1 };
    if (stream_connect(&address, &s, NULL) == ERR_OK) {
        wait_for(&s, POLLOUT);
        char got[8];
        size_t len;
        assert_int_equal(stream_read(&s, got, sizeof got, &len), ERR_CLOSED);
        stream_close(&s);
    }
    assert_int_equal(s.fd, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_arrive_as_one_stream),
        cmocka_unit_test(a_full_kernel_takes_the_rest_later),
        cmocka_unit_test(nothing_is_taken_when_nobody_reads),
        cmocka_unit_test(a_peer_that_is_gone_is_seen),
        cmocka_unit_test(closing_sends_what_the_kernel_holds),
        cmocka_unit_test(a_connection_that_is_refused_fails_at_its_first_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
