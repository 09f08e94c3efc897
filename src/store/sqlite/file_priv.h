/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/file_priv.h: the journal's file: an SQLite database in WAL mode. One thread at a
 * time, but for `journal_file_tidy`, which another calls while the first one writes.
 */
#ifndef TIDINGS_STORE_SQLITE_FILE_PRIV_H
#define TIDINGS_STORE_SQLITE_FILE_PRIV_H

#include "store/journal.h"

struct journal_file;

/* See `journal_open`, `journal_read` and `journal_read_batches`. */
MUST_USE enum err journal_file_open(const char *path, struct journal_file **ret,
                                    struct err_note *note);
MUST_USE enum err journal_file_read(struct journal_file *file, struct journal_sink *sink,
                                    struct err_note *note);
MUST_USE enum err journal_file_read_batches(struct journal_file *file,
                                            void (*told)(void *owner,
                                                         const struct journal_record *told),
                                            void *owner, struct err_note *note);
/* NULL is fine. */
void journal_file_close(struct journal_file *file);

/* Writes `records` in one transaction. ERR_OK: all of them are on the disk. ERR_IO: the same are to
 * be written again, which does no harm where they were. */
MUST_USE enum err journal_file_write(struct journal_file *file,
                                     const struct journal_record *records, size_t count,
                                     struct err_note *note);

/* Has the log grown so much that it should be tidied? Any thread. */
bool journal_file_is_untidy(const struct journal_file *file);
/* Moves what is in the log to its place, which takes a while; writing goes on meanwhile. ERR_BUSY,
 * ERR_IO: some of it stays in the log, for the next time. */
MUST_USE enum err journal_file_tidy(struct journal_file *file, struct err_note *note);

#endif
