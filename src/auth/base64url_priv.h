/* SPDX-License-Identifier: MIT */
/*
 * auth/base64url_priv.h: base64url as RFC 7515 §2 has it: no padding, no white space.
 *
 * The libraries at hand forgive padding and stray bits at the end; two spellings of one signature
 * are one too many.
 */
#ifndef TIDINGS_AUTH_BASE64URL_PRIV_H
#define TIDINGS_AUTH_BASE64URL_PRIV_H

#include "base/span.h"

/* How many bytes `len` characters stand for. */
static inline size_t base64url_bytes(size_t len) {
    return len / 4 * 3 + len % 4 * 3 / 4;
}

/* How many characters stand for `bytes` bytes. */
static inline size_t base64url_len(size_t bytes) {
    return bytes / 3 * 4 + (bytes % 3 * 4 + 2) / 3;
}

/* Decodes all of `text` into `out`, which has base64url_bytes(text.len) bytes. False unless `text`
 * is the one spelling of what it says. */
MUST_USE bool base64url_decode(struct span text, uint8_t *out, size_t *ret_len);

#endif
