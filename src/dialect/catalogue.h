/* SPDX-License-Identifier: MIT */
/*
 * dialect/catalogue.h: the kinds of message that catalogue/ describes, as one table, and whether a
 * message is as the catalogue says.
 *
 * For those at the ends: the server relays what it is given. The table (catalogue_kinds.c) is
 * written by tools/kinds out of the schemas.
 */
#ifndef TIDINGS_DIALECT_CATALOGUE_H
#define TIDINGS_DIALECT_CATALOGUE_H

#include "base/err.h"
#include "base/span.h"

enum catalogue_type {
    CATALOGUE_ANY,
    CATALOGUE_TEXT,
    CATALOGUE_TIME, /* RFC 3339 in UTC, as a string */
    CATALOGUE_UUID,
    CATALOGUE_WORD, /* one of `words` */
    CATALOGUE_INTEGER,
    CATALOGUE_NUMBER,
    CATALOGUE_BOOLEAN,
    CATALOGUE_LIST,   /* of `inside[0]`, which has no name */
    CATALOGUE_OBJECT, /* with the members `inside` */
};

/* Of a field. */
enum {
    CATALOGUE_REQUIRED = 1,
    CATALOGUE_NULLABLE = 2,  /* null will do too */
    CATALOGUE_NOT_EMPTY = 4, /* of a text */
    CATALOGUE_MIN = 8,
    CATALOGUE_MAX = 16,
};

enum { CATALOGUE_KINDS = 27, CATALOGUE_MEMBERS_MAX = 12, CATALOGUE_DEPTH_MAX = 6 };

struct catalogue_field {
    struct span name;
    enum catalogue_type type;
    unsigned flags;
    uint64_t min, max; /* of a number, with the flag */
    const struct span *words;
    const struct catalogue_field *inside;
    size_t count; /* of `words` or `inside` */
};

/* A message of a kind is an object whose member `told_by` is the kind's name. */
struct catalogue_kind {
    struct span name;
    struct span told_by;
    const struct catalogue_field *fields; /* the others */
    size_t count;
};

extern const struct catalogue_kind catalogue_kinds[CATALOGUE_KINDS];

/* Judges a message, which must be JSON. `*ret_kind` is the kind that it claims to be, also when it
 * is not as that should be; NULL when it claims none that there is. ERR_INVALID: `note` says what
 * is wrong first, where there is a place with its path (`payload.items[1].id: must not be empty`).
 * ERR_NOMEM: it says that. */
MUST_USE
enum err catalogue_check(struct span message, const struct catalogue_kind **ret_kind,
                         struct err_note *note);

#endif
