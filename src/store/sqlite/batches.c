/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/batches.c: what users were told of batches, a row for each field.
 */
#include "store/sqlite/tables_priv.h"

#include "base/json.h"
#include "dialect/batch.h"

/* A row for each field that the delta sets. */
static bool write_tell(struct journal_file *file, const struct journal_record *record) {
    struct json_walk walk = json_walk(record->payload);
    struct json_value name, value;
    struct buf room;
    buf_init(&room, record->payload.len);
    bool is_good = true;
    while (is_good && json_member(&walk, &name, &value) == JSON_ITEM) {
        struct span text;
        if (json_text(&name, &room, &text) != ERR_OK) continue;
        statement_bytes(file, TELL, 1, record->name);
        statement_bytes(file, TELL, 2, record->owner);
        statement_bytes(file, TELL, 3, text);
        statement_bytes(file, TELL, 4, value.raw);
        statement_number(file, TELL, 5, (uint64_t)record->at_s);
        is_good = statement_step(file, TELL);
    }
    buf_finish(&room);
    return is_good;
}

static bool write_untell(struct journal_file *file, const struct journal_record *record) {
    statement_bytes(file, UNTELL, 1, record->name);
    statement_bytes(file, UNTELL, 2, record->owner);
    return statement_step(file, UNTELL);
}

bool batches_write(struct journal_file *file, const struct journal_record *record) {
    return record->kind == JOURNAL_TELL ? write_tell(file, record) : write_untell(file, record);
}

/* The fields of one batch as a delta. */
static enum err read_batch(struct journal_file *file, const struct journal_record *batch,
                           struct buf *delta, struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_BATCH];
    statement_bytes(file, READ_BATCH, 1, batch->name);
    statement_bytes(file, READ_BATCH, 2, batch->owner);
    int stepped;
    buf_clear(delta);
    while ((stepped = sqlite3_step(rows)) == SQLITE_ROW) {
        buf_append_char(delta, delta->len == 0 ? '{' : ',');
        json_append_string(delta, column_bytes(rows, 0));
        buf_append_char(delta, ':');
        buf_append_span(delta, column_bytes(rows, 1));
    }
    buf_append_char(delta, '}');
    enum err e = stepped == SQLITE_DONE ? buf_err(delta) : journal_file_fail(file, note);
    (void)sqlite3_reset(rows);
    return e;
}

enum err journal_file_read_batches(struct journal_file *file,
                                   void (*told)(void *owner, const struct journal_record *told),
                                   void *owner, struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_BATCHES];
    enum err e = ERR_OK;
    int stepped = SQLITE_DONE;
    struct buf delta;
    buf_init(&delta, 2 * BATCH_DELTA_MAX);
    while (!e && (stepped = sqlite3_step(rows)) == SQLITE_ROW) {
        struct journal_record record = {
            .kind = JOURNAL_TELL,
            .name = column_bytes(rows, 0),
            .owner = column_bytes(rows, 1),
            .at_s = sqlite3_column_int64(rows, 2),
        };
        e = read_batch(file, &record, &delta, note);
        record.payload = buf_span(&delta);
        if (!e) told(owner, &record);
    }
    if (!e && stepped != SQLITE_DONE) e = journal_file_fail(file, note);
    (void)sqlite3_reset(rows);
    buf_finish(&delta);
    return e;
}
