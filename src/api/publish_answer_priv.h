/* SPDX-License-Identifier: MIT */
/*
 * api/publish_answer_priv.h: what came of a publish, in words.
 */
#ifndef TIDINGS_API_PUBLISH_ANSWER_PRIV_H
#define TIDINGS_API_PUBLISH_ANSWER_PRIV_H

#include "api/publish_request_priv.h"

/* The channel of a target; a user's is built in `room`. */
struct span publish_channel(const struct publish_request *request,
                            const struct publish_target *target,
                            char room[static PUBLISH_CHANNEL_MAX]);

/* A whole publish that came to `outcome`, on account of `channel`. Returns false. */
bool publish_refuse(enum publish_outcome outcome, struct span channel, struct api_problem *problem);
/* One whose idempotency key was judged so: ERR_INVALID: it came with another body; ERR_BUSY;
 * ERR_CLOSED, ERR_IO: of the broker; else there is no room for it. Returns false. */
bool publish_refuse_key(enum err err, struct api_problem *problem);

/* Each target has its outcome. True: the answer is `publish_write_targets`; false: nobody got it,
 * or nobody knows of anybody, and `problem` says why. */
MUST_USE bool publish_settle(const struct publish_request *request, struct api_problem *problem);

/* `{"published":[…]}`. */
void publish_write_targets(const struct publish_request *request, struct buf *out);

#endif
