/* SPDX-License-Identifier: MIT */
/*
 * What certificates say of themselves, in a file and when a server shows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "certificate_maker.h"
#include "net/certificate.h"
#include "net/listener.h"
#include "net/stream.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DAY_S = 86400, WAIT_MS = 2000 };

static struct made authority, leaf, old, nameless;

static int set_up(void **state) {
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    make(&(struct maker_order){ .to_days = 9 }, &authority);
    make(&(struct maker_order){ .names = "DNS:*.example.com,IP:127.0.0.1,IP:::1,DNS:localhost",
                                .issuer = &authority,
                                .from_days = -1,
                                .to_days = 20 },
         &leaf);
    make(&(struct maker_order){ .names = "DNS:localhost", .from_days = -9, .to_days = -2 }, &old);
    make(&(struct maker_order){ .names = "" }, &nameless);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_free(&authority);
    made_free(&leaf);
    made_free(&old);
    made_free(&nameless);
    return 0;
}

static int64_t days_left(const struct certificate *certificate) {
    return (certificate->expires_s - clock_wall_ms() / 1000 + DAY_S / 2) / DAY_S;
}

static void read_from_a_file(void **state) {
    (void)state;
    struct certificate got;
    struct err_note note = { "" };
    struct buf both;
    assert_int_equal(certificate_read(maker_span(&leaf.certificate), &got, &note), ERR_OK);
    assert_string_equal(got.name, "*.example.com");
    assert_string_equal(got.names, "*.example.com 127.0.0.1 ::1 localhost");
    assert_int_equal(days_left(&got), 20);
    assert_true(got.begins_s < clock_wall_ms() / 1000);
    /* One in the chain expires sooner. */
    unsigned char digest[sizeof got.digest];
    memcpy(digest, got.digest, sizeof digest);
    buf_init(&both, 65536);
    buf_append_span(&both, maker_span(&leaf.certificate));
    buf_append_span(&both, maker_span(&authority.certificate));
    assert_int_equal(certificate_read(buf_span(&both), &got, &note), ERR_OK);
    assert_int_equal(days_left(&got), 9);
    assert_memory_equal(got.digest, digest, sizeof digest);
    buf_finish(&both);
    /* Without names the subject's counts. */
    assert_int_equal(certificate_read(maker_span(&nameless.certificate), &got, &note), ERR_OK);
    assert_int_equal(strncmp(got.name, "number ", 7), 0);
    assert_memory_not_equal(got.digest, digest, sizeof digest);
    assert_int_equal(certificate_read(SPAN(""), &got, &note), ERR_INVALID);
    assert_int_equal(certificate_read(SPAN("-----BEGIN"), &got, &note), ERR_INVALID);
    assert_int_equal(certificate_read(maker_span(&leaf.key), &got, &note), ERR_INVALID);
}

static void many_names_are_cut(void **state) {
    (void)state;
    struct made many;
    struct certificate got;
    struct err_note note;
    char names[4096] = "DNS:n0.example";
    for (int i = 1; i < 60; i++) {
        size_t len = strlen(names);
        (void)snprintf(names + len, sizeof names - len, ",DNS:n%d.example", i);
    }
    make(&(struct maker_order){ .names = names }, &many);
    assert_int_equal(certificate_read(maker_span(&many.certificate), &got, &note), ERR_OK);
    assert_true(span_ends(span_str(got.names), SPAN(".example ...")));
    assert_string_equal(got.name, "n0.example");
    made_free(&many);
}

/* ---- a server is asked ---- */

struct server {
    pthread_t thread;
    struct address address;
    int fd;
    struct tls_context *context; /* NULL: it hangs up at once */
};

/* Shakes hands with one client and reads until it leaves. */
static void *serve(void *arg) {
    struct server *server = arg;
    char room[STREAM_READ_MIN];
    size_t len;
    struct pollfd waiting = { .fd = server->fd, .events = POLLIN };
    (void)poll(&waiting, 1, WAIT_MS);
    struct stream stream = { .fd = accept4(server->fd, NULL, NULL, SOCK_NONBLOCK) };
    if (!server->context) {
        stream_close(&stream);
        return NULL;
    }
    assert(!stream_begin_tls_server(&stream, server->context));
    for (;;) {
        struct pollfd at = { .fd = stream.fd, .events = POLLIN };
        if (poll(&at, 1, WAIT_MS) <= 0) break;
        enum err e = stream_read(&stream, room, sizeof room, &len);
        if (e && e != ERR_AGAIN) break;
        (void)!stream_flush(&stream);
    }
    stream_close(&stream);
    return NULL;
}

static void start(struct server *server, const struct made *shown) {
    struct err_note note;
    *server = (struct server){ .fd = -1 };
    assert_true(address_parse(SPAN("127.0.0.1:0"), &server->address));
    assert_int_equal(listener_bind(&server->address, 1, 0, &server->fd, &note), ERR_OK);
    if (shown) {
        const struct tls_identity identity = { "leaf", maker_span(&shown->certificate),
                                               maker_span(&shown->key) };
        const struct tls_server_options options = { .identities = &identity, .identity_count = 1 };
        assert_int_equal(tls_server_new(&options, &server->context, &note), ERR_OK);
    }
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server) {
    (void)pthread_join(server->thread, NULL);
    tls_context_unref(server->context);
    (void)close(server->fd);
}

static struct tls_context *trust(const struct made *whom, bool each) {
    struct tls_context *context = NULL;
    struct err_note note;
    const struct tls_client_options options = { .trusted = maker_span(&whom->certificate),
                                                .trusts_each = each };
    assert_int_equal(tls_client_new(&options, &context, &note), ERR_OK);
    return context;
}

static void shown_by_a_server(void **state) {
    (void)state;
    static const struct {
        const struct made *shown, *trusted;
        bool each;
        const char *name, *problem;
    } cases[] = {
        { &leaf, &authority, false, "127.0.0.1", "" },
        { &leaf, &authority, false, "a.example.com", "" },
        { &leaf, &authority, false, "b.example.org", "ostname mismatch" },
        { &leaf, &old, false, "localhost", "unable to get local issuer" },
        { &leaf, &leaf, false, "localhost", "unable to get" },
        { &leaf, &leaf, true, "localhost", "" },
        { &old, &old, true, "localhost", "expired" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct server server;
        struct certificate got;
        struct err_note note = { "" };
        start(&server, cases[i].shown);
        struct tls_context *context = trust(cases[i].trusted, cases[i].each);
        enum err e = certificate_ask(&server.address, cases[i].name, context, WAIT_MS, &got, &note);
        if (e) fail_msg("%zu: %s", i, note.text);
        if (cases[i].problem[0] ? !strstr(got.problem, cases[i].problem) : got.problem[0])
            fail_msg("%zu: %s", i, got.problem);
        assert_true(got.name[0]);
        tls_context_unref(context);
        stop(&server);
    }
}

static void shown_by_nobody(void **state) {
    (void)state;
    struct server server;
    struct certificate got;
    struct err_note note = { "" };
    struct tls_context *context = trust(&authority, false);
    start(&server, NULL);
    assert_int_equal(certificate_ask(&server.address, "localhost", context, WAIT_MS, &got, &note),
                     ERR_IO);
    assert_non_null(strstr(note.text, "TLS: "));
    stop(&server);
    assert_int_equal(certificate_ask(&server.address, "localhost", context, WAIT_MS, &got, &note),
                     ERR_NOT_FOUND);
    assert_string_equal(note.text, "cannot connect: Connection refused");
    tls_context_unref(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_from_a_file),
        cmocka_unit_test(many_names_are_cut),
        cmocka_unit_test(shown_by_a_server),
        cmocka_unit_test(shown_by_nobody),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
