/* SPDX-License-Identifier: MIT */
/*
 * app/app.c: puts the server together from a configuration, runs it, takes it apart.
 *
 * The calling thread is the control thread: it has the signals, reloads and leads the drain.
 */
#include "app/app.h"

#include "app/capacity.h"
#include "app/certificates.h"
#include "app/doors.h"
#include "app/drain.h"
#include "app/gauges.h"
#include "app/intake.h"
#include "app/keyring.h"
#include "app/privileges.h"
#include "app/reload.h"
#include "app/sandbox.h"
#include "app/sharing.h"
#include "app/storage.h"
#include "app/supervisor.h"
#include "app/takeover.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "hub/rule.h"
#include "hub/sweep.h"
#include "store/batch_table.h"

#include <signal.h>

enum {
    SECOND_MS = 1000,
    ENDING_MS = 1000, /* of threads and files, when nobody is left */
};

struct app {
    const struct config_source *source;
    struct settings *settings; /* the latest */
    struct loop *loop;         /* the control thread's */
    uv_signal_t signals[3];
    struct hub_shared *hub_shared;
    struct session_shared *session_shared;
    struct api_shared *api_shared;
    struct certificates certificates;
    _Atomic uint64_t max_connections;
    _Atomic uint64_t tls_expires_s; /* the first certificate that does */
    size_t worker_count;
    struct worker *workers[HUB_WORKERS_MAX];
    /* Behind those of the workers stand the control thread's, the shared broker's and the intake's.
     */
    struct counts *counts[HUB_WORKERS_MAX + 3];
    const char *endpoint_names[COUNT_ENDPOINTS_MAX];
    size_t endpoint_count;
    struct api_gauge gauges[GAUGES];
    struct doors *doors;
    struct takeover *takeover; /* NULL: there is none */
    struct storage *storage;
    struct sharing *sharing; /* NULL: the broker is this process */
    struct keyring *keyring;
    struct intake *intake; /* NULL: there is none */
    struct drain *drain;
    bool is_reload_told;           /* the supervisor waits to hear that it is over */
    bool is_reload_refused;        /* the last one */
    bool wants_reload, wants_keys; /* once the workers have gone over to what is new already */
};

static void make_api(struct app *app) {
    const struct config *config = app->settings->config;
    const struct gauge_sources sources = {
        .session_shared = app->session_shared,
        .max_connections = &app->max_connections,
        .storage = app->storage,
        .keyring = app->keyring,
        .intake = &app->intake,
    };
    gauges_make(&sources, app->gauges);
    const struct api_options options = {
        .idempotency_entries = config->api.idempotency_entries,
        .is_demo = config->is_demo,
        .hub_shared = app->hub_shared,
        .counts = (const struct counts *const *)app->counts,
        .counts_count = app->worker_count + 3,
        .broker = sharing_broker(app->sharing),
        .max_connections = &app->max_connections,
        .tls_expires_s = app->settings->identity.context ? &app->tls_expires_s : NULL,
        .endpoint_names = app->endpoint_names,
        .gauges = app->gauges,
        .gauge_count = countof(app->gauges),
    };
    app->api_shared = api_shared_new(&options);
}

/* What the workers have in common, by the latest settings. Endpoints keep their numbers, so their
 * names only become more. */
static void share(struct app *app) {
    const struct config *config = app->settings->config;
    log_set(config->log_level, config->log_format);
    atomic_store(&app->max_connections, app->settings->max_connections);
    if (app->settings->identity.context) {
        atomic_store(&app->tls_expires_s,
                     (uint64_t)tls_context_expires_s(app->settings->identity.context));
    }
    session_shared_set_unfinished_max(app->session_shared, config->unfinished_bytes_max);
    atomic_store(&app->hub_shared->mailed_bytes_max, config->queue_bytes_max);
    atomic_store(&app->hub_shared->arrival_bytes_max, config->publish.max_bytes);
    for (size_t i = 0; i < config->endpoints_count; i++) {
        const struct endpoint_options *endpoint = &config->endpoints[i];
        atomic_store(&app->hub_shared->endpoint_max_bytes[i], endpoint->max_notification_bytes);
        if (i < app->endpoint_count) continue;
        app->endpoint_names[i] = mem_new_text(endpoint->name, strlen(endpoint->name));
        app->endpoint_count++;
    }
    api_shared_set_endpoints(app->api_shared, app->endpoint_count);
}

static bool is_reloading(const struct app *app) {
    return atomic_load(&app->settings->awaited) > 0;
}

static void offer(struct app *app) {
    for (size_t i = 0; i < app->worker_count; i++)
        worker_offer(app->workers[i], app->settings);
}

/* All workers have the settings of the last time, so that those may go when the next are there. */
static void go_over(struct app *app, struct settings *next) {
    atomic_store(&next->awaited, (uint32_t)app->worker_count);
    settings_unref(app->settings);
    app->settings = next;
    share(app);
    sharing_use(app->sharing, next->config);
    offer(app);
}

static void try_reload(struct app *app) {
    app->wants_reload = false;
    app->is_reload_told = true;
    supervisor_tell_reloading();
    struct counts *counts = app->counts[app->worker_count];
    struct settings *next = reload(app->source, app->settings, app->keyring, app->worker_count);
    counter_add(&counts->reloads[next ? COUNT_RELOAD_OK : COUNT_RELOAD_REFUSED], 1);
    app->is_reload_refused = !next;
    if (!next) return;
    app->wants_keys = false; /* they are among it */
    go_over(app, next);
    keyring_follow(app->keyring, &next->config->jwt);
}

static void renew_keys(struct app *app) {
    app->wants_keys = false;
    struct auth_keys *keys = keyring_make(app->keyring, &app->settings->config->jwt);
    go_over(app, settings_with_keys(app->settings, keys));
}

static void on_keys(void *owner) {
    struct app *app = owner;
    if (is_reloading(app)) {
        app->wants_keys = true;
    } else {
        renew_keys(app);
    }
}

/* Tokens that were refused since their key was not there. */
static uint64_t count_unknown_keys(const struct app *app) {
    uint64_t count = 0;
    for (size_t i = 0; i < app->worker_count; i++)
        count += counter_read(&app->counts[i]->jwt[JWT_UNKNOWN_KEY]);
    return count;
}

static void see_to_certificates(struct app *app) {
    struct settings *next = certificates_renew(&app->certificates, app->settings);
    if (next) go_over(app, next);
}

static void on_hangup(struct app *app) {
    if (app->drain) {
        log_line(LOG_WARNING, "SIGHUP ignored: the server is about to end",
                 log_int("signal", SIGHUP));
    } else if (is_reloading(app)) {
        app->wants_reload = true;
    } else {
        try_reload(app);
    }
}

static void on_second(void *owner) {
    struct app *app = owner;
    /* With a shared broker the store is a copy of what is kept, and forgotten, elsewhere. */
    if (!app->sharing) {
        uint32_t now_s = (uint32_t)(loop_now_ns(app->loop) / NS_PER_S);
        hub_sweep(app->hub_shared, now_s);
        if (app->hub_shared->batches) batch_table_sweep(app->hub_shared->batches, now_s);
    }
    api_shared_sample(app->api_shared, loop_now_ns(app->loop));
    if (is_reloading(app)) {
        offer(app); /* one may have had no memory for the order */
    } else if (app->wants_reload && !app->drain) {
        try_reload(app);
    } else if (app->wants_keys) {
        renew_keys(app);
    } else if (app->settings->identity.context) {
        see_to_certificates(app);
    }
    if (app->is_reload_told && !is_reloading(app)) {
        app->is_reload_told = false;
        supervisor_tell_ready(app->is_reload_refused ? "serving; the last reload was refused"
                                                     : "serving");
    }
    keyring_second(app->keyring, count_unknown_keys(app));
}

static enum err make_workers(struct app *app, struct err_note *note) {
    const struct config *config = app->settings->config;
    app->hub_shared = mem_new(sizeof *app->hub_shared);
    hub_shared_init(app->hub_shared, config->queue_bytes_max);
    enum err e = storage_open(config, &app->storage, note);
    if (e) return e;
    app->hub_shared->store = storage_store(app->storage);
    app->hub_shared->batches = storage_batches(app->storage);
    app->hub_shared->batch_channels = storage_batch_channels(app->storage);
    app->session_shared = session_shared_new(config->addresses_max, config->unfinished_bytes_max);
    for (size_t i = 0; i < app->worker_count + 3; i++)
        app->counts[i] = mem_new(sizeof(struct counts));
    e = sharing_open(app->settings, app->hub_shared, app->counts[app->worker_count + 1],
                     &app->sharing, note);
    if (e) return e;
    app->keyring = keyring_new(app->loop, app->counts[app->worker_count], on_keys, app);
    make_api(app);
    share(app);
    for (size_t i = 0; i < app->worker_count; i++) {
        const struct worker_parts parts = {
            .session_shared = app->session_shared,
            .hub_shared = app->hub_shared,
            .api_shared = app->api_shared,
            .settings = app->settings,
            .counts = app->counts[i],
            .broker = sharing_broker(app->sharing),
            .serves_metrics = config->metrics.listen_count == 0,
        };
        app->workers[i] = worker_new(&parts, note);
        if (!app->workers[i]) return ERR_LIMIT;
    }
    return ERR_OK;
}

static void on_drained(void *owner) {
    struct app *app = owner;
    loop_stop(app->loop);
}

static void begin_drain(struct app *app, enum drain_leaves leaves) {
    takeover_stop(app->takeover);
    const struct config *config = app->settings->config;
    const struct drain_options options = {
        .delay_ms = config->drain_delay_seconds * 1000ull,
        .spread_ms = config->drain_seconds * 1000ull,
        .leaves = leaves,
        .api_shared = app->api_shared,
        .session_shared = app->session_shared,
        .workers = app->workers,
        .worker_count = app->worker_count,
    };
    supervisor_tell_stopping(drain_longest_ms(&options) + ENDING_MS);
    app->drain = drain_begin(&options, app->loop, on_drained, app);
}

/* What has come here already stays until it is told to go. */
static void on_taken(void *owner) {
    struct app *app = owner;
    if (!app->drain) begin_drain(app, DRAIN_LEAVES_ALL);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct app *app = handle->data;
    if (number == SIGHUP) {
        on_hangup(app);
        return;
    }
    if (app->drain) {
        log_line(LOG_WARNING, "second signal, ending at once", log_int("signal", number));
        log_stop();
        _exit(1);
    }
    const struct config *config = app->settings->config;
    log_line(LOG_INFO, "draining", log_int("signal", number),
             log_uint("delay_seconds", config->drain_delay_seconds),
             log_uint("drain_seconds", config->drain_seconds));
    begin_drain(app, doors_are_held(app->doors) ? DRAIN_LEAVES_HELD : DRAIN_LEAVES_NONE);
}

static void watch_signals(struct app *app) {
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < countof(numbers); i++) {
        (void)uv_signal_init(loop_uv(app->loop), &app->signals[i]);
        app->signals[i].data = app;
        (void)uv_signal_start(&app->signals[i], on_signal, numbers[i]);
    }
}

/* Takes `own_config` over. */
static enum err settle(struct app *app, struct config *own_config, struct err_note *note) {
    app->worker_count = capacity_workers(own_config->workers);
    uint64_t max_connections;
    enum err e =
        capacity_reserve(own_config->max_connections, app->worker_count, &max_connections, note);
    if (e) {
        config_free(own_config);
    } else {
        struct auth_keys *keys = auth_keys_ref(own_config->jwt.keys);
        app->settings = settings_new(own_config, keys, max_connections);
    }
    return e;
}

static enum err listen_or_inherit(struct app *app, struct err_note *note) {
    const char *path = app->settings->config->takeover_path;
    struct inherited *inherited = inherited_new();
    inherited_add_activated(inherited);
    enum err e = *path ? takeover_open(path, inherited, &app->takeover, note) : ERR_OK;
    if (!e) e = doors_open(app->settings, app->worker_count, inherited, &app->doors, note);
    inherited_free(inherited);
    return e;
}

/* Before root's privileges go: for root the kernel loads what it needs for it. */
static void look_for_kernel_tls(const struct config *config) {
    bool is_wanted = config_has_tls(&config->tls) && config->tls.uses_kernel;
    if (!is_wanted || tls_kernel_is_offered()) return;
    log_line(LOG_WARNING, "the kernel offers no TLS", log_text("remedy", "modprobe tls"));
}

/* Listens, and needs root no more; what is opened from here on belongs to whom it runs as. */
static enum err settle_down(struct app *app, struct err_note *note) {
    const struct config *config = app->settings->config;
    enum err e = listen_or_inherit(app, note);
    if (e) return e;
    look_for_kernel_tls(config);
    bool is_changed;
    e = privileges_drop(config->user, config->group, &is_changed, note);
    if (!e && is_changed) reload_rehearse(app->source);
    return e;
}

static enum err start(struct app *app, struct config *own_config, struct err_note *note) {
    enum err e = settle(app, own_config, note);
    if (e) return e;
    app->loop = loop_new(note);
    if (!app->loop) return ERR_LIMIT;
    e = settle_down(app, note);
    if (e) return e;
    e = make_workers(app, note);
    if (e) return e;
    doors_hand_over(app->doors, app->workers);
    watch_signals(app);
    keyring_follow(app->keyring, &app->settings->config->jwt);
    loop_add_tick(app->loop, SECOND_MS, on_second, app);
    if (app->settings->config->has_sandbox) sandbox_enter();
    e = intake_open(app->settings, app->hub_shared, sharing_broker(app->sharing),
                    app->counts[app->worker_count + 2], &app->intake, note);
    if (e) return e;
    if (storage_start(app->storage, app->workers, app->worker_count) != ERR_OK) {
        return err_note(note, ERR_LIMIT, "cannot start a thread");
    }
    if (sharing_start(app->sharing, app->workers, app->worker_count) != ERR_OK) {
        return err_note(note, ERR_LIMIT, "cannot start a thread");
    }
    for (size_t i = 0; i < app->worker_count; i++) {
        if (worker_start(app->workers[i]) != ERR_OK) {
            return err_note(note, ERR_LIMIT, "cannot start a thread");
        }
    }
    if (intake_start(app->intake) != ERR_OK) {
        return err_note(note, ERR_LIMIT, "cannot start a thread");
    }
    api_shared_set_ready(app->api_shared, true);
    if (app->settings->config->is_demo) {
        log_line(LOG_WARNING, "demo mode", log_text("trusts", "everybody on this machine"));
    }
    log_line(LOG_INFO, "ready", log_uint("workers", app->worker_count),
             log_uint("max_connections", app->settings->max_connections));
    supervisor_tell_ready("serving");
    takeover_start(app->takeover, app->loop, app->doors, on_taken, app);
    return ERR_OK;
}

static void finish(struct app *app) {
    intake_stop(app->intake);
    for (size_t i = 0; i < app->worker_count; i++) {
        if (app->workers[i]) worker_stop(app->workers[i]);
    }
    storage_stop(app->storage);
    sharing_stop(app->sharing);
    keyring_free(app->keyring);
    loop_free(app->loop);
    drain_free(app->drain);
    for (size_t i = 0; i < app->worker_count; i++)
        worker_free(app->workers[i]);
    doors_free(app->doors);
    takeover_free(app->takeover);
    intake_free(app->intake);
    sharing_free(app->sharing);
    api_shared_free(app->api_shared);
    session_shared_free(app->session_shared);
    if (app->hub_shared) hub_shared_finish(app->hub_shared);
    mem_free(app->hub_shared);
    storage_free(app->storage);
    settings_unref(app->settings);
    for (size_t i = 0; i < countof(app->counts); i++)
        mem_free(app->counts[i]);
    for (size_t i = 0; i < app->endpoint_count; i++)
        mem_free((char *)(uintptr_t)app->endpoint_names[i]);
}

int app_serve(struct config *own_config, const struct config_source *source) {
    struct app app = { .source = source };
    log_set(own_config->log_level, own_config->log_format);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);  /* until there is something to reload */
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write */
    if (log_start() != ERR_OK) {
        config_free(own_config);
        log_line(LOG_ERROR, "cannot start", log_text("problem", "no thread for the log"));
        return 1;
    }
    struct err_note note = { "" };
    enum err e = start(&app, own_config, &note);
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
