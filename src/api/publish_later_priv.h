/* SPDX-License-Identifier: MIT */
/*
 * api/publish_later_priv.h: publishes by way of a broker that nodes share, which are answered when
 * the broker has: one call with its publish, or with those of a batch.
 */
#ifndef TIDINGS_API_PUBLISH_LATER_PRIV_H
#define TIDINGS_API_PUBLISH_LATER_PRIV_H

#include "api/publish_request_priv.h"

struct publish_job;

/* For `count` commands that stand in `text`, which is copied. NULL: there is no room for it, and
 * the call is answered. */
MUST_USE struct publish_job *publish_job_new(struct api *api, struct http_call *call,
                                             const struct api_key *key, struct span text,
                                             size_t count);
/* The copy. */
struct span publish_job_text(const struct publish_job *job);

/* The next command: what `body`, which lies in the copy, asks for. */
void publish_job_add(struct publish_job *job, enum publish_kind kind, struct span body);
/* One that is refused already. */
void publish_job_refuse(struct publish_job *job, const struct api_problem *problem);

/* Carries the commands out; answers now or later, with a list of results or that of the only one.
 * The job frees itself. */
void publish_job_begin(struct publish_job *own_job, struct http_call *call, bool is_batch);

/* Frees what is kept for jobs to come. */
void publish_jobs_finish(struct api *api);

#endif
