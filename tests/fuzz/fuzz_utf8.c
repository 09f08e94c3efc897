/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes base/utf8 against a plain decoder, whole and in two pieces. The first byte of the input
 * says where to cut.
 */
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Length of the character at `at`, 0 when there is none: decoded and looked at as a number. */
static size_t plain_char(const uint8_t *at, size_t len) {
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t bytes = at[0] < 0x80             ? 1
                   : (at[0] & 0xE0) == 0xC0 ? 2
                   : (at[0] & 0xF0) == 0xE0 ? 3
                   : (at[0] & 0xF8) == 0xF0 ? 4
                                            : 0;
    if (bytes == 0 || bytes > len) return 0;
    uint32_t point = bytes == 1 ? at[0] : at[0] & (0x7Fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
        point = point << 6 | (at[i] & 0x3F);
    }
    bool is_surrogate = point >= 0xD800 && point <= 0xDFFF;
    return point >= least[bytes] && point <= 0x10FFFF && !is_surrogate ? bytes : 0;
}

static bool plain_is_valid(const uint8_t *at, size_t len) {
    for (size_t i = 0; i < len;) {
        size_t bytes = plain_char(at + i, len - i);
        if (bytes == 0) return false;
        i += bytes;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t cut_wish = data[0];
    struct span text = span_of((const char *)data + 1, size - 1);
    const uint8_t *bytes = data + 1;
    bool is_valid = plain_is_valid(bytes, text.len);
    assert(utf8_is_valid(text) == is_valid);
    assert(utf8_char_len(text) == plain_char(bytes, text.len));

    size_t cut = size_min(cut_wish, text.len);
    struct utf8_state state = { 0 };
    bool is_fed =
        utf8_feed(&state, span_of(text.at, cut)) && utf8_feed(&state, span_skip(text, cut));
    assert((is_fed && utf8_is_complete(&state)) == is_valid);
    if (is_valid) {
        size_t len = utf8_cut(text, cut);
        assert(len <= cut && cut - len < 4 && plain_is_valid(bytes, len));
        if (len < cut) assert(!plain_is_valid(bytes, cut));
    } else {
        assert(!utf8_is_name(text, SIZE_MAX));
    }
    return 0;
}
