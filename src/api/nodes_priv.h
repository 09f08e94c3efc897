/* SPDX-License-Identifier: MIT */
/*
 * api/nodes_priv.h: the figures of a node, as the overview shows them, and those of all others that
 * share the broker.
 */
#ifndef TIDINGS_API_NODES_PRIV_H
#define TIDINGS_API_NODES_PRIV_H

#include "api/api_priv.h"

enum { NODES_QUESTION_MAX = 64 };

/* The members that say which server this is, without braces. */
void nodes_write_about(const struct api *api, struct buf *out);
/* This node's figures as an object; `is_self`: for its own overview. */
void nodes_write_own(const struct api *api, bool is_self, struct buf *out);

/* A question to all nodes; embedded in what the asker waits with. */
struct nodes_ask {
    struct broker_call call;
    char question[NODES_QUESTION_MAX];
};

/* Asks, by a broker that nodes share; `done` as that of a call. */
void nodes_ask(const struct api *api, struct nodes_ask *ask, void (*done)(struct broker_call *));

/* What another node said: the object, and what it says of itself. */
struct nodes_figures {
    struct span text;
    uint64_t connections, users;
};

/* What came of a question: calls `each` for every other node that answered. The answer is finished
 * by that. */
void nodes_answered(struct nodes_ask *ask,
                    void (*each)(void *context, const struct nodes_figures *figures),
                    void *context);

#endif
