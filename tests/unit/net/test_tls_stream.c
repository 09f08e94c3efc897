/* SPDX-License-Identifier: MIT */
/*
 * A stream with TLS behaves as one without: what is written arrives, whatever the kernel takes at a
 * time and however the bytes are cut; and what is no TLS is refused with a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tls_scene.h"

#include <fcntl.h>
#include <poll.h>

static void connect_pair(struct tls_pair *p) {
    tls_pair_begin(p, world.server, world.client, "localhost");
    assert_true(tls_pair_shake(p));
}

static void expect_end(struct stream *s, enum tls_problem problem) {
    char got[STREAM_READ_MIN];
    size_t len = 4711;
    assert_int_equal(stream_read(s, got, sizeof got, &len), ERR_CLOSED);
    assert_int_equal(len, 4711);
    assert_int_equal(stream_problem(s), problem);
    assert_int_equal(stream_problem_text(s)[0] != '\0', problem != TLS_PROBLEM_NONE);
}

static void both_sides_talk(void **state) {
    (void)state;
    struct tls_pair p;
    tls_pair_begin(&p, world.server, world.client, "localhost");
    assert_true(stream_is_shaking(&p.server));
    assert_true(stream_is_shaking(&p.client));
    assert_string_equal(stream_tls_version(&p.server), "");
    char x[] = "x";
    const struct iovec piece = { x, 1 };
    size_t sent = 4711;
    assert_int_equal(stream_write(&p.server, &piece, 1, &sent), ERR_OK);
    assert_int_equal(sent, 0);
    assert_false(stream_awaits_room(&p.server));
    assert_true(tls_pair_shake(&p));
    assert_string_equal(stream_tls_version(&p.server), "TLSv1.3");
    assert_false(stream_is_resumed(&p.server));
    assert_true(stream_awaits_room(&p.server));
    say(&p.client, "who are you?");
    expect_text(&p.server, "who are you?");
    say(&p.server, "it is me");
    expect_text(&p.client, "it is me");
    char got[STREAM_READ_MIN];
    size_t len;
    assert_int_equal(stream_read(&p.client, got, sizeof got, &len), ERR_AGAIN);
    assert_int_equal(stream_held_bytes(&p.server), 0);
    assert_int_equal(stream_flush(&p.server), ERR_OK);
    /* One direction ends, the other goes on. */
    stream_finish_writing(&p.client);
    expect_end(&p.server, TLS_PROBLEM_NONE);
    say(&p.server, "farewell");
    expect_text(&p.client, "farewell");
    stream_close(&p.server);
    expect_end(&p.client, TLS_PROBLEM_NONE);
    tls_pair_close(&p);
}

/* ---- much ---- */

enum { MUCH = 3 << 19, PIECES = 64 };

static void fill(char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 31 + i / 251);
}

/* Up to 64 pieces of uneven lengths, empty ones among them. */
static size_t cut_up(char *bytes, size_t len, struct iovec pieces[static PIECES]) {
    size_t count = 0, at = 0;
    while (count < PIECES && at < len) {
        size_t part = size_min(len - at, (count * count * 37) % 9001);
        pieces[count++] = (struct iovec){ bytes + at, part };
        at += part;
    }
    return count;
}

static void shrink(const struct stream *s) {
    int small = 4096;
    assert_int_equal(setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
}

/* Everything arrives, also when the kernel takes little at a time. */
static void carry(struct stream *from, struct stream *to, unsigned *ret_partial) {
    char *bytes = malloc(MUCH), *got = malloc(MUCH + STREAM_READ_MIN);
    assert_true(bytes && got);
    fill(bytes, MUCH);
    size_t out = 0, in = 0;
    while (in < MUCH) {
        size_t sent, len, held;
        if (out < MUCH) {
            struct iovec pieces[PIECES];
            size_t count = cut_up(bytes + out, MUCH - out, pieces), all = 0;
            for (size_t i = 0; i < count; i++)
                all += pieces[i].iov_len;
            assert_int_equal(stream_write(from, pieces, count, &sent), ERR_OK);
            held = stream_held_bytes(from);
            assert_true(sent == all || held > 0);
            assert_true(held <= STREAM_READ_MIN + 512);
            *ret_partial += held > 0;
            out += sent;
        } else {
            assert_int_not_equal(stream_flush(from), ERR_CLOSED);
        }
        enum err e = stream_read(to, got + in, MUCH + STREAM_READ_MIN - in, &len);
        if (e == ERR_OK) in += len;
        if (e == ERR_AGAIN) {
            struct pollfd either[] = { { .fd = to->fd, .events = POLLIN },
                                       { .fd = from->fd, .events = POLLOUT } };
            assert_true(poll(either, 2, 5000) > 0);
        }
    }
    assert_int_equal(in, MUCH);
    assert_memory_equal(got, bytes, MUCH);
    free(bytes);
    free(got);
}

static void large_writes_of_many_pieces_arrive(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    unsigned partial = 0;
    carry(&p.server, &p.client, &partial);
    shrink(&p.server);
    shrink(&p.client);
    partial = 0;
    carry(&p.server, &p.client, &partial);
    assert_true(partial > 10);
    carry(&p.client, &p.server, &partial);
    tls_pair_close(&p);
}

static void what_the_kernel_refuses_is_flushed(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    shrink(&p.server);
    static char bytes[1 << 16];
    const struct iovec piece = { bytes, sizeof bytes };
    size_t sent, total = 0;
    do {
        assert_int_equal(stream_write(&p.server, &piece, 1, &sent), ERR_OK);
        total += sent;
    } while (sent == sizeof bytes);
    assert_true(total > 0);
    assert_true(stream_held_bytes(&p.server) > 0);
    assert_true(stream_awaits_room(&p.server));
    assert_int_equal(stream_flush(&p.server), ERR_AGAIN);
    assert_int_equal(stream_write(&p.server, &piece, 1, &sent), ERR_OK);
    assert_int_equal(sent, 0);
    assert_true(stream_unacknowledged(&p.server) >= stream_held_bytes(&p.server));
    /* The end waits behind it. */
    stream_finish_writing(&p.server);
    char got[STREAM_READ_MIN];
    size_t len, in = 0;
    enum err e;
    while ((e = stream_read(&p.client, got, sizeof got, &len)) != ERR_CLOSED) {
        if (e == ERR_OK) in += len;
        assert_int_not_equal(stream_flush(&p.server), ERR_CLOSED);
    }
    assert_int_equal(in, total);
    assert_int_equal(stream_problem(&p.client), TLS_PROBLEM_NONE);
    assert_int_equal(recv(p.client.fd, got, sizeof got, 0), 0); /* the kernel's end behind ours */
    assert_int_equal(stream_held_bytes(&p.server), 0);
    tls_pair_close(&p);
}

/* ---- cuts ---- */

/* Stands between the two and passes on `first` bytes each way, then `step` at a time. */
struct relay {
    int client, server; /* its ends */
    size_t first[2];
    size_t step;
};

static bool pass(int from, int to, size_t *first, size_t step) {
    char bytes[16384];
    size_t most = *first ? *first : step;
    ssize_t got = read(from, bytes, size_min(most, sizeof bytes));
    if (got <= 0) return false;
    if (*first) *first -= (size_t)got;
    assert_int_equal(write(to, bytes, (size_t)got), got);
    return true;
}

static void relay_open(struct relay *r, struct tls_pair *p) {
    int left[2], right[2];
    socket_pair(left);
    socket_pair(right);
    p->client = (struct stream){ .fd = left[0] };
    p->server = (struct stream){ .fd = right[0] };
    r->client = left[1];
    r->server = right[1];
    assert_int_equal(stream_begin_tls_server(&p->server, world.server), ERR_OK);
    assert_int_equal(stream_begin_tls_client(&p->client, world.client, "127.0.0.1"), ERR_OK);
}

/* A handshake and a word each way, with each portion of the relay read by itself; how many bytes
 * went to server and client. */
static void talk_through(struct relay *r, size_t ret_bytes[2]) {
    static char room[65536];
    struct tls_pair p;
    relay_open(r, &p);
    bool has_asked = false, has_answered = false, has_all = false;
    ret_bytes[0] = ret_bytes[1] = 0;
    for (int i = 0; i < 100000 && !has_all; i++) {
        size_t len;
        assert_true(stream_flush(&p.client) == ERR_OK);
        if (!stream_is_shaking(&p.client) && !has_asked) {
            say(&p.client, "ask");
            has_asked = true;
        }
        if (pass(r->client, r->server, &r->first[0], r->step)) {
            enum err e = stream_read(&p.server, room, sizeof room, &len);
            assert_true(e == ERR_AGAIN || e == ERR_OK);
            if (e == ERR_OK) {
                assert_int_equal(len, 3);
                say(&p.server, "answer");
                has_answered = true;
            }
        }
        if (pass(r->server, r->client, &r->first[1], r->step)) {
            enum err e = stream_read(&p.client, room, sizeof room, &len);
            assert_true(e == ERR_AGAIN || e == ERR_OK);
            if (e == ERR_OK) {
                assert_int_equal(len, 6);
                has_all = true;
            }
        }
    }
    assert_true(has_answered && has_all);
    assert_int_equal(stream_held_bytes(&p.server), 0);
    tls_pair_close(&p);
    (void)close(r->client);
    (void)close(r->server);
}

static void a_byte_at_a_time_is_enough(void **state) {
    (void)state;
    size_t bytes[2];
    talk_through(&(struct relay){ .step = 1 }, bytes);
}

static void any_cut_will_do(void **state) {
    (void)state;
    size_t bytes[2];
    /* Both directions are cut at once, which makes for half as many handshakes. */
    for (size_t cut = 1; cut < 1400; cut += 3)
        talk_through(&(struct relay){ .step = 16384, .first = { cut, cut + 1 } }, bytes);
    for (size_t step = 2; step < 40; step++)
        talk_through(&(struct relay){ .step = step }, bytes);
}

static void an_unfinished_record_costs_what_came_of_it(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    static char bytes[16384];
    const struct iovec piece = { bytes, sizeof bytes };
    size_t sent;
    int fds[2];
    /* The client's record goes into a pocket, and 1000 bytes of it to the server. */
    socket_pair(fds);
    int server_end = p.client.fd;
    p.client.fd = fds[0];
    assert_int_equal(stream_write(&p.client, &piece, 1, &sent), ERR_OK);
    static char record[32768], got[STREAM_READ_MIN];
    ssize_t len = read(fds[1], record, sizeof record);
    assert_in_range(len, 16384 + 20, 16384 + 40);
    assert_int_equal(write(server_end, record, 1000), 1000);
    size_t got_len;
    assert_int_equal(stream_read(&p.server, got, sizeof got, &got_len), ERR_AGAIN);
    assert_int_equal(stream_held_bytes(&p.server), 1000);
    assert_int_equal(write(server_end, record + 1000, (size_t)len - 1001), len - 1001);
    assert_int_equal(stream_read(&p.server, got, sizeof got, &got_len), ERR_AGAIN);
    assert_in_range(stream_held_bytes(&p.server), 16384, 16384 + 100);
    assert_int_equal(write(server_end, record + len - 1, 1), 1);
    assert_int_equal(stream_read(&p.server, got, sizeof got, &got_len), ERR_OK);
    assert_int_equal(got_len, 16384);
    assert_int_equal(stream_held_bytes(&p.server), 0);
    (void)close(fds[1]);
    (void)close(server_end);
    tls_pair_close(&p);
}

/* ---- ends ---- */

static void a_stream_cut_short_is_said(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    say(&p.client, "and then");
    int fd = p.client.fd;
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    expect_text(&p.server, "and then");
    expect_end(&p.server, TLS_PROBLEM_CLOSED);
    char x[] = "x";
    const struct iovec piece = { x, 1 };
    size_t sent;
    assert_int_equal(stream_write(&p.server, &piece, 1, &sent), ERR_CLOSED);
    tls_pair_close(&p);

    /* In the middle of the handshake. */
    tls_pair_begin(&p, world.server, world.client, "localhost");
    (void)tls_turn(&p.client);
    (void)tls_turn(&p.server);
    stream_abort(&p.client);
    expect_end(&p.server, TLS_PROBLEM_CLOSED);
    tls_pair_close(&p);
}

static void an_end_behind_words_is_seen_by_poll(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    int kept = dup(p.client.fd); /* the kernel's end does not come */
    say(&p.client, "last words");
    stream_close(&p.client);
    expect_text(&p.server, "last words");
    struct pollfd ready = { .fd = p.server.fd, .events = POLLIN };
    assert_int_equal(poll(&ready, 1, 0), 1);
    expect_end(&p.server, TLS_PROBLEM_NONE);
    (void)close(kept);
    tls_pair_close(&p);
}

static void bytes_that_were_changed_end_it(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    say(&p.server, "first");
    char forged[40] = { 23, 3, 3, 0, 35 };
    assert_int_equal(write(p.server.fd, forged, sizeof forged), sizeof forged);
    expect_text(&p.client, "first");
    struct pollfd ready = { .fd = p.client.fd, .events = POLLIN };
    assert_int_equal(poll(&ready, 1, 0), 1);
    expect_end(&p.client, TLS_PROBLEM_PROTOCOL);
    /* The other is told. */
    expect_end(&p.server, TLS_PROBLEM_REFUSED);
    assert_string_equal(stream_problem_text(&p.server), "bad record mac");
    tls_pair_close(&p);
}

struct greeting {
    const char *bytes;
    size_t len;
    enum tls_problem problem;
};

#define GREETING(text, problem)                                                                    \
    { text, sizeof(text) - 1, problem }

static void what_is_no_tls_is_refused(void **state) {
    (void)state;
    static const struct greeting greetings[] = {
        GREETING("GET / HTTP/1.1\r\n", TLS_PROBLEM_PLAIN_HTTP),
        GREETING("O", TLS_PROBLEM_PLAIN_HTTP),
        GREETING("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", TLS_PROBLEM_PLAIN_HTTP),
        GREETING("\0", TLS_PROBLEM_NOT_TLS),
        GREETING("*1\r\n$4\r\nPING\r\n", TLS_PROBLEM_NOT_TLS),
        GREETING("\x80\x2e\x01\x03\x01", TLS_PROBLEM_NOT_TLS), /* SSL 2 */
        GREETING("\x16\x02\x01\x00\x04\x01\x00\x00\x00", TLS_PROBLEM_NOT_TLS),
        GREETING("\x16\x03\x01\x00\x00", TLS_PROBLEM_PROTOCOL), /* empty */
        GREETING("\x16\x03\x01\x00\x02\x01\x00", TLS_PROBLEM_PROTOCOL),
        GREETING("\x16\x03\x01\x00\x04\x02\x00\x00\x00",
                 TLS_PROBLEM_PROTOCOL), /* another's hello */
        GREETING("\x16\x03\x01\x00\x04\x01\x00\x40\x01", TLS_PROBLEM_PROTOCOL), /* 16 KiB and 1 */
        GREETING("\x16\x03\x01\x41\x01\x01\x00\x00\x30", TLS_PROBLEM_PROTOCOL), /* a byte more */
        GREETING("\x16\x03\x01\xff\xff\x01\x00\x00\x30", TLS_PROBLEM_PROTOCOL), /* no such record */
        GREETING("\x16\x03\x01\x00\x04\x01\x00\x00\x00", TLS_PROBLEM_PROTOCOL), /* nothing in it */
    };
    for (size_t i = 0; i < countof(greetings); i++) {
        for (size_t cut = 0; cut < greetings[i].len; cut++) {
            struct tls_pair p;
            tls_pair_open(&p);
            assert_int_equal(stream_begin_tls_server(&p.server, world.server), ERR_OK);
            const char *at = greetings[i].bytes;
            char got[STREAM_READ_MIN];
            size_t len;
            enum err e = ERR_AGAIN;
            if (cut) assert_int_equal(write(p.client.fd, at, cut), cut);
            if (cut) e = stream_read(&p.server, got, sizeof got, &len);
            if (e == ERR_AGAIN) {
                assert_int_equal(write(p.client.fd, at + cut, greetings[i].len - cut),
                                 greetings[i].len - cut);
                e = stream_read(&p.server, got, sizeof got, &len);
            }
            assert_int_equal(e, ERR_CLOSED);
            assert_int_equal(stream_problem(&p.server), greetings[i].problem);
            tls_pair_close(&p);
        }
    }
}

static void one_who_speaks_http_can_be_answered(void **state) {
    (void)state;
    struct tls_pair p;
    tls_pair_open(&p);
    assert_int_equal(stream_begin_tls_server(&p.server, world.server), ERR_OK);
    say(&p.client, "GET / HTTP/1.0\r\n\r\n");
    expect_end(&p.server, TLS_PROBLEM_PLAIN_HTTP);
    stream_end_tls(&p.server);
    say(&p.server, "HTTP/1.0 400 Bad Request\r\n\r\n");
    expect_text(&p.client, "HTTP/1.0 400 Bad Request\r\n\r\n");
    tls_pair_close(&p);
}

/* ---- floods ---- */

static void updates_of_keys_are_bounded(void **state) {
    (void)state;
    struct foreign f;
    foreign_open(&f);
    foreign_connect(&f, world.server, false);
    assert_true(foreign_shake(&f));
    int taken = 0;
    enum err e = ERR_AGAIN;
    for (; taken < 1000 && e == ERR_AGAIN; taken++) {
        (void)SSL_key_update(f.ssl, SSL_KEY_UPDATE_REQUESTED);
        (void)SSL_do_handshake(f.ssl);
        e = tls_turn(&f.server);
    }
    assert_int_equal(taken, 33);
    assert_int_equal(stream_problem(&f.server), TLS_PROBLEM_FLOOD);
    foreign_close(&f);
}

static void tiny_records_are_no_flood(void **state) {
    (void)state;
    struct tls_pair p;
    connect_pair(&p);
    static char got[65536];
    size_t len, in = 0;
    for (int i = 0; i < 2000; i++) {
        say(&p.client, "x");
        if (i % 100 == 99) {
            while (stream_read(&p.server, got, sizeof got, &len) == ERR_OK)
                in += len;
        }
    }
    assert_int_equal(in, 2000);
    tls_pair_close(&p);
}

static void renegotiation_is_refused(void **state) {
    (void)state;
    struct foreign f;
    foreign_open(&f);
    (void)SSL_CTX_set_max_proto_version(f.context, TLS1_2_VERSION);
    foreign_connect(&f, world.server, false);
    assert_true(foreign_shake(&f));
    assert_string_equal(stream_tls_version(&f.server), "TLSv1.2");
    assert_int_equal(SSL_renegotiate(f.ssl), 1);
    (void)SSL_do_handshake(f.ssl);
    (void)tls_turn(&f.server);
    int done = SSL_do_handshake(f.ssl);
    assert_int_equal(SSL_get_error(f.ssl, done), SSL_ERROR_SSL);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
    foreign_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_talk),
        cmocka_unit_test(large_writes_of_many_pieces_arrive),
        cmocka_unit_test(what_the_kernel_refuses_is_flushed),
        cmocka_unit_test(a_byte_at_a_time_is_enough),
        cmocka_unit_test(any_cut_will_do),
        cmocka_unit_test(an_unfinished_record_costs_what_came_of_it),
        cmocka_unit_test(a_stream_cut_short_is_said),
        cmocka_unit_test(an_end_behind_words_is_seen_by_poll),
        cmocka_unit_test(bytes_that_were_changed_end_it),
        cmocka_unit_test(what_is_no_tls_is_refused),
        cmocka_unit_test(one_who_speaks_http_can_be_answered),
        cmocka_unit_test(updates_of_keys_are_bounded),
        cmocka_unit_test(tiny_records_are_no_flood),
        cmocka_unit_test(renegotiation_is_refused),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
