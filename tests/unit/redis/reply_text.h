/* SPDX-License-Identifier: MIT */
/*
 * A reply as text: "+OK", "-ERR ...", ":1", "$text", "*2[$a$b]", "_" for nil.
 */
#ifndef TIDINGS_TESTS_REDIS_REPLY_TEXT_H
#define TIDINGS_TESTS_REDIS_REPLY_TEXT_H

#include "base/buf.h"
#include "redis/reply.h"

static inline void reply_write(struct buf *out, const struct redis_reply *reply) {
    static const char MARKS[] = {
        [REDIS_NIL] = '_',     [REDIS_STATUS] = '+', [REDIS_ERROR] = '-',
        [REDIS_INTEGER] = ':', [REDIS_STRING] = '$', [REDIS_ARRAY] = '*',
    };
    buf_append_char(out, MARKS[reply->kind]);
    if (reply->kind == REDIS_INTEGER) buf_printf(out, "%lld", (long long)reply->integer);
    if (reply->kind == REDIS_ARRAY) buf_printf(out, "%zu[", reply->count);
    for (size_t i = 0; i < reply->count; i++)
        reply_write(out, &reply->items[i]);
    if (reply->kind == REDIS_ARRAY) buf_append_char(out, ']');
    buf_append_span(out, reply->text);
}

#endif
