/* SPDX-License-Identifier: MIT */
/*
 * redis/reply.h: what Redis answered, one value of RESP2.
 *
 * A reply and all that it holds is lent to whoever is told of it, until that call returns.
 */
#ifndef TIDINGS_REDIS_REPLY_H
#define TIDINGS_REDIS_REPLY_H

#include "base/span.h"

enum redis_kind {
    REDIS_NIL,
    REDIS_STATUS,  /* `text`, such as OK */
    REDIS_ERROR,   /* `text` begins with a word in capitals */
    REDIS_INTEGER, /* `integer` */
    REDIS_STRING,  /* `text`, any bytes */
    REDIS_ARRAY,   /* `items` */
};

struct redis_reply {
    enum redis_kind kind;
    int64_t integer;
    struct span text;
    const struct redis_reply *items;
    size_t count; /* of items */
};

/* An error whose first word is `code`: redis_is_error(reply, "MOVED"). */
bool redis_is_error(const struct redis_reply *reply, const char *code);

#endif
