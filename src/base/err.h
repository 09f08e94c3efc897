/* SPDX-License-Identifier: MIT */
/*
 * base/err.h: how a function says that it failed.
 *
 * 0 is good, everything else is negative and has a text. Where a person will read the outcome
 * (configuration, start, command line) a `struct err_note` carries a sentence beside the number.
 */
#ifndef TIDINGS_BASE_ERR_H
#define TIDINGS_BASE_ERR_H

#include "base/base.h"

#define ERR_MAP(X)                                                                                 \
    X(NOMEM, -1, "out of memory")                                                                  \
    X(CLOSED, -2, "the peer closed the connection")                                                \
    X(AGAIN, -3, "not now, try again when ready")                                                  \
    X(TOO_BIG, -4, "larger than the limit")                                                        \
    X(LIMIT, -5, "a limit is reached")                                                             \
    X(INVALID, -6, "malformed or not allowed here")                                                \
    X(NOT_FOUND, -7, "not found")                                                                  \
    X(EXISTS, -8, "exists already")                                                                \
    X(DENIED, -9, "not permitted")                                                                 \
    X(EXPIRED, -10, "expired")                                                                     \
    X(IO, -11, "input or output failed")                                                           \
    X(UNSUPPORTED, -12, "not supported")                                                           \
    X(CRYPTO, -13, "a cryptographic operation failed")                                             \
    X(BUSY, -14, "under way already")                                                              \
    X(TIMEOUT, -15, "took too long")

enum err {
    ERR_OK = 0,
#define ERR_ITEM(name, number, text) ERR_##name = number,
    ERR_MAP(ERR_ITEM)
#undef ERR_ITEM
};

/* The text for `e`, a constant without a full stop. Never NULL. */
const char *err_text(enum err e);

/* A sentence for a person: what was wrong and where. Empty until set. */
struct err_note {
    char text[512];
};

/* Writes the sentence, cut to fit, and returns `e`, so that a caller can `return err_note(...)`.
 * `note` may be NULL: then nobody wanted to know. */
enum err err_note(struct err_note *note, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
