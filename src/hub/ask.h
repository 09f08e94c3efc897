/* SPDX-License-Identifier: MIT */
/*
 * hub/ask.h: a question to every worker, whose answers are collected on the worker that asked.
 *
 * It is sent through the mailboxes, like messages, also to the asking worker: what was published
 * before is delivered before.
 */
#ifndef TIDINGS_HUB_ASK_H
#define TIDINGS_HUB_ASK_H

#include "hub/hub.h"

/* How a question came back. */
enum hub_answered {
    HUB_ANSWERED_BY_ALL,
    HUB_ANSWERED_IN_PART, /* not every worker could be asked */
    HUB_ANSWERED_NEVER,   /* the hub is being freed: do not call it any more */
};

/* Embedded in the structure of whoever asks, who sets `run` and `done`. */
struct hub_ask {
    /* Called on each worker's thread, at the same time as on others; `worker` is its number, from
     * 0. */
    void (*run)(struct hub_ask *ask, struct hub *hub, size_t worker);
    /* Called once, on the asking worker, never before `hub_ask_all` has returned. From then on the
     * memory belongs to the asker again. */
    void (*done)(struct hub_ask *ask, enum hub_answered how);

    /* The hub's own. */
    struct hub_ask *next;
    _Atomic uint32_t left; /* workers that have yet to answer */
    uint16_t asker;        /* the worker to which it comes back */
    bool is_partial;
};

/* Asks all workers. ERR_LIMIT: a mailbox is full, or this worker has asked too much that is not
 * answered yet; then the question stays the caller's. */
MUST_USE enum err hub_ask_all(struct hub *hub, struct hub_ask *ask);

#endif
