/* SPDX-License-Identifier: MIT */
/*
 * hub/busy.h: which users and which channels are sent the most, about, by one worker. A message for
 * ten listeners counts ten.
 */
#ifndef TIDINGS_HUB_BUSY_H
#define TIDINGS_HUB_BUSY_H

#include "base/sketch.h"
#include "hub/hub.h"

/* A list is about the window that runs and the one before it. */
enum { BUSY_WINDOW_SECONDS = 60 };

enum busy_kind {
    BUSY_USERS,    /* users' own channels; the names are the users' */
    BUSY_CHANNELS, /* all others */
    BUSY_KINDS
};

/* The at most `max` busiest, busiest first; returns how many. On the hub's own thread: other
 * workers are asked with hub/ask.h, and the lists joined by `sketch_join`. */
size_t hub_busiest(const struct hub *hub, enum busy_kind kind, size_t max, struct sketch_top *ret);

#endif
