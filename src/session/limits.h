/* SPDX-License-Identifier: MIT */
/*
 * session/limits.h: how often a client address may try, and who is shut out for a while.
 *
 * One bounded table for the whole process, in stripes with a lock each: attempts by address and
 * endpoint, blocks of addresses and of users. When it is full the least recently used entry of the
 * stripe is forgotten. Times are milliseconds of the monotonic clock.
 */
#ifndef TIDINGS_SESSION_LIMITS_H
#define TIDINGS_SESSION_LIMITS_H

#include "base/address.h"

struct limits;

/* Whom something is counted for: an address (IPv6 by its /64) or a user, at one endpoint. */
struct limits_key {
    uint8_t who[16];
    uint16_t endpoint;
    bool is_user;
};

/* A table of at most `entries_max`. Never NULL. */
struct limits *limits_new(uint32_t entries_max);
/* NULL is fine. */
void limits_free(struct limits *limits);

struct limits_key limits_key_address(const struct address *address, uint16_t endpoint);
/* User ids are kept as a keyed 128-bit hash. */
struct limits_key limits_key_user(const struct limits *limits, struct span user, uint16_t endpoint);

/* Counts an attempt. Returns 0, or the milliseconds that whoever tried is still shut out: blocked
 * already (which this attempt does not prolong), or from now on for `block_ms` because it was one
 * more than `per_minute` (0: any number) in a minute that began with its first. Any thread. */
uint64_t limits_attempt(struct limits *limits, const struct limits_key *key, uint32_t per_minute,
                        uint64_t block_ms, uint64_t now_ms);

/* The milliseconds for which `key` is still shut out, or 0. Any thread. */
uint64_t limits_blocked(struct limits *limits, const struct limits_key *key, uint64_t now_ms);

/* Shuts `key` out until `until_ms`; a later end stands. Any thread. */
void limits_block(struct limits *limits, const struct limits_key *key, uint64_t until_ms);

/* Entries in the table, for the metrics. */
uint64_t limits_count(const struct limits *limits);

#endif
