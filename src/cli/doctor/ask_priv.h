/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/ask_priv.h: one GET, and its answer.
 */
#ifndef TIDINGS_CLI_DOCTOR_ASK_PRIV_H
#define TIDINGS_CLI_DOCTOR_ASK_PRIV_H

#include "cli/doctor/doctor_priv.h"

struct doctor_answer {
    int status; /* 0: none came */
    struct buf body;
    uint64_t took_ns;
    char why[256]; /* none came */
};

/* Asks for `path` of `place`, for at most DOCTOR_WAIT_MS. The answer is to be given to
 * `doctor_answer_finish`. */
void doctor_ask(const struct doctor_place *place, const char *path, struct doctor_answer *ret);
void doctor_answer_finish(struct doctor_answer *answer);

#endif
