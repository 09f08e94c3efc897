/* SPDX-License-Identifier: MIT */
/*
 * ws/close.h: close codes (RFC 6455 §7.4) and what a close frame carries.
 */
#ifndef TIDINGS_WS_CLOSE_H
#define TIDINGS_WS_CLOSE_H

#include "base/span.h"

enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002,
    WS_CLOSE_NO_STATUS = 1005, /* never on the wire: the peer gave none */
    WS_CLOSE_ABNORMAL = 1006,  /* never on the wire: the connection just ended */
    WS_CLOSE_BAD_PAYLOAD = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL_ERROR = 1011,
    WS_CLOSE_RESTART = 1012,
    WS_CLOSE_TRY_AGAIN = 1013,
    /* Our own, from the private range. */
    WS_CLOSE_LIMITED = 4000,
    WS_CLOSE_TOKEN_EXPIRED = 4001,
    WS_CLOSE_IDLE = 4008,
    WS_CLOSE_SLOW_CONSUMER = 4013,
};

enum { WS_CLOSE_REASON_MAX = 123, WS_CLOSE_PAYLOAD_MAX = 125 };

/* May a peer send this code? 1000 to 1014 but for the reserved ones, and 3000 to 4999. */
bool ws_close_is_sendable(unsigned code);

/* Writes code and reason, cut at WS_CLOSE_REASON_MAX on a character's boundary, and returns the
 * length; nothing for WS_CLOSE_NO_STATUS. */
size_t ws_close_encode(char ret[static WS_CLOSE_PAYLOAD_MAX], unsigned code, struct span reason);

enum ws_close_judgement { WS_CLOSE_FINE, WS_CLOSE_MALFORMED, WS_CLOSE_NOT_UTF8 };

/* Reads what a close frame carries; an empty payload is WS_CLOSE_NO_STATUS. One byte, or a code
 * that must not be sent, is malformed. `ret_reason` is lent by `payload`. */
MUST_USE enum ws_close_judgement ws_close_decode(struct span payload, unsigned *ret_code,
                                                 struct span *ret_reason);

#endif
