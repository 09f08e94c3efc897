/* SPDX-License-Identifier: MIT */
/*
 * app/supervisor.h: what systemd, or who speaks as it does, is told of the server.
 */
#ifndef TIDINGS_APP_SUPERVISOR_H
#define TIDINGS_APP_SUPERVISOR_H

#include <stdint.h>

/* Each is a datagram (sd_notify(3)) to the socket that the environment's NOTIFY_SOCKET names.
 * Nothing happens without one, and nothing is waited for. */

/* It serves; `status` is a sentence for people. */
void supervisor_tell_ready(const char *status);
void supervisor_tell_reloading(void);
/* It drains, which takes `longest_ms` at most: that long the supervisor shall not kill it. */
void supervisor_tell_stopping(uint64_t longest_ms);

#endif
