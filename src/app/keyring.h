/* SPDX-License-Identifier: MIT */
/*
 * app/keyring.h: the key set that is published at `jwt.jwks_url`: when it is asked for, and the
 * last good one, which holds until there is a better one. The control thread's.
 *
 * It is asked for at the start, after each reload, before what came is too old, and for tokens with
 * an unknown key, at most once a minute. Failures are repeated, less and less often.
 */
#ifndef TIDINGS_APP_KEYRING_H
#define TIDINGS_APP_KEYRING_H

#include "base/count.h"
#include "config/config.h"
#include "net/loop.h"

struct keyring;

/* `keyring_make` would give others than before. */
typedef void (*keyring_renewed)(void *owner);

/* Asks for nothing yet. `counts` is borrowed. Never NULL. */
struct keyring *keyring_new(struct loop *loop, struct counts *counts, keyring_renewed renewed,
                            void *owner);
/* Before `loop_free`. NULL is fine. */
void keyring_free(struct keyring *keyring);

/* From now on `jwt` says where the set is, and it is asked for at once; without a URL it is
 * forgotten. Borrowed until the next call. */
void keyring_follow(struct keyring *keyring, const struct config_jwt *jwt);
/* To be called once a second; `unknown` is how many tokens were refused so far because there was no
 * key for them. */
void keyring_second(struct keyring *keyring, uint64_t unknown);

/* The keys of `jwt` together with the last good set; those of `jwt` alone when there is none or it
 * does not go with them, which is logged. The caller is a user of it. Never NULL. */
struct auth_keys *keyring_make(const struct keyring *keyring, const struct config_jwt *jwt);

/* Seconds since the set was last confirmed, or asked for in vain from the start; 0 without a URL.
 * Any thread. */
uint64_t keyring_age_s(const void *keyring);

#endif
