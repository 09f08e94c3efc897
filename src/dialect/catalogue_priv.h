/* SPDX-License-Identifier: MIT */
/*
 * dialect/catalogue_priv.h: judging single values.
 */
#ifndef TIDINGS_DIALECT_CATALOGUE_PRIV_H
#define TIDINGS_DIALECT_CATALOGUE_PRIV_H

#include "base/span.h"

/* A number as exactly as comparing it with whole ones takes, however it is written. */
struct catalogue_number {
    bool is_negative;
    uint64_t whole; /* without sign and fraction; UINT64_MAX: that or more */
    bool has_fraction;
};

/* `text` is a number of JSON. */
struct catalogue_number catalogue_number(struct span text);
/* Below zero, zero or above zero, as `number` is less than, equal to or more than `bound`. */
int catalogue_compare(const struct catalogue_number *number, uint64_t bound);

/* RFC 3339 in UTC: 2025-01-31T09:00:00Z, with any fraction of a second, or +00:00 for the Z. */
bool catalogue_is_time(struct span text);
bool catalogue_is_uuid(struct span text);

#endif
