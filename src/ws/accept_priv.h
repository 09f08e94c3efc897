/* SPDX-License-Identifier: MIT */
/*
 * ws/accept_priv.h: what a server answers to a key (RFC 6455 §4.2.2).
 */
#ifndef TIDINGS_WS_ACCEPT_PRIV_H
#define TIDINGS_WS_ACCEPT_PRIV_H

#include "ws/handshake.h"

/* Writes WS_ACCEPT_LEN characters and a terminator. */
void accept_of_key(struct span key, char ret[WS_ACCEPT_LEN + 1]);

#endif
