/* SPDX-License-Identifier: MIT */
/*
 * app/capacity.h: how many workers there are, and how many connections the process can hold.
 */
#ifndef TIDINGS_APP_CAPACITY_H
#define TIDINGS_APP_CAPACITY_H

#include "base/err.h"

/* How many workers there are when a configuration asks for `asked` (0: one a CPU). */
size_t capacity_workers(uint32_t asked);
/* Descriptors that a server with so many workers needs for other things than connections. */
uint64_t capacity_beside(size_t workers);

/* Raises the soft descriptor limit to the hard one and sees whether `asked` connections (0: as many
 * as possible) fit beside what `workers` need. ERR_LIMIT with the figures in `note` when not. */
MUST_USE enum err capacity_reserve(uint64_t asked, size_t workers, uint64_t *ret_connections,
                                   struct err_note *note);

#endif
