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

#include "base/mem.h"
#include "session/session.h"

#include <sys/socket.h>
#include <unistd.h>

enum { BULK_BYTES = 1 << 16, QUEUE_MAX = 1 << 20 };

static struct endpoint_options endpoint = {
    .name = "all",
    .path = "/ws",
    .is_enabled = true,
    .auth = ENDPOINT_AUTH_OPTIONAL,
    .path_user = "",
    .ends_after = "",
    .channels = { "all" },
    .channels_count = 1,
    .max_message_bytes = 1000,
    .max_notification_bytes = 1000,
    .max_queue_bytes = 1 << 20,
    .write_seconds = 60,
};

static struct {
    struct loop *loop;
    struct counts *counts;
    struct hub_shared *hub_shared;
    struct session_shared *shared;
    struct session_rules *rules;
    struct session *session;
    struct http_router *router;
    struct buf bulk;
} scene;

static void answer_bulk(void *context, struct http_call *call) {
    (void)context;
    http_response_start(call->response, 200);
    http_response_body(call->response, HTTP_TEXT, buf_span(&scene.bulk));
}

static int set_up(void **state) {
    (void)state;
    endpoint.dialect = dialect_find(SPAN("huleedu"));
    scene.loop = loop_new(NULL);
    assert_non_null(scene.loop);
    scene.counts = mem_new(sizeof *scene.counts);
    scene.hub_shared = mem_new(sizeof *scene.hub_shared);
    hub_shared_init(scene.hub_shared, 1 << 20);
    buf_init(&scene.bulk, BULK_BYTES);
    for (int i = 0; i < BULK_BYTES; i++)
        buf_append_char(&scene.bulk, 'b');
    const struct session_options options = {
        .endpoints = &endpoint,
        .endpoint_count = 1,
        .max_connections = 1000,
        .handshake_seconds = 10,
        .http_idle_seconds = 10,
        .max_header_bytes = 8192,
        .max_body_bytes = 8192,
        .queue_bytes_max = QUEUE_MAX,
    };
    scene.shared = session_shared_new(1000, 1 << 20);
    scene.rules = session_rules_new(&options);
    const struct session_parts parts = { scene.shared, scene.rules, scene.hub_shared, scene.loop,
                                         scene.counts };
    scene.session = session_new(&parts);
    scene.router = http_router_new();
    http_router_add(scene.router, HTTP_BIT(GET), "/bulk", answer_bulk, NULL);
    session_set_router(scene.session, SESSION_DOOR_PUBLIC, scene.router);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    loop_free(scene.loop);
    session_free(scene.session);
    http_router_free(scene.router);
    assert_int_equal(session_shared_connections(scene.shared), 0);
    assert_int_equal(session_shared_queued_bytes(scene.shared), 0);
    session_shared_free(scene.shared);
    session_rules_free(scene.rules);
    hub_shared_finish(scene.hub_shared);
    mem_free(scene.hub_shared);
    mem_free(scene.counts);
    buf_finish(&scene.bulk);
    return 0;
}

static void run_turns(int count) {
    for (int i = 0; i < count; i++)
        (void)uv_run(loop_uv(scene.loop), UV_RUN_NOWAIT);
}

static int client(void) {
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct address address;
    assert_true(address_parse(SPAN("192.0.2.1"), &address));
    session_accept(scene.session, SESSION_DOOR_PUBLIC, ends[1], &address);
    return ends[0];
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
        clients[i] = client();
        flood(&(struct flooder){ clients[i], SPAN("GET /bulk HTTP/1.1\r\nHost: h\r\n\r\n"), 0 });
        run_turns(4);
        /* The one that is over it may be just about to go. */
        assert_in_range(session_shared_queued_bytes(scene.shared), 1, QUEUE_MAX);
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
    run_turns(10);
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
