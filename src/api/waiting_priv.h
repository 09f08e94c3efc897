/* SPDX-License-Identifier: MIT */
/*
 * api/waiting_priv.h: an HTTP call that waits for the broker that nodes share.
 */
#ifndef TIDINGS_API_WAITING_PRIV_H
#define TIDINGS_API_WAITING_PRIV_H

#include "api/api_priv.h"

/* First in whatever the handler waits with. */
struct waiting {
    struct broker_call call;
    struct api *api;
    struct http_later later;
    size_t bytes;
    struct api_problem problem;
};

static inline struct waiting *waiting_of(struct broker_call *call) {
    return container_of(call, struct waiting, call);
}

/* `bytes` of memory, zeroed, that begin with a struct waiting; the call will be answered later.
 * NULL: there is no room for it, and the call is answered. */
void *waiting_new(struct api *api, struct http_call *call, size_t bytes);
void waiting_free(struct waiting *waiting);

/* Asks the broker; `name` and `text` must stay until `done`. */
void waiting_ask(struct waiting *waiting, enum broker_verb verb, struct span name, struct span text,
                 void (*done)(struct broker_call *call));
/* Answers the HTTP call: `writer` is called with `waiting`, now. */
void waiting_answer(struct waiting *waiting, http_writer writer);
/* A writer for `waiting->problem`. */
void waiting_write_problem(void *waiting, struct http_response *response);

#endif
