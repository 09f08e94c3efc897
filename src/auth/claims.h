/* SPDX-License-Identifier: MIT */
/*
 * auth/claims.h: what a verified token says.
 */
#ifndef TIDINGS_AUTH_CLAIMS_H
#define TIDINGS_AUTH_CLAIMS_H

#include "auth/verdict.h"
#include "base/span.h"

/* The claims of one token, given by `jwt_verify`. Not shared between threads. */
struct jwt_claims;

/* The expiry of a token without `exp`: the end of the year 9999. A later one is cut to it, so that
 * leeways may be added and milliseconds made of it without overflow. */
#define JWT_NEVER    INT64_C(253402300800)
#define JWT_USER_MAX 128 /* bytes of a user id */

enum jwt_user_format {
    JWT_USER_ANY,
    JWT_USER_UUID, /* 8-4-4-4-12 hexadecimal digits of either case */
};

/* Where the user id stands and how it must look. The names are borrowed. */
struct jwt_user_rule {
    const char *const *names; /* the first of these that the token has is the one */
    size_t name_count;
    enum jwt_user_format format;
};

/* NULL is fine. */
void jwt_claims_free(struct jwt_claims *claims);

/* `exp` in seconds since the epoch, fractions rounded up, without the leeway; JWT_NEVER if it has
 * none. */
int64_t jwt_claims_expiry(const struct jwt_claims *claims);

/* Whether the claim is there; `null` counts as absent. */
bool jwt_claims_have(const struct jwt_claims *claims, const char *name);

/**
 * The user id: a string, or an integer as decimal, of 1 to JWT_USER_MAX bytes of UTF-8 without
 * control characters. `ret` is lent until the next call on `claims`.
 *
 * JWT_OK, JWT_MISSING_CLAIM (it has none of the names), JWT_BAD_USER (the first that it has is no
 * such name; a later one is not tried) or JWT_BAD_USER_FORMAT.
 */
MUST_USE
enum jwt_verdict jwt_claims_user(struct jwt_claims *claims, const struct jwt_user_rule *rule,
                                 struct span *ret);

#endif
