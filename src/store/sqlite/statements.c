/* SPDX-License-Identifier: MIT */
/*
 * store/sqlite/statements.c: the tables and the statements that write and read them.
 *
 * A message's row id is its channel's number and its place there, so that one tree holds all and a
 * channel's messages stand together: they are read and deleted as a range, without an index.
 */
#include "store/sqlite/tables_priv.h"

#define PLACE_MAX "16777215"
_Static_assert(JOURNAL_PLACE_BITS == 24, "PLACE_MAX and the shifts in the statements are of 24");

const char statements_create[] =
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

/* A new value of a field replaces the old one. */
const char statements_create_batches[] =
    "CREATE TABLE IF NOT EXISTS batches(user BLOB NOT NULL, batch BLOB NOT NULL,"
    " name BLOB NOT NULL, value BLOB NOT NULL, at INTEGER NOT NULL,"
    " PRIMARY KEY(user,batch,name)) WITHOUT ROWID";

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

bool statements_prepare(struct journal_file *file) {
    for (int i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(file->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &file->statements[i], NULL) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}

void statements_finish(struct journal_file *file) {
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(file->statements[i]);
}

bool statement_step(struct journal_file *file, enum statement which) {
    int e = sqlite3_step(file->statements[which]);
    (void)sqlite3_reset(file->statements[which]);
    return e == SQLITE_DONE;
}

void statement_number(struct journal_file *file, enum statement which, int at, uint64_t value) {
    (void)sqlite3_bind_int64(file->statements[which], at, (int64_t)value);
}

void statement_bytes(struct journal_file *file, enum statement which, int at, struct span value) {
    /* Not NULL, which would be no bytes at all. */
    const char *bytes = value.len ? value.at : "";
    (void)sqlite3_bind_blob64(file->statements[which], at, bytes, value.len, SQLITE_STATIC);
}

uint64_t column_number(sqlite3_stmt *statement, int at) {
    return (uint64_t)sqlite3_column_int64(statement, at);
}

struct span column_bytes(sqlite3_stmt *statement, int at) {
    const char *bytes = sqlite3_column_blob(statement, at);
    return span_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, at));
}
