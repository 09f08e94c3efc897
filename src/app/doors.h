/* SPDX-License-Identifier: MIT */
/*
 * app/doors.h: the listening sockets, which are there before anything else: ports below 1024 need
 * privileges that the rest of the server runs without.
 */
#ifndef TIDINGS_APP_DOORS_H
#define TIDINGS_APP_DOORS_H

#include "app/inherited.h"
#include "app/worker.h"

struct doors;

/* Listens on every address of the configuration, for so many workers: on those of
 * `inherited` that are bound to it, or else on new ones. On failure `note` names the address. */
MUST_USE enum err doors_open(const struct settings *settings, size_t worker_count,
                             struct inherited *inherited, struct doors **ret,
                             struct err_note *note);
/* Hands the sockets to the workers, before these start, and says in the log which addresses they
 * are. */
void doors_hand_over(struct doors *doors, struct worker *const *workers);
/* Somebody else holds one of them, too, who will pass it to the next process. */
bool doors_are_held(const struct doors *doors);
/* The sockets, each once, from the one with this number on, at most so many; how many. Good until a
 * worker leaves them. */
size_t doors_sockets(const struct doors *doors, size_t from, size_t max, int *ret_fds);
/* Closes what was not handed over. NULL is fine. */
void doors_free(struct doors *doors);

#endif
