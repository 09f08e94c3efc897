/* SPDX-License-Identifier: MIT */
/*
 * redis/wire.c: see redis/wire_priv.h.
 */
#include "redis/wire_priv.h"

static size_t digits(size_t n) {
    size_t count = 1;
    for (; n >= 10; n /= 10)
        count++;
    return count;
}

void redis_write_head(struct buf *out, size_t count) {
    buf_append_char(out, '*');
    buf_append_uint(out, count);
    buf_append(out, "\r\n", 2);
}

void redis_write_argument(struct buf *out, struct span argument) {
    buf_append_char(out, '$');
    buf_append_uint(out, argument.len);
    buf_append(out, "\r\n", 2);
    buf_append_span(out, argument);
    buf_append(out, "\r\n", 2);
}

void redis_write_command(struct buf *out, const struct span *args, size_t count) {
    redis_write_head(out, count);
    for (size_t i = 0; i < count; i++)
        redis_write_argument(out, args[i]);
}

size_t redis_command_bytes(const struct span *args, size_t count) {
    size_t bytes = 3 + digits(count);
    for (size_t i = 0; i < count; i++)
        bytes += 5 + digits(args[i].len) + args[i].len;
    return bytes;
}
