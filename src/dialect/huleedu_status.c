/* SPDX-License-Identifier: MIT */
/*
 * dialect/huleedu_status.c: the words of HuleEdu's status endpoint, which refuses and answers pings
 * as its notification endpoint does.
 */
#include "dialect/dialect_priv.h"

const struct dialect dialect_huleedu_status = {
    .name = "huleedu-status",
    .refusal_reason = huleedu_refusal_reason,
    .refusal = huleedu_refusal,
    .pong = dialect_pong,
};
