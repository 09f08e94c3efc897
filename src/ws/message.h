/* SPDX-License-Identifier: MIT */
/*
 * ws/message.h: joins frames into messages and guards their rules (RFC 6455 §5.4 to §5.6, §8.1,
 * RFC 7692 §6).
 *
 * Bytes go in, messages and control frames come out. What lies whole in the input is lent from
 * there; only of a frame or message whose end has not come yet anything is kept, so that a quiet
 * connection costs one pointer. UTF-8 is judged as the bytes arrive.
 */
#ifndef TIDINGS_WS_MESSAGE_H
#define TIDINGS_WS_MESSAGE_H

#include "base/span.h"
#include "ws/close.h"
#include "ws/deflate.h"
#include "ws/frame.h"

#include <stdatomic.h>

/* How many bytes all readers of a process together may hold for unfinished messages. Shared by
 * threads; `used` can be read as a metric. */
struct ws_budget {
    _Atomic uint64_t used;
    _Atomic uint64_t max;
};

enum ws_role {
    WS_ROLE_SERVER, /* reads from a client: every frame must be masked */
    WS_ROLE_CLIENT, /* reads from a server: no frame may be */
};

struct ws_options {
    enum ws_role role;
    bool is_compressed;       /* permessage-deflate was agreed on */
    uint64_t message_max;     /* a longer message fails with 1009; inflated bytes count */
    size_t keep_max;          /* of a message only so many bytes are kept and handed out */
    struct ws_budget *budget; /* exceeded: 1013 */
    uint32_t frames_max;      /* looked at in one call of `ws_read`, which has an end then whatever
                               * comes; 0: any number */
    uint32_t now_s;           /* from 1, on the caller's clock; for `ws_reader_since` */
};

/* One a connection. All zero is the start. */
struct ws_reader {
    struct ws_pending *pending; /* NULL between messages */
};

/* What is yet to be read; `ws_read` advances it. The bytes are unmasked in place. */
struct ws_input {
    char *at;
    size_t len;
};

enum ws_event_kind {
    WS_EVENT_TEXT,
    WS_EVENT_BINARY,
    WS_EVENT_PING,
    WS_EVENT_PONG,
    WS_EVENT_CLOSE,
};

struct ws_event {
    enum ws_event_kind kind;
    bool is_cut;         /* `payload` is only the first keep_max bytes of the message */
    uint16_t code;       /* a close: the peer's code or WS_CLOSE_NO_CODE. A failure: ours */
    struct span payload; /* of a close: the reason */
    uint64_t len;        /* of the whole message, or of `payload` */
    const char *why;     /* a failure: what was wrong, a constant; else NULL */
};

enum ws_step {
    WS_MORE,  /* the input is used up, or `frames_max` of it */
    WS_EVENT, /* `ret` holds a message or a control frame; call again */
    WS_FAIL,  /* `ret` has the code to close with and why; nothing more can be read */
};

/* Reads up to the next event. `ret->payload` is lent until the next call with this reader or this
 * inflater and as long as the input's bytes stay. Call until WS_MORE: only then the memory of the
 * last message is given back. `inflater` may be NULL unless `is_compressed`. After a close event or
 * a failure only `ws_reader_finish` may follow. Options may change between messages; the budget
 * must stay the same. Fails with 1002 (broken rule), 1007 (not UTF-8, not deflated), 1009 (longer
 * than message_max) or 1013 (no memory, or the budget is used up). */
MUST_USE
enum ws_step ws_read(struct ws_reader *reader, const struct ws_options *options,
                     struct ws_inflater *inflater, struct ws_input *in, struct ws_event *ret);

/* Keeps the rest of `in` to be read later, before anything else. Give back an input of
 * `ws_reader_held` with it, also when nothing is left of that. False when there is no memory, or
 * the budget is used up. */
MUST_USE bool ws_reader_hold(struct ws_reader *reader, const struct ws_options *options,
                             const struct ws_input *in);
/* What was kept, lent by the reader until it is given back to `ws_reader_hold`; empty: nothing. */
struct ws_input ws_reader_held(const struct ws_reader *reader);

/* The `now_s` at which the message under way, or a frame between messages, began to come; 0: none
 * is under way. Fragments and control frames that come meanwhile do not change it. */
uint32_t ws_reader_since(const struct ws_reader *reader);

/* Frees what is pending and held. The reader may be used again from the start. */
void ws_reader_finish(struct ws_reader *reader);

#endif
