/* SPDX-License-Identifier: MIT */
/*
 * redis/wire_priv.h: commands as RESP2 arrays of bulk strings.
 *
 * Not by hiredis's formatter, which allocates each command and has it copied to where it is sent
 * from.
 */
#ifndef TIDINGS_REDIS_WIRE_PRIV_H
#define TIDINGS_REDIS_WIRE_PRIV_H

#include "base/buf.h"

/* The head of a command whose `count` arguments follow, each by `redis_write_argument`. */
void redis_write_head(struct buf *out, size_t count);
void redis_write_argument(struct buf *out, struct span argument);
void redis_write_command(struct buf *out, const struct span *args, size_t count);

/* The bytes that `redis_write_command` will append. */
size_t redis_command_bytes(const struct span *args, size_t count);

#endif
