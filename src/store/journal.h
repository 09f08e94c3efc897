/* SPDX-License-Identifier: MIT */
/*
 * store/journal.h: what happens to channels, written to a file so that it survives the process.
 *
 * The table in memory stays what readers see; the journal is told of each change in the order in
 * which the table took it. A thread of the journal's own writes all that waits in one transaction
 * and then raises the number of the last change that is durable. A change has its number, its
 * ticket, from the moment it is put; who answers for it waits until that number is reached.
 *
 * When the file cannot be written (a full disk) nothing new is taken and what waits is tried again
 * until it succeeds: what was taken is never lost while the process lives, and what a later try
 * wrote is durable like anything else.
 */
#ifndef TIDINGS_STORE_JOURNAL_H
#define TIDINGS_STORE_JOURNAL_H

#include "base/err.h"
#include "base/span.h"

struct message;

enum journal_kind {
    JOURNAL_DECLARE, /* a channel begins */
    JOURNAL_TOUCH,   /* it was declared again */
    JOURNAL_APPEND,  /* it carried a message */
    JOURNAL_FORGET,  /* it is no more, with all its messages */
    JOURNAL_TELL,    /* a user was told of a batch */
    JOURNAL_UNTELL,  /* that is forgotten */
};

enum {
    JOURNAL_PLACE_BITS = 24, /* of a message's place in its channel */
};

/* One change. */
struct journal_record {
    enum journal_kind kind;
    bool is_last;      /* APPEND: see store.h */
    uint64_t channel;  /* its number among channels, from 1 */
    uint64_t number;   /* DECLARE: all its messages have larger numbers; FORGET: the largest that a
                        * forgotten channel had; APPEND: the place in its channel, from 0 */
    int64_t at_s;      /* wall clock; FORGET: unused */
    struct span name;  /* DECLARE; TELL, UNTELL: the user, empty for anybody */
    struct span owner; /* DECLARE; TELL, UNTELL: the batch */
    struct span payload;     /* APPEND: stands in `message`; TELL: the delta (dialect/batch.h) */
    struct message *message; /* APPEND */
};

/* How the journal holds messages; they are freed on its thread too. */
struct journal_options {
    const char *path;
    struct message *(*ref)(struct message *message);
    void (*unref)(struct message *message);
    /* More is durable now, or, with `problem`, nothing is for the time being. On the journal's
     * thread, after each try. */
    void (*moved)(void *owner, const char *problem);
    /* The log was moved into the file, or, with `problem`, that did not work and will be tried
     * again when more was written. On another thread of the journal's. */
    void (*tidied)(void *owner, const char *problem);
    void *owner;
};

/* What a file holds, as it is read at the start: each channel, the one that was longest left alone
 * first, followed by its messages in order. Spans are lent for the call. An error ends the reading.
 */
struct journal_sink {
    enum err (*channel)(void *owner, const struct journal_record *declared);
    enum err (*message)(void *owner, const struct journal_record *appended);
    void *owner;
    uint64_t highest; /* filled in before the first call: the number of FORGET */
};

struct journal;

/* Opens the file or makes it (mode 0600). The strings of `options` are borrowed. ERR_BUSY: another
 * process has it; ERR_INVALID: it is damaged or not ours; ERR_IO: it cannot be opened or written;
 * `note` begins with the path. */
MUST_USE enum err journal_open(const struct journal_options *options, struct journal **ret,
                               struct err_note *note);
/* Reads all of it, before `journal_start`. Errors: those of the sink, ERR_INVALID, ERR_IO. */
MUST_USE enum err journal_read(struct journal *journal, struct journal_sink *sink,
                               struct err_note *note);
/* Calls `told` for each batch that somebody was told of, longest ago first, before `journal_start`.
 * Spans are lent for the call. ERR_INVALID, ERR_IO, ERR_NOMEM. */
MUST_USE enum err journal_read_batches(struct journal *journal,
                                       void (*told)(void *owner, const struct journal_record *told),
                                       void *owner, struct err_note *note);
/* Starts the thread. What was put before waits for it. ERR_LIMIT. */
MUST_USE enum err journal_start(struct journal *journal);
/* Writes what waits, if that can be done at once, and closes. Nothing is called any more when it
 * returns. NULL is fine. */
void journal_free(struct journal *journal);

/* Any thread. Copies or references what it needs of `record`. ERR_AGAIN: too much waits; ERR_IO:
 * the file cannot be written at present; ERR_NOMEM. The order of calls is the order in the file. */
MUST_USE enum err journal_put(struct journal *journal, const struct journal_record *record);
/* Any thread: would one be taken? ERR_OK, ERR_AGAIN, ERR_IO. */
MUST_USE enum err journal_check(struct journal *journal);

/* Any thread: the ticket of the last change that was put; covers all before it. */
uint64_t journal_ticket(const struct journal *journal);
/* Any thread: the last ticket that is durable. */
uint64_t journal_durable(const struct journal *journal);
/* Any thread: the last try to write failed. */
bool journal_is_failing(const struct journal *journal);

#endif
