/* SPDX-License-Identifier: MIT */
/*
 * app/keyring_priv.h: how long until the key set is asked for again.
 */
#ifndef TIDINGS_APP_KEYRING_PRIV_H
#define TIDINGS_APP_KEYRING_PRIV_H

#include "app/keyring.h"

/* How long a set may be kept whose source allows `max_age_s` (FETCH_NO_AGE: says nothing), where it
 * may be `most_s` at most: what the source allows, but neither more than that nor, where that is
 * more, less than a minute. */
uint64_t keyring_lifetime_s(uint64_t most_s, int64_t max_age_s);
/* How long to wait after a failure, when so many were right before it. */
uint64_t keyring_retry_s(unsigned failures);

#endif
