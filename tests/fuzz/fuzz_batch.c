/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what notifications tell of batches: whatever they say, the delta is an object that a
 * record takes, and what is shown of the record is JSON.
 */
#include "base/json.h"
#include "dialect/batch.h"
#include "store/batch_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct batch_record *record, struct span id) {
    struct buf out;
    buf_init(&out, 8 * BATCH_DELTA_MAX);
    batch_record_write(record, id, &out);
    struct json_value value;
    struct json_error error;
    assert(!buf_err(&out));
    bool is_json = json_parse(buf_span(&out), &value, &error);
    assert(is_json || strstr(error.expected, "nesting")); /* one level more than it had */
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span payload = span_of((const char *)data, size);
    struct buf id, delta;
    buf_init(&id, BATCH_ID_MAX);
    buf_init(&delta, BATCH_DELTA_MAX);
    struct batch_record record = { 0 };
    if (batch_fold(payload, &id, &delta) == ERR_OK) {
        assert(id.len > 0);
        enum err e = batch_record_apply(&record, buf_span(&delta));
        assert(e == ERR_OK || e == ERR_TOO_BIG);
        show(&record, buf_span(&id));
    }
    batch_record_finish(&record);
    /* What stands in Redis somebody else may have written. */
    if (batch_record_apply(&record, payload) == ERR_OK) show(&record, SPAN("b"));
    batch_record_finish(&record);
    buf_finish(&id);
    buf_finish(&delta);
    return 0;
}
