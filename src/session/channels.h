/* SPDX-License-Identifier: MIT */
/*
 * session/channels.h: the channels that a client hears, from its endpoint's templates.
 */
#ifndef TIDINGS_SESSION_CHANNELS_H
#define TIDINGS_SESSION_CHANNELS_H

#include "session/conn_priv.h"

/* The name of the channel that `template` means for `user` (empty: anonymous), into `out`, which
 * has room for INTEREST_NAME_MAX bytes. `{user_id}` stands for the user, other placeholders for
 * what stood in the path. ERR_NOT_FOUND: it wants a user and there is none. ERR_INVALID: no channel
 * can have that name (longer than 200 bytes, control characters, empty), or what stands for
 * `{submission_id}` is no number. */
MUST_USE enum err channels_expand(const char *template, struct span user,
                                  const struct http_params *params, struct buf *out);

/* Subscribes the connection, whose endpoint and user are set, to the channels of its endpoint, but
 * for those that are for users alone if it is anonymous. All or none. ERR_INVALID, ERR_NOMEM;
 * ERR_NOT_FOUND: what was declared when it was admitted is no more. */
MUST_USE enum err channels_join(struct session *s, uint32_t index,
                                const struct http_params *params);
void channels_leave(struct session *s, uint32_t index);

/* The connection's subscriptions, and how many it may have. */
struct subscription *channels_of(struct conn *c, size_t *ret_count);

#endif
