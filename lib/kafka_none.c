/* SPDX-License-Identifier: MIT */
/*
 * lib/kafka_none.c: the library without librdkafka.
 */
#include "publisher_priv.h"

int tidings_has_kafka(void) {
    return 0;
}

struct kafka *kafka_new(struct tidings *publisher, struct err_note *note) {
    (void)publisher;
    (void)err_note(note, ERR_UNSUPPORTED, "kafka_brokers: this library was built without Kafka");
    return NULL;
}

void kafka_free(struct kafka *kafka, uint64_t ends_ns) {
    (void)kafka;
    (void)ends_ns;
}

bool kafka_flush(struct kafka *kafka, unsigned timeout_ms) {
    (void)kafka;
    (void)timeout_ms;
    return true;
}

int kafka_produce(struct kafka *kafka, const char *topic, struct span key, struct span json) {
    (void)kafka;
    (void)topic;
    (void)key;
    (void)json;
    return TIDINGS_REFUSED;
}
