/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/intake_none.c: a build without librdkafka.
 */
#include "broker/kafka/intake.h"

struct kafka_intake *kafka_intake_new(const struct kafka_intake_options *options,
                                      const struct kafka_hooks *hooks, void *owner,
                                      struct counts *counts, struct err_note *note) {
    (void)options;
    (void)hooks;
    (void)owner;
    (void)counts;
    (void)err_note(note, ERR_UNSUPPORTED, "kafka.brokers: this build has no Kafka");
    return NULL;
}

/* There is none, so nobody calls these with one. */
struct loop *kafka_intake_loop(struct kafka_intake *intake) {
    (void)intake;
    return NULL;
}
void kafka_intake_use_broker(struct kafka_intake *intake, struct broker *own_broker) {
    (void)intake;
    (void)own_broker;
}
enum err kafka_intake_start(struct kafka_intake *intake) {
    (void)intake;
    return ERR_UNSUPPORTED;
}
void kafka_intake_stop(struct kafka_intake *intake) {
    (void)intake;
}
void kafka_intake_free(struct kafka_intake *intake) {
    (void)intake;
}
uint64_t kafka_intake_partitions(const void *intake) {
    (void)intake;
    return 0;
}
