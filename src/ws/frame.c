/* SPDX-License-Identifier: MIT */
/*
 * ws/frame.c: reads and writes frame heads, applies masks.
 */
#include "ws/frame.h"

enum {
    FINAL = 0x80,
    RSV1 = 0x40,
    RSV2 = 0x20,
    RSV3 = 0x10,
    OPCODE = 0x0F,
    MASKED = 0x80,
    LEN = 0x7F,
    LEN_IN_2 = 126, /* the length stands in the next two bytes */
    LEN_IN_8 = 127,
};

static uint64_t get_uint(const uint8_t *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static void put_uint(uint8_t *at, size_t bytes, uint64_t value) {
    for (size_t i = bytes; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

/* How many bytes after the first two hold the payload length. */
static size_t len_bytes(uint8_t short_len) {
    return short_len == LEN_IN_2 ? 2 : short_len == LEN_IN_8 ? 8 : 0;
}

int ws_head_decode(struct span in, struct ws_head *ret) {
    if (in.len < 2) return 0;
    const uint8_t *at = (const uint8_t *)in.at;
    uint8_t short_len = at[1] & LEN;
    bool is_masked = at[1] & MASKED;
    size_t extended = len_bytes(short_len);
    size_t size = 2 + extended + (is_masked ? WS_MASK_LEN : 0);
    if (in.len < size) return 0;

    uint64_t len = extended ? get_uint(at + 2, extended) : short_len;
    if (extended == 2 && len < LEN_IN_2) return -1;
    if (extended == 8 && (len <= UINT16_MAX || len > INT64_MAX)) return -1;
    *ret = (struct ws_head){
        .is_final = at[0] & FINAL,
        .is_masked = is_masked,
        .rsv1 = at[0] & RSV1,
        .rsv2 = at[0] & RSV2,
        .rsv3 = at[0] & RSV3,
        .opcode = at[0] & OPCODE,
        .payload_len = len,
    };
    if (is_masked) memcpy(ret->mask, at + 2 + extended, WS_MASK_LEN);
    return (int)size;
}

size_t ws_head_encode(char *out, const struct ws_head *head) {
    assert(head->opcode <= OPCODE && head->payload_len <= INT64_MAX);
    uint64_t len = head->payload_len;
    uint8_t short_len = len < LEN_IN_2 ? (uint8_t)len : len <= UINT16_MAX ? LEN_IN_2 : LEN_IN_8;
    size_t extended = len_bytes(short_len);
    uint8_t *at = (uint8_t *)out;
    at[0] = (uint8_t)((head->is_final ? FINAL : 0) | (head->rsv1 ? RSV1 : 0) |
                      (head->rsv2 ? RSV2 : 0) | (head->rsv3 ? RSV3 : 0) | head->opcode);
    at[1] = (uint8_t)((head->is_masked ? MASKED : 0) | short_len);
    put_uint(at + 2, extended, len);
    if (!head->is_masked) return 2 + extended;
    memcpy(at + 2 + extended, head->mask, WS_MASK_LEN);
    return 2 + extended + WS_MASK_LEN;
}

/* A word at a time, four words a turn for the compiler to make vectors of: bench/mask.c. */
void ws_mask(char *at, size_t len, const uint8_t mask[WS_MASK_LEN], uint64_t offset) {
    uint8_t twice[2 * WS_MASK_LEN];
    memcpy(twice, mask, WS_MASK_LEN);
    memcpy(twice + WS_MASK_LEN, mask, WS_MASK_LEN);
    const uint8_t *turned = twice + offset % WS_MASK_LEN; /* the key as it falls on at[0] */
    uint32_t half;
    memcpy(&half, turned, sizeof half);
    uint64_t key = (uint64_t)half << 32 | half;

    size_t i = 0;
    for (; len - i >= 4 * sizeof key; i += 4 * sizeof key) {
        uint64_t words[4];
        memcpy(words, at + i, sizeof words);
        for (size_t k = 0; k < 4; k++)
            words[k] ^= key;
        memcpy(at + i, words, sizeof words);
    }
    for (; len - i >= sizeof key; i += sizeof key) {
        uint64_t word;
        memcpy(&word, at + i, sizeof word);
        word ^= key;
        memcpy(at + i, &word, sizeof word);
    }
    if (len - i >= sizeof half) {
        uint32_t word;
        memcpy(&word, at + i, sizeof word);
        word ^= half;
        memcpy(at + i, &word, sizeof word);
        i += sizeof half;
    }
    for (size_t k = 0; i < len; i++, k++)
        at[i] = (char)((uint8_t)at[i] ^ turned[k]);
}
