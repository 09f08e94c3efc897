/* SPDX-License-Identifier: MIT */
/*
 * hub/user.h: a user's connections, as an operator looks at and ends them.
 */
#ifndef TIDINGS_HUB_USER_H
#define TIDINGS_HUB_USER_H

#include "hub/hub.h"

enum { USER_ID_MAX = 128 };

/* Calls `each` for every connection that `user` (at most USER_ID_MAX bytes) has on this worker. */
void hub_user_list(struct hub *hub, struct span user,
                   void (*each)(void *context, const struct subscriber_about *about),
                   void *context);
/* Ends them with a close frame, or only the one whose id is `id` (empty: all); returns how many
 * there were. */
uint64_t hub_user_end(struct hub *hub, struct span user, struct span id, uint16_t code,
                      struct span reason);
/* Refuses the user at every endpoint for so long, on all workers. A block that lasts longer stands.
 * Who asks all workers to end the user's connections afterwards has left none behind. */
void hub_user_block(struct hub *hub, struct span user, uint32_t seconds);

#endif
