/* SPDX-License-Identifier: MIT */
/*
 * app/app.h: the server as a whole.
 */
#ifndef TIDINGS_APP_APP_H
#define TIDINGS_APP_APP_H

struct config;
struct config_source;

/* Serves until SIGTERM or SIGINT and a drain, first with `own_config`, which is taken over; on
 * SIGHUP with what `source` says by then. Returns the exit code of the process: 0, or 1 when it
 * could not start, which is logged. */
int app_serve(struct config *own_config, const struct config_source *source);

#endif
