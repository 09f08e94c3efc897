/* SPDX-License-Identifier: MIT */
/*
 * ws/close.h: why a connection is closed, as a number (RFC 6455 §7.4).
 */
#ifndef TIDINGS_WS_CLOSE_H
#define TIDINGS_WS_CLOSE_H

#include "base/span.h"
#include "ws/frame.h"

/* Number, name in capitals, name in logs and metrics. */
#define WS_CLOSE_MAP(X)                                                                            \
    X(1000, NORMAL, "normal")                                                                      \
    X(1001, GOING_AWAY, "going_away")                                                              \
    X(1002, PROTOCOL, "protocol_error")                                                            \
    X(1003, UNSUPPORTED, "unsupported")                                                            \
    X(1005, NO_CODE, "no_code")                                                                    \
    X(1006, ABNORMAL, "abnormal")                                                                  \
    X(1007, BAD_DATA, "bad_data")                                                                  \
    X(1008, POLICY, "policy")                                                                      \
    X(1009, TOO_BIG, "too_big")                                                                    \
    X(1010, EXTENSION, "extension_missing")                                                        \
    X(1011, FAULT, "server_fault")                                                                 \
    X(1012, RESTART, "restart")                                                                    \
    X(1013, TRY_LATER, "try_later")                                                                \
    X(1014, BAD_GATEWAY, "bad_gateway")                                                            \
    X(4000, LIMITED, "limited")                                                                    \
    X(4001, EXPIRED, "token_expired")                                                              \
    X(4003, FORBIDDEN, "forbidden")                                                                \
    X(4004, NOT_FOUND, "not_found")                                                                \
    X(4008, IDLE, "idle")                                                                          \
    X(4013, SLOW, "slow_consumer")                                                                 \
    X(4029, CHANNEL_LIMITED, "channel_limited")

/* WS_CLOSE_NORMAL and so on. NO_CODE (a close frame without a code) and ABNORMAL (none came) never
 * stand in a frame. */
enum ws_close {
#define WS_CLOSE_ITEM(number, name, text) WS_CLOSE_##name = number,
    WS_CLOSE_MAP(WS_CLOSE_ITEM)
#undef WS_CLOSE_ITEM
};

/* The code's name for logs and metrics, or "other". Never NULL. */
const char *ws_close_name(uint16_t code);

/* Whether a peer may put this code into a close frame: those that RFC 6455 and the IANA registry
 * define for that, and 3000 to 4999. */
bool ws_close_is_allowed(uint16_t code);

/* Writes the payload of a close frame to `out`, which has room for WS_CONTROL_MAX bytes, and
 * returns its length. The reason (valid UTF-8) is cut to fit without breaking a character.
 * WS_CLOSE_NO_CODE gives the empty payload. */
size_t ws_close_encode(char *out, uint16_t code, struct span reason);

#endif
