/* SPDX-License-Identifier: MIT */
/*
 * app/sharing.c: what the shared broker calls, on its own thread: messages go to the hub, changes
 * and questions to the workers.
 */
#include "app/sharing.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/redis/redis.h"
#include "config/config.h"
#include "hub/arrival.h"
#include "store/store.h"

enum { SAY_DROPPED_S = 5 };

struct sharing {
    struct settings *settings; /* those at the start: what the broker goes by does not change */
    struct broker_redis *redis;
    struct hub_inlet inlet;
    struct worker *const *workers;
    size_t worker_count;
    uint64_t said_ns; /* when a drop was last in the log, */
    uint64_t unsaid;  /* and how many there were since */
};

/* Anybody may publish anything to Redis, and as fast as they like. */
static void say_dropped(struct sharing *sharing, const struct broker_arrival *arrival, enum err e) {
    uint64_t now_ns = clock_now_ns();
    sharing->unsaid++;
    if (sharing->said_ns > 0 && now_ns - sharing->said_ns < SAY_DROPPED_S * NS_PER_S) return;
    const char *why = e == ERR_TOO_BIG   ? "larger than publish.max_bytes"
                      : e == ERR_INVALID ? "not UTF-8"
                                         : err_text(e);
    log_line(LOG_WARNING, "published message dropped", log_span("channel", arrival->channel),
             log_uint("bytes", arrival->payload.len), log_text("problem", why),
             log_uint("times", sharing->unsaid));
    sharing->said_ns = now_ns;
    sharing->unsaid = 0;
}

static enum err on_arrival(void *owner, const struct broker_arrival *arrival) {
    struct sharing *sharing = owner;
    enum err e = hub_arrive(&sharing->inlet, arrival);
    if (e && e != ERR_LIMIT) say_dropped(sharing, arrival, e);
    return e;
}

static void on_delivered(void *owner) {
    struct sharing *sharing = owner;
    hub_inlet_wake(&sharing->inlet);
}

static void on_heard(void *owner) {
    struct sharing *sharing = owner;
    for (size_t i = 0; i < sharing->worker_count; i++)
        worker_wake(sharing->workers[i]);
}

static void on_changed(void *owner, bool is_up) {
    struct sharing *sharing = owner;
    for (size_t i = 0; i < sharing->worker_count; i++)
        worker_set_degraded(sharing->workers[i], !is_up);
}

static void on_forget(void *owner, struct span channel) {
    struct sharing *sharing = owner;
    store_forget(sharing->inlet.shared->store, channel);
}

/* One worker speaks for the node; it asks the others. */
static void on_question(void *owner, struct broker_question *question, struct span text) {
    struct sharing *sharing = owner;
    worker_question(sharing->workers[0], question, text);
}

struct redis_options sharing_link_options(const struct config *config) {
    const struct config_redis *redis = &config->broker.redis;
    assert(!redis->url.is_secure || redis->tls.context); /* else all would go in the clear */
    return (struct redis_options){
        .mode = redis->mode,
        .host = redis->url.host,
        .port = redis->url.port,
        .user = redis->url.user,
        .password = redis->url.password,
        .database = redis->url.database,
        .tls = redis->url.is_secure ? redis->tls.context : NULL,
        .tls_name = redis->tls.server_name,
        .sentinels = redis->sentinels,
        .sentinel_count = redis->sentinels_count,
        .sentinel_master = redis->sentinel_master,
        .is_sharded = redis->is_sharded,
        .name = "tidings",
        .connect_timeout_ms = redis->connect_timeout_seconds * 1000,
        .reconnect_max_ms = redis->reconnect_max_seconds * 1000,
        .reply_timeout_ms = redis->reply_timeout_seconds * 1000,
        .queued_bytes_max = config->queue_bytes_max,
    };
}

enum err sharing_open(struct settings *settings, struct hub_shared *hub_shared,
                      struct counts *counts, struct sharing **ret, struct err_note *note) {
    const struct config *config = settings->config;
    static const struct broker_hooks hooks = {
        .deliver = on_arrival,
        .delivered = on_delivered,
        .heard = on_heard,
        .changed = on_changed,
        .forget = on_forget,
        .question = on_question,
    };
    *ret = NULL;
    if (config->broker.kind != CONFIG_BROKER_REDIS) return ERR_OK;
    const struct broker_redis_options options = {
        .link = sharing_link_options(config),
        .prefix = config->broker.redis.prefix,
        .channel_messages_max = config->store.channel_messages,
        .channel_bytes_max = config->store.channel_bytes,
        .keep_seconds = config->store.keep_seconds,
        .batch_channels = settings_batch_channels(config),
        .batch_keep_seconds = config->batches.keep_seconds,
    };
    struct sharing *sharing = mem_new(sizeof *sharing);
    sharing->inlet = (struct hub_inlet){ .shared = hub_shared, .counts = counts };
    sharing->redis = broker_redis_new(&options, &hooks, sharing, counts, note);
    if (!sharing->redis) {
        mem_free(sharing);
        return ERR_LIMIT;
    }
    sharing->settings = settings_ref(settings);
    *ret = sharing;
    return ERR_OK;
}

struct broker_redis *sharing_broker(struct sharing *sharing) {
    return sharing ? sharing->redis : NULL;
}

enum err sharing_start(struct sharing *sharing, struct worker *const *workers,
                       size_t worker_count) {
    if (!sharing) return ERR_OK;
    sharing->workers = workers;
    sharing->worker_count = worker_count;
    on_changed(sharing, false); /* until it is up */
    return broker_redis_start(sharing->redis);
}

void sharing_use(struct sharing *sharing, const struct config *config) {
    struct tls_context *tls = config->broker.redis.tls.context;
    if (!sharing || !tls || !sharing->settings->config->broker.redis.url.is_secure) return;
    broker_redis_use_tls(sharing->redis, tls);
}

void sharing_stop(struct sharing *sharing) {
    if (sharing) broker_redis_stop(sharing->redis);
}

void sharing_free(struct sharing *sharing) {
    if (!sharing) return;
    broker_redis_free(sharing->redis);
    settings_unref(sharing->settings);
    mem_free(sharing);
}
