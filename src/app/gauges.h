/* SPDX-License-Identifier: MIT */
/*
 * app/gauges.h: metrics that are read from the parts when somebody asks.
 */
#ifndef TIDINGS_APP_GAUGES_H
#define TIDINGS_APP_GAUGES_H

#include "api/api.h"

struct intake;
struct keyring;
struct session_shared;
struct storage;

enum { GAUGES = 11 };

/* All are borrowed, for as long as the gauges are read. */
struct gauge_sources {
    const struct session_shared *session_shared;
    const _Atomic uint64_t *max_connections;
    struct storage *storage;
    const struct keyring *keyring;
    struct intake *const *intake; /* NULL there as long as there is none */
};

void gauges_make(const struct gauge_sources *sources, struct api_gauge ret[static GAUGES]);

#endif
