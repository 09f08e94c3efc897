/* SPDX-License-Identifier: MIT */
/*
 * ws/handshake.h: the opening handshake (RFC 6455 §4), both sides of it.
 *
 * Takes the values of header fields and knows no HTTP parser. A field that came in several lines is
 * given joined by commas (RFC 9110 §5.3); one that did not come is the empty span.
 */
#ifndef TIDINGS_WS_HANDSHAKE_H
#define TIDINGS_WS_HANDSHAKE_H

#include "base/buf.h"
#include "base/span.h"
#include "ws/deflate.h"

enum {
    WS_NONCE_LEN = 16,  /* random bytes behind a key */
    WS_KEY_LEN = 24,    /* the same as base64 */
    WS_ACCEPT_LEN = 28, /* base64 of a SHA-1 */
};

struct ws_handshake_request {
    struct span method;
    unsigned http_major;
    unsigned http_minor;
    struct span upgrade;
    struct span connection;
    struct span key;        /* Sec-WebSocket-Key */
    struct span version;    /* Sec-WebSocket-Version */
    struct span protocols;  /* Sec-WebSocket-Protocol */
    struct span extensions; /* Sec-WebSocket-Extensions */
};

struct ws_verdict {
    uint16_t status;  /* 101: shake hands. 400, 405 (Allow: GET), or 426 */
    const char *text; /* what is wrong, a constant; with 101 empty */
};

/* Whether this is a handshake. An answer with 426 must carry `Upgrade: websocket`,
 * `Connection: Upgrade` and `Sec-WebSocket-Version: 13`. */
struct ws_verdict ws_handshake_judge(const struct ws_handshake_request *request);

/* The subprotocol to answer to those offered: the first that is not `bearer.<token>`, else that one
 * (a browser fails a handshake that leaves its offer unanswered). `at` is NULL when none is
 * offered. Points into `offered`. */
struct span ws_protocol_choose(struct span offered);

/* The token of the first `bearer.<token>` offered; `at` is NULL when there is none. */
struct span ws_protocol_bearer(struct span offered);

/* Appends the head of the answer 101, whole with its empty line. `protocol` may be empty. */
void ws_handshake_answer(struct buf *out, struct span key, struct span protocol,
                         const struct ws_deflate_terms *terms);

/* A client's side. */

/* Makes a key from bytes that nobody can guess. Writes WS_KEY_LEN characters, no terminator. */
void ws_handshake_key(const uint8_t nonce[WS_NONCE_LEN], char *ret);

struct ws_handshake_ask {
    struct span target; /* path and query */
    struct span host;   /* with the port where it is not the scheme's own */
    struct span key;
    struct span protocols;     /* may be empty */
    struct span authorization; /* may be empty */
    struct span origin;        /* may be empty */
};

/* Appends a handshake request. The values must be free of line breaks. No extension is offered. */
void ws_handshake_ask(struct buf *out, const struct ws_handshake_ask *ask);

struct ws_handshake_response {
    unsigned status;
    struct span upgrade;
    struct span connection;
    struct span accept;     /* Sec-WebSocket-Accept */
    struct span protocol;   /* Sec-WebSocket-Protocol */
    struct span extensions; /* Sec-WebSocket-Extensions */
};

/* NULL when the response completes the handshake that `ask` began, else what is wrong with it, a
 * constant. */
const char *ws_handshake_check(const struct ws_handshake_ask *ask,
                               const struct ws_handshake_response *response);

#endif
