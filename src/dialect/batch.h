/* SPDX-License-Identifier: MIT */
/*
 * dialect/batch.h: what a notification says about a batch of essays.
 *
 * What is known of a batch is a flat object of fields: `details.NAME`, `spellcheck_status`,
 * `cj_assessment_status`, and `essays.ID.NAME` for each essay. A notification sets some of them;
 * its fields are written as one JSON object, a delta. Deltas go to memory, to a file and to Redis
 * as they are. Which field of which kind sets what is one table in batch.c.
 */
#ifndef TIDINGS_DIALECT_BATCH_H
#define TIDINGS_DIALECT_BATCH_H

#include "base/buf.h"
#include "base/err.h"

enum {
    BATCH_ID_MAX = 128,        /* bytes of the ids of batches and essays */
    BATCH_VALUE_MAX = 4096,    /* bytes of JSON that one field may have; larger ones are left out */
    BATCH_DELTA_MAX = 1 << 18, /* bytes of a delta, and of all that is known of one batch */
};

/* Whether `payload` may say something about a batch: cheap, and right most of the time. */
bool batch_may_tell(struct span payload);

/* Reads `payload` into two buffers of the caller's, which are cleared first: the id of the batch,
 * and the delta. ERR_NOT_FOUND: it is about no batch, or none of the kinds that are followed.
 * ERR_TOO_BIG, ERR_NOMEM: it cannot be followed. */
MUST_USE enum err batch_fold(struct span payload, struct buf *id, struct buf *delta);

#endif
