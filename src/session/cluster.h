/* SPDX-License-Identifier: MIT */
/*
 * session/cluster.h: what sessions ask a broker that nodes share, and tell it: limits that hold for
 * all nodes together, and whether a channel was declared.
 *
 * A handshake asks one question at a time. Its connection is not read meanwhile; the answer goes to
 * `known_hear`, or to nobody when the connection has ended: then what it granted is given back.
 *
 * Names: `<endpoint>/user/<id>`, `<endpoint>/address/<address, or the /64 of one>`,
 * `<endpoint>/channel/<channel>`.
 */
#ifndef TIDINGS_SESSION_CLUSTER_H
#define TIDINGS_SESSION_CLUSTER_H

#include "session/known.h"

/* Whether the endpoint's limits hold for all nodes together. */
static inline bool cluster_has_limits(const struct session *s,
                                      const struct endpoint_options *options) {
    return options->limits_scope == ENDPOINT_SCOPE_CLUSTER && hub_is_shared(s->hub);
}

/* Each asks for the handshake of `index`. ERR_NOMEM. */
MUST_USE enum err cluster_ask_attempt(struct session *s, uint32_t index,
                                      const struct endpoint_options *options,
                                      const struct address *address);
MUST_USE enum err cluster_ask_channel(struct session *s, uint32_t index, struct span channel);
/* For the seats that the handshake has on this node, by user or by channel. */
MUST_USE enum err cluster_ask_seat(struct session *s, uint32_t index,
                                   const struct endpoint_options *options,
                                   const struct seats *seats);

/* Gives back what `cluster_ask_seat` was granted. */
void cluster_leave(struct session *s, const struct endpoint_options *options,
                   const struct seats *seats);
void cluster_block_user(struct session *s, const struct endpoint_options *options, struct span user,
                        uint64_t for_ms);
void cluster_block_address(struct session *s, const struct endpoint_options *options,
                           const struct address *address, uint64_t for_ms);

#endif
