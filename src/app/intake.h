/* SPDX-License-Identifier: MIT */
/*
 * app/intake.h: notifications that Kafka brings, where the configuration says so, on their way to
 * the hub or to the broker that nodes share.
 */
#ifndef TIDINGS_APP_INTAKE_H
#define TIDINGS_APP_INTAKE_H

#include "app/settings.h"
#include "broker/redis/redis.h"
#include "hub/hub.h"

struct intake;

/* Makes it; it does not run yet. `*ret` is NULL without `kafka.brokers`. `broker` is NULL without
 * other nodes, and has not been started. `counts` are those of its thread. What the configuration
 * says of it is read here once: the rest is a matter of a restart. */
MUST_USE enum err intake_open(struct settings *settings, struct hub_shared *hub_shared,
                              struct broker_redis *broker, struct counts *counts,
                              struct intake **ret, struct err_note *note);
/* ERR_LIMIT. NULL is fine, here and below. */
MUST_USE enum err intake_start(struct intake *intake);
/* Before the shared broker stops. */
void intake_stop(struct intake *intake);
/* Before the shared broker is freed. */
void intake_free(struct intake *intake);

/* Partitions that it consumes now, for the metrics. `intake` is a `struct intake *const *`. */
uint64_t intake_partitions(const void *intake);

#endif
