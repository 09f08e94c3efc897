/* SPDX-License-Identifier: MIT */
/*
 * net/socket_priv.h: our addresses as the kernel's, and what TCP says of a socket.
 */
#ifndef TIDINGS_NET_SOCKET_PRIV_H
#define TIDINGS_NET_SOCKET_PRIV_H

#include "base/address.h"

#include <sys/socket.h>

/* Fills `ret` with an AF_INET or AF_INET6 address and returns the length that counts. */
socklen_t socket_address(const struct address *address, struct sockaddr_storage *ret);

/* How many bytes TCP was given to send since the connection began, modulo 2^32. False: unknown. */
MUST_USE bool socket_written(int fd, uint32_t *ret);

#endif
