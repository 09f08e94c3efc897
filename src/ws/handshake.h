/* SPDX-License-Identifier: MIT */
/*
 * ws/handshake.h: the opening handshake (RFC 6455 §4) over fields that somebody else parsed.
 */
#ifndef TIDINGS_WS_HANDSHAKE_H
#define TIDINGS_WS_HANDSHAKE_H

#include "base/buf.h"
#include "ws/deflate.h"

/* The fields of a request that count; absent ones have `at` NULL. Of fields that may be repeated
 * the lines are joined with commas. */
struct ws_handshake_request {
    bool is_get;
    bool has_body;
    uint8_t version_minor; /* HTTP/1.x */
    struct span upgrade, connection, key, version;
};

struct ws_handshake_verdict {
    int status;       /* 101: fine; else 400, 405 or 426 (which wants the version named) */
    const char *text; /* what is wrong, for people */
};

struct ws_handshake_verdict ws_handshake_judge(const struct ws_handshake_request *request);

/* What an accepted handshake is answered with. */
struct ws_accept {
    struct span key;
    struct span protocol; /* the subprotocol chosen; `at` NULL: none */
    struct ws_deflate_terms deflate;
};

/* Appends the 101 answer with its empty line. */
void ws_accept_write(struct buf *out, const struct ws_accept *accept);

/* The subprotocol to answer an offer with: the first that does not carry a token, else the one that
 * does, since browsers fail a handshake that leaves their offer unanswered. `at` NULL: none
 * offered, or the offer is malformed. */
struct span ws_protocol_choose(struct span offered);
/* The token in an offered subprotocol `bearer.<token>`; `at` NULL: there is none. */
struct span ws_protocol_bearer(struct span offered);

enum { WS_KEY_LEN = 24, WS_ACCEPT_LEN = 28 };

/* What Sec-WebSocket-Accept answers to `key` (§4.2.2). */
void ws_accept_of(struct span key, char ret[static WS_ACCEPT_LEN]);
/* A fresh key for a client. */
void ws_key_new(char ret[static WS_KEY_LEN]);

#endif
