/* SPDX-License-Identifier: MIT */
/*
 * store/batch_record.h: what is known of one batch: the fields of all deltas so far, the latest of
 * each.
 */
#ifndef TIDINGS_STORE_BATCH_RECORD_H
#define TIDINGS_STORE_BATCH_RECORD_H

#include "base/buf.h"
#include "base/err.h"

struct batch_field;

/* Zeroed is empty. */
struct batch_record {
    struct batch_field **fields; /* by name */
    uint32_t count, cap;
    size_t bytes; /* of memory */
};

void batch_record_finish(struct batch_record *record);

/* Sets the fields of `delta` (dialect/batch.h). ERR_INVALID: it is no object; ERR_TOO_BIG: no more
 * is kept of one batch; ERR_NOMEM. What came before the error is set. */
MUST_USE enum err batch_record_apply(struct batch_record *record, struct span delta);

/* `{"batch_id","details":{"status",…},"essays":[…]}`, the essays in the order of their slots. A
 * batch about which nothing was decided is `processing`. */
void batch_record_write(const struct batch_record *record, struct span id, struct buf *out);

#endif
