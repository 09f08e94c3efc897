/* SPDX-License-Identifier: MIT */
/*
 * ws/message.h: frames in, messages out: fragments, control frames, UTF-8 and size (RFC 6455 §5.4
 * to §5.6, §8.1), and compressed messages (RFC 7692 §6.2).
 *
 * Between messages a reader is one empty pointer. State exists only while a frame or a message is
 * unfinished; a message that lies whole in the input is not copied. UTF-8 is judged as bytes
 * arrive, so that a wrong byte fails at once and not at the end of its frame.
 */
#ifndef TIDINGS_WS_MESSAGE_H
#define TIDINGS_WS_MESSAGE_H

#include "base/err.h"
#include "base/span.h"
#include "ws/deflate.h"

#include <stdatomic.h>

enum ws_role { WS_SERVER, WS_CLIENT };

/* What all unfinished messages of a process may hold together. */
struct ws_budget {
    _Atomic uint64_t used;
    uint64_t max;
};

struct ws_options {
    enum ws_role role;    /* ours: a server wants masked frames, a client wants them plain */
    bool is_compressed;   /* permessage-deflate was agreed on */
    uint64_t message_max; /* bytes of a message, uncompressed */
    size_t keep_max;      /* bytes of a message that are kept for its event; less than its length
                           * means that the event has only its beginning */
    struct ws_budget *budget; /* NULL: none */
};

struct ws_pending;

/* Zeroed is ready. */
struct ws_reader {
    struct ws_pending *pending;
};

/* Input that is consumed from the front and unmasked where it stands. */
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
    struct span payload; /* or what was kept of it; of a close its reason; of a failure its text */
    uint64_t length;     /* of the whole message, uncompressed */
    uint16_t close_code; /* of a close, or the one to end with after a failure */
};

enum ws_step {
    WS_MORE,  /* all input is used up */
    WS_EVENT, /* `ret` is set; its payload is lent until the next call and while the input stands */
    WS_FAIL,  /* end the connection with `ret->close_code`, `ret->payload` says why */
};

/* Reads up to the end of one message or control frame. `inflater` may serve many readers of a
 * thread; it lends the payload of a compressed message. Without compression it may be NULL. */
MUST_USE enum ws_step ws_read(struct ws_reader *reader, const struct ws_options *options,
                              struct ws_inflater *inflater, struct ws_input *in,
                              struct ws_event *ret);

/* Drops whatever is unfinished. The budget is that of the options it was read with. */
void ws_reader_finish(struct ws_reader *reader);

/* Bytes held for an unfinished message. */
size_t ws_reader_held(const struct ws_reader *reader);

#endif
