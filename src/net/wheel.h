/* SPDX-License-Identifier: MIT */
/*
 * net/wheel.h: one timer a slab item, in whole seconds, for as many items as there are connections.
 *
 * A connection embeds a 12-byte node; setting and cancelling touch two neighbours. An item due
 * further ahead than the wheel is long stays in its slot for another round.
 */
#ifndef TIDINGS_NET_WHEEL_H
#define TIDINGS_NET_WHEEL_H

#include "base/slab.h"

enum { WHEEL_SLOTS = 512 }; /* seconds; a power of two */

struct wheel_node {
    uint32_t next, prev; /* 0: none */
    uint32_t due_s;      /* 0: not set */
};

struct wheel {
    struct slab *items;
    size_t node_offset;
    uint32_t now_s;  /* all before this second has been worked off */
    uint32_t cursor; /* midway: the item to look at next in the slot of `now_s`; 0: its end */
    bool is_midway;  /* the slot of `now_s` is worked off in part */
    uint32_t heads[WHEEL_SLOTS];
};

/* A wheel for `items`, whose nodes lie `node_offset` bytes into each. `now_s` must be above 0. */
void wheel_init(struct wheel *w, struct slab *items, size_t node_offset, uint32_t now_s);

/* Sets or moves the timer of `index` to `due_s`; a second that has passed means the next one. */
void wheel_set(struct wheel *w, uint32_t index, uint32_t due_s);
void wheel_cancel(struct wheel *w, uint32_t index);

/* An item whose second has come by `now_s`, its timer unset; 0 when there is none. The caller
 * stops asking when it has had its portion and goes on in the next turn. */
uint32_t wheel_next(struct wheel *w, uint32_t now_s);

#endif
