/* SPDX-License-Identifier: MIT */
/*
 * redis/url.h: where a Redis is, as people write it: redis://user:password@host:port/database, or
 * rediss:// for TLS.
 */
#ifndef TIDINGS_REDIS_URL_H
#define TIDINGS_REDIS_URL_H

#include "base/buf.h"

enum { REDIS_URL_HOST_MAX = 255, REDIS_URL_USER_MAX = 255, REDIS_URL_PASSWORD_MAX = 1023 };
enum { REDIS_URL_PORT = 6379, REDIS_PREFIX_MAX = 64 };

/* What stands there. */
enum redis_mode { REDIS_SINGLE, REDIS_SENTINEL, REDIS_CLUSTER };

struct redis_url {
    bool is_secure;                    /* rediss:// */
    char host[REDIS_URL_HOST_MAX + 1]; /* a name or an address, IPv6 without brackets */
    uint16_t port;                     /* REDIS_URL_PORT unless given */
    char user[REDIS_URL_USER_MAX + 1]; /* without escapes; empty: none */
    char password[REDIS_URL_PASSWORD_MAX + 1];
    uint32_t database; /* 0 unless given */
};

/* Takes `text` apart: redis[s]://[[user]:password@]host[:port][/database], IPv6 in brackets,
 * escapes
 * (%40) in user and password. ERR_INVALID and a note that quotes nothing, since any part may turn
 * out to be a piece of the password. */
MUST_USE enum err redis_url_parse(struct span text, struct redis_url *ret, struct err_note *note);

/* Appends it in full, with a password as ***: for people; it parses again, too. */
void redis_url_show(const struct redis_url *url, struct buf *out);

bool redis_url_eq(const struct redis_url *a, const struct redis_url *b);

/* What may stand before every name in Redis: NULL, or why `prefix` may not. */
const char *redis_prefix_fault(struct span prefix);

/* "host:port" or "[::1]:port", of which `*ret_host` is lent, without brackets. False for anything
 * else. */
MUST_USE bool redis_host_parse(struct span text, struct span *ret_host, uint16_t *ret_port);

#endif
