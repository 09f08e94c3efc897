/* SPDX-License-Identifier: MIT */
/*
 * TLS 1.3 after the handshake, without OpenSSL: updates of keys from either side, with OpenSSL as
 * the peer, and every record that a peer may not send, sealed as it should be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tls_priv.h"
#include "tls_scene.h"

/* Both ways, with OpenSSL at the other end. */
static void talk(struct foreign *f) {
    char got[64];
    say(&f->server, "from us");
    assert_int_equal(SSL_read(f->ssl, got, sizeof got), 7);
    assert_memory_equal(got, "from us", 7);
    assert_int_equal(SSL_write(f->ssl, "to us", 5), 5);
    expect_text(&f->server, "to us");
}

static void every_suite_is_spoken(void **state) {
    (void)state;
    static const char *const suites[] = { "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                          "TLS_CHACHA20_POLY1305_SHA256" };
    for (size_t i = 0; i < countof(suites); i++) {
        struct foreign f;
        foreign_open(&f);
        assert_int_equal(SSL_CTX_set_ciphersuites(f.context, suites[i]), 1);
        for (int again = 0; again < 2; again++) {
            foreign_connect(&f, world.server, true);
            assert_true(foreign_shake(&f));
            assert_null(f.server.tls->ssl);
            assert_int_equal(f.server.tls->suite, i);
            assert_int_equal(stream_is_resumed(&f.server), again);
            talk(&f);
            foreign_hang_up(&f);
        }
        foreign_close(&f);
    }
}

/* What makes for other records before, or behind, the end of the handshake. */
static void every_way_there_is_fine(void **state) {
    (void)state;
    static const struct {
        const char *groups;
        uint64_t on, off;
    } ways[] = {
        { "X25519", 0, SSL_OP_ENABLE_MIDDLEBOX_COMPAT },
        { "P-521:P-384", 0, 0 }, /* the server asks for a second hello */
        { "P-521:P-256", 0, SSL_OP_ENABLE_MIDDLEBOX_COMPAT },
        { "P-256", SSL_OP_NO_TICKET | SSL_OP_ALLOW_NO_DHE_KEX, 0 },
    };
    for (size_t i = 0; i < countof(ways); i++) {
        struct foreign f;
        foreign_open(&f);
        assert_int_equal(SSL_CTX_set1_groups_list(f.context, ways[i].groups), 1);
        SSL_CTX_set_options(f.context, ways[i].on);
        SSL_CTX_clear_options(f.context, ways[i].off);
        for (int again = 0; again < 2; again++) {
            foreign_connect(&f, world.server, true);
            assert_true(foreign_shake(&f));
            assert_null(f.server.tls->ssl);
            talk(&f);
            foreign_hang_up(&f);
        }
        foreign_close(&f);
    }
}

/* RFC 6066 §4: then no record may carry more, for good. */
static void a_client_with_little_room_gets_short_records(void **state) {
    (void)state;
    enum { SHORT = 512 };
    static char words[3 * SHORT + 1], got[STREAM_READ_MIN];
    struct foreign f;
    foreign_open(&f);
    assert_int_equal(
        SSL_CTX_set_tlsext_max_fragment_length(f.context, TLSEXT_max_fragment_length_512), 1);
    for (int again = 0; again < 2; again++) {
        foreign_connect(&f, world.server, true);
        assert_true(foreign_shake(&f));
        assert_int_equal(stream_is_resumed(&f.server), again);
        const struct iovec piece = { words, sizeof words };
        size_t sent;
        assert_int_equal(stream_write(&f.server, &piece, 1, &sent), ERR_OK);
        assert_int_equal(sent, sizeof words);
        for (int i = 0; i < 3; i++)
            assert_int_equal(SSL_read(f.ssl, got, sizeof got), SHORT);
        assert_int_equal(SSL_read(f.ssl, got, sizeof got), 1);
        talk(&f);
        foreign_hang_up(&f);
    }
    foreign_close(&f);
}

static void keys_are_updated_by_either_side(void **state) {
    (void)state;
    struct foreign f;
    foreign_open(&f);
    foreign_connect(&f, world.server, false);
    assert_true(foreign_shake(&f));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(
            SSL_key_update(f.ssl, i % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED),
            1);
        assert_int_equal(SSL_do_handshake(f.ssl), 1);
        assert_int_equal(tls_turn(&f.server), ERR_AGAIN);
        talk(&f);
    }
    foreign_close(&f);
}

static void a_worn_key_is_replaced(void **state) {
    (void)state;
    struct tls_pair p;
    tls_pair_begin(&p, world.server, world.client, "localhost");
    assert_true(tls_pair_shake(&p));
    uint8_t key[TLS_KEY_MAX];
    memcpy(key, p.server.tls->out.key, sizeof key);
    p.server.tls->out.sequence = p.client.tls->in.sequence = ((uint64_t)1 << 24) - 1;
    say(&p.server, "the last");
    expect_text(&p.client, "the last");
    assert_memory_equal(p.server.tls->out.key, key, 16);
    say(&p.server, "the first");
    expect_text(&p.client, "the first");
    assert_memory_not_equal(p.server.tls->out.key, key, 16);
    assert_int_equal(p.server.tls->out.sequence, 1);
    assert_int_equal(p.client.tls->in.sequence, 1);
    tls_pair_close(&p);
}

/* ---- what may not come ---- */

/* A record that the client seals. */
struct sent {
    int content;
    const char *bytes;
    size_t len;
};

#define SENT(content, text)                                                                        \
    { content, text, sizeof(text) - 1 }

/* Up to three, and what becomes of the server: an alert, or 0 if it goes on. */
struct misdeed {
    struct sent sent[3];
    int alert;
};

static void seal(struct tls_pair *p, const struct sent *sent) {
    struct buf out;
    buf_init(&out, 1 << 17);
    assert_true(tls_seal(&tls_wire()->ciphers, &p->client.tls->out, p->client.tls->suite,
                         (enum tls_content)sent->content, span_of(sent->bytes, sent->len), &out));
    assert_int_equal(write(p->client.fd, out.at, out.len), out.len);
    buf_finish(&out);
}

static void check(const struct misdeed *misdeed) {
    struct tls_pair p;
    tls_pair_begin(&p, world.server, world.client, "localhost");
    assert_true(tls_pair_shake(&p));
    static char got[65536];
    size_t len;
    enum err e = ERR_AGAIN;
    for (size_t i = 0; i < 3 && misdeed->sent[i].bytes; i++) {
        seal(&p, &misdeed->sent[i]);
        e = stream_read(&p.server, got, sizeof got, &len);
    }
    if (misdeed->alert) {
        assert_int_equal(e, ERR_CLOSED);
        assert_int_equal(stream_problem(&p.server), TLS_PROBLEM_PROTOCOL);
        assert_string_equal(stream_problem_text(&p.server), tls_alert_text(misdeed->alert));
        assert_int_equal(stream_read(&p.client, got, sizeof got, &len), ERR_CLOSED);
        assert_int_equal(stream_problem(&p.client), TLS_PROBLEM_REFUSED);
        assert_string_equal(stream_problem_text(&p.client), tls_alert_text(misdeed->alert));
    } else {
        assert_int_not_equal(e, ERR_CLOSED);
        assert_int_equal(stream_problem(&p.server), TLS_PROBLEM_NONE);
    }
    tls_pair_close(&p);
}

static void what_may_not_come_is_answered_with_an_alert(void **state) {
    (void)state;
    static const struct misdeed misdeeds[] = {
        { { SENT(TLS_DATA, "") }, 0 },
        { { SENT(TLS_ALERT, "\x01\x5a") }, 0 }, /* "user canceled" means nothing */
        { { SENT(TLS_HANDSHAKE, "\x18\0\0\1\0") }, 0 },
        { { SENT(TLS_HANDSHAKE, "\x18\0"), SENT(TLS_HANDSHAKE, "\0\1"), SENT(TLS_HANDSHAKE, "\0") },
          0 },
        { { SENT(TLS_HANDSHAKE, "\x18\0"), SENT(TLS_DATA, "x") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(TLS_HANDSHAKE, "") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(TLS_HANDSHAKE, "\x18\0\0\1\2") }, SSL_AD_ILLEGAL_PARAMETER },
        { { SENT(TLS_HANDSHAKE, "\x18\0\0\0") }, SSL_AD_DECODE_ERROR },
        { { SENT(TLS_HANDSHAKE, "\x18\0\0\2\0\0") }, SSL_AD_DECODE_ERROR },
        { { SENT(TLS_HANDSHAKE, "\x18\0\0\1\0\x18") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(TLS_HANDSHAKE, "\x01\0\0\0") }, SSL_AD_UNEXPECTED_MESSAGE }, /* a hello */
        { { SENT(TLS_HANDSHAKE, "\x04\0\0\0") }, SSL_AD_UNEXPECTED_MESSAGE }, /* a ticket */
        { { SENT(TLS_CHANGE, "\1") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(0, "") }, SSL_AD_UNEXPECTED_MESSAGE }, /* nothing but padding */
        { { SENT(0, "x\x17\0\0") }, 0 },                /* padding */
        { { SENT(24, "x") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(TLS_ALERT, "") }, SSL_AD_UNEXPECTED_MESSAGE },
        { { SENT(TLS_ALERT, "\1") }, SSL_AD_DECODE_ERROR },
        { { SENT(TLS_ALERT, "\1\0\0") }, SSL_AD_DECODE_ERROR },
    };
    for (size_t i = 0; i < countof(misdeeds); i++)
        check(&misdeeds[i]);
}

/* Records whose seal is wrong, or that have none. */
static void unsealed_records_end_it(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int alert;
    } records[] = {
        { "\x17\x03\x03\0\x11................1", 22, SSL_AD_BAD_RECORD_MAC },
        { "\x17\x03\x03\0\x10................", 21, SSL_AD_BAD_RECORD_MAC },
        { "\x17\x03\x03\0\0", 5, SSL_AD_BAD_RECORD_MAC },
        { "\x17\x03\x03\x41\x01", 5, SSL_AD_RECORD_OVERFLOW },
        { "\x17\x03\x03\xff\xff", 5, SSL_AD_RECORD_OVERFLOW },
        { "\x14\x03\x03\0\1\1", 6, SSL_AD_UNEXPECTED_MESSAGE },
        { "\x15\x03\x03\0\2\2\x28", 7, SSL_AD_UNEXPECTED_MESSAGE },
        { "HTTP/", 5, SSL_AD_RECORD_OVERFLOW },
    };
    for (size_t i = 0; i < countof(records); i++) {
        struct tls_pair p;
        tls_pair_begin(&p, world.server, world.client, "localhost");
        assert_true(tls_pair_shake(&p));
        assert_int_equal(write(p.client.fd, records[i].bytes, records[i].len), records[i].len);
        static char got[65536];
        size_t len;
        assert_int_equal(stream_read(&p.server, got, sizeof got, &len), ERR_CLOSED);
        assert_string_equal(stream_problem_text(&p.server), tls_alert_text(records[i].alert));
        assert_int_equal(stream_read(&p.client, got, sizeof got, &len), ERR_CLOSED);
        assert_string_equal(stream_problem_text(&p.client), tls_alert_text(records[i].alert));
        tls_pair_close(&p);
    }
}

static void every_bit_of_a_record_counts(void **state) {
    (void)state;
    struct tls_way way = { .secret = "0123456789abcdef0123456789abcdef" }, kept;
    assert_true(tls_way_begin(&way, TLS_AES_128));
    kept = way;
    struct buf out;
    buf_init(&out, 1000);
    struct tls_ciphers *ciphers = &tls_wire()->ciphers;
    assert_true(tls_seal(ciphers, &way, TLS_AES_128, TLS_DATA, SPAN("words"), &out));
    for (size_t bit = 0; bit <= 8 * out.len; bit++) {
        char copy[64];
        memcpy(copy, out.at, out.len);
        bool is_whole = bit == 8 * out.len;
        if (!is_whole) copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        struct tls_way other = kept;
        struct span plain;
        enum tls_content content;
        int alert = tls_open(ciphers, &other, TLS_AES_128, copy, out.len, &plain, &content);
        assert_int_equal(alert == 0, is_whole);
        if (is_whole) assert_true(span_eq(plain, SPAN("words")) && content == TLS_DATA);
        /* Nor does it fit another place in the stream. */
        memcpy(copy, out.at, out.len);
        other.sequence = bit + 1;
        assert_int_equal(tls_open(ciphers, &other, TLS_AES_128, copy, out.len, &plain, &content),
                         SSL_AD_BAD_RECORD_MAC);
    }
    buf_finish(&out);
}

/* Seals `inner` bytes under the first number: one byte of data, the rest of them padding. */
static size_t seal_padded(const struct tls_way *way, uint8_t *record, size_t inner) {
    enum { TAG = 16 };
    uint8_t *at = record + TLS_HEAD_BYTES;
    size_t body = inner + TAG;
    const uint8_t head[] = { TLS_DATA, 3, 3, (uint8_t)(body >> 8), (uint8_t)body };
    memcpy(record, head, sizeof head);
    memset(at, 0, inner);
    at[0] = 'x';
    at[1] = TLS_DATA;
    EVP_CIPHER_CTX *c = tls_wire()->ciphers.of[TLS_AES_128];
    int len;
    assert_int_equal(EVP_CipherInit_ex2(c, NULL, way->key, way->iv, 1, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(c, NULL, &len, head, sizeof head), 1);
    assert_int_equal(EVP_EncryptUpdate(c, at, &len, at, (int)inner), 1);
    assert_int_equal(EVP_EncryptFinal_ex(c, at + len, &len), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, at + inner), 1);
    return sizeof head + body;
}

static void padding_does_not_make_a_record_longer(void **state) {
    (void)state;
    static const struct {
        size_t inner;
        int alert;
    } cases[] = {
        { 2, 0 },
        { TLS_PLAIN_MAX + 1, 0 },
        { TLS_PLAIN_MAX + 2, SSL_AD_RECORD_OVERFLOW },
        { TLS_PLAIN_MAX + 240, SSL_AD_RECORD_OVERFLOW },
        { TLS_PLAIN_MAX + 241, SSL_AD_RECORD_OVERFLOW },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        static uint8_t record[TLS_RECORD_MAX + 1];
        struct tls_way way = { .secret = "0123456789abcdef0123456789abcdef" };
        assert_true(tls_way_begin(&way, TLS_AES_128));
        size_t len = seal_padded(&way, record, cases[i].inner);
        struct span plain;
        enum tls_content content;
        assert_int_equal(tls_open(&tls_wire()->ciphers, &way, TLS_AES_128, (char *)record, len,
                                  &plain, &content),
                         cases[i].alert);
        if (!cases[i].alert) assert_true(span_eq(plain, SPAN("x")) && content == TLS_DATA);
    }
}

static void a_client_skips_tickets(void **state) {
    (void)state;
    struct tls_pair p;
    tls_pair_begin(&p, world.server, world.client, "localhost");
    assert_true(tls_pair_shake(&p));
    /* Two in one record, the second of which goes on in the next. */
    static const char tickets[] = "\x04\0\0\3abc\x04\0\0\5de";
    struct tls_wire *wire = tls_wire();
    struct tls *tls = p.server.tls;
    assert_true(tls_say(tls, wire, TLS_HANDSHAKE, span_of(tickets, sizeof tickets - 1)));
    assert_true(tls_say(tls, wire, TLS_HANDSHAKE, SPAN("fgh")));
    assert_int_equal(tls_keep_out(tls, wire), ERR_OK);
    assert_int_equal(stream_flush(&p.server), ERR_OK);
    assert_int_equal(tls_turn(&p.client), ERR_AGAIN);
    say(&p.server, "words");
    expect_text(&p.client, "words");
    tls_pair_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_suite_is_spoken),
        cmocka_unit_test(every_way_there_is_fine),
        cmocka_unit_test(a_client_with_little_room_gets_short_records),
        cmocka_unit_test(keys_are_updated_by_either_side),
        cmocka_unit_test(a_worn_key_is_replaced),
        cmocka_unit_test(what_may_not_come_is_answered_with_an_alert),
        cmocka_unit_test(unsealed_records_end_it),
        cmocka_unit_test(every_bit_of_a_record_counts),
        cmocka_unit_test(padding_does_not_make_a_record_longer),
        cmocka_unit_test(a_client_skips_tickets),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
