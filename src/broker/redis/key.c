/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/key.c: how what is ours is called in Redis. Channels keep their names, so that any
 * backend can publish to them; everything else begins with `tidings:` and has the name that it
 * belongs to in braces, which in a Cluster decide where it lies.
 */
#include "broker/redis/redis_priv.h"

bool key_plain(const struct broker_redis *redis, char room[static KEY_MAX], struct span name,
               struct span *ret) {
    struct span prefix = redis->prefix;
    if (name.len > KEY_MAX - prefix.len) return false;
    memcpy(room, prefix.at, prefix.len);
    if (name.len > 0) memcpy(room + prefix.len, name.at, name.len);
    *ret = span_of(room, prefix.len + name.len);
    return true;
}

/* A brace in the name would end the tag early. */
static size_t escape(char *room, struct span name) {
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (c == '{' || c == '}') {
            memcpy(room + len, c == '{' ? "%7B" : "%7D", 3);
            len += 3;
        } else {
            room[len++] = c;
        }
    }
    return len;
}

bool key_of(const struct broker_redis *redis, char room[static KEY_MAX], struct span name,
            const char *what, struct span *ret) {
    struct span head = SPAN("tidings:{"), tail = span_str(what);
    size_t fixed = redis->prefix.len + head.len + 2 + tail.len;
    if (name.len > (KEY_MAX - fixed) / 3) return false;
    size_t len = redis->prefix.len;
    memcpy(room, redis->prefix.at, len);
    memcpy(room + len, head.at, head.len);
    len += head.len;
    len += escape(room + len, name);
    memcpy(room + len, "}:", 2);
    len += 2;
    memcpy(room + len, tail.at, tail.len);
    *ret = span_of(room, len + tail.len);
    return true;
}
