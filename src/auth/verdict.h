/* SPDX-License-Identifier: MIT */
/*
 * auth/verdict.h: what becomes of a token. The texts are the values of the label `result` of
 * jwt_validation_total, so they are few and fixed.
 */
#ifndef TIDINGS_AUTH_VERDICT_H
#define TIDINGS_AUTH_VERDICT_H

#include "base/base.h"

#define JWT_VERDICT_MAP(X)                                                                         \
    X(OK, "ok")                                                                                    \
    X(ABSENT, "absent")           /* no token at all */                                            \
    X(MALFORMED, "malformed")     /* not three parts of base64url and strict JSON, or too big */   \
    X(UNSUPPORTED, "unsupported") /* `crit` or `b64` in the header */                              \
    X(ALGORITHM, "algorithm")     /* `alg` is not among those allowed */                           \
    X(UNKNOWN_KEY, "unknown_key") /* no key bears its `kid`, or not exactly one fits */            \
    X(BAD_SIGNATURE, "bad_signature")                                                              \
    X(EXPIRED, "expired")                                                                          \
    X(NOT_YET_VALID, "not_yet_valid")                                                              \
    X(WRONG_AUDIENCE, "wrong_audience") /* `aud` is absent or another */                           \
    X(WRONG_ISSUER, "wrong_issuer")     /* `iss` is absent or another */                           \
    X(MISSING_CLAIM, "missing_claim")   /* a required claim, or every claim that names the user */ \
    X(BAD_USER, "bad_user")             /* the user id is no acceptable name */                    \
    X(BAD_USER_FORMAT, "bad_user_format") /* the user id has not the format asked for */           \
    X(NO_MEMORY, "no_memory")

enum jwt_verdict {
#define JWT_VERDICT_ITEM(name, text) JWT_##name,
    JWT_VERDICT_MAP(JWT_VERDICT_ITEM)
#undef JWT_VERDICT_ITEM
        JWT_VERDICT_COUNT
};

/* Its text, a constant. Never NULL. */
const char *jwt_verdict_text(enum jwt_verdict verdict);

#endif
