/* SPDX-License-Identifier: MIT */
/*
 * http/message_priv.h: what requests and replies share: a head, then a body, from bytes in pieces.
 *
 * llhttp walks the bytes and calls back with pieces of them; here these become offsets from the
 * first byte of the message, so that it does not matter where the message lies: in the input, when
 * it is there as a whole, else in `kept`, to which every unfinished input is added. Chunk framing
 * is not kept. What the start line and the fields mean is judged by the owner, once, when the head
 * is complete.
 */
#ifndef TIDINGS_HTTP_MESSAGE_PRIV_H
#define TIDINGS_HTTP_MESSAGE_PRIV_H

#include "base/buf.h"
#include "http/field_priv.h"
#include "http/parser.h"

#include <llhttp.h>

enum message_state {
    MESSAGE_HEAD,
    MESSAGE_COUNTED, /* a body of known length, which may be 0 */
    MESSAGE_CHUNKED,
    MESSAGE_TRAILER, /* behind the last chunk */
    MESSAGE_TO_END,  /* a body that lasts as long as the connection */
    MESSAGE_DONE,
    MESSAGE_FAILED
};

struct message {
    llhttp_t llhttp;
    struct http_limits limits;
    size_t body_max; /* of this message */
    enum message_state state;
    bool is_head_told;
    bool has_too_many_fields;
    const char *fed; /* the piece that llhttp is walking, and the offset at which it begins */
    size_t fed_at;
    size_t method_at; /* SIZE_MAX until it was seen */
    size_t target_at; /* SIZE_MAX until it was seen */
    size_t target_end;
    bool is_in_value;   /* the last piece of a header line was of its value */
    size_t head_len;    /* so far */
    size_t body_len;    /* so far */
    uint64_t body_left; /* of a counted body */
    size_t raw_left;    /* of a chunked body, with its framing: bytes that may still come */
    char last_byte;     /* of the trailer so far */
    struct span body;
    struct buf kept; /* empty, or the message so far: head, then body */
    struct http_failure failure;
    struct http_headers headers;
};

/* Judges a complete head: sets `state` to one of the bodies, or calls message_fail. */
typedef void (*message_judge)(struct message *m, void *context);

void message_init(struct message *m, llhttp_type_t type, const struct http_limits *limits);
void message_finish(struct message *m);

MUST_USE enum http_step message_feed(struct message *m, struct span *in, message_judge judge,
                                     void *context);

/* No more than `bytes` of the body of a message whose head is there. */
void message_limit_body(struct message *m, size_t bytes);

/* Moves a complete message out of the input. ERR_NOMEM. */
MUST_USE enum err message_keep(struct message *m);

/* Records the first failure; always HTTP_STEP_FAIL. */
enum http_step message_fail(struct message *m, int status, const char *text);

/* For judges. The body is chunked or has the length that Content-Length says, if any; it fails
 * for codings other than chunked, both at once, and a length over the limit. False when it failed.
 */
MUST_USE bool message_judge_body(struct message *m);

#endif
