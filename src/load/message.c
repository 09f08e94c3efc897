/* SPDX-License-Identifier: MIT */
/*
 * load/message.c: {"tidings_bench":"<number><time>","fill":"xxx…"}, both numbers as 16 hexadecimal
 * digits, so that reading them is a search and a fixed distance.
 */
#include "load/message.h"

static const struct span head = { "{\"tidings_bench\":\"", 18 };
static const struct span middle = { "\",\"fill\":\"", 10 };
static const struct span tail = { "\"}", 2 };

enum { DIGITS = 16 };

static void write_hex(char *at, uint64_t value) {
    for (int i = DIGITS - 1; i >= 0; i--) {
        at[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}

static bool read_hex(const char *at, uint64_t *ret) {
    uint64_t value = 0;
    for (int i = 0; i < DIGITS; i++) {
        char c = at[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    *ret = value;
    return true;
}

void load_message_write(struct buf *out, struct load_mark mark, size_t bytes) {
    assert(bytes >= LOAD_MESSAGE_MIN);
    char digits[2 * DIGITS];
    write_hex(digits, mark.number);
    write_hex(digits + DIGITS, mark.at_ns);
    buf_append_span(out, head);
    buf_append(out, digits, sizeof digits);
    buf_append_span(out, middle);
    size_t fill = bytes - head.len - sizeof digits - middle.len - tail.len;
    char *room = buf_room(out, fill);
    if (room) {
        memset(room, 'x', fill);
        buf_added(out, fill);
    }
    buf_append_span(out, tail);
}

bool load_message_read(struct span text, struct load_mark *ret) {
    const char *hit = text.len ? memmem(text.at, text.len, head.at, head.len) : NULL;
    if (!hit) return false;
    size_t at = (size_t)(hit - text.at) + head.len;
    struct load_mark mark;
    if (text.len - at < 2 * DIGITS || !read_hex(text.at + at, &mark.number) ||
        !read_hex(text.at + at + DIGITS, &mark.at_ns))
        return false;
    *ret = mark;
    return true;
}
