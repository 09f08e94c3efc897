/* SPDX-License-Identifier: MIT */
/*
 * session/channels.h: the channels that a client hears, from its endpoint's templates.
 */
#ifndef TIDINGS_SESSION_CHANNELS_H
#define TIDINGS_SESSION_CHANNELS_H

#include "session/conn_priv.h"

/* Subscribes the connection, whose endpoint and user are set, to the channels of its endpoint;
 * `{user_id}` stands for the user, other placeholders for what stood in the path. All or none.
 * ERR_INVALID: a name that no channel can have (longer than 200 bytes, control characters, empty,
 * or a template that wants a user and there is none). ERR_NOMEM. */
MUST_USE enum err channels_join(struct session *s, uint32_t index,
                                const struct http_params *params);
void channels_leave(struct session *s, uint32_t index);

/* The connection's subscriptions, and how many it may have. */
struct subscription *channels_of(const struct session *s, struct conn *c, size_t *ret_count);

#endif
