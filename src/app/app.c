/* SPDX-License-Identifier: MIT */
/*
 * app/app.c: puts the server together from a configuration, runs it, takes it apart.
 *
 * The calling thread is the control thread: it has the signals and leads the drain.
 */
#include "app/app.h"

#include "app/capacity.h"
#include "app/drain.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "hub/rule.h"
#include "net/listener.h"

#include <signal.h>
#include <unistd.h>

enum { APP_GAUGES = 6, SWEEP_MS = 1000 };

struct app {
    const struct config *config;
    struct loop *loop; /* the control thread's */
    uv_signal_t signals[3];
    struct hub_shared *hub_shared;
    struct session_shared *session_shared;
    struct api_shared *api_shared;
    uint64_t max_connections;
    size_t worker_count;
    struct worker *workers[HUB_WORKERS_MAX];
    struct counts *counts[HUB_WORKERS_MAX];
    const char *endpoint_names[COUNT_ENDPOINTS_MAX];
    struct api_gauge gauges[APP_GAUGES];
    struct hub_rule rules[HUB_RULES_MAX];
    struct store *store;
    struct drain *drain;
};

static struct session_options session_options_of(const struct app *app) {
    const struct config *config = app->config;
    return (struct session_options){
        .endpoints = config->endpoints,
        .endpoint_count = config->endpoints_count,
        .keys = config->jwt.keys,
        .audience = span_str(config->jwt.audience),
        .issuer = span_str(config->jwt.issuer),
        .leeway_seconds = config->jwt.leeway_seconds,
        .max_connections = app->max_connections,
        .handshake_seconds = config->handshake_seconds,
        .http_idle_seconds = config->http_idle_seconds,
        .max_header_bytes = config->max_header_bytes,
        .max_body_bytes = config->api.max_body_bytes,
        .addresses_max = config->addresses_max,
        .unfinished_bytes_max = config->unfinished_bytes_max,
        .queue_bytes_max = config->queue_bytes_max,
        .trusted_proxies = config->trusted_proxies,
        .trusted_proxy_count = config->trusted_proxies_count,
        .origins = config->origins,
        .origin_count = config->origins_count,
        .only_loopback = config->is_demo,
    };
}

static uint64_t read_addresses(const void *shared) {
    return session_shared_addresses(shared);
}
static uint64_t read_unfinished(const void *shared) {
    return session_shared_unfinished_bytes(shared);
}
static uint64_t read_queued(const void *shared) {
    return session_shared_queued_bytes(shared);
}
static uint64_t read_max_connections(const void *app) {
    return ((const struct app *)app)->max_connections;
}

static uint64_t read_store_channels(const void *store) {
    return store_channels(store);
}
static uint64_t read_store_bytes(const void *store) {
    return store_bytes(store);
}

static void make_api(struct app *app) {
    const struct config *config = app->config;
    const struct api_gauge gauges[APP_GAUGES] = {
        { "limits_addresses", "Addresses and users that limits are counted for.", read_addresses,
          app->session_shared },
        { "websocket_unfinished_bytes", "Bytes held of inbound messages that are not complete.",
          read_unfinished, app->session_shared },
        { "websocket_queued_bytes", "Bytes that wait because clients do not take them.",
          read_queued, app->session_shared },
        { "websocket_max_connections", "WebSocket connections that the process may hold.",
          read_max_connections, app },
        { "store_channels", "Declared channels that are kept.", read_store_channels, app->store },
        { "store_bytes", "Bytes that these channels hold.", read_store_bytes, app->store },
    };
    memcpy(app->gauges, gauges, sizeof gauges);
    const struct api_options options = {
        .keys = config->api.keys,
        .jwt_keys = config->jwt.keys,
        .audience = span_str(config->jwt.audience),
        .issuer = span_str(config->jwt.issuer),
        .leeway_seconds = config->jwt.leeway_seconds,
        .publish_max_bytes = config->publish.max_bytes,
        .idempotency_entries = config->api.idempotency_entries,
        .has_public_stats = config->api.has_public_stats,
        .is_demo = config->is_demo,
        .origins = config->origins,
        .origin_count = config->origins_count,
        .hub_shared = app->hub_shared,
        .counts = (const struct counts *const *)app->counts,
        .counts_count = app->worker_count,
        .endpoint_names = app->endpoint_names,
        .endpoint_count = config->endpoints_count,
        .gauges = app->gauges,
        .gauge_count = countof(app->gauges),
    };
    app->api_shared = api_shared_new(&options);
}

/* Endpoints whose channels begin alike share a rule. */
static struct hub_rule *obtain_rule(struct app *app, size_t *count, struct span prefix) {
    for (size_t i = 0; i < *count; i++) {
        if (span_eq(app->rules[i].prefix, prefix)) return &app->rules[i];
    }
    struct hub_rule *rule = &app->rules[(*count)++];
    rule->prefix = prefix;
    return rule;
}

/* A rule for the channels that must be declared: those of an endpoint's first template, which begin
 * with what stands before its placeholder. */
static void make_rules(struct app *app) {
    const struct config *config = app->config;
    size_t count = 0;
    for (size_t i = 0; i < config->endpoints_count; i++) {
        const struct endpoint_options *endpoint = &config->endpoints[i];
        if (!endpoint->is_declared || !endpoint->is_enabled) continue;
        struct span prefix = span_str(endpoint->channels[0]);
        prefix.len = span_find(prefix, '{');
        struct hub_rule *rule = obtain_rule(app, &count, prefix);
        rule->keeps_history |= endpoint->replay == ENDPOINT_REPLAY_ALL;
        if (rule->ends_after.len == 0) rule->ends_after = span_str(endpoint->ends_after);
    }
    const struct store_options options = {
        .channels_max = config->store.channels,
        .channel_messages_max = config->store.channel_messages,
        .channel_bytes_max = config->store.channel_bytes,
        .bytes_max = config->store.bytes,
        .keep_seconds = config->store.keep_seconds,
    };
    app->store = store_new(&options, &hub_store_ops);
    hub_shared_set_rules(app->hub_shared, app->rules, count, app->store);
}

static void on_sweep(void *owner) {
    struct app *app = owner;
    store_sweep(app->store, (uint32_t)(loop_now_ns(app->loop) / NS_PER_S));
}

static enum err make_workers(struct app *app, struct err_note *note) {
    const struct config *config = app->config;
    app->hub_shared = mem_new(sizeof *app->hub_shared);
    hub_shared_init(app->hub_shared, config->queue_bytes_max);
    for (size_t i = 0; i < config->endpoints_count; i++) {
        app->endpoint_names[i] = config->endpoints[i].name;
        app->hub_shared->endpoint_max_bytes[i] = config->endpoints[i].max_notification_bytes;
    }
    make_rules(app);
    const struct session_options session_options = session_options_of(app);
    app->session_shared = session_shared_new(&session_options);
    for (size_t i = 0; i < app->worker_count; i++)
        app->counts[i] = mem_new(sizeof(struct counts));
    make_api(app);
    for (size_t i = 0; i < app->worker_count; i++) {
        const struct worker_parts parts = {
            .session_shared = app->session_shared,
            .hub_shared = app->hub_shared,
            .api_shared = app->api_shared,
            .counts = app->counts[i],
            .serves_metrics = config->metrics.listen_count == 0,
        };
        app->workers[i] = worker_new(&parts, note);
        if (!app->workers[i]) return ERR_LIMIT;
    }
    return ERR_OK;
}

static void log_listening(const struct address *address, const char *serves) {
    char text[ADDRESS_TEXT_MAX];
    (void)address_format_port(address, text);
    log_line(LOG_INFO, "listening", log_text("address", text), log_text("serves", serves));
}

static enum err bind_all(struct app *app, struct err_note *note) {
    const struct config *config = app->config;
    int fds[HUB_WORKERS_MAX];
    for (size_t i = 0; i < config->listen_count; i++) {
        struct address address = config->listen[i];
        enum err e =
            listener_bind(&address, app->worker_count, config->keepalive_seconds, fds, note);
        if (e) return e;
        for (size_t w = 0; w < app->worker_count; w++) {
            worker_listen(app->workers[w], SESSION_DOOR_PUBLIC, fds[w]);
        }
        log_listening(&address, "endpoints");
    }
    for (size_t i = 0; i < config->metrics.listen_count; i++) {
        struct address address = config->metrics.listen[i];
        enum err e = listener_bind(&address, 1, config->keepalive_seconds, fds, note);
        if (e) return e;
        worker_listen(app->workers[0], SESSION_DOOR_METRICS, fds[0]);
        log_listening(&address, "metrics");
    }
    return ERR_OK;
}

static void on_drained(void *owner) {
    struct app *app = owner;
    loop_stop(app->loop);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct app *app = handle->data;
    if (number == SIGHUP) { /* a terminal that closes, or somebody who expects a reload */
        log_line(LOG_WARNING, "SIGHUP ignored: a changed configuration needs a restart",
                 log_int("signal", number));
        return;
    }
    if (app->drain) {
        log_line(LOG_WARNING, "second signal, ending at once", log_int("signal", number));
        log_stop();
        _exit(1);
    }
    log_line(LOG_INFO, "draining", log_int("signal", number),
             log_uint("delay_seconds", app->config->drain_delay_seconds),
             log_uint("drain_seconds", app->config->drain_seconds));
    const struct drain_options options = {
        .delay_ms = app->config->drain_delay_seconds * 1000ull,
        .spread_ms = app->config->drain_seconds * 1000ull,
        .api_shared = app->api_shared,
        .session_shared = app->session_shared,
        .workers = app->workers,
        .worker_count = app->worker_count,
    };
    app->drain = drain_begin(&options, app->loop, on_drained, app);
}

static void watch_signals(struct app *app) {
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < countof(numbers); i++) {
        (void)uv_signal_init(loop_uv(app->loop), &app->signals[i]);
        app->signals[i].data = app;
        (void)uv_signal_start(&app->signals[i], on_signal, numbers[i]);
    }
}

static size_t worker_count_of(const struct config *config) {
    if (config->workers) return config->workers;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return size_min(cpus > 0 ? (size_t)cpus : 1, HUB_WORKERS_MAX);
}

static enum err start(struct app *app, struct err_note *note) {
    app->worker_count = worker_count_of(app->config);
    enum err e = capacity_reserve(app->config->max_connections, app->worker_count,
                                  &app->max_connections, note);
    if (e) return e;
    app->loop = loop_new(note);
    if (!app->loop) return ERR_LIMIT;
    e = make_workers(app, note);
    if (e) return e;
    e = bind_all(app, note);
    if (e) return e;
    watch_signals(app);
    loop_add_tick(app->loop, SWEEP_MS, on_sweep, app);
    for (size_t i = 0; i < app->worker_count; i++) {
        if (worker_start(app->workers[i]) != ERR_OK) {
            return err_note(note, ERR_LIMIT, "cannot start a thread");
        }
    }
    api_shared_set_ready(app->api_shared, true);
    if (app->config->is_demo) {
        log_line(LOG_WARNING, "demo mode", log_text("trusts", "everybody on this machine"));
    }
    log_line(LOG_INFO, "ready", log_uint("workers", app->worker_count),
             log_uint("max_connections", app->max_connections));
    return ERR_OK;
}

static void finish(struct app *app) {
    for (size_t i = 0; i < app->worker_count; i++) {
        if (app->workers[i]) worker_stop(app->workers[i]);
    }
    loop_free(app->loop);
    drain_free(app->drain);
    for (size_t i = 0; i < app->worker_count; i++)
        worker_free(app->workers[i]);
    api_shared_free(app->api_shared);
    session_shared_free(app->session_shared);
    if (app->hub_shared) hub_shared_finish(app->hub_shared);
    mem_free(app->hub_shared);
    store_free(app->store);
    for (size_t i = 0; i < app->worker_count; i++)
        mem_free(app->counts[i]);
}

int app_serve(const struct config *config) {
    struct app app = { .config = config };
    log_set(config->log_level, config->log_format);
    (void)signal(SIGPIPE, SIG_IGN);
    if (log_start() != ERR_OK) {
        log_line(LOG_ERROR, "cannot start", log_text("problem", "no thread for the log"));
        return 1;
    }
    struct err_note note = { "" };
    enum err e = start(&app, &note);
    if (e) {
        log_line(LOG_ERROR, "cannot start", log_text("problem", note.text));
    } else {
        loop_run(app.loop);
    }
    finish(&app);
    if (!e) log_line(LOG_INFO, "ended", log_uint("log_lines_dropped", log_dropped()));
    log_stop();
    return e ? 1 : 0;
}
