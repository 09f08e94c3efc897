/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/submissions.c: channels that were declared, and the messages that they carried.
 */
#include "store/sqlite/tables_priv.h"

static bool write_declare(struct journal_file *file, const struct journal_record *record) {
    statement_number(file, DECLARE, 1, record->channel);
    statement_bytes(file, DECLARE, 2, record->name);
    statement_bytes(file, DECLARE, 3, record->owner);
    statement_number(file, DECLARE, 4, record->number);
    statement_number(file, DECLARE, 5, (uint64_t)record->at_s);
    return statement_step(file, DECLARE);
}

static bool write_touch(struct journal_file *file, const struct journal_record *record) {
    statement_number(file, TOUCH, 1, record->channel);
    statement_number(file, TOUCH, 2, (uint64_t)record->at_s);
    return statement_step(file, TOUCH);
}

static bool write_append(struct journal_file *file, const struct journal_record *record) {
    statement_number(file, APPEND, 1, record->channel << JOURNAL_PLACE_BITS | record->number);
    statement_number(file, APPEND, 2, (uint64_t)record->at_s);
    statement_number(file, APPEND, 3, record->is_last);
    statement_bytes(file, APPEND, 4, record->payload);
    return statement_step(file, APPEND);
}

static bool write_forget(struct journal_file *file, const struct journal_record *record) {
    statement_number(file, FORGET_CHANNEL, 1, record->channel);
    statement_number(file, FORGET_MESSAGES, 1, record->channel);
    statement_number(file, RAISE_HIGHEST, 1, record->number);
    return statement_step(file, FORGET_CHANNEL) && statement_step(file, FORGET_MESSAGES) &&
           statement_step(file, RAISE_HIGHEST);
}

bool submissions_write(struct journal_file *file, const struct journal_record *record) {
    switch (record->kind) {
    case JOURNAL_DECLARE: return write_declare(file, record);
    case JOURNAL_TOUCH: return write_touch(file, record);
    case JOURNAL_APPEND: return write_append(file, record);
    case JOURNAL_FORGET: return write_forget(file, record);
    default: return false;
    }
}

static enum err damaged(const struct journal_file *file, struct err_note *note) {
    return err_note(note, ERR_INVALID, "%s: is damaged: messages are missing", file->path);
}

static enum err read_messages(struct journal_file *file, uint64_t channel,
                              struct journal_sink *sink, struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_MESSAGES];
    statement_number(file, READ_MESSAGES, 1, channel);
    enum err e = ERR_OK;
    int stepped = SQLITE_DONE;
    for (uint64_t place = 0; !e && (stepped = sqlite3_step(rows)) == SQLITE_ROW; place++) {
        const struct journal_record record = {
            .kind = JOURNAL_APPEND,
            .channel = channel,
            .number = place,
            .at_s = sqlite3_column_int64(rows, 1),
            .is_last = sqlite3_column_int(rows, 2) != 0,
            .payload = column_bytes(rows, 3),
        };
        bool is_next = column_number(rows, 0) == (channel << JOURNAL_PLACE_BITS | place);
        e = is_next ? sink->message(sink->owner, &record) : damaged(file, note);
    }
    if (!e && stepped != SQLITE_DONE) e = journal_file_fail(file, note);
    (void)sqlite3_reset(rows);
    return e;
}

enum err submissions_read(struct journal_file *file, struct journal_sink *sink,
                          struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_CHANNELS];
    enum err e = ERR_OK;
    int stepped = SQLITE_DONE;
    while (!e && (stepped = sqlite3_step(rows)) == SQLITE_ROW) {
        const struct journal_record record = {
            .kind = JOURNAL_DECLARE,
            .channel = column_number(rows, 0),
            .name = column_bytes(rows, 1),
            .owner = column_bytes(rows, 2),
            .number = column_number(rows, 3),
            .at_s = sqlite3_column_int64(rows, 4),
        };
        e = sink->channel(sink->owner, &record);
        if (!e) e = read_messages(file, record.channel, sink, note);
    }
    if (!e && stepped != SQLITE_DONE) e = journal_file_fail(file, note);
    (void)sqlite3_reset(rows);
    return e;
}
