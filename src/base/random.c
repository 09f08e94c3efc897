/* SPDX-License-Identifier: MIT */
/*
 * base/random.c: getrandom(2), read in batches because a mask key is four bytes and a system call
 * costs more than a frame.
 */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

enum { POOL_BYTES = 512 };

struct pool {
    size_t left;
    uint8_t bytes[POOL_BYTES];
};

static _Thread_local struct pool pool;

static void draw(uint8_t *at, size_t len) {
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) abort();
        at += got;
        len -= (size_t)got;
    }
}

void random_bytes(void *ret, size_t len) {
    if (len > POOL_BYTES / 4) {
        draw(ret, len);
        return;
    }
    if (pool.left < len) {
        draw(pool.bytes, POOL_BYTES);
        pool.left = POOL_BYTES;
    }
    uint8_t *from = pool.bytes + (POOL_BYTES - pool.left);
    memcpy(ret, from, len);
    memset(from, 0, len); /* what was given out must not be found here later */
    pool.left -= len;
}

uint64_t random_u64(void) {
    uint64_t value;
    random_bytes(&value, sizeof value);
    return value;
}

uint64_t random_below(uint64_t limit) {
    return limit ? random_u64() % limit : 0;
}
