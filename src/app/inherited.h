/* SPDX-License-Identifier: MIT */
/*
 * app/inherited.h: listening sockets that somebody else opened, until the doors take them.
 */
#ifndef TIDINGS_APP_INHERITED_H
#define TIDINGS_APP_INHERITED_H

#include "base/address.h"

struct inherited;

struct inherited *inherited_new(void);
/* Takes over what the supervisor passes on: LISTEN_FDS and LISTEN_PID, sd_listen_fds(3). */
void inherited_add_activated(struct inherited *inherited);
/* Takes one over. One that does not listen for TCP is closed, and the log says so. */
void inherited_add(struct inherited *inherited, int own_fd);
/* Gives away those that are bound to this very address, at most so many, and says how many. They
 * are nonblocking and closed by exec. */
size_t inherited_take(struct inherited *inherited, const struct address *address, size_t max,
                      int *ret_fds);
/* Closes those that nobody took and says in the log which they are. NULL is fine. */
void inherited_free(struct inherited *inherited);

#endif
