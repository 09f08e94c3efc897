/* SPDX-License-Identifier: MIT */
/*
 * base/digest.h: SHA-256 (FIPS 180-4), for what several processes must find equal.
 */
#ifndef TIDINGS_BASE_DIGEST_H
#define TIDINGS_BASE_DIGEST_H

#include "base/span.h"

enum { DIGEST_BYTES = 32, DIGEST_TEXT_LEN = 2 * DIGEST_BYTES };

/* False when there is no memory for it. */
MUST_USE bool digest_of(struct span bytes, unsigned char ret[static DIGEST_BYTES]);

/* The same in hexadecimal digits, DIGEST_TEXT_LEN of them without a terminator. */
MUST_USE bool digest_text_of(struct span bytes, char ret[static DIGEST_TEXT_LEN]);

#endif
