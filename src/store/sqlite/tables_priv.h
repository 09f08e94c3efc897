/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/tables_priv.h: the open database, as the files of this folder share it.
 *
 *     file.c         opening and closing, transactions, tidying the log
 *     statements.c   the tables and what is done with them, as SQL; values in and out
 *     submissions.c  channels that were declared, and their messages
 *     batches.c      what users were told of batches
 */
#ifndef TIDINGS_STORE_SQLITE_TABLES_PRIV_H
#define TIDINGS_STORE_SQLITE_TABLES_PRIV_H

#include "store/sqlite/file_priv.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    DECLARE,
    TOUCH,
    APPEND,
    FORGET_CHANNEL,
    FORGET_MESSAGES,
    RAISE_HIGHEST,
    TELL,
    UNTELL,
    READ_CHANNELS,
    READ_MESSAGES,
    READ_BATCHES,
    READ_BATCH,
    STATEMENTS
};

struct journal_file {
    const char *path;
    int owned; /* a descriptor whose lock says that the file is ours */
    _Atomic int log_pages;
    sqlite3 *db;
    sqlite3 *tidier; /* a second connection, the tidying thread's */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_writing,
        is_clearing; /* under `lock`; the second waits for the first and keeps it off */
    sqlite3_stmt *statements[STATEMENTS];
};

/* What went wrong last on the first connection. */
enum err journal_file_fail(const struct journal_file *file, struct err_note *note);

/* ---- statements.c ---- */

/* In a file that is empty, as one transaction. */
extern const char statements_create[];
/* In every file: those that were made before have no such table. */
extern const char statements_create_batches[];

/* False: see `journal_file_fail`. */
MUST_USE bool statements_prepare(struct journal_file *file);
void statements_finish(struct journal_file *file);

/* A statement without rows. */
bool statement_step(struct journal_file *file, enum statement which);
/* Sets what stands as ?`at`. The bytes must stay until the statement was stepped through. */
void statement_number(struct journal_file *file, enum statement which, int at, uint64_t value);
void statement_bytes(struct journal_file *file, enum statement which, int at, struct span value);
/* A column of the present row, from 0; bytes are lent until the next step. */
uint64_t column_number(sqlite3_stmt *statement, int at);
struct span column_bytes(sqlite3_stmt *statement, int at);

/* ---- submissions.c, batches.c ---- */

/* Within a transaction. False: see `journal_file_fail`. */
MUST_USE bool submissions_write(struct journal_file *file, const struct journal_record *record);
MUST_USE bool batches_write(struct journal_file *file, const struct journal_record *record);

/* See `journal_read`. */
MUST_USE enum err submissions_read(struct journal_file *file, struct journal_sink *sink,
                                   struct err_note *note);

#endif
