/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/rdkafka.c: librdkafka's functions.
 */
#include "broker/kafka/rdkafka_priv.h"

struct rdkafka_functions rdkafka;

enum err rdkafka_load(struct err_note *note) {
    static const char *const names[] = {
#define X(name) "rd_kafka_" #name,
        RDKAFKA_FUNCTIONS(X)
#undef X
    };
    static bool is_loaded;
    if (is_loaded) return ERR_OK;
    enum err e = library_load("librdkafka.so.1", names, countof(names), &rdkafka, note);
    is_loaded = e == ERR_OK;
    return e;
}
