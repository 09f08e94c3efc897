/* SPDX-License-Identifier: MIT */
/*
 * hub/targets_priv.h: which workers are to get a message, and putting it into their mailboxes. All
 * under the lock of the channel's stripe, which makes one order for all who listen.
 */
#ifndef TIDINGS_HUB_TARGETS_PRIV_H
#define TIDINGS_HUB_TARGETS_PRIV_H

#include "hub/hub.h"

struct targets {
    uint64_t workers; /* as bits */
    uint32_t channel[HUB_WORKERS_MAX];
    uint32_t generation[HUB_WORKERS_MAX];
};

/* Adds up in `receipt` how many connections get it and how many do not because of its size. Those
 * are told of the last message of a channel all the same. */
void targets_find(const struct hub_shared *shared, struct interest *entry, size_t payload_len,
                  bool is_last, struct targets *ret, struct receipt *receipt);

/* Is there room for a message of `bytes` in the mailboxes of all `workers`? */
bool targets_have_room(struct hub_shared *shared, uint64_t workers, size_t bytes);

/* Puts it there; they are to be woken afterwards. */
void targets_post(struct hub_shared *shared, struct counts *counts, const struct targets *targets,
                  uint64_t workers, struct message *message);

#endif
