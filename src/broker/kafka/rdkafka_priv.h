/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/rdkafka_priv.h: librdkafka, loaded when there is a Kafka.
 */
#ifndef TIDINGS_BROKER_KAFKA_RDKAFKA_PRIV_H
#define TIDINGS_BROKER_KAFKA_RDKAFKA_PRIV_H

#include "base/library.h"

#include <librdkafka/rdkafka.h>

#define RDKAFKA_FUNCTIONS(X)                                                                       \
    X(assign)                                                                                      \
    X(conf_destroy)                                                                                \
    X(conf_new)                                                                                    \
    X(conf_set)                                                                                    \
    X(conf_set_error_cb)                                                                           \
    X(conf_set_log_cb)                                                                             \
    X(conf_set_opaque)                                                                             \
    X(conf_set_rebalance_cb)                                                                       \
    X(consume_batch_queue)                                                                         \
    X(consumer_close)                                                                              \
    X(destroy)                                                                                     \
    X(err2str)                                                                                     \
    X(message_destroy)                                                                             \
    X(message_errstr)                                                                              \
    X(new)                                                                                         \
    X(offsets_store)                                                                               \
    X(poll_set_consumer)                                                                           \
    X(queue_destroy)                                                                               \
    X(queue_get_consumer)                                                                          \
    X(subscribe)                                                                                   \
    X(topic_name)                                                                                  \
    X(topic_partition_list_add)                                                                    \
    X(topic_partition_list_destroy)                                                                \
    X(topic_partition_list_new)

/* `rdkafka.new()` is rd_kafka_new(). */
struct rdkafka_functions {
#define X(name) __typeof__(rd_kafka_##name) *name;
    RDKAFKA_FUNCTIONS(X)
#undef X
};

/* After `rdkafka_load`. */
extern struct rdkafka_functions rdkafka;

/* Any number of times, by one thread. ERR_UNSUPPORTED and a note: it is not there. */
MUST_USE enum err rdkafka_load(struct err_note *note);

#endif
