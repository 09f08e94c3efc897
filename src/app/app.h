/* SPDX-License-Identifier: MIT */
/*
 * app/app.h: the server as a whole.
 */
#ifndef TIDINGS_APP_APP_H
#define TIDINGS_APP_APP_H

struct config;

/* Serves until SIGTERM or SIGINT and a drain; borrows `config`. Returns the exit code of the
 * process: 0, or 1 when it could not start, which is logged. */
int app_serve(const struct config *config);

#endif
