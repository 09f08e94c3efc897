/* SPDX-License-Identifier: MIT */
/*
 * cli/duration.h: times as people type them: 90s, 15m, 1h, 7d.
 */
#ifndef TIDINGS_CLI_DURATION_H
#define TIDINGS_CLI_DURATION_H

#include "base/span.h"

/* A whole number and its unit, 1 second to 100 years. False for anything else. */
MUST_USE
bool cli_duration(struct span text, int64_t *ret_seconds);

#endif
