/* SPDX-License-Identifier: MIT */
/*
 * app/intake.c: what the intake calls, on its own thread.
 */
#include "app/intake.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/kafka/intake.h"
#include "config/config.h"
#include "hub/arrival.h"
#include "hub/seat.h"

enum { PROPERTIES_MAX = 64 * 1024 };

struct intake {
    struct settings *settings; /* those at the start, whose texts it uses */
    struct hub_inlet inlet;
    struct kafka_intake *kafka;
};

static enum err on_record(void *owner, struct span channel, struct span payload) {
    struct intake *intake = owner;
    const struct broker_arrival arrival = {
        .channel = channel,
        .payload = payload,
        .received_ns = clock_now_ns(), /* its loop runs only where there are other nodes */
    };
    return hub_arrive(&intake->inlet, &arrival);
}

static void on_delivered(void *owner) {
    struct intake *intake = owner;
    hub_inlet_wake(&intake->inlet);
}

static void on_said(void *owner, int level, const char *what, const char *why) {
    (void)owner;
    log_line((enum log_level)level, "kafka", log_text("event", what), log_text("detail", why));
}

static enum err add_members(const struct config_kafka *kafka, struct kafka_mapping *mapping,
                            struct err_note *note) {
    for (size_t i = 0; i < kafka->relay_count; i++) {
        if (!kafka_mapping_add(mapping, span_str(kafka->relay[i])))
            return err_note(note, ERR_INVALID, "kafka.relay: \"%s\" is no name=path",
                            kafka->relay[i]);
    }
    return ERR_OK;
}

static enum err open_kafka(struct intake *intake, struct span properties, struct err_note *note) {
    static const struct kafka_hooks hooks = { on_record, on_delivered, on_said };
    const struct config *config = intake->settings->config;
    const struct config_kafka *kafka = &config->kafka;
    struct kafka_intake_options options = {
        .brokers = kafka->brokers,
        .group = kafka->group,
        .topics = kafka->topics,
        .topic_count = kafka->topics_count,
        .properties = properties,
        .mapping = { .user_path = span_str(kafka->user),
                     .id_path = span_str(kafka->id),
                     .whole_path = span_str(kafka->payload) },
        .user_channels = SEAT_USER_CHANNEL,
        .message_bytes_max = config->publish.max_bytes,
    };
    enum err e = add_members(kafka, &options.mapping, note);
    if (e) return e;
    intake->kafka = kafka_intake_new(&options, &hooks, intake, intake->inlet.counts, note);
    return intake->kafka ? ERR_OK : ERR_INVALID;
}

static enum err read_properties(const char *path, struct buf *ret, struct err_note *note) {
    struct err_note why = { "" };
    buf_init(ret, PROPERTIES_MAX);
    if (!*path) return ERR_OK;
    enum err e = file_read(path, PROPERTIES_MAX, ret, &why);
    return e ? err_note(note, e, "kafka.properties_file: %s: %s", path, why.text) : ERR_OK;
}

enum err intake_open(struct settings *settings, struct hub_shared *hub_shared,
                     struct broker_redis *broker, struct counts *counts, struct intake **ret,
                     struct err_note *note) {
    *ret = NULL;
    if (!*settings->config->kafka.brokers) return ERR_OK;
    struct intake *intake = mem_new(sizeof *intake);
    intake->settings = settings_ref(settings);
    intake->inlet = (struct hub_inlet){ .shared = hub_shared, .counts = counts };
    struct buf properties;
    enum err e = read_properties(settings->config->kafka.properties_file, &properties, note);
    if (!e) e = open_kafka(intake, buf_span(&properties), note);
    buf_wipe(&properties);
    if (e) {
        intake_free(intake);
        return e;
    }
    if (broker) {
        kafka_intake_use_broker(intake->kafka,
                                broker_redis_join(broker, kafka_intake_loop(intake->kafka)));
    }
    *ret = intake;
    return ERR_OK;
}

enum err intake_start(struct intake *intake) {
    return intake ? kafka_intake_start(intake->kafka) : ERR_OK;
}

void intake_stop(struct intake *intake) {
    if (intake) kafka_intake_stop(intake->kafka);
}

void intake_free(struct intake *intake) {
    if (!intake) return;
    kafka_intake_free(intake->kafka);
    settings_unref(intake->settings);
    mem_free(intake);
}

uint64_t intake_partitions(const void *intake) {
    struct intake *const *at = intake;
    return *at ? kafka_intake_partitions((*at)->kafka) : 0;
}
