/* SPDX-License-Identifier: MIT */
/*
 * ws/close.c: close codes and the payload of a close frame.
 */
#include "ws/close.h"

#include "base/utf8.h"

const char *ws_close_name(uint16_t code) {
    switch (code) {
#define WS_CLOSE_CASE(number, name, text)                                                          \
    case number: return text;
        WS_CLOSE_MAP(WS_CLOSE_CASE)
#undef WS_CLOSE_CASE
    default: return "other";
    }
}

bool ws_close_is_allowed(uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return (code >= WS_CLOSE_NORMAL && code <= WS_CLOSE_UNSUPPORTED) ||
           (code >= WS_CLOSE_BAD_DATA && code <= WS_CLOSE_BAD_GATEWAY);
}

size_t ws_close_encode(char *out, uint16_t code, struct span reason) {
    if (code == WS_CLOSE_NO_CODE) return 0;
    out[0] = (char)(code >> 8);
    out[1] = (char)(code & 0xFF);
    size_t len = utf8_cut(reason, WS_CONTROL_MAX - 2);
    if (len) memcpy(out + 2, reason.at, len);
    return 2 + len;
}
