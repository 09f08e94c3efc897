/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/rdkafka.c: librdkafka's functions.
 */
#include "broker/kafka/rdkafka_priv.h"

struct rdkafka_functions rdkafka;

static const char *const names[] = {
#define X(name) "rd_kafka_" #name,
    RDKAFKA_FUNCTIONS(X)
#undef X
};
static struct library library = { "librdkafka.so.1", names, countof(names), &rdkafka, false };

enum err rdkafka_load(struct err_note *note) {
    return library_load(&library, note);
}
