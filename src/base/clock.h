/* SPDX-License-Identifier: MIT */
/*
 * base/clock.h: what time it is. Only the parts that own a loop read it; protocol code gets the
 * time as a parameter.
 */
#ifndef TIDINGS_BASE_CLOCK_H
#define TIDINGS_BASE_CLOCK_H

#include "base/base.h"

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull
#define NS_PER_US 1000ull

/* Nanoseconds that only go forward (CLOCK_MONOTONIC); for durations and deadlines. */
uint64_t clock_now_ns(void);
/* Milliseconds since 1970 (CLOCK_REALTIME); for tokens and timestamps. */
int64_t clock_wall_ms(void);

enum { CLOCK_TEXT_BYTES = 25 }; /* "2026-11-21T08:15:30.123Z" and a terminator */

/* RFC 3339 in UTC with milliseconds; years 1970 to 9999. */
void clock_text(int64_t wall_ms, char ret[static CLOCK_TEXT_BYTES]);

#endif
