/* SPDX-License-Identifier: MIT */
/*
 * base/utf8.h: is it UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF)?
 *
 * In pieces as they arrive, or at once. Nothing here allocates.
 */
#ifndef TIDINGS_BASE_UTF8_H
#define TIDINGS_BASE_UTF8_H

#include "base/span.h"

/* Where the checking of a text stands between two pieces. All zero is the start of a text. */
struct utf8_state {
    uint8_t left; /* continuation bytes still due; 0: between characters */
    uint8_t low;  /* the next of them must lie in low..high */
    uint8_t high;
};

/* Judges the next piece. False as soon as one of its bytes cannot belong to UTF-8; the state is
 * of no use after that. */
MUST_USE
bool utf8_feed(struct utf8_state *state, struct span piece);

/* Whether the text may end here: no character is half there. */
static inline bool utf8_is_complete(const struct utf8_state *state) {
    return state->left == 0;
}

/* The whole of `s` at once. The empty text is valid. */
MUST_USE
bool utf8_is_valid(struct span s);

/* Length in bytes (1 to 4) of the character that `s` begins with; 0 when `s` is empty or does not
 * begin with a whole, well-formed one. */
size_t utf8_char_len(struct span s);

/* Length of the longest head of `s`, at most `max` bytes, that does not end within a character.
 * `s` must be valid. */
size_t utf8_cut(struct span s, size_t max);

/* What a user id or a channel may be called: 1 to `max` bytes of UTF-8 without control characters
 * (C0, DEL and C1). */
MUST_USE
bool utf8_is_name(struct span s, size_t max);

#endif
