/* SPDX-License-Identifier: MIT */
/*
 * api/busiest_priv.h: the lists of the busiest of all workers, brought together.
 */
#ifndef TIDINGS_API_BUSIEST_PRIV_H
#define TIDINGS_API_BUSIEST_PRIV_H

#include "hub/busy.h"

enum {
    BUSIEST_SHOWN = 20,
    BUSIEST_ASKED = 100, /* of each worker: one that is shown is seldom far down on any */
};

struct busiest;

/* Empty, for so many workers; never NULL. */
struct busiest *busiest_new(size_t worker_count);
/* NULL is fine. */
void busiest_free(struct busiest *busiest);

/* On the thread of that worker, while others may do the same. */
void busiest_collect(struct busiest *busiest, const struct hub *hub, size_t worker);

/* When all have collected: the at most BUSIEST_SHOWN busiest, busiest first; lent. Once a kind. */
const struct sketch_top *busiest_join(struct busiest *busiest, enum busy_kind kind,
                                      size_t *ret_count);

#endif
