/* SPDX-License-Identifier: MIT */
/*
 * session/token.c: finds the token in query, header or subprotocol.
 */
#include "session/token.h"

#include "http/bearer.h"
#include "http/query.h"
#include "ws/handshake.h"

static struct span from_protocols(const struct http_headers *headers) {
    uint8_t cursor = 0;
    struct span protocols;
    while (http_headers_next(headers, HTTP_FIELD_WS_PROTOCOL, &cursor, &protocols)) {
        struct span token = ws_protocol_bearer(protocols);
        if (token.at) return token;
    }
    return span_of(NULL, 0);
}

struct span token_of(const struct http_request *request, char *room, size_t room_len) {
    struct span token;
    enum err e = http_query_get(request->query, SPAN("token"), room, room_len, &token);
    if (e == ERR_OK) return token;
    if (e != ERR_NOT_FOUND) return SPAN("");
    token = http_bearer(request->headers);
    return token.at ? token : from_protocols(request->headers);
}
