/* SPDX-License-Identifier: MIT */
/*
 * app/supervisor.h: what systemd, or who speaks as it does, is told of the server.
 */
#ifndef TIDINGS_APP_SUPERVISOR_H
#define TIDINGS_APP_SUPERVISOR_H

/* Sends `state` (sd_notify(3)), as "READY=1", to the socket that the environment's NOTIFY_SOCKET
 * names. Nothing happens without one, and nothing is waited for. */
void supervisor_tell(const char *state);
/* "RELOADING=1" with the time, which is part of it. */
void supervisor_tell_reloading(void);

#endif
