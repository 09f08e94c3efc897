/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/visit_priv.h: the doctor as a client: it connects, hears what it publishes to itself,
 * and keeps still.
 */
#ifndef TIDINGS_CLI_DOCTOR_VISIT_PRIV_H
#define TIDINGS_CLI_DOCTOR_VISIT_PRIV_H

#include "cli/doctor/doctor_priv.h"

/* Fills `doctor->user`. */
void doctor_user_make(struct doctor *doctor);

/* ---- the steps of a visit, one after the other; each has a time of its own ---- */

/* NULL and a note: the kernel refuses. */
struct doctor_visiting *doctor_visiting_new(struct doctor *doctor, struct err_note *note);
/* Says goodbye, if it is still connected. NULL is fine. */
void doctor_visiting_free(struct doctor_visiting *visiting);

/* Connects; `doctor->visit` tells what came of it. */
void doctor_visiting_open(struct doctor_visiting *visiting);
/* Publishes with `key` and waits for it. */
void doctor_visiting_publish(struct doctor_visiting *visiting, struct span key);
/* Says nothing for so long, or until somebody ends it. */
void doctor_visiting_keep_still(struct doctor_visiting *visiting, uint32_t seconds);

/* What silence shows of proxies. */
struct doctor_silence {
    uint32_t seconds;      /* that were to pass */
    uint32_t ping_seconds; /* of the endpoint; 0: it sends none */
    uint32_t idle_seconds; /* 0: never */
    const char *endpoint;
    struct doctor_visit visit;
};
void doctor_silence_judge(const struct doctor_silence *silence, struct doctor_finding *ret);

#endif
