/* SPDX-License-Identifier: MIT */
/*
 * ws/handshake.c: the server's side of the opening handshake (RFC 6455 §4.2), and the key that both
 * sides share.
 */
#include "ws/handshake.h"

#include "ws/accept_priv.h"
#include "ws/extension_priv.h"
#include "ws/token_priv.h"

#define BEARER SPAN("bearer.")

static bool is_base64(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/* Base64 of exactly 16 bytes: 22 characters and two signs of padding. */
static bool is_key(struct span s) {
    if (s.len != WS_KEY_LEN || !span_ends(s, SPAN("=="))) return false;
    for (size_t i = 0; i < WS_KEY_LEN - 2; i++) {
        if (!is_base64(s.at[i])) return false;
    }
    return true;
}

static bool are_tokens(struct span list) {
    struct span element;
    while (token_list_next(&list, &element)) {
        if (!token_is_valid(element)) return false;
    }
    return true;
}

static struct ws_verdict verdict(unsigned status, const char *text) {
    return (struct ws_verdict){ (uint16_t)status, text };
}

struct ws_verdict ws_handshake_judge(const struct ws_handshake_request *q) {
    if (!span_eq(q->method, SPAN("GET"))) return verdict(405, "A WebSocket handshake is a GET");
    if (!token_list_has(q->upgrade, SPAN("websocket"))) {
        return verdict(426, "This is a WebSocket endpoint");
    }
    if (q->http_major < 1 || (q->http_major == 1 && q->http_minor < 1)) {
        return verdict(400, "A WebSocket handshake needs HTTP/1.1");
    }
    if (!token_list_has(q->connection, SPAN("upgrade"))) {
        return verdict(400, "Connection: Upgrade is missing");
    }
    if (q->version.len == 0) return verdict(400, "Sec-WebSocket-Version is missing");
    if (!span_eq(span_trim(q->version), SPAN("13"))) {
        return verdict(426, "Only WebSocket version 13 is spoken here");
    }
    if (!is_key(span_trim(q->key))) {
        return verdict(400, "Sec-WebSocket-Key must be the base64 of 16 bytes");
    }
    if (!are_tokens(q->protocols)) return verdict(400, "Sec-WebSocket-Protocol is malformed");
    if (!extension_list_is_valid(q->extensions)) {
        return verdict(400, "Sec-WebSocket-Extensions is malformed");
    }
    return verdict(101, "");
}

static bool is_bearer(struct span protocol) {
    return protocol.len > BEARER.len && span_starts(protocol, BEARER);
}

struct span ws_protocol_choose(struct span offered) {
    struct span bearer = { NULL, 0 };
    struct span protocol;
    while (token_list_next(&offered, &protocol)) {
        if (!is_bearer(protocol)) return protocol;
        if (!bearer.at) bearer = protocol;
    }
    return bearer;
}

struct span ws_protocol_bearer(struct span offered) {
    struct span protocol;
    while (token_list_next(&offered, &protocol)) {
        if (is_bearer(protocol)) return span_skip(protocol, BEARER.len);
    }
    return (struct span){ NULL, 0 };
}

void ws_handshake_answer(struct buf *out, struct span key, struct span protocol,
                         const struct ws_deflate_terms *terms) {
    char accept[WS_ACCEPT_LEN + 1];
    accept_of_key(key, accept);
    buf_append_text(out, "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: ");
    buf_append(out, accept, WS_ACCEPT_LEN);
    if (protocol.len) {
        buf_append_text(out, "\r\nSec-WebSocket-Protocol: ");
        buf_append_span(out, protocol);
    }
    if (terms->is_on) {
        buf_append_text(out, "\r\nSec-WebSocket-Extensions: ");
        ws_deflate_answer(terms, out);
    }
    buf_append_text(out, "\r\n\r\n");
}
