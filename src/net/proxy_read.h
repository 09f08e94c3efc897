/* SPDX-License-Identifier: MIT */
/*
 * net/proxy_read.h: reads the header of the PROXY protocol from a connection, and not one byte
 * more: what comes behind it is another layer's.
 */
#ifndef TIDINGS_NET_PROXY_READ_H
#define TIDINGS_NET_PROXY_READ_H

#include "net/proxy_header.h"

/* Reads from the socket `fd` what has come of `header`. ERR_OK: it is complete. ERR_AGAIN: more has
 * to come. ERR_INVALID: it is none; see `header`. ERR_CLOSED: the peer's end of stream or a reset.
 */
MUST_USE enum err proxy_read(int fd, struct proxy_header *header);

#endif
