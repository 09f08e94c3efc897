/* SPDX-License-Identifier: MIT */
/*
 * ws/frame.h: the bits of a frame's head (RFC 6455 §5.2) and masking (§5.3). What frames mean
 * together is for ws/message.h.
 */
#ifndef TIDINGS_WS_FRAME_H
#define TIDINGS_WS_FRAME_H

#include "base/span.h"

enum {
    WS_HEAD_MAX = 14,     /* bytes of the longest head */
    WS_CONTROL_MAX = 125, /* bytes that a control frame may carry (§5.5) */
};

enum ws_opcode {
    WS_OP_CONTINUATION = 0x0,
    WS_OP_TEXT = 0x1,
    WS_OP_BINARY = 0x2,
    WS_OP_CLOSE = 0x8,
    WS_OP_PING = 0x9,
    WS_OP_PONG = 0xa,
};

struct ws_head {
    uint64_t payload_len;
    uint8_t opcode; /* any of 16 */
    bool is_final;
    bool rsv1, rsv2, rsv3;
    bool is_masked;
    uint8_t mask[4]; /* when masked */
};

enum ws_head_step {
    WS_HEAD_MORE, /* the head goes on behind `bytes` */
    WS_HEAD_DONE,
    WS_HEAD_FAIL, /* a length that is not in its shortest form, or above 2^63 */
};

/* Reads the head that `bytes` begins with; `*ret` and its length are set for WS_HEAD_DONE. */
MUST_USE enum ws_head_step ws_head_decode(struct span bytes, struct ws_head *ret, size_t *ret_len);

/* Writes the shortest head for `head` and returns its length. */
size_t ws_head_encode(char ret[static WS_HEAD_MAX], const struct ws_head *head);

static inline bool ws_opcode_is_control(uint8_t opcode) {
    return (opcode & 0x8) != 0;
}

/* Masks or unmasks `len` bytes where they stand; `offset` is how many bytes of the payload came
 * before them. */
void ws_mask(char *bytes, size_t len, const uint8_t mask[static 4], uint64_t offset);

#endif
