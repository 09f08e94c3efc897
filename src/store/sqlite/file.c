/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/file.c: the database as a file: whose it is, transactions, and its log.
 */
#include "store/sqlite/tables_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    APPLICATION = 0x74646e67, /* "tdng", in the file's header: it is ours */
    SCHEMA = 1,               /* the version of the tables */
    LOG_PAGES = 1000,         /* of the log: from there on it is tidied, */
    LOG_PAGES_MAX = 1 << 14,  /* and from there on writing waits for the rest of that */
    BUSY_MS = 2000,           /* for somebody else, who only looks, to let go */
};

/* What went wrong last on `db`; NULL: it could not even be made. */
static enum err fail_on(const struct journal_file *file, sqlite3 *db, struct err_note *note) {
    const char *why = db ? sqlite3_errmsg(db) : "out of memory";
    switch (db ? sqlite3_errcode(db) & 0xff : SQLITE_NOMEM) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return err_note(note, ERR_BUSY, "%s: another process uses it", file->path);
    case SQLITE_NOTADB:
        return err_note(note, ERR_INVALID, "%s: is not a store of Tidings", file->path);
    case SQLITE_CORRUPT: return err_note(note, ERR_INVALID, "%s: is damaged: %s", file->path, why);
    default: return err_note(note, ERR_IO, "%s: %s", file->path, why);
    }
}

enum err journal_file_fail(const struct journal_file *file, struct err_note *note) {
    return fail_on(file, file->db, note);
}

static enum err run(struct journal_file *file, const char *text, struct err_note *note) {
    int e = sqlite3_exec(file->db, text, NULL, NULL, NULL);
    return e == SQLITE_OK ? ERR_OK : journal_file_fail(file, note);
}

/* The one number that `text` gives. */
static bool ask(struct journal_file *file, const char *text, int64_t *ret) {
    sqlite3_stmt *statement = NULL;
    bool is_good = sqlite3_prepare_v2(file->db, text, -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW;
    if (is_good) *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement); /* which keeps what went wrong */
    return is_good;
}

/* SQLite would make it readable for all that the umask allows; what it makes beside it has the
 * mode of the file. The lock is not one of those that SQLite takes: who only looks may. */
static enum err make_own(struct journal_file *file, struct err_note *note) {
    file->owned = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (file->owned < 0) return err_note(note, ERR_IO, "%s: %s", file->path, strerror(errno));
    if (flock(file->owned, LOCK_EX | LOCK_NB) == 0) return ERR_OK;
    if (errno == EWOULDBLOCK)
        return err_note(note, ERR_BUSY, "%s: another process uses it", file->path);
    return err_note(note, ERR_IO, "%s: %s", file->path, strerror(errno));
}

static int on_log(void *owner, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    struct journal_file *file = owner;
    atomic_store(&file->log_pages, pages);
    return SQLITE_OK;
}

/* Makes the tables in a file that is empty; refuses one of somebody else's. */
static enum err obtain_tables(struct journal_file *file, struct err_note *note) {
    int64_t application, version, things;
    if (!ask(file, "PRAGMA application_id", &application) ||
        !ask(file, "PRAGMA user_version", &version) ||
        !ask(file, "SELECT count(*) FROM sqlite_master", &things)) {
        return journal_file_fail(file, note);
    }
    if (application == APPLICATION && version == SCHEMA) return ERR_OK;
    if (application == APPLICATION) {
        return err_note(note, ERR_INVALID, "%s: was written by another version of Tidings",
                        file->path);
    }
    if (application != 0 || version != 0 || things != 0) {
        return err_note(note, ERR_INVALID, "%s: is a database of another program", file->path);
    }
    return run(file, statements_create, note);
}

/* FULL: the log is on the disk when a commit returns. */
static enum err set_up(struct journal_file *file, struct err_note *note) {
    enum err e = run(file, "PRAGMA trusted_schema=OFF;", note);
    if (!e) e = obtain_tables(file, note);
    if (!e) e = run(file, statements_create_batches, note);
    if (!e) e = run(file, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", note);
    (void)sqlite3_wal_hook(file->db, on_log, file); /* in place of tidying within a commit */
    if (!e) e = run(file, "BEGIN IMMEDIATE; UPDATE numbers SET highest=highest; COMMIT", note);
    if (!e && !statements_prepare(file)) e = journal_file_fail(file, note);
    return e;
}

static enum err connect(struct journal_file *file, sqlite3 **ret, struct err_note *note) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int e = sqlite3_open_v2(file->path, ret, flags, NULL);
    (void)sqlite3_busy_timeout(*ret, BUSY_MS);
    return e == SQLITE_OK ? ERR_OK : journal_file_fail(file, note);
}

/* A connection finds out that there is a log when it first reads; until then it would tidy nothing,
 * and call that a success. */
static enum err connect_tidier(struct journal_file *file, struct err_note *note) {
    enum err e = connect(file, &file->tidier, note);
    if (e) return e;
    static const char look[] = "SELECT highest FROM numbers";
    bool is_good = sqlite3_exec(file->tidier, look, NULL, NULL, NULL) == SQLITE_OK;
    /* Writing waits for it meanwhile. */
    (void)sqlite3_busy_timeout(file->tidier, 0);
    return is_good ? ERR_OK : fail_on(file, file->tidier, note);
}

enum err journal_file_open(const char *path, struct journal_file **ret, struct err_note *note) {
    struct journal_file *file = mem_new(sizeof *file);
    file->path = path;
    (void)pthread_mutex_init(&file->lock, NULL);
    (void)pthread_cond_init(&file->changed, NULL);
    enum err e = make_own(file, note);
    if (!e) e = connect(file, &file->db, note);
    if (!e) e = set_up(file, note);
    if (!e) e = connect_tidier(file, note);
    if (e) {
        journal_file_close(file);
        return e;
    }
    *ret = file;
    return ERR_OK;
}

void journal_file_close(struct journal_file *file) {
    if (!file) return;
    statements_finish(file);
    (void)sqlite3_close(file->tidier);
    (void)sqlite3_close(file->db);
    /* Not before: closing any descriptor of a file lets go of what SQLite has locked of it. */
    if (file->owned >= 0) (void)close(file->owned);
    (void)pthread_cond_destroy(&file->changed);
    (void)pthread_mutex_destroy(&file->lock);
    mem_free(file);
}

static bool write_record(struct journal_file *file, const struct journal_record *record) {
    bool is_of_batch = record->kind == JOURNAL_TELL || record->kind == JOURNAL_UNTELL;
    return is_of_batch ? batches_write(file, record) : submissions_write(file, record);
}

static void begin_writing(struct journal_file *file) {
    pthread_mutex_lock(&file->lock);
    while (file->is_clearing)
        (void)pthread_cond_wait(&file->changed, &file->lock);
    file->is_writing = true;
    pthread_mutex_unlock(&file->lock);
}

/* Lets the other one go on. */
static void leave(struct journal_file *file, bool *flag) {
    pthread_mutex_lock(&file->lock);
    *flag = false;
    (void)pthread_cond_signal(&file->changed);
    pthread_mutex_unlock(&file->lock);
}

static enum err write_all(struct journal_file *file, const struct journal_record *records,
                          size_t count, struct err_note *note) {
    bool is_good = statement_step(file, BEGIN);
    for (size_t i = 0; i < count && is_good; i++)
        is_good = write_record(file, &records[i]);
    if (is_good && statement_step(file, COMMIT)) return ERR_OK;
    (void)journal_file_fail(file, note);
    if (!sqlite3_get_autocommit(file->db)) (void)statement_step(file, ROLLBACK);
    return ERR_IO;
}

enum err journal_file_write(struct journal_file *file, const struct journal_record *records,
                            size_t count, struct err_note *note) {
    begin_writing(file);
    enum err e = write_all(file, records, count, note);
    leave(file, &file->is_writing);
    return e;
}

enum err journal_file_read(struct journal_file *file, struct journal_sink *sink,
                           struct err_note *note) {
    int64_t highest;
    if (!ask(file, "SELECT highest FROM numbers", &highest)) return journal_file_fail(file, note);
    sink->highest = (uint64_t)highest;
    return submissions_read(file, sink, note);
}

bool journal_file_is_untidy(const struct journal_file *file) {
    return atomic_load(&file->log_pages) > LOG_PAGES;
}

/* Moves all of it while nobody writes, so that the log begins anew. Goes before the next write: a
 * writer that never rests would win every race for SQLite's own lock. */
static int clear_log(struct journal_file *file) {
    pthread_mutex_lock(&file->lock);
    file->is_clearing = true;
    while (file->is_writing)
        (void)pthread_cond_wait(&file->changed, &file->lock);
    pthread_mutex_unlock(&file->lock);
    int e = sqlite3_wal_checkpoint_v2(file->tidier, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    leave(file, &file->is_clearing);
    return e;
}

enum err journal_file_tidy(struct journal_file *file, struct err_note *note) {
    sqlite3 *db = file->tidier;
    int e = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (atomic_load(&file->log_pages) > LOG_PAGES_MAX) {
        e = clear_log(file);
    } else if (e == SQLITE_BUSY) {
        return ERR_OK; /* as long as it is not too large, the next time will do */
    }
    return e == SQLITE_OK ? ERR_OK : fail_on(file, db, note);
}
