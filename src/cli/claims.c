/* SPDX-License-Identifier: MIT */
/*
 * cli/claims.c: see cli/claims.h.
 */
#include "cli/claims.h"

#include "base/clock.h"

#include <jansson.h>

json_t *cli_claims(const struct config_jwt *jwt, const char *user, int64_t ttl_s) {
    json_int_t now_s = clock_wall_ms() / 1000;
    json_t *claims = json_pack("{s:s, s:s, s:I, s:I}", "user_id", user, "sub", user, "iat", now_s,
                               "exp", now_s + ttl_s);
    if (*jwt->audience) json_object_set_new(claims, "aud", json_string(jwt->audience));
    if (*jwt->issuer) json_object_set_new(claims, "iss", json_string(jwt->issuer));
    return claims;
}
