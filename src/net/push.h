/* SPDX-License-Identifier: MIT */
/*
 * net/push.h: what those who connect to others have in common: sending from one buffer as far as it
 * goes, and saying why there is no connection.
 */
#ifndef TIDINGS_NET_PUSH_H
#define TIDINGS_NET_PUSH_H

#include "base/span.h"
#include "net/stream.h"

/* Sends what goes now of `bytes`, and what TLS has to say itself; `*ret_sent` of them are gone.
 * `*ret_is_blocked`: more goes when the socket is writable. What is left where it is not blocked
 * goes when TLS has been agreed on: then there is something to read first. ERR_CLOSED. */
MUST_USE enum err stream_push(struct stream *s, struct span bytes, size_t *ret_sent,
                              bool *ret_is_blocked);

/* Why there is no connection (any more), for a person: what TLS has to say, where that is more than
 * that the peer has left; else `why`. The stream can only be closed then. */
void stream_explain(struct stream *s, const char *why, struct err_note *ret);

#endif
