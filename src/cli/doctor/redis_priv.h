/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/redis_priv.h: what is asked of Redis, and what to think of the answers.
 */
#ifndef TIDINGS_CLI_DOCTOR_REDIS_PRIV_H
#define TIDINGS_CLI_DOCTOR_REDIS_PRIV_H

#include "cli/doctor/doctor_priv.h"

/* Asks all of it, for at most DOCTOR_WAIT_MS. */
void doctor_redis_talk(const struct config *config, struct doctor_redis *ret);

struct doctor_sentinel {
    char master[REDIS_URL_HOST_MAX + 8]; /* host:port; empty: it names none */
    char why[512];
};

/* Whom a Sentinel names. */
void doctor_sentinel_ask(const struct config *config, const char *sentinel,
                         struct doctor_sentinel *ret);

void doctor_redis_judge(const struct doctor_redis *redis, struct doctor_finding *ret);
void doctor_cluster_judge(const struct doctor_redis *redis, struct doctor_finding *ret);
void doctor_redis_memory_judge(const struct doctor_redis *redis, struct doctor_finding *ret);
void doctor_redis_buffers_judge(const struct doctor_redis *redis, struct doctor_finding *ret);
void doctor_redis_echo_judge(const struct doctor_redis *redis, struct doctor_finding *ret);

/* How good this machine's clock is. */
struct doctor_clock {
    bool is_known, is_synchronised;
    uint64_t error_us; /* at most */
};
void doctor_clock_judge(const struct doctor_clock *clock, const struct doctor_redis *redis,
                        struct doctor_finding *ret);

#endif
