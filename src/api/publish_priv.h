/* SPDX-License-Identifier: MIT */
/*
 * api/publish_priv.h: carrying out one publish and saying what came of it; by itself or as one
 * command of a batch, with a broker that is this process alone.
 */
#ifndef TIDINGS_API_PUBLISH_PRIV_H
#define TIDINGS_API_PUBLISH_PRIV_H

#include "api/publish_answer_priv.h"

struct publish {
    struct publish_request request;
    struct idempotency_entry *entry; /* to be told the answer; NULL: no key */
    bool is_again;                   /* the same was done before; `answer` is that of then */
    struct span answer;
    uint64_t ticket;            /* what must be durable before the answer leaves; 0: nothing */
    struct api_problem problem; /* when `publish_run` failed */
};

/* Does what `body` asks for on behalf of `key`. False: nothing was sent, `problem` says why.
 * Either way `*ret`, which must not move, is to be given to `publish_finish`. */
MUST_USE bool publish_run(struct api *api, const struct api_key *key, enum publish_kind kind,
                          struct span body, struct publish *ret);

/* After success: appends the JSON answer, and remembers it where the publish had a key. */
void publish_write(struct api *api, struct publish *publish, struct buf *out);

void publish_finish(struct publish *publish);

#endif
