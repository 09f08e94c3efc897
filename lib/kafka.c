/* SPDX-License-Identifier: MIT */
/*
 * lib/kafka.c: records go to librdkafka, whose own threads send them; ours asks what became of
 * them. Its idempotent producer sees to it that none is there twice.
 */
#include "publisher_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

enum { POLL_MS = 100 };

struct kafka {
    struct tidings *publisher;
    rd_kafka_t *producer;
    pthread_t thread;
    atomic_bool is_ending;
    _Atomic uint64_t next_id;
};

/* What comes back with a record. */
struct record {
    uint64_t id, queued_ns;
};

int tidings_has_kafka(void) {
    return 1;
}

static enum tidings_result result_of(rd_kafka_resp_err_t e, const rd_kafka_message_t *message) {
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR) return TIDINGS_OK;
    if (e == RD_KAFKA_RESP_ERR__PURGE_QUEUE) return TIDINGS_CLOSED;
    if (rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED)
        return TIDINGS_UNKNOWN;
    return e == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ? TIDINGS_EXPIRED : TIDINGS_REFUSED;
}

/* On whichever thread polls. */
static void on_delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *owner) {
    (void)producer;
    struct kafka *kafka = owner;
    struct record *record = message->_private;
    enum tidings_result result = result_of(message->err, message);
    const struct tidings_outcome outcome = {
        .result = result,
        .channel = rd_kafka_topic_name(message->rkt),
        .id = record->id,
        .latency_ns = clock_now_ns() - record->queued_ns,
        .problem = result == TIDINGS_OK ? "" : rd_kafka_err2str(message->err),
    };
    queue_tell(kafka->publisher, &outcome);
    mem_free(record);
}

static void on_error(rd_kafka_t *producer, int e, const char *reason, void *owner) {
    (void)producer;
    struct kafka *kafka = owner;
    publisher_log(kafka->publisher, TIDINGS_WARNING, "Kafka: %s: %s",
                  rd_kafka_err2str((rd_kafka_resp_err_t)e), reason);
}

static void *run(void *arg) {
    struct kafka *kafka = arg;
    (void)pthread_setname_np(pthread_self(), "tidings-kafka");
    while (!atomic_load(&kafka->is_ending))
        (void)rd_kafka_poll(kafka->producer, POLL_MS);
    return NULL;
}

static rd_kafka_conf_t *configure(struct kafka *kafka, struct err_note *note) {
    const struct tidings_options *options = &kafka->publisher->options;
    char timeout_ms[16], messages[24], kib[24];
    (void)snprintf(timeout_ms, sizeof timeout_ms, "%u", options->deadline_ms);
    (void)snprintf(messages, sizeof messages, "%zu", options->queue_messages_max);
    (void)snprintf(kib, sizeof kib, "%zu", options->queue_bytes_max / 1024 + 1);
    const struct {
        const char *name, *value;
    } values[] = {
        { "bootstrap.servers", options->kafka_brokers },
        { "client.id", "libtidings" },
        { "enable.idempotence", "true" },
        { "linger.ms", "5" },
        { "delivery.timeout.ms", timeout_ms },
        { "queue.buffering.max.messages", messages },
        { "queue.buffering.max.kbytes", kib },
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[TIDINGS_PROBLEM_MAX];
    for (size_t i = 0; i < countof(values); i++) {
        if (rd_kafka_conf_set(conf, values[i].name, values[i].value, why, sizeof why) !=
            RD_KAFKA_CONF_OK) {
            (void)err_note(note, ERR_INVALID, "kafka_brokers: %s", why);
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_conf_set_opaque(conf, kafka);
    return conf;
}

struct kafka *kafka_new(struct tidings *publisher, struct err_note *note) {
    struct kafka *kafka = mem_new(sizeof *kafka);
    char why[TIDINGS_PROBLEM_MAX];
    kafka->publisher = publisher;
    rd_kafka_conf_t *conf = configure(kafka, note);
    if (!conf) {
        mem_free(kafka);
        return NULL;
    }
    kafka->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!kafka->producer) {
        (void)err_note(note, ERR_INVALID, "Kafka: %s", why);
        rd_kafka_conf_destroy(conf);
        mem_free(kafka);
        return NULL;
    }
    if (pthread_create(&kafka->thread, NULL, run, kafka) == 0) return kafka;
    (void)err_note(note, ERR_LIMIT, "cannot start a thread");
    rd_kafka_destroy(kafka->producer);
    mem_free(kafka);
    return NULL;
}

void kafka_free(struct kafka *kafka, uint64_t ends_ns) {
    if (!kafka) return;
    atomic_store(&kafka->is_ending, true);
    (void)pthread_join(kafka->thread, NULL);
    uint64_t now_ns = clock_now_ns();
    uint64_t left_ms = ends_ns > now_ns ? (ends_ns - now_ns) / NS_PER_MS : 0;
    (void)rd_kafka_flush(kafka->producer, (int)size_min(left_ms, INT32_MAX));
    (void)rd_kafka_purge(kafka->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    (void)rd_kafka_flush(kafka->producer, POLL_MS); /* tells of those */
    rd_kafka_destroy(kafka->producer);
    mem_free(kafka);
}

bool kafka_flush(struct kafka *kafka, unsigned timeout_ms) {
    return !kafka || rd_kafka_flush(kafka->producer, (int)size_min(timeout_ms, INT32_MAX)) ==
                         RD_KAFKA_RESP_ERR_NO_ERROR;
}

int kafka_produce(struct kafka *kafka, const char *topic, struct span key, struct span json) {
    struct record *record = mem_try(sizeof *record);
    if (!record) return TIDINGS_NO_MEMORY;
    *record = (struct record){ atomic_fetch_add(&kafka->next_id, 1) + 1, clock_now_ns() };
    const rd_kafka_vu_t parts[] = {
        { RD_KAFKA_VTYPE_TOPIC, { .cstr = topic } },
        { RD_KAFKA_VTYPE_KEY, { .mem = { (void *)(uintptr_t)key.at, key.len } } },
        { RD_KAFKA_VTYPE_VALUE, { .mem = { (void *)(uintptr_t)json.at, json.len } } },
        { RD_KAFKA_VTYPE_MSGFLAGS, { .i = RD_KAFKA_MSG_F_COPY } },
        { RD_KAFKA_VTYPE_OPAQUE, { .ptr = record } },
    };
    rd_kafka_error_t *error = rd_kafka_produceva(kafka->producer, parts, countof(parts));
    rd_kafka_resp_err_t e = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (e == RD_KAFKA_RESP_ERR_NO_ERROR) return TIDINGS_OK;
    mem_free(record);
    if (e == RD_KAFKA_RESP_ERR__QUEUE_FULL) return TIDINGS_FULL;
    return e == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? TIDINGS_TOO_BIG : TIDINGS_REFUSED;
}
