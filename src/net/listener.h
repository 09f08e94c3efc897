/* SPDX-License-Identifier: MIT */
/*
 * net/listener.h: sockets that accept, one a worker on the same address.
 *
 * The kernel spreads new connections over the workers' sockets (SO_REUSEPORT). That option would
 * also let a second process in beside us, so the first socket is bound without it: whoever comes
 * later is told that the address is in use.
 */
#ifndef TIDINGS_NET_LISTENER_H
#define TIDINGS_NET_LISTENER_H

#include "base/address.h"
#include "base/count.h"
#include "net/loop.h"

/* How many connections may wait to be accepted, as far as net.core.somaxconn lets them. */
enum { LISTENER_BACKLOG = 4096 };

/* Binds `address` and listens `count` times; `ret_fds` has room for that many. Port 0 takes a free
 * one and writes it back. Accepted sockets inherit: no delay, keepalive after `keepalive_s` of
 * silence and a user timeout, so that a dead peer is given up after about twice that.
 * ERR_EXISTS (the address is in use) or ERR_IO, with a note that names the address. */
MUST_USE enum err listener_bind(struct address *address, size_t count, uint32_t keepalive_s,
                                int *ret_fds, struct err_note *note);

/* Makes a socket that somebody else bound ready: nonblocking, closed by exec. `ret_address` is what
 * it is bound to. ERR_INVALID: it does not listen for TCP. */
MUST_USE enum err listener_adopt(int fd, struct address *ret_address);
/* Accepted sockets inherit what those of `listener_bind` do; its queue becomes as long as theirs.
 */
void listener_tune(int fd, uint32_t keepalive_s);

/* A connection came in; `fd` is the callee's. False: no more in this turn. */
typedef bool (*listener_accepted)(void *owner, int fd, const struct address *peer);

struct listener;

/* Accepts from `own_fd` on `loop`, a bounded number each turn. When descriptors run out it leaves
 * the rest in the kernel's queue for a tenth of a second and counts that in `failed`. */
struct listener *listener_new(struct loop *loop, int own_fd, struct counter *failed,
                              listener_accepted accepted, void *owner);
/* Stops accepting and closes the socket; the memory goes after the turn. NULL is fine. */
void listener_close(struct listener *listener);

#endif
