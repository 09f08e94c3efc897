/* SPDX-License-Identifier: MIT */
/*
 * hub/sweep.h: forgetting the channels that nobody needs any more.
 */
#ifndef TIDINGS_HUB_SWEEP_H
#define TIDINGS_HUB_SWEEP_H

#include "hub/hub.h"

/* Has the store forget the channels to which nothing has happened for its `keep_seconds`, but for
 * those to which somebody here listens. `now_s` as in store/store.h. Any thread, one at a time. */
void hub_sweep(struct hub_shared *shared, uint32_t now_s);

#endif
