/* SPDX-License-Identifier: MIT */
/*
 * auth/claims_priv.h: from the JSON of a token's second part to its claims.
 */
#ifndef TIDINGS_AUTH_CLAIMS_PRIV_H
#define TIDINGS_AUTH_CLAIMS_PRIV_H

#include "auth/jwt.h"
#include "auth/members_priv.h"

struct jwt_claims {
    int64_t expiry;       /* seconds since the epoch, or JWT_NEVER */
    struct buf user_room; /* the user id, when it is written with escapes */
    size_t count;
    struct member list[]; /* and behind them the text that they point into */
};

/* Copies `text` and reads it. JWT_OK, JWT_MALFORMED or JWT_NO_MEMORY. */
MUST_USE enum jwt_verdict jwt_claims_read(struct span text, struct jwt_claims **ret);

/* Judges all but the signature. Sets the expiry for JWT_OK. */
MUST_USE enum jwt_verdict jwt_claims_judge(struct jwt_claims *claims, const struct jwt_rules *rules,
                                           int64_t now_s);

#endif
