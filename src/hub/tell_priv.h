/* SPDX-License-Identifier: MIT */
/*
 * hub/tell_priv.h: keeping what notifications tell of batches.
 */
#ifndef TIDINGS_HUB_TELL_PRIV_H
#define TIDINGS_HUB_TELL_PRIV_H

#include "hub/hub.h"

/* `payload` was published to `channel`. Any thread. */
void hub_tell(struct hub_shared *shared, struct span channel, struct span payload);

#endif
