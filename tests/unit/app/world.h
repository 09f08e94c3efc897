/* SPDX-License-Identifier: MIT */
/*
 * A whole worker on the test's thread: configuration, store, hub, sessions and the HTTP API,
 * without the sockets, which are pairs of our own. One at a time.
 */
#ifndef TIDINGS_TESTS_APP_WORLD_H
#define TIDINGS_TESTS_APP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/settings.h"
#include "app/storage.h"
#include "base/mem.h"
#include "net/loop.h"
#include "token_maker.h"

#include <sys/socket.h>
#include <unistd.h>

#define WORLD_YAML                                                                                 \
    "workers: 1\n"                                                                                 \
    "jwt: {secret: \"" MAKER_SECRET "\"}\n"                                                        \
    "api: {keys: [publish-key], idempotency_entries: 3}\n"                                         \
    "store: {channels: 1000}\n"                                                                    \
    "endpoints:\n"                                                                                 \
    "  - {name: huleedu, connections: 0, attempts_per_minute: 0, inbound: echo,\n"                 \
    "     channels: [\"ws:{user_id}\", broadcast, \"room:a\", \"room:b\"]}\n"                      \
    "  - {name: huleedu-status, connections: 0, attempts_per_minute: 0}\n"                         \
    "  - {name: hailango, connections: 0, attempts_per_minute: 0}\n"                               \
    "  - {name: submissions, connections: 0, attempts_per_minute: 0}\n"

static struct {
    char path[64];                    /* of the configuration */
    struct settings *settings, *next; /* `next`: after a reload; NULL: there was none */
    struct hub_shared *hub_shared;
    struct session_shared *session_shared;
    struct storage *storage;
    struct counts *counts;
    const struct counts *count_list[1];
    struct api_shared *api_shared;
    struct api *api;
    struct http_router *router;
    struct session *session;
    struct loop *loop;
    _Atomic uint64_t max_connections;
    const char *names[COUNT_ENDPOINTS_MAX];
} world;

/* NULL: it could not be read, of which `ret_err` says why. */
static inline struct settings *world_settings(enum err *ret_err) {
    const struct config_source source = { .path = world.path };
    struct config_report report = { 0 };
    struct config *config;
    *ret_err = config_load(&source, &report, &config);
    if (*ret_err) assert_true(report.count > 0);
    config_report_finish(&report);
    return *ret_err ? NULL : settings_new(config, auth_keys_ref(config->jwt.keys), 1000);
}

static inline void world_write(const char *yaml) {
    FILE *file = fopen(world.path, "w");
    assert_non_null(file);
    assert_true(fputs(yaml, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline void world_follow(struct settings *settings) {
    struct hub *hub = session_hub(world.session);
    hub_set_rules(hub, settings->hub_rules, settings->hub_rule_count);
    session_set_rules(world.session, settings->session_rules);
    api_set_rules(world.api, &settings->api_rules);
}

static inline void world_begin(void) {
    memset(&world, 0, sizeof world);
    (void)snprintf(world.path, sizeof world.path, "/tmp/tidings-world-%d.yaml", (int)getpid());
    world_write(WORLD_YAML);
    enum err e;
    world.settings = world_settings(&e);
    assert_int_equal(e, ERR_OK);
    const struct config *config = world.settings->config;
    world.hub_shared = mem_new(sizeof *world.hub_shared);
    hub_shared_init(world.hub_shared, config->queue_bytes_max);
    assert_int_equal(storage_open(config, &world.storage, NULL), ERR_OK);
    world.hub_shared->store = storage_store(world.storage);
    world.session_shared = session_shared_new(1000, config->unfinished_bytes_max);
    world.counts = mem_new(sizeof *world.counts);
    world.count_list[0] = world.counts;
    world.max_connections = 1000;
    for (size_t i = 0; i < config->endpoints_count; i++) {
        world.names[i] = config->endpoints[i].name;
        world.hub_shared->endpoint_max_bytes[i] = config->endpoints[i].max_notification_bytes;
    }
    const struct api_options options = { .idempotency_entries = config->api.idempotency_entries,
                                         .hub_shared = world.hub_shared,
                                         .counts = world.count_list,
                                         .counts_count = 1,
                                         .max_connections = &world.max_connections,
                                         .endpoint_names = world.names };
    world.api_shared = api_shared_new(&options);
    api_shared_set_endpoints(world.api_shared, config->endpoints_count);
    world.loop = loop_new(NULL);
    assert_non_null(world.loop);
    const struct session_parts parts = { world.session_shared, world.settings->session_rules,
                                         world.hub_shared, world.loop, world.counts };
    world.session = session_new(&parts);
    struct hub *hub = session_hub(world.session);
    hub_set_rules(hub, world.settings->hub_rules, world.settings->hub_rule_count);
    world.api = api_new(world.api_shared, &world.settings->api_rules, hub, world.loop);
    world.router = http_router_new();
    api_add_routes(world.api, world.router, true);
    session_set_router(world.session, SESSION_DOOR_PUBLIC, world.router);
    api_shared_set_ready(world.api_shared, true);
}

static inline void world_end(void) {
    loop_free(world.loop);
    session_free(world.session);
    api_free(world.api);
    http_router_free(world.router);
    api_shared_free(world.api_shared);
    assert_int_equal(session_shared_connections(world.session_shared), 0);
    assert_int_equal(session_shared_queued_bytes(world.session_shared), 0);
    assert_int_equal(session_shared_unfinished_bytes(world.session_shared), 0);
    session_shared_free(world.session_shared);
    hub_shared_finish(world.hub_shared);
    mem_free(world.hub_shared);
    storage_free(world.storage);
    mem_free(world.counts);
    settings_unref(world.next);
    settings_unref(world.settings);
    (void)unlink(world.path);
}

/* As many as it takes until nothing is left to do. */
static inline void world_turns(void) {
    for (int i = 0; i < 12; i++)
        (void)uv_run(loop_uv(world.loop), UV_RUN_NOWAIT);
}

#endif
