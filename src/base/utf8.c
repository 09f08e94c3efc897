/* SPDX-License-Identifier: MIT */
/*
 * base/utf8.c: UTF-8 by the table of RFC 3629 §4: the first byte says how many follow and, for the
 * four awkward leads (E0, ED, F0, F4), which range the second must lie in; all others are 80..BF.
 */
#include "base/utf8.h"

enum { WORD = sizeof(uint64_t) };

static const uint64_t HIGH_BITS = UINT64_C(0x8080808080808080);

/* Bytes of ASCII that `at` begins with, in whole words only. */
static size_t ascii_words(const uint8_t *at, size_t len) {
    size_t done = 0;
    /* Two words a turn: half the branches, and the compiler keeps both loads in flight. */
    while (len - done >= 2 * WORD) {
        uint64_t words[2];
        memcpy(words, at + done, sizeof words);
        if ((words[0] | words[1]) & HIGH_BITS) break;
        done += sizeof words;
    }
    return done;
}

/* Takes the first byte of a character; false when no character begins with it. */
static bool begin_char(struct utf8_state *state, uint8_t lead) {
    if (lead < 0x80) return true;
    if (lead < 0xC2 || lead > 0xF4) return false; /* C0 and C1 could only be overlong */
    state->left = (uint8_t)(1 + (lead >= 0xE0) + (lead >= 0xF0));
    state->low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    state->high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return true;
}

static bool next_byte(struct utf8_state *state, uint8_t byte) {
    if (state->left == 0) return begin_char(state, byte);
    if (byte < state->low || byte > state->high) return false;
    *state = (struct utf8_state){ (uint8_t)(state->left - 1), 0x80, 0xBF };
    return true;
}

bool utf8_feed(struct utf8_state *state, struct span piece) {
    const uint8_t *at = (const uint8_t *)piece.at;
    struct utf8_state now = *state;
    size_t i = 0;
    while (i < piece.len) {
        if (now.left == 0) {
            i += ascii_words(at + i, piece.len - i);
            if (i == piece.len) break;
        }
        /* The odd bytes before the next look at whole words, or one character that is not ASCII. */
        do {
            if (!next_byte(&now, at[i++])) return false;
        } while (i < piece.len && (now.left || at[i] >= 0x80));
    }
    *state = now;
    return true;
}

bool utf8_is_valid(struct span s) {
    struct utf8_state state = { 0 };
    return utf8_feed(&state, s) && utf8_is_complete(&state);
}

size_t utf8_char_len(struct span s) {
    struct utf8_state state = { 0 };
    const uint8_t *at = (const uint8_t *)s.at;
    for (size_t i = 0; i < s.len; i++) {
        if (!next_byte(&state, at[i])) return 0;
        if (state.left == 0) return i + 1;
    }
    return 0;
}

size_t utf8_cut(struct span s, size_t max) {
    if (s.len <= max) return s.len;
    size_t len = max;
    while (len > 0 && ((uint8_t)s.at[len] & 0xC0) == 0x80)
        len--;
    return len;
}

bool utf8_is_name(struct span s, size_t max) {
    if (s.len == 0 || s.len > max) return false;
    for (size_t i = 0; i < s.len;) {
        uint8_t lead = (uint8_t)s.at[i];
        size_t len = 1;
        if (lead < 0x20 || lead == 0x7F) return false;
        if (unlikely(lead >= 0x80)) {
            len = utf8_char_len(span_skip(s, i));
            if (len == 0) return false;
            /* C2 80 to C2 9F are the C1 control characters. */
            if (lead == 0xC2 && (uint8_t)s.at[i + 1] < 0xA0) return false;
        }
        i += len;
    }
    return true;
}
