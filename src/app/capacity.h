/* SPDX-License-Identifier: MIT */
/*
 * app/capacity.h: how many connections the process can hold.
 */
#ifndef TIDINGS_APP_CAPACITY_H
#define TIDINGS_APP_CAPACITY_H

#include "base/err.h"

/* Raises the soft descriptor limit to the hard one and sees whether `asked` connections (0: as many
 * as possible) fit beside what `workers` need. ERR_LIMIT with the figures in `note` when not. */
MUST_USE enum err capacity_reserve(uint64_t asked, size_t workers, uint64_t *ret_connections,
                                   struct err_note *note);

#endif
