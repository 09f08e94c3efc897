/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/file.c: the tables, and the statements that write and read them.
 *
 * A message's row id is its channel's number and its place there, so that one tree holds all and a
 * channel's messages stand together: they are read and deleted as a range, without an index.
 */
#include "store/sqlite/file_priv.h"

#include "base/json.h"
#include "base/mem.h"
#include "dialect/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    APPLICATION = 0x74646e67, /* "tdng", in the file's header: it is ours */
    SCHEMA = 1,               /* the version of the tables */
    LOG_PAGES = 1000,         /* of the log: from there on it is tidied, */
    LOG_PAGES_MAX = 1 << 14,  /* and from there on writing waits for the rest of that */
    BUSY_MS = 2000,           /* for somebody else, who only looks, to let go */
};

#define PLACE_MAX "16777215"
_Static_assert(JOURNAL_PLACE_BITS == 24, "PLACE_MAX and the shifts in the statements are of 24");

static const char create[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE channels(id INTEGER PRIMARY KEY, name BLOB NOT NULL, owner BLOB NOT NULL,"
    " before INTEGER NOT NULL, touched INTEGER NOT NULL);"
    "CREATE TABLE messages(place INTEGER PRIMARY KEY, at INTEGER NOT NULL, last INTEGER NOT NULL,"
    " payload BLOB NOT NULL);"
    "CREATE TABLE numbers(highest INTEGER NOT NULL);"
    "INSERT INTO numbers VALUES(0);"
    "PRAGMA application_id=0x74646e67;"
    "PRAGMA user_version=1;"
    "COMMIT";

/* Files that were made before have no such table. A new value of a field replaces the old one. */
static const char create_batches[] =
    "CREATE TABLE IF NOT EXISTS batches(user BLOB NOT NULL, batch BLOB NOT NULL,"
    " name BLOB NOT NULL, value BLOB NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY(user,batch,name)) WITHOUT ROWID";

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

/* A batch may be written twice when it is not known whether its commit succeeded: hence OR REPLACE.
 */
static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [DECLARE] = "INSERT OR REPLACE INTO channels VALUES(?1,?2,?3,?4,?5)",
    [TOUCH] = "UPDATE channels SET touched=?2 WHERE id=?1",
    [APPEND] = "INSERT OR REPLACE INTO messages VALUES(?1,?2,?3,?4)",
    [FORGET_CHANNEL] = "DELETE FROM channels WHERE id=?1",
    [FORGET_MESSAGES] = "DELETE FROM messages WHERE place BETWEEN ?1<<24 AND (?1<<24)+" PLACE_MAX,
    [RAISE_HIGHEST] = "UPDATE numbers SET highest=max(highest,?1)",
    [TELL] = "INSERT OR REPLACE INTO batches VALUES(?1,?2,?3,?4,?5)",
    [UNTELL] = "DELETE FROM batches WHERE user=?1 AND batch=?2",
    [READ_CHANNELS] = "SELECT id,name,owner,before,max(touched,coalesce((SELECT at FROM messages"
                      " WHERE place BETWEEN id<<24 AND (id<<24)+" PLACE_MAX
                      " ORDER BY place DESC LIMIT 1),0)) AS heard FROM channels"
                      " ORDER BY heard,id",
    [READ_MESSAGES] = "SELECT place,at,last,payload FROM messages"
                      " WHERE place BETWEEN ?1<<24 AND (?1<<24)+" PLACE_MAX " ORDER BY place",
    [READ_BATCHES] = "SELECT user,batch,max(at) AS told FROM batches GROUP BY user,batch"
                     " ORDER BY told",
    [READ_BATCH] = "SELECT name,value FROM batches WHERE user=?1 AND batch=?2",
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

static enum err fail(const struct journal_file *file, struct err_note *note) {
    return fail_on(file, file->db, note);
}

static enum err run(struct journal_file *file, const char *text, struct err_note *note) {
    int e = sqlite3_exec(file->db, text, NULL, NULL, NULL);
    return e == SQLITE_OK ? ERR_OK : fail(file, note);
}

/* The one number that `text` gives. */
static enum err ask(struct journal_file *file, const char *text, int64_t *ret,
                    struct err_note *note) {
    sqlite3_stmt *statement = NULL;
    bool is_good = sqlite3_prepare_v2(file->db, text, -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW;
    enum err e = is_good ? ERR_OK : fail(file, note);
    if (is_good) *ret = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return e;
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
    enum err e = ask(file, "PRAGMA application_id", &application, note);
    if (!e) e = ask(file, "PRAGMA user_version", &version, note);
    if (!e) e = ask(file, "SELECT count(*) FROM sqlite_master", &things, note);
    if (e) return e;
    if (application == APPLICATION && version == SCHEMA) return ERR_OK;
    if (application == APPLICATION) {
        return err_note(note, ERR_INVALID, "%s: was written by another version of Tidings",
                        file->path);
    }
    if (application != 0 || version != 0 || things != 0) {
        return err_note(note, ERR_INVALID, "%s: is a database of another program", file->path);
    }
    return run(file, create, note);
}

/* FULL: the log is on the disk when a commit returns. */
static enum err set_up(struct journal_file *file, struct err_note *note) {
    enum err e = run(file, "PRAGMA trusted_schema=OFF;", note);
    if (!e) e = obtain_tables(file, note);
    if (!e) e = run(file, create_batches, note);
    if (!e) e = run(file, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", note);
    (void)sqlite3_wal_hook(file->db, on_log, file); /* in place of tidying within a commit */
    if (!e) e = run(file, "BEGIN IMMEDIATE; UPDATE numbers SET highest=highest; COMMIT", note);
    for (int i = 0; i < STATEMENTS && !e; i++) {
        if (sqlite3_prepare_v3(file->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &file->statements[i], NULL) != SQLITE_OK) {
            e = fail(file, note);
        }
    }
    return e;
}

static enum err connect(struct journal_file *file, sqlite3 **ret, struct err_note *note) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int e = sqlite3_open_v2(file->path, ret, flags, NULL);
    (void)sqlite3_busy_timeout(*ret, BUSY_MS);
    return e == SQLITE_OK ? ERR_OK : fail(file, note);
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
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(file->statements[i]);
    (void)sqlite3_close(file->tidier);
    (void)sqlite3_close(file->db);
    /* Not before: closing any descriptor of a file lets go of what SQLite has locked of it. */
    if (file->owned >= 0) (void)close(file->owned);
    (void)pthread_cond_destroy(&file->changed);
    (void)pthread_mutex_destroy(&file->lock);
    mem_free(file);
}

/* A statement without rows. */
static bool step(struct journal_file *file, enum statement which) {
    int e = sqlite3_step(file->statements[which]);
    (void)sqlite3_reset(file->statements[which]);
    return e == SQLITE_DONE;
}

static void bind_number(struct journal_file *file, enum statement which, int at, uint64_t value) {
    (void)sqlite3_bind_int64(file->statements[which], at, (int64_t)value);
}

static void bind_bytes(struct journal_file *file, enum statement which, int at, struct span value) {
    /* Not NULL, which would be no bytes at all. */
    const char *bytes = value.len ? value.at : "";
    (void)sqlite3_bind_blob64(file->statements[which], at, bytes, value.len, SQLITE_STATIC);
}

static bool write_declare(struct journal_file *file, const struct journal_record *record) {
    bind_number(file, DECLARE, 1, record->channel);
    bind_bytes(file, DECLARE, 2, record->name);
    bind_bytes(file, DECLARE, 3, record->owner);
    bind_number(file, DECLARE, 4, record->number);
    bind_number(file, DECLARE, 5, (uint64_t)record->at_s);
    return step(file, DECLARE);
}

static bool write_touch(struct journal_file *file, const struct journal_record *record) {
    bind_number(file, TOUCH, 1, record->channel);
    bind_number(file, TOUCH, 2, (uint64_t)record->at_s);
    return step(file, TOUCH);
}

static bool write_append(struct journal_file *file, const struct journal_record *record) {
    bind_number(file, APPEND, 1, record->channel << JOURNAL_PLACE_BITS | record->number);
    bind_number(file, APPEND, 2, (uint64_t)record->at_s);
    bind_number(file, APPEND, 3, record->is_last);
    bind_bytes(file, APPEND, 4, record->payload);
    return step(file, APPEND);
}

static bool write_forget(struct journal_file *file, const struct journal_record *record) {
    bind_number(file, FORGET_CHANNEL, 1, record->channel);
    bind_number(file, FORGET_MESSAGES, 1, record->channel);
    bind_number(file, RAISE_HIGHEST, 1, record->number);
    return step(file, FORGET_CHANNEL) && step(file, FORGET_MESSAGES) && step(file, RAISE_HIGHEST);
}

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
        bind_bytes(file, TELL, 1, record->name);
        bind_bytes(file, TELL, 2, record->owner);
        bind_bytes(file, TELL, 3, text);
        bind_bytes(file, TELL, 4, value.raw);
        bind_number(file, TELL, 5, (uint64_t)record->at_s);
        is_good = step(file, TELL);
    }
    buf_finish(&room);
    return is_good;
}

static bool write_untell(struct journal_file *file, const struct journal_record *record) {
    bind_bytes(file, UNTELL, 1, record->name);
    bind_bytes(file, UNTELL, 2, record->owner);
    return step(file, UNTELL);
}

static bool write_record(struct journal_file *file, const struct journal_record *record) {
    switch (record->kind) {
    case JOURNAL_DECLARE: return write_declare(file, record);
    case JOURNAL_TOUCH: return write_touch(file, record);
    case JOURNAL_APPEND: return write_append(file, record);
    case JOURNAL_FORGET: return write_forget(file, record);
    case JOURNAL_TELL: return write_tell(file, record);
    case JOURNAL_UNTELL: return write_untell(file, record);
    }
    return false;
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
    bool is_good = step(file, BEGIN);
    for (size_t i = 0; i < count && is_good; i++)
        is_good = write_record(file, &records[i]);
    if (is_good && step(file, COMMIT)) return ERR_OK;
    (void)fail(file, note);
    if (!sqlite3_get_autocommit(file->db)) (void)step(file, ROLLBACK);
    return ERR_IO;
}

enum err journal_file_write(struct journal_file *file, const struct journal_record *records,
                            size_t count, struct err_note *note) {
    begin_writing(file);
    enum err e = write_all(file, records, count, note);
    leave(file, &file->is_writing);
    return e;
}

static uint64_t column_number(sqlite3_stmt *statement, int at) {
    return (uint64_t)sqlite3_column_int64(statement, at);
}

static struct span column_bytes(sqlite3_stmt *statement, int at) {
    const char *bytes = sqlite3_column_blob(statement, at);
    return span_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, at));
}

static enum err damaged(const struct journal_file *file, struct err_note *note) {
    return err_note(note, ERR_INVALID, "%s: is damaged: messages are missing", file->path);
}

static enum err read_messages(struct journal_file *file, uint64_t channel,
                              struct journal_sink *sink, struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_MESSAGES];
    bind_number(file, READ_MESSAGES, 1, channel);
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
    if (!e && stepped != SQLITE_DONE) e = fail(file, note);
    (void)sqlite3_reset(rows);
    return e;
}

static enum err read_channels(struct journal_file *file, struct journal_sink *sink,
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
    if (!e && stepped != SQLITE_DONE) e = fail(file, note);
    (void)sqlite3_reset(rows);
    return e;
}

/* The fields of one batch as a delta. */
static enum err read_batch(struct journal_file *file, const struct journal_record *batch,
                           struct buf *delta, struct err_note *note) {
    sqlite3_stmt *rows = file->statements[READ_BATCH];
    bind_bytes(file, READ_BATCH, 1, batch->name);
    bind_bytes(file, READ_BATCH, 2, batch->owner);
    int stepped;
    buf_clear(delta);
    while ((stepped = sqlite3_step(rows)) == SQLITE_ROW) {
        buf_append_char(delta, delta->len == 0 ? '{' : ',');
        json_append_string(delta, column_bytes(rows, 0));
        buf_append_char(delta, ':');
        buf_append_span(delta, column_bytes(rows, 1));
    }
    buf_append_char(delta, '}');
    enum err e = stepped == SQLITE_DONE ? buf_err(delta) : fail(file, note);
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
    if (!e && stepped != SQLITE_DONE) e = fail(file, note);
    (void)sqlite3_reset(rows);
    buf_finish(&delta);
    return e;
}

enum err journal_file_read(struct journal_file *file, struct journal_sink *sink,
                           struct err_note *note) {
    int64_t highest;
    enum err e = ask(file, "SELECT highest FROM numbers", &highest, note);
    if (e) return e;
    sink->highest = (uint64_t)highest;
    return read_channels(file, sink, note);
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
