/* SPDX-License-Identifier: MIT */
/*
 * Records that the kernel seals, with OpenSSL as the peer. Most of it is skipped where the kernel
 * has no TLS (`modprobe tls`).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tls_priv.h"
#include "tls_scene.h"

#include <errno.h>
#include <linux/tls.h>
#include <poll.h>

static struct tls_context *server; /* that uses the kernel */

static int make_server(void **state) {
    (void)make_world(state);
    struct tls_identity identity = made_identity(&world.leaf);
    const struct tls_server_options options = { .identities = &identity,
                                                .identity_count = 1,
                                                .uses_kernel = true };
    return tls_server_new(&options, &server, NULL);
}

static int free_server(void **state) {
    tls_context_unref(server);
    return free_world(state);
}

static void wait_for(int fd, short events) {
    struct pollfd ready = { .fd = fd, .events = events };
    assert_int_equal(poll(&ready, 1, 10000), 1);
}

static void await_text(struct stream *s, const char *text) {
    char got[STREAM_READ_MIN];
    size_t len;
    enum err e;
    do {
        wait_for(s->fd, POLLIN);
    } while ((e = stream_read(s, got, sizeof got, &len)) == ERR_AGAIN);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(got, text, len);
}

/* How much OpenSSL reads; 0 at the end. */
static size_t hear(struct foreign *f, char *to, size_t cap) {
    for (;;) {
        int got = SSL_read(f->ssl, to, (int)cap);
        if (got > 0) return (size_t)got;
        if (SSL_get_error(f->ssl, got) != SSL_ERROR_WANT_READ) return 0;
        wait_for(SSL_get_fd(f->ssl), POLLIN);
    }
}

static void talk(struct foreign *f) {
    char got[64];
    say(&f->server, "from us");
    assert_int_equal(hear(f, got, sizeof got), 7);
    assert_memory_equal(got, "from us", 7);
    assert_int_equal(SSL_write(f->ssl, "to us", 5), 5);
    await_text(&f->server, "to us");
}

/* By TCP what one side says is with the other a little later. */
static void shake(struct foreign *f) {
    for (int i = 0; i < 100 && !foreign_shake(f); i++) {
        struct pollfd either[] = { { .fd = f->server.fd, .events = POLLIN },
                                   { .fd = SSL_get_fd(f->ssl), .events = POLLIN } };
        (void)poll(either, 2, 100);
    }
    assert_false(stream_is_shaking(&f->server));
    assert_true(SSL_is_init_finished(f->ssl));
}

/* A connection whose handshake is over, of `suite`; NULL: any. Short buffers if it `is_tight`. */
static void begin(struct foreign *f, const char *suite, bool is_tight) {
    int fds[2];
    if (!tls_kernel_is_offered()) skip();
    foreign_open(f);
    if (suite) assert_int_equal(SSL_CTX_set_ciphersuites(f->context, suite), 1);
    tcp_pair(fds, is_tight);
    foreign_begin(f, fds, server, false);
    shake(f);
    assert_false(f->server.tls->is_kernel);
}

/* ---- keys ---- */

static void a_key_is_as_the_kernel_wants_it(void **state) {
    (void)state;
    static const uint8_t number[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    struct tls_way way = { .sequence = 0x0102030405060708 };
    for (size_t i = 0; i < sizeof way.key; i++)
        way.key[i] = (uint8_t)(0x40 + i);
    for (size_t i = 0; i < sizeof way.iv; i++)
        way.iv[i] = (uint8_t)(0xa0 + i);
    struct tls_kernel_key key;

    struct tls12_crypto_info_aes_gcm_128 aes_128;
    tls_kernel_key(TLS_AES_128, &way, &key);
    assert_int_equal(key.len, sizeof aes_128);
    memcpy(&aes_128, key.bytes, key.len);
    assert_int_equal(aes_128.info.version, 0x304);
    assert_int_equal(aes_128.info.cipher_type, 51);
    assert_memory_equal(aes_128.salt, way.iv, 4);
    assert_memory_equal(aes_128.iv, way.iv + 4, 8);
    assert_memory_equal(aes_128.key, way.key, 16);
    assert_memory_equal(aes_128.rec_seq, number, 8);

    struct tls12_crypto_info_aes_gcm_256 aes_256;
    tls_kernel_key(TLS_AES_256, &way, &key);
    assert_int_equal(key.len, sizeof aes_256);
    memcpy(&aes_256, key.bytes, key.len);
    assert_int_equal(aes_256.info.version, 0x304);
    assert_int_equal(aes_256.info.cipher_type, 52);
    assert_memory_equal(aes_256.salt, way.iv, 4);
    assert_memory_equal(aes_256.iv, way.iv + 4, 8);
    assert_memory_equal(aes_256.key, way.key, 32);
    assert_memory_equal(aes_256.rec_seq, number, 8);

    struct tls12_crypto_info_chacha20_poly1305 chacha;
    tls_kernel_key(TLS_CHACHA, &way, &key);
    assert_int_equal(key.len, sizeof chacha);
    memcpy(&chacha, key.bytes, key.len);
    assert_int_equal(chacha.info.version, 0x304);
    assert_int_equal(chacha.info.cipher_type, 54);
    assert_memory_equal(chacha.iv, way.iv, 12);
    assert_memory_equal(chacha.key, way.key, 32);
    assert_memory_equal(chacha.rec_seq, number, 8);
}

/* No kernel does that for such a socket. */
static void where_there_is_none_it_goes_on(void **state) {
    (void)state;
    struct foreign f;
    foreign_open(&f);
    foreign_connect(&f, server, false);
    assert_true(foreign_shake(&f));
    assert_true(f.server.tls->wants_kernel);
    talk(&f);
    assert_false(f.server.tls->wants_kernel);
    assert_int_equal(tls_kernel_streams(), 0);
    talk(&f);
    foreign_close(&f);
}

/* ---- data ---- */

static void every_suite_is_sealed(void **state) {
    (void)state;
    static const char *const suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                          "TLS_CHACHA20_POLY1305_SHA256" };
    for (size_t i = 0; i < countof(suites); i++) {
        struct foreign f;
        begin(&f, suites[i], false);
        for (int j = 0; j < 3; j++)
            talk(&f);
        assert_true(f.server.tls->is_kernel);
        assert_int_equal(f.server.tls->suite, i);
        assert_int_equal(tls_kernel_streams(), 1);
        static const uint8_t nothing[TLS_KEY_MAX];
        assert_memory_equal(f.server.tls->out.key, nothing, sizeof nothing);
        foreign_close(&f);
        assert_int_equal(tls_kernel_streams(), 0);
    }
}

static void what_we_have_sealed_counts(void **state) {
    (void)state;
    struct foreign f;
    begin(&f, NULL, false);
    f.server.tls->wants_kernel = false;
    talk(&f);
    talk(&f);
    f.server.tls->wants_kernel = true;
    talk(&f);
    assert_true(f.server.tls->is_kernel);
    talk(&f);
    foreign_close(&f);
}

static void tls_1_2_stays_with_openssl(void **state) {
    (void)state;
    struct foreign f;
    if (!tls_kernel_is_offered()) skip();
    foreign_open(&f);
    (void)SSL_CTX_set_max_proto_version(f.context, TLS1_2_VERSION);
    int fds[2];
    tcp_pair(fds, false);
    foreign_begin(&f, fds, server, false);
    shake(&f);
    talk(&f);
    assert_false(f.server.tls->is_kernel);
    foreign_close(&f);
}

enum { MUCH = 1 << 18, PIECES = 64 };

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

/* Everything arrives when the kernel takes a little at a time, and the end behind it. */
static void a_slow_reader_gets_all_and_the_end(void **state) {
    (void)state;
    static char bytes[MUCH], got[MUCH + 1];
    struct foreign f;
    begin(&f, NULL, true);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = (char)(i * 31 + i / 251);
    size_t out = 0, in = 0, refused = 0;
    bool is_finished = false, has_left = false;
    while (!(SSL_get_shutdown(f.ssl) & SSL_RECEIVED_SHUTDOWN)) {
        struct iovec pieces[PIECES];
        size_t sent = 0;
        if (out < MUCH) {
            size_t count = cut_up(bytes + out, MUCH - out, pieces);
            assert_int_equal(stream_write(&f.server, pieces, count, &sent), ERR_OK);
            refused += sent == 0;
            out += sent;
            assert_int_equal(stream_held_bytes(&f.server), 0);
        } else if (!is_finished) {
            stream_finish_writing(&f.server);
            is_finished = true;
        } else if (!has_left) {
            enum err e = stream_flush(&f.server);
            assert_int_not_equal(e, ERR_CLOSED);
            has_left = e == ERR_OK;
        }
        if (sent == 0) {
            int part = SSL_read(f.ssl, got + in, 1000);
            if (part > 0) in += (size_t)part;
        }
    }
    assert_true(refused > 10);
    assert_int_equal(in, MUCH);
    assert_memory_equal(got, bytes, MUCH);
    assert_int_equal(stream_flush(&f.server), ERR_OK);
    /* And the kernel's end behind ours. */
    wait_for(SSL_get_fd(f.ssl), POLLIN);
    assert_int_equal(recv(SSL_get_fd(f.ssl), got, 1, 0), 0);
    foreign_close(&f);
}

/* As 6.14 and later do. */
static bool replaces_keys(const struct stream *s) {
    const struct tls_crypto_info info = { TLS_1_3_VERSION, 51 };
    assert_int_equal(setsockopt(s->fd, SOL_TLS, TLS_TX, &info, sizeof info), -1);
    assert_true(errno == EBUSY || errno == EINVAL);
    return errno == EINVAL;
}

/* The kernel has taken a record of which TCP had room for a part: its end waits for the rest. With
 * a second key, too, where there may be one. That ours was said is made up: there was no room. */
static void an_end_waits_for_what_the_kernel_holds(void **state) {
    (void)state;
    static char bytes[TLS_PLAIN_MAX], got[TLS_PLAIN_MAX];
    for (int i = 0; i < 4; i++) {
        struct foreign f;
        begin(&f, NULL, true);
        talk(&f);
        if (i % 2 && replaces_keys(&f.server)) {
            f.server.tls->owes_update = true;
            talk(&f);
        }
        const struct iovec piece = { bytes, sizeof bytes };
        size_t sent, out = 0, in = 0;
        do {
            assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_OK);
            out += sent;
        } while (sent > 0);
        f.server.tls->has_finished = f.server.tls->must_shut = true;
        assert_int_equal(stream_flush(&f.server), ERR_AGAIN);
        for (int part = 1; part > 0 || SSL_get_error(f.ssl, part) == SSL_ERROR_WANT_READ;) {
            if (part <= 0) assert_int_not_equal(stream_flush(&f.server), ERR_CLOSED);
            part = SSL_read(f.ssl, got, 4000);
            if (part > 0) in += (size_t)part;
        }
        assert_int_equal(in, out);
        assert_int_equal(stream_flush(&f.server), ERR_OK);
        assert_int_equal(f.server.tls->must_shut, 0);
        ERR_clear_error();
        foreign_close(&f);
    }
}

static void an_end_is_said_before_the_kernels(void **state) {
    (void)state;
    struct foreign f;
    char got[8];
    for (int how = 0; how < 2; how++) {
        begin(&f, NULL, false);
        talk(&f);
        if (how == 0) {
            stream_finish_writing(&f.server);
            assert_int_equal(stream_flush(&f.server), ERR_OK);
        } else {
            stream_close(&f.server);
        }
        assert_int_equal(hear(&f, got, sizeof got), 0);
        assert_int_equal(SSL_get_shutdown(f.ssl), SSL_RECEIVED_SHUTDOWN);
        wait_for(SSL_get_fd(f.ssl), POLLIN);
        assert_int_equal(recv(SSL_get_fd(f.ssl), got, 1, 0), 0);
        if (how == 0) { /* it may still speak */
            assert_int_equal(SSL_write(f.ssl, "to us", 5), 5);
            await_text(&f.server, "to us");
        }
        foreign_close(&f);
    }
}

static void one_who_has_left_is_noticed(void **state) {
    (void)state;
    struct foreign f;
    begin(&f, NULL, false);
    talk(&f);
    struct stream gone = { .fd = SSL_get_fd(f.ssl) };
    assert_int_equal(SSL_set_fd(f.ssl, -1), 1);
    stream_abort(&gone);
    wait_for(f.server.fd, POLLIN);
    char word[] = "word";
    const struct iovec piece = { word, 4 };
    size_t sent;
    assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_CLOSED);
    assert_int_equal(stream_problem(&f.server), TLS_PROBLEM_CLOSED);
    assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_CLOSED);
    foreign_close(&f);
}

/* ---- what is not data ---- */

static void expect_refusal(struct foreign *f) {
    char got[8];
    assert_string_equal(stream_problem_text(&f->server), "the kernel does not replace keys");
    assert_int_equal(hear(f, got, sizeof got), 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
    ERR_clear_error();
}

static void a_peer_may_ask_for_another_key(void **state) {
    (void)state;
    struct foreign f;
    begin(&f, NULL, false);
    for (int i = 0; i < 5; i++) {
        talk(&f);
        bool asks = i % 2 == 1;
        assert_int_equal(
            SSL_key_update(f.ssl, asks ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED),
            1);
        assert_int_equal(SSL_do_handshake(f.ssl), 1);
        wait_for(f.server.fd, POLLIN);
        bool is_fine = !asks || replaces_keys(&f.server);
        assert_int_equal(tls_turn(&f.server), is_fine ? ERR_AGAIN : ERR_CLOSED);
        if (!is_fine) {
            expect_refusal(&f);
            break;
        }
    }
    foreign_close(&f);
}

/* While the kernel takes nothing: then the answer, and all else, waits. */
static void a_key_is_asked_for_when_there_is_no_room(void **state) {
    (void)state;
    static char bytes[65536], got[65536];
    struct foreign f;
    begin(&f, NULL, true);
    talk(&f);
    const struct iovec piece = { bytes, sizeof bytes };
    size_t sent, out = 0, in = 0;
    do {
        assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_OK);
        out += sent;
    } while (sent > 0);
    bool is_fine = replaces_keys(&f.server);
    assert_int_equal(SSL_key_update(f.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(SSL_do_handshake(f.ssl), 1);
    wait_for(f.server.fd, POLLIN);
    assert_int_equal(tls_turn(&f.server), is_fine ? ERR_AGAIN : ERR_CLOSED);
    if (is_fine) {
        assert_int_equal(stream_flush(&f.server), ERR_AGAIN);
        assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_OK);
        assert_int_equal(sent, 0);
        while (in < out || stream_flush(&f.server) != ERR_OK) {
            int part = SSL_read(f.ssl, got, sizeof got);
            if (part > 0) in += (size_t)part;
        }
        assert_int_equal(in, out);
        talk(&f);
    }
    foreign_close(&f);
}

static void a_worn_key_is_replaced(void **state) {
    (void)state;
    if (!tls_kernel_is_offered()) skip();
    static const uint64_t last = ((uint64_t)1 << 24) - 1;
    struct tls_pair p;
    int fds[2];
    tcp_pair(fds, false);
    p.server = (struct stream){ .fd = fds[0] };
    p.client = (struct stream){ .fd = fds[1] };
    assert_int_equal(stream_begin_tls_server(&p.server, server), ERR_OK);
    assert_int_equal(stream_begin_tls_client(&p.client, world.client, "localhost"), ERR_OK);
    while (!tls_pair_shake(&p))
        assert_int_not_equal(stream_problem(&p.client), TLS_PROBLEM_PROTOCOL);
    p.server.tls->out.sequence = p.client.tls->in.sequence = last;
    say(&p.server, "the last");
    await_text(&p.client, "the last");
    assert_true(p.server.tls->is_kernel);
    if (replaces_keys(&p.server)) {
        say(&p.server, "the first");
        await_text(&p.client, "the first");
        assert_int_equal(p.client.tls->in.sequence, 1);
        /* What we count is at most too much. */
        p.server.tls->out.sequence = last + 1;
        say(&p.server, "the second");
        await_text(&p.client, "the second");
        assert_int_equal(p.client.tls->in.sequence, 2);
    } else {
        char word[] = "word";
        const struct iovec piece = { word, 4 };
        size_t sent;
        assert_int_equal(stream_write(&p.server, &piece, 1, &sent), ERR_CLOSED);
        assert_string_equal(stream_problem_text(&p.server), "the kernel does not replace keys");
    }
    tls_pair_close(&p);
}

static void bytes_that_were_changed_are_answered(void **state) {
    (void)state;
    struct foreign f;
    begin(&f, NULL, false);
    talk(&f);
    char forged[40] = { 23, 3, 3, 0, 35 }, got[STREAM_READ_MIN];
    size_t len;
    assert_int_equal(write(SSL_get_fd(f.ssl), forged, sizeof forged), sizeof forged);
    wait_for(f.server.fd, POLLIN);
    assert_int_equal(stream_read(&f.server, got, sizeof got, &len), ERR_CLOSED);
    assert_int_equal(stream_problem(&f.server), TLS_PROBLEM_PROTOCOL);
    assert_int_equal(hear(&f, got, sizeof got), 0);
    assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
    ERR_clear_error();
    foreign_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_as_the_kernel_wants_it),
        cmocka_unit_test(where_there_is_none_it_goes_on),
        cmocka_unit_test(every_suite_is_sealed),
        cmocka_unit_test(what_we_have_sealed_counts),
        cmocka_unit_test(tls_1_2_stays_with_openssl),
        cmocka_unit_test(a_slow_reader_gets_all_and_the_end),
        cmocka_unit_test(an_end_waits_for_what_the_kernel_holds),
        cmocka_unit_test(an_end_is_said_before_the_kernels),
        cmocka_unit_test(one_who_has_left_is_noticed),
        cmocka_unit_test(a_peer_may_ask_for_another_key),
        cmocka_unit_test(a_key_is_asked_for_when_there_is_no_room),
        cmocka_unit_test(a_worn_key_is_replaced),
        cmocka_unit_test(bytes_that_were_changed_are_answered),
    };
    return cmocka_run_group_tests(tests, make_server, free_server);
}
