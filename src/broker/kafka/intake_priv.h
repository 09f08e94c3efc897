/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/intake_priv.h: the intake from within.
 *
 *     intake.c    the consumer, its thread, which records come and which offsets are good
 *     handover.c  a batch of records on its way to listeners
 */
#ifndef TIDINGS_BROKER_KAFKA_INTAKE_PRIV_H
#define TIDINGS_BROKER_KAFKA_INTAKE_PRIV_H

#include "broker/kafka/intake.h"
#include "broker/kafka/rdkafka_priv.h"
#include "broker/kafka/seen.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BATCH_MAX = 256,
    RELAYED_MAX = 1 << 24,
    KEPT_TEXT_MAX = 2048, /* of a channel, an id and a name */
};

/* How far a record of the batch is. */
enum item_state {
    ITEM_MAPPED,  /* may have been handed over before, by another node */
    ITEM_NEW,     /* is to be published */
    ITEM_SENT,    /* was, which is to be noted */
    ITEM_DONE,    /* its offset is good */
    ITEM_WAITING, /* the broker is asked */
};

struct item {
    struct broker_call call;
    struct kafka_intake *intake;
    enum item_state state, before; /* before it was ITEM_WAITING */
    struct span name;              /* of what a shared broker remembers; empty: nothing */
    struct span channel, relayed, id;
    struct buf texts; /* all four, one behind the other */
};

struct kafka_intake {
    struct kafka_intake_options options;
    const struct kafka_hooks *hooks;
    void *owner;
    struct counts *counts;
    struct loop *loop;
    struct broker *broker; /* NULL: to this process's listeners */
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    pthread_t thread;
    bool is_started;
    atomic_bool is_stopping;
    _Atomic uint64_t partitions;
    struct seen seen;
    struct buf user, id, relayed; /* of the record that is read */
    rd_kafka_message_t *messages[BATCH_MAX];
    struct item items[BATCH_MAX];
    size_t count;
    size_t outstanding; /* calls of the batch */
    uint64_t said_ns;   /* when a record was last in the log */
    uint64_t unsaid;
};

/* Takes `message` apart into `item`, whose offset is good at once if nothing comes of it. */
void handover_begin(struct kafka_intake *intake, struct item *item,
                    const rd_kafka_message_t *message);
/* Hands over the whole batch, however long it takes. False: the end came first. */
bool handover_all(struct kafka_intake *intake);
/* Frees what a batch needed. */
void handover_finish(struct item *item);

#endif
