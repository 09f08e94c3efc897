/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/intake.c: the consumer of a group, a batch at a time: what it brings is handed over,
 * then its offsets are good and librdkafka commits them, also when a partition goes to another.
 */
#include "broker/kafka/intake_priv.h"

#include "base/log.h"
#include "base/mem.h"

enum { POLL_MS = 200 };

/* ---- librdkafka ---- */

static void on_error(rd_kafka_t *consumer, int e, const char *reason, void *owner) {
    (void)consumer;
    struct kafka_intake *intake = owner;
    intake->hooks->said(intake->owner, LOG_WARNING, rdkafka.err2str((rd_kafka_resp_err_t)e),
                        reason);
}

static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t e,
                         rd_kafka_topic_partition_list_t *partitions, void *owner) {
    struct kafka_intake *intake = owner;
    bool is_assigned = e == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    (void)rdkafka.assign(consumer, is_assigned ? partitions : NULL);
    atomic_store(&intake->partitions, is_assigned ? (uint64_t)partitions->cnt : 0);
    char text[64];
    (void)snprintf(text, sizeof text, "%d", partitions->cnt);
    intake->hooks->said(intake->owner, LOG_INFO,
                        is_assigned ? "partitions assigned" : "partitions taken away", text);
}

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err_note *note) {
    char why[256];
    if (rdkafka.conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return true;
    (void)err_note(note, ERR_INVALID, "kafka: %s", why);
    return false;
}

/* Lines `name=value`; a value may be a secret, so notes quote none. */
static bool set_properties(rd_kafka_conf_t *conf, struct span text, struct err_note *note) {
    struct span line;
    for (int number = 1; span_next(&text, '\n', &line); number++) {
        line = span_trim(line);
        if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
        if (line.len == 0 || line.at[0] == '#') continue;
        size_t equals = span_find(line, '=');
        struct span name = span_trim(span_of(line.at, equals));
        struct span value = span_trim(span_skip(line, equals + 1));
        char *texts[] = { mem_new_text(name.at, name.len), mem_new_text(value.at, value.len) };
        char why[256];
        bool is_good = equals < line.len && rdkafka.conf_set(conf, texts[0], texts[1], why,
                                                             sizeof why) == RD_KAFKA_CONF_OK;
        mem_free(texts[0]);
        mem_free(texts[1]);
        if (is_good) continue;
        (void)err_note(note, ERR_INVALID,
                       "kafka.properties_file: line %d is no property that librdkafka takes",
                       number);
        return false;
    }
    return true;
}

static rd_kafka_conf_t *configure(struct kafka_intake *intake, struct err_note *note) {
    const struct kafka_intake_options *options = &intake->options;
    rd_kafka_conf_t *conf = rdkafka.conf_new();
    bool is_good = set(conf, "bootstrap.servers", options->brokers, note) &&
                   set(conf, "group.id", options->group, note) &&
                   set(conf, "client.id", "tidings", note) &&
                   set(conf, "enable.auto.offset.store", "false", note) &&
                   set(conf, "auto.offset.reset", "latest", note) &&
                   set_properties(conf, options->properties, note);
    if (!is_good) {
        rdkafka.conf_destroy(conf);
        return NULL;
    }
    rdkafka.conf_set_opaque(conf, intake);
    rdkafka.conf_set_error_cb(conf, on_error);
    rdkafka.conf_set_rebalance_cb(conf, on_rebalance);
    rdkafka.conf_set_log_cb(conf, NULL);
    return conf;
}

static enum err subscribe(struct kafka_intake *intake, struct err_note *note) {
    const struct kafka_intake_options *options = &intake->options;
    rd_kafka_topic_partition_list_t *topics =
        rdkafka.topic_partition_list_new((int)options->topic_count);
    for (size_t i = 0; i < options->topic_count; i++) {
        (void)rdkafka.topic_partition_list_add(topics, options->topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t e = rdkafka.subscribe(intake->consumer, topics);
    rdkafka.topic_partition_list_destroy(topics);
    return e ? err_note(note, ERR_INVALID, "kafka.topics: %s", rdkafka.err2str(e)) : ERR_OK;
}

static enum err open_consumer(struct kafka_intake *intake, struct err_note *note) {
    rd_kafka_conf_t *conf = configure(intake, note);
    if (!conf) return ERR_INVALID;
    char why[256];
    intake->consumer = rdkafka.new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    if (!intake->consumer) {
        rdkafka.conf_destroy(conf);
        return err_note(note, ERR_INVALID, "kafka: %s", why);
    }
    (void)rdkafka.poll_set_consumer(intake->consumer);
    intake->queue = rdkafka.queue_get_consumer(intake->consumer);
    return subscribe(intake, note);
}

/* ---- the thread ---- */

/* The end of a turn: what the shared broker has answered. */
static bool take_answers(void *owner) {
    struct kafka_intake *intake = owner;
    struct broker_call *call;
    while (intake->broker && (call = broker_take(intake->broker)) != NULL)
        call->done(call);
    return false;
}

/* Records are what is left; all else is librdkafka telling. */
static bool is_record(struct kafka_intake *intake, const rd_kafka_message_t *message) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        intake->hooks->said(intake->owner, LOG_WARNING, rdkafka.err2str(message->err),
                            rdkafka.message_errstr(message));
    return false;
}

static void store_offset(struct kafka_intake *intake, const rd_kafka_message_t *message) {
    rd_kafka_topic_partition_list_t *list = rdkafka.topic_partition_list_new(1);
    rdkafka.topic_partition_list_add(list, rdkafka.topic_name(message->rkt), message->partition)
        ->offset = message->offset + 1;
    (void)rdkafka.offsets_store(intake->consumer, list); /* an error: it is another's by now */
    rdkafka.topic_partition_list_destroy(list);
}

/* Of records behind one that was not handed over none is good: it would be lost. */
static void store_offsets(struct kafka_intake *intake) {
    for (size_t i = 0; i < intake->count && intake->items[i].state == ITEM_DONE; i++) {
        const rd_kafka_message_t *next = i + 1 < intake->count ? intake->messages[i + 1] : NULL;
        const rd_kafka_message_t *message = intake->messages[i];
        bool is_last = !next || next->rkt != message->rkt ||
                       next->partition != message->partition ||
                       intake->items[i + 1].state != ITEM_DONE;
        if (is_last) store_offset(intake, message);
    }
}

static void work_off(struct kafka_intake *intake, size_t count) {
    intake->count = 0;
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = intake->messages[i];
        if (is_record(intake, message)) {
            handover_begin(intake, &intake->items[intake->count], message);
            intake->messages[intake->count++] = message;
        } else {
            rdkafka.message_destroy(message);
        }
    }
    (void)handover_all(intake);
    store_offsets(intake);
    for (size_t i = 0; i < intake->count; i++) {
        handover_finish(&intake->items[i]);
        rdkafka.message_destroy(intake->messages[i]);
    }
}

static void *run(void *arg) {
    struct kafka_intake *intake = arg;
    (void)pthread_setname_np(pthread_self(), "kafka");
    while (!atomic_load(&intake->is_stopping)) {
        ssize_t count =
            rdkafka.consume_batch_queue(intake->queue, POLL_MS, intake->messages, BATCH_MAX);
        if (count > 0) work_off(intake, (size_t)count);
    }
    (void)rdkafka.consumer_close(intake->consumer); /* which commits */
    return NULL;
}

/* ---- making and ending ---- */

struct kafka_intake *kafka_intake_new(const struct kafka_intake_options *options,
                                      const struct kafka_hooks *hooks, void *owner,
                                      struct counts *counts, struct err_note *note) {
    struct err_note why;
    if (rdkafka_load(&why)) {
        (void)err_note(note, ERR_UNSUPPORTED, "kafka.brokers: %s", why.text);
        return NULL;
    }
    struct loop *loop = loop_new(note);
    if (!loop) return NULL;
    struct kafka_intake *intake = mem_new(sizeof *intake);
    intake->options = *options;
    intake->hooks = hooks;
    intake->owner = owner;
    intake->counts = counts;
    intake->loop = loop;
    buf_init(&intake->user, KAFKA_USER_MAX * 2);
    buf_init(&intake->id, KAFKA_ID_MAX * 2);
    buf_init(&intake->relayed, RELAYED_MAX);
    loop_add_turn(loop, take_answers, intake);
    if (open_consumer(intake, note) == ERR_OK) return intake;
    kafka_intake_free(intake);
    return NULL;
}

struct loop *kafka_intake_loop(struct kafka_intake *intake) {
    return intake->loop;
}

void kafka_intake_use_broker(struct kafka_intake *intake, struct broker *own_broker) {
    intake->broker = own_broker;
}

enum err kafka_intake_start(struct kafka_intake *intake) {
    if (pthread_create(&intake->thread, NULL, run, intake) != 0) return ERR_LIMIT;
    intake->is_started = true;
    return ERR_OK;
}

void kafka_intake_stop(struct kafka_intake *intake) {
    if (!intake || !intake->is_started) return;
    atomic_store(&intake->is_stopping, true);
    (void)pthread_join(intake->thread, NULL);
    intake->is_started = false;
}

void kafka_intake_free(struct kafka_intake *intake) {
    if (!intake) return;
    if (intake->queue) rdkafka.queue_destroy(intake->queue);
    if (intake->consumer) rdkafka.destroy(intake->consumer);
    loop_free(intake->loop);
    if (intake->broker) broker_free(intake->broker);
    seen_finish(&intake->seen);
    buf_finish(&intake->user);
    buf_finish(&intake->id);
    buf_finish(&intake->relayed);
    mem_free(intake);
}

uint64_t kafka_intake_partitions(const void *intake) {
    return intake ? atomic_load(&((const struct kafka_intake *)intake)->partitions) : 0;
}
