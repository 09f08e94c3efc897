/* SPDX-License-Identifier: MIT */
/*
 * hub/arrival.h: what a shared broker brings, from this node and from others, on its way to the
 * workers.
 */
#ifndef TIDINGS_HUB_ARRIVAL_H
#define TIDINGS_HUB_ARRIVAL_H

#include "hub/hub.h"

/* What the broker's thread delivers with; one thread uses it. */
struct hub_inlet {
    struct hub_shared *shared;
    struct counts *counts; /* the thread's */
    uint64_t to_wake;      /* workers that got mail since they were last woken, as bits */
};

/* Delivers a message to the listeners of its channel on this node. If it is part of a history it is
 * put into the store as well, for late listeners; one whose number is there already is not
 * delivered. ERR_LIMIT: the workers have too much to deliver; nobody got it, try again. The other
 * errors are final and counted: ERR_TOO_BIG (more than `arrival_bytes_max`), ERR_INVALID (not
 * UTF-8), ERR_NOMEM. For messages of a history there is only ERR_LIMIT, since none may be missing.
 */
MUST_USE enum err hub_arrive(struct hub_inlet *inlet, const struct broker_arrival *arrival);

/* Wakes the workers that got something. */
void hub_inlet_wake(struct hub_inlet *inlet);

#endif
