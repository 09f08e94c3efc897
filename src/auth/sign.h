/* SPDX-License-Identifier: MIT */
/*
 * auth/sign.h: makes a token, for `tidings token` and for demo mode.
 */
#ifndef TIDINGS_AUTH_SIGN_H
#define TIDINGS_AUTH_SIGN_H

#include "auth/keys.h"
#include "base/buf.h"
#include "base/err.h"

struct json_t; /* jansson.h */

/**
 * Appends a compact token with `claims` (an object, borrowed) to `out`, signed by the first key of
 * the set that can sign and the first allowed algorithm that it serves. The header names the key's
 * `kid` where it has one.
 *
 * Keys that can sign are the secret, and those of a JWKS that hold their private part.
 * Errors: ERR_NOT_FOUND (no key can sign, said in `note`), ERR_CRYPTO, ERR_NOMEM, ERR_TOO_BIG (the
 * token would be larger than JWT_TOKEN_MAX, or than `out` may hold).
 */
MUST_USE
enum err jwt_sign(const struct auth_keys *keys, const struct json_t *claims, struct buf *out,
                  struct err_note *note);

#endif
