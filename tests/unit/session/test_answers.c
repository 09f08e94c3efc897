/* SPDX-License-Identifier: MIT */
/*
 * Answers that nobody reads, over socket pairs: what all such clients make the process keep is
 * within its budget.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scene.h"

enum { BULK_BYTES = 1 << 16 };

static struct buf bulk;

static void answer_bulk(void *context, struct http_call *call) {
    (void)context;
    call->has_key = true; /* of a stranger's requests only a few are looked at in a turn */
    http_response_start(call->response, 200);
    http_response_body(call->response, HTTP_TEXT, buf_span(&bulk));
}

static int set_up(void **state) {
    (void)state;
    buf_init(&bulk, BULK_BYTES);
    for (int i = 0; i < BULK_BYTES; i++)
        buf_append_char(&bulk, 'b');
    scene_begin((struct session_options){ .handshake_seconds = 10, .http_idle_seconds = 10 });
    http_router_add(scene.router, HTTP_BIT(GET), "/bulk", answer_bulk, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scene_end();
    buf_finish(&bulk);
    return 0;
}

/* Reads all there is; returns how many bytes that was. */
static size_t drain(int fd) {
    static char sink[1 << 16];
    size_t all = 0;
    ssize_t got;
    while ((got = recv(fd, sink, sizeof sink, 0)) > 0)
        all += (size_t)got;
    return all;
}

/* Who sends one request after the other, as many as the kernel takes. */
struct flooder {
    int fd;
    struct span request;
    size_t sent; /* of the block that is going out */
};

static void flood(struct flooder *f) {
    enum { REQUESTS = 1000 };
    char block[REQUESTS * 64];
    size_t len = REQUESTS * f->request.len;
    assert_true(len <= sizeof block);
    for (size_t i = 0; i < REQUESTS; i++)
        memcpy(block + i * f->request.len, f->request.at, f->request.len);
    ssize_t out;
    while ((out = send(f->fd, block + f->sent, len - f->sent, MSG_NOSIGNAL)) > 0)
        f->sent = (f->sent + (size_t)out) % len;
}

static void answers_that_nobody_reads_are_within_the_budget(void **state) {
    (void)state;
    enum { CLIENTS = 8 };
    int clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = scene_connect();
        flood(&(struct flooder){ clients[i], SPAN("GET /bulk HTTP/1.1\r\nHost: h\r\n\r\n"), 0 });
        scene_turns(8);
        /* The one that is over it may be just about to go. */
        assert_in_range(session_shared_queued_bytes(scene.shared), 1, SCENE_QUEUE_MAX);
    }
    size_t gone = 0;
    for (int i = 0; i < CLIENTS; i++) {
        (void)drain(clients[i]);
        char byte;
        if (recv(clients[i], &byte, 1, 0) == 0) gone++;
    }
    assert_in_range(gone, 1, CLIENTS - 1);
    for (int i = 0; i < CLIENTS; i++)
        (void)close(clients[i]);
    scene_turns(10);
    assert_true(session_is_empty(scene.session));
    assert_int_equal(session_shared_queued_bytes(scene.shared), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_that_nobody_reads_are_within_the_budget, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
