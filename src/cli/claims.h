/* SPDX-License-Identifier: MIT */
/*
 * cli/claims.h: what stands in a token that a command makes.
 */
#ifndef TIDINGS_CLI_CLAIMS_H
#define TIDINGS_CLI_CLAIMS_H

#include "config/config.h"

struct json_t; /* jansson.h */

/* An object of the caller's: `user` as user_id and sub, iat, exp in `ttl_s` seconds, and aud and
 * iss where the configuration asks for them. */
struct json_t *cli_claims(const struct config_jwt *jwt, const char *user, int64_t ttl_s);

#endif
