/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/clock.c: does this machine know what time it is? Whether a token has expired, and what
 * is written on messages, goes by it.
 */
#include "cli/doctor/redis_priv.h"

#include <sys/timex.h>

enum { APART_US = 1000000 }; /* tokens have some seconds of leeway */

void doctor_clock_judge(const struct doctor_clock *clock, const struct doctor_redis *redis,
                        struct doctor_finding *ret) {
    char other[96] = "";
    bool is_apart = redis->has_clock && llabs(redis->ahead_us) > APART_US;
    if (redis->has_clock)
        (void)snprintf(other, sizeof other, "; the clock of Redis is %.3f s %s",
                       (double)llabs(redis->ahead_us) / 1e6,
                       redis->ahead_us < 0 ? "behind" : "ahead");
    if (!clock->is_known) {
        doctor_find(ret, is_apart ? DOCTOR_WARN : DOCTOR_SKIP,
                    "the kernel does not say whether it is synchronised%s", other);
    } else if (!clock->is_synchronised) {
        doctor_find(ret, DOCTOR_WARN, "not synchronised%s", other);
    } else {
        doctor_find(ret, is_apart ? DOCTOR_WARN : DOCTOR_OK, "synchronised, at most %.3f s off%s",
                    (double)clock->error_us / 1e6, other);
    }
    if (clock->is_known && !clock->is_synchronised)
        doctor_advise(ret,
                      "timedatectl set-ntp true, or install chrony: tokens expire by this clock");
    else if (is_apart)
        doctor_advise(ret, "one of the two is wrong: chronyc tracking on both machines");
}

void doctor_check_clock(struct doctor *doctor, struct doctor_finding *ret) {
    struct timex state = { .modes = 0 }; /* only looks */
    int verdict = adjtimex(&state);
    const struct doctor_clock clock = {
        .is_known = verdict >= 0,
        .is_synchronised = verdict != TIME_ERROR && !(state.status & STA_UNSYNC),
        .error_us = state.maxerror > 0 ? (uint64_t)state.maxerror : 0,
    };
    doctor_clock_judge(&clock, &doctor->redis, ret);
}
