/* SPDX-License-Identifier: MIT */
/*
 * lib/kinds_huleedu_status.c: the constructors for the kinds of huleedu-status. Written by
 * tools/kinds: change catalogue/ and run it.
 */
#include "kind_writer_priv.h"

int tidings_batch_status_updated(const struct tidings_batch_status_updated_fields *fields,
                                 struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "event_type", "batch.status.updated");
    kind_text(&w, "batch_id", fields->batch_id);
    kind_text(&w, "status", fields->status);
    kind_time(&w, "timestamp", fields->timestamp);
    kind_more(&w, fields->more_json);
    return kind_finish(&w, ret, problem);
}
