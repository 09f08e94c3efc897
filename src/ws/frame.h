/* SPDX-License-Identifier: MIT */
/*
 * ws/frame.h: the bits of a WebSocket frame (RFC 6455 §5.2): its head and its mask.
 *
 * Which frames are allowed where is for message.h to say.
 */
#ifndef TIDINGS_WS_FRAME_H
#define TIDINGS_WS_FRAME_H

#include "base/span.h"

enum {
    WS_HEAD_MAX = 14,     /* bytes of the longest head */
    WS_MASK_LEN = 4,      /* bytes of a masking key */
    WS_CONTROL_MAX = 125, /* payload bytes of a control frame, RFC 6455 §5.5 */
};

enum ws_op {
    WS_OP_CONTINUATION = 0x0,
    WS_OP_TEXT = 0x1,
    WS_OP_BINARY = 0x2,
    WS_OP_CLOSE = 0x8,
    WS_OP_PING = 0x9,
    WS_OP_PONG = 0xA,
};

struct ws_head {
    bool is_final;
    bool is_masked;
    bool rsv1; /* with permessage-deflate: the message is compressed */
    bool rsv2;
    bool rsv3;
    uint8_t opcode; /* enum ws_op, or a reserved one */
    uint8_t mask[WS_MASK_LEN];
    uint64_t payload_len;
};

/* Close, ping and pong, and the reserved ones of that half. */
static inline bool ws_op_is_control(uint8_t opcode) {
    return opcode >= 0x8;
}

/* Reads the head that `in` begins with. Returns its length in bytes, 0 when `in` holds only a part
 * of it, -1 when the payload length is not written in the shortest way or has its top bit set.
 * `ret` is set when the result is above 0. */
MUST_USE
int ws_head_decode(struct span in, struct ws_head *ret);

/* Writes `head` to `out`, which has room for WS_HEAD_MAX bytes, and returns its length. `mask` is
 * written when `is_masked`. The opcode must be below 16, `payload_len` below 2^63. */
size_t ws_head_encode(char *out, const struct ws_head *head);

/* Masks or unmasks in place; `at` begins `offset` bytes after the start of the payload. */
void ws_mask(char *at, size_t len, const uint8_t mask[WS_MASK_LEN], uint64_t offset);

#endif
