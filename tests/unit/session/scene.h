/* SPDX-License-Identifier: MIT */
/*
 * A session on a loop of its own, and its clients' ends of socket pairs. One at a time.
 */
#ifndef TIDINGS_TESTS_SESSION_SCENE_H
#define TIDINGS_TESTS_SESSION_SCENE_H

#include "base/mem.h"
#include "session/session.h"

#include <sys/socket.h>
#include <unistd.h>

enum { SCENE_QUEUE_MAX = 1 << 20 }; /* bytes that all clients together may have waiting */

static struct {
    struct loop *loop;
    struct counts *counts;
    struct hub_shared *hub_shared;
    struct session_shared *shared;
    struct session_rules *rules;
    struct session *session;
    struct http_router *router;
} scene;

/* `options` need only say what is special about them. */
static inline void scene_begin(struct session_options options) {
    if (!options.max_connections) options.max_connections = 1000;
    options.max_header_bytes = 8192;
    options.max_body_bytes = 8192;
    options.queue_bytes_max = SCENE_QUEUE_MAX;
    scene.counts = mem_new(sizeof *scene.counts);
    scene.hub_shared = mem_new(sizeof *scene.hub_shared);
    hub_shared_init(scene.hub_shared, 1 << 20);
    scene.shared = session_shared_new(1000, 1 << 20);
    scene.rules = session_rules_new(&options);
    scene.loop = loop_new(NULL); /* after that: its clock must not be behind the session's */
    assert_non_null(scene.loop);
    const struct session_parts parts = { scene.shared, scene.rules, scene.hub_shared, scene.loop,
                                         scene.counts };
    scene.session = session_new(&parts);
    scene.router = http_router_new();
    session_set_router(scene.session, SESSION_DOOR_PUBLIC, scene.router);
}

static inline void scene_end(void) {
    loop_free(scene.loop);
    session_free(scene.session);
    http_router_free(scene.router);
    assert_int_equal(session_shared_connections(scene.shared), 0);
    assert_int_equal(session_shared_queued_bytes(scene.shared), 0);
    session_shared_free(scene.shared);
    session_rules_free(scene.rules);
    assert_int_equal(counter_read(&scene.counts->http_connections), 0);
    hub_shared_finish(scene.hub_shared);
    mem_free(scene.hub_shared);
    mem_free(scene.counts);
}

static inline void scene_turns(int count) {
    for (int i = 0; i < count; i++)
        (void)uv_run(loop_uv(scene.loop), UV_RUN_NOWAIT);
}

/* A client's end. */
static inline int scene_connect(void) {
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct address address;
    assert_true(address_parse(SPAN("192.0.2.1"), &address));
    session_accept(scene.session, SESSION_DOOR_PUBLIC, false, ends[1], &address);
    return ends[0];
}

#endif
