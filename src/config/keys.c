/* SPDX-License-Identifier: MIT */
/*
 * config/keys.c: the keys that all that is said of them comes to.
 */
#include "config/config.h"

enum err config_make_keys(const struct config_jwt *jwt, struct span fetched, struct auth_keys **ret,
                          struct err_note *note) {
    bool is_fetched = fetched.len > 0;
    const struct auth_key_options options = {
        .algorithms = jwt->algorithms,
        .secret = span_str(jwt->secret),
        .pem = jwt->pem,
        .jwks = is_fetched ? fetched : jwt->jwks,
        .allow_weak_secret = jwt->allows_weak_secret,
        .is_published = is_fetched,
        .may_be_empty = *jwt->jwks_url != '\0',
    };
    return auth_keys_new(&options, ret, note);
}
