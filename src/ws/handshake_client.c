/* SPDX-License-Identifier: MIT */
/*
 * ws/handshake_client.c: the client's side of the opening handshake (RFC 6455 §4.1).
 */
#include "ws/accept_priv.h"
#include "ws/handshake.h"
#include "ws/token_priv.h"

static void append_field(struct buf *out, const char *name, struct span value) {
    if (value.len == 0) return;
    buf_append_text(out, name);
    buf_append_text(out, ": ");
    buf_append_span(out, value);
    buf_append_text(out, "\r\n");
}

void ws_handshake_ask(struct buf *out, const struct ws_handshake_ask *ask) {
    buf_append_text(out, "GET ");
    buf_append_span(out, ask->target);
    buf_append_text(out, " HTTP/1.1\r\n");
    append_field(out, "Host", ask->host);
    buf_append_text(out, "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\n");
    append_field(out, "Sec-WebSocket-Key", ask->key);
    append_field(out, "Sec-WebSocket-Protocol", ask->protocols);
    append_field(out, "Authorization", ask->authorization);
    append_field(out, "Origin", ask->origin);
    buf_append_text(out, "\r\n");
}

/* A subprotocol's name is compared as it stands. */
static bool was_offered(struct span offered, struct span protocol) {
    struct span element;
    while (token_list_next(&offered, &element)) {
        if (span_eq(element, protocol)) return true;
    }
    return false;
}

const char *ws_handshake_check(const struct ws_handshake_ask *ask,
                               const struct ws_handshake_response *response) {
    char accept[WS_ACCEPT_LEN + 1];
    accept_of_key(ask->key, accept);
    if (response->status != 101) return "the server did not switch protocols";
    if (!span_eq_nocase(span_trim(response->upgrade), SPAN("websocket"))) {
        return "the answer lacks Upgrade: websocket";
    }
    if (!token_list_has(response->connection, SPAN("upgrade"))) {
        return "the answer lacks Connection: Upgrade";
    }
    if (!span_eq(span_trim(response->accept), span_of(accept, WS_ACCEPT_LEN))) {
        return "the answer is not to this key";
    }
    if (response->extensions.len) return "the answer has an extension that was not offered";
    if (response->protocol.len && !was_offered(ask->protocols, response->protocol)) {
        return "the answer has a subprotocol that was not offered";
    }
    return NULL;
}
