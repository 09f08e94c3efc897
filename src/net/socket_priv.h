/* SPDX-License-Identifier: MIT */
/*
 * net/socket_priv.h: from our addresses to the kernel's.
 */
#ifndef TIDINGS_NET_SOCKET_PRIV_H
#define TIDINGS_NET_SOCKET_PRIV_H

#include "base/address.h"

#include <sys/socket.h>

/* Fills `ret` with an AF_INET or AF_INET6 address and returns the length that counts. */
socklen_t socket_address(const struct address *address, struct sockaddr_storage *ret);

#endif
