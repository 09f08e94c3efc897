/* SPDX-License-Identifier: MIT */
/*
 * api/caller_priv.h: who makes a call that both backends and clients may make: a key, or a user
 * with a token.
 */
#ifndef TIDINGS_API_CALLER_PRIV_H
#define TIDINGS_API_CALLER_PRIV_H

#include "api/api_priv.h"
#include "auth/jwt.h"

struct caller {
    bool has_key;     /* a backend: sees everything */
    struct span user; /* else: the user, lent by `claims` */
    struct jwt_claims *claims;
};

/* Finds out who calls: X-API-Key or a bearer token that is a key with scope read; else the JWT of a
 * bearer token or of the query's `token`. False: neither, and the call is answered with 401 or 403.
 * `*ret` is to be finished when true. */
MUST_USE bool caller_identify(struct api *api, struct http_call *call, struct caller *ret);
void caller_finish(struct caller *caller);

#endif
