/* SPDX-License-Identifier: MIT */
/*
 * auth/jwt.h: judges a JSON Web Token (RFC 7519) in compact form, signed as in RFC 7515.
 *
 * Strict where RFC 8725 advises it: the algorithm must be allowed by configuration and fit the key,
 * base64url has no padding and no second spelling, no member may stand twice in header or claims
 * (at any depth), `crit` and `b64` are refused, keys offered by the token itself are not looked at.
 */
#ifndef TIDINGS_AUTH_JWT_H
#define TIDINGS_AUTH_JWT_H

#include "auth/claims.h"
#include "auth/keys.h"
#include "auth/verdict.h"

#define JWT_TOKEN_MAX 8192 /* bytes of a token; more is malformed */

/* What a token must say beside being signed. All is borrowed. */
struct jwt_rules {
    struct span audience;        /* must be `aud` or in it; empty: not checked */
    struct span issuer;          /* must be `iss`; empty: not checked */
    uint32_t leeway_s;           /* clocks may differ by so much */
    const char *const *required; /* claims that must be there */
    size_t required_count;
};

/**
 * Verifies `token` at `now_s` (seconds since the epoch) and gives its claims to the caller.
 *
 * `ret` is set for JWT_OK only. `exp` and `nbf` are checked whenever they are there: a token is
 * good while nbf - leeway <= now < exp + leeway. The user id is not looked at: `jwt_claims_user`
 * does that. Any thread; `keys` may be in use by others.
 */
MUST_USE
enum jwt_verdict jwt_verify(const struct auth_keys *keys, const struct jwt_rules *rules,
                            struct span token, int64_t now_s, struct jwt_claims **ret);

#endif
