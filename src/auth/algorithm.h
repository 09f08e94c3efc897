/* SPDX-License-Identifier: MIT */
/*
 * auth/algorithm.h: the signature algorithms of RFC 7518 §3 that a token may use, and sets of them.
 *
 * There is no `none`: it has no number here and so cannot be allowed by any configuration.
 */
#ifndef TIDINGS_AUTH_ALGORITHM_H
#define TIDINGS_AUTH_ALGORITHM_H

#include "base/span.h"

#define AUTH_ALGORITHM_MAP(X)                                                                      \
    X(HS256)                                                                                       \
    X(HS384)                                                                                       \
    X(HS512)                                                                                       \
    X(RS256)                                                                                       \
    X(RS384)                                                                                       \
    X(RS512)                                                                                       \
    X(PS256)                                                                                       \
    X(PS384)                                                                                       \
    X(PS512)                                                                                       \
    X(ES256)                                                                                       \
    X(ES384)                                                                                       \
    X(ES512)

enum auth_algorithm {
#define AUTH_ALGORITHM_ITEM(name) AUTH_##name,
    AUTH_ALGORITHM_MAP(AUTH_ALGORITHM_ITEM)
#undef AUTH_ALGORITHM_ITEM
        AUTH_ALGORITHM_COUNT
};

/* Several algorithms: one bit each, `AUTH_BIT(AUTH_HS256) | AUTH_BIT(AUTH_ES256)`. */
typedef uint32_t auth_algorithm_set;
#define AUTH_BIT(algorithm) ((auth_algorithm_set)1 << (algorithm))

/* The algorithm of that name, in its exact spelling. False for any other, `none` among them. */
MUST_USE
bool auth_algorithm_parse(struct span name, enum auth_algorithm *ret);

/* Its name, a constant. */
const char *auth_algorithm_text(enum auth_algorithm algorithm);

#endif
