/* SPDX-License-Identifier: MIT */
/*
 * auth/claims_priv.h: from the JSON of a token's second part to its claims.
 */
#ifndef TIDINGS_AUTH_CLAIMS_PRIV_H
#define TIDINGS_AUTH_CLAIMS_PRIV_H

#include "auth/jwt.h"

#include <jansson.h>

struct jwt_claims {
    json_t *object;
    int64_t expiry;  /* seconds since the epoch, or JWT_NEVER */
    char number[24]; /* the user id, when it is an integer */
};

/* An object without repeated members; NULL for anything else. */
json_t *jwt_object(struct span text);

/* Judges all but the signature. Sets the expiry for JWT_OK. */
MUST_USE enum jwt_verdict jwt_claims_judge(struct jwt_claims *claims, const struct jwt_rules *rules,
                                           int64_t now_s);

#endif
