/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/intake.h: notifications that come as records of Kafka topics, consumed on a thread
 * of their own.
 *
 * At least once: an offset is committed when what it stands for was handed over, to this process's
 * workers or to Redis; a record that comes again is known by its id and dropped. A record that
 * cannot be understood is logged, counted and passed over. While nothing can be handed over,
 * nothing more is taken.
 */
#ifndef TIDINGS_BROKER_KAFKA_INTAKE_H
#define TIDINGS_BROKER_KAFKA_INTAKE_H

#include "base/count.h"
#include "broker/broker.h"
#include "broker/kafka/mapping.h"
#include "net/loop.h"

/* Everything is borrowed for the life of the intake. */
struct kafka_intake_options {
    const char *brokers; /* host:port,… */
    const char *group;
    const char *const *topics;
    size_t topic_count;
    /* Further settings of librdkafka, a line `name=value` each; lines that are empty or begin with
     * # say nothing. */
    struct span properties;
    struct kafka_mapping mapping;
    const char *user_channels; /* a user's channel is this and the user's id */
    size_t message_bytes_max;  /* of what is relayed */
};

struct kafka_hooks {
    /* To the listeners of this process. ERR_LIMIT: they have too much to do, try again. Anything
     * else is done with. NULL: by the broker that nodes share. */
    enum err (*deliver)(void *owner, struct span channel, struct span payload);
    /* What was delivered since the last time is to go on its way now. */
    void (*delivered)(void *owner);
    /* A line for the log; `level` as in base/log.h. */
    void (*said)(void *owner, int level, const char *what, const char *why);
};

struct kafka_intake;

/* NULL and a note: it cannot be, or librdkafka does not take an option. `counts` is the intake's
 * thread's. It does not run yet. */
struct kafka_intake *kafka_intake_new(const struct kafka_intake_options *options,
                                      const struct kafka_hooks *hooks, void *owner,
                                      struct counts *counts, struct err_note *note);
/* The loop that a shared broker wakes for answers to the intake. */
struct loop *kafka_intake_loop(struct kafka_intake *intake);
/* Publishes go by `own_broker`, which must be a shared one. Before it is started. */
void kafka_intake_use_broker(struct kafka_intake *intake, struct broker *own_broker);

/* Starts the thread. ERR_LIMIT. */
MUST_USE enum err kafka_intake_start(struct kafka_intake *intake);
/* Ends the thread, commits and leaves the group: before the shared broker ends. Again: nothing. */
void kafka_intake_stop(struct kafka_intake *intake);
/* NULL is fine. */
void kafka_intake_free(struct kafka_intake *intake);

/* Partitions that it consumes now. Any thread; 0 for NULL. */
uint64_t kafka_intake_partitions(const void *intake);

#endif
