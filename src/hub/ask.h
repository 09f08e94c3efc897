/* SPDX-License-Identifier: MIT */
/*
 * hub/ask.h: a question that every worker answers for itself, and whose answers come together again
 * on the worker that asked.
 *
 * It goes by the mail that messages go by, to the asking worker too: whatever was published there
 * before is delivered before.
 */
#ifndef TIDINGS_HUB_ASK_H
#define TIDINGS_HUB_ASK_H

#include "hub/hub.h"

/* How a question came back. */
enum hub_answered {
    HUB_ANSWERED_BY_ALL,
    HUB_ANSWERED_IN_PART, /* not every worker could be asked */
    HUB_ANSWERED_NEVER,   /* the hub ends: nothing of it may be called any more */
};

/* Embedded in what the asker needs for its question. The asker fills in `run` and `done`. */
struct hub_ask {
    /* On each worker, in its own thread and at the same time as on others; `worker` counts from 0
     * to below the number of workers. */
    void (*run)(struct hub_ask *ask, struct hub *hub, size_t worker);
    /* Once, on the asking worker, never before `hub_ask_all` has returned; the question is the
     * asker's again. */
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
