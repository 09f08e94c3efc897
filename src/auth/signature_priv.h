/* SPDX-License-Identifier: MIT */
/*
 * auth/signature_priv.h: is a token's signature made with this key?
 */
#ifndef TIDINGS_AUTH_SIGNATURE_PRIV_H
#define TIDINGS_AUTH_SIGNATURE_PRIV_H

#include "auth/keys_priv.h"

/* A token, cut at its dots. */
struct auth_token {
    struct span whole;
    struct span header; /* these three still in base64url */
    struct span payload;
    struct span signature;
};

/* False unless `whole` has three parts, none of them empty. */
MUST_USE bool auth_token_cut(struct span whole, struct auth_token *ret);

/* `algorithm` is one that the key serves, and the one that the token's header names. False for
 * whatever is not a good signature, base64url that is not strict included. */
MUST_USE bool auth_signature_is_good(const struct auth_key *key, enum auth_algorithm algorithm,
                                     const struct auth_token *token);

#endif
