/* SPDX-License-Identifier: MIT */
/*
 * TLS without memory: each allocation of a connection that may fail does, ours and OpenSSL's, one
 * at a time. The connection fails with a reason, or does not need it; the next one is fine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/tls_priv.h"
#include "tls_scene.h"

/* There are thousands in making a context. */
enum { STRIDE = 97 };

/* OpenSSL's allocations from now on are counted, and the one of this number fails. */
static bool is_armed;
static unsigned long tried, fail_at;

static bool must_fail(void) {
    return is_armed && ++tried == fail_at;
}

static void *try_malloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *try_realloc(void *at, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(at, size);
}

static void do_free(void *at, const char *file, int line) {
    (void)file;
    (void)line;
    free(at);
}

static bool says_a_word(struct stream *from, struct stream *to) {
    static char word[20000], got[65536];
    const struct iovec pieces[] = { { word, 1000 }, { word, sizeof word - 1000 } };
    size_t sent, len, in = 0;
    enum err e = stream_write(from, pieces, 2, &sent);
    while (!e && in < sizeof word) {
        e = stream_flush(from);
        if (e == ERR_AGAIN) e = ERR_OK;
        if (!e) e = stream_read(to, got, sizeof got, &len);
        if (!e) in += len;
        if (e == ERR_AGAIN) e = ERR_OK;
    }
    return e == ERR_OK;
}

/* From the beginning to the end of a connection; false if it did not come to that. */
static bool live(struct tls_context *server) {
    struct tls_pair p;
    tls_pair_open(&p);
    enum err e = stream_begin_tls_server(&p.server, server);
    if (!e) e = stream_begin_tls_client(&p.client, world.client, "localhost");
    assert_true(e == ERR_OK || e == ERR_NOMEM);
    bool is_alive = e == ERR_OK && tls_pair_shake(&p);
    if (!e && !is_alive) {
        assert_true(stream_problem(&p.server) != TLS_PROBLEM_NONE ||
                    stream_problem(&p.client) != TLS_PROBLEM_NONE);
    }
    is_alive = is_alive && says_a_word(&p.server, &p.client) && says_a_word(&p.client, &p.server);
    tls_pair_close(&p);
    assert_int_equal(ERR_peek_error(), 0);
    return is_alive;
}

static void our_allocations_may_fail(void **state) {
    (void)state;
    unsigned failures = 0;
    for (uint64_t nth = 1;; nth++) {
        mem_fail_nth(nth);
        failures += !live(world.server);
        if (mem_tried() < nth) break;
        assert_true(nth < 1000);
    }
    mem_fail_nth(0);
    assert_true(failures > 1);
    assert_true(live(world.server));
}

static void those_of_openssl_may_fail(void **state) {
    (void)state;
    unsigned failures = 0;
    for (fail_at = 1;; fail_at++) {
        tried = 0;
        is_armed = true;
        failures += !live(world.server);
        is_armed = false;
        if (tried < fail_at) break;
        assert_true(fail_at < 100000);
    }
    assert_true(failures > 100);
    assert_true(live(world.server));
}

/* An update of keys fails wherever it can: no key meets a number again that it had before. */
static void a_failed_update_repeats_no_nonce(void **state) {
    (void)state;
    unsigned failures = 0;
    for (fail_at = 1;; fail_at++) {
        struct tls_way way = { .sequence = 7, .secret = "0123456789abcdef0123456789abcdef" };
        const struct tls_way before = way;
        tried = 0;
        is_armed = true;
        bool is_done = tls_way_update(&way, TLS_AES_128);
        is_armed = false;
        ERR_clear_error();
        if (is_done) {
            assert_int_equal(way.sequence, 0);
            assert_memory_not_equal(way.key, before.key, 16);
        } else {
            failures++;
            assert_memory_equal(&way, &before, sizeof way);
        }
        if (tried < fail_at) break;
    }
    assert_true(failures > 1);
}

/* What TLS had to say found no room: that stream fails, others of the thread do not. */
static void want_of_room_is_one_streams_affair(void **state) {
    (void)state;
    struct tls_pair failing, fine;
    tls_pair_begin(&failing, world.server, world.client, "localhost");
    tls_pair_begin(&fine, world.server, world.client, "localhost");
    assert_int_equal(stream_flush(&failing.client), ERR_OK);
    assert_int_equal(stream_flush(&fine.client), ERR_OK);
    buf_finish(&tls_wire()->out);
    mem_fail_nth(1);
    assert_int_equal(tls_turn(&failing.server), ERR_CLOSED);
    mem_fail_nth(0);
    assert_int_equal(tls_turn(&fine.server), ERR_AGAIN);
    assert_true(tls_pair_shake(&fine));
    tls_pair_close(&failing);
    tls_pair_close(&fine);
}

static void a_context_may_not_come_to_be(void **state) {
    (void)state;
    unsigned failures = 0;
    for (fail_at = 1;; fail_at += STRIDE) {
        struct tls_identity identity = made_identity(&world.leaf);
        const struct tls_identity both[] = { identity, identity };
        struct tls_context *context = NULL;
        struct err_note note = { "" };
        tried = 0;
        is_armed = true;
        enum err e =
            tls_server_new(&(struct tls_server_options){ both, 2, TLS_1_2, NULL }, &context, &note);
        is_armed = false;
        if (e) {
            failures++;
            assert_true(note.text[0] != '\0');
            assert_null(context);
        }
        tls_context_unref(context);
        assert_int_equal(ERR_peek_error(), 0);
        if (tried < fail_at) break;
    }
    assert_true(failures > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_allocations_may_fail),
        cmocka_unit_test(those_of_openssl_may_fail),
        cmocka_unit_test(a_failed_update_repeats_no_nonce),
        cmocka_unit_test(want_of_room_is_one_streams_affair),
        cmocka_unit_test(a_context_may_not_come_to_be),
    };
    if (CRYPTO_set_mem_functions(try_malloc, try_realloc, do_free) != 1) return 1;
    return cmocka_run_group_tests(tests, make_world, free_world);
}
