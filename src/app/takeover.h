/* SPDX-License-Identifier: MIT */
/*
 * app/takeover.h: the next server process takes over the listening sockets of the one that runs,
 * over a Unix socket, and then has it drain. Until it has said so nothing has changed: both have
 * the sockets, and only the old one accepts.
 */
#ifndef TIDINGS_APP_TAKEOVER_H
#define TIDINGS_APP_TAKEOVER_H

#include "app/doors.h"
#include "app/inherited.h"

struct takeover;

/* Asks the server that listens at `path` for its sockets, which are added to `inherited`; where
 * there is none, listens there itself. ERR_INVALID, ERR_IO, with a note. */
MUST_USE enum err takeover_open(const char *path, struct inherited *inherited,
                                struct takeover **ret, struct err_note *note);

typedef void (*takeover_taken)(void *owner);

/* The server serves: its predecessor is told to drain, and a successor is waited for on `loop`, who
 * gets the sockets of `doors`; `taken` is called when that one serves. NULL is fine. */
void takeover_start(struct takeover *takeover, struct loop *loop, const struct doors *doors,
                    takeover_taken taken, void *owner);
/* There will be no successor: the server is about to end. NULL is fine. */
void takeover_stop(struct takeover *takeover);
/* After the loop was freed, or never ran. NULL is fine. */
void takeover_free(struct takeover *takeover);

#endif
