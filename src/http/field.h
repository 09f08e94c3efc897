/* SPDX-License-Identifier: MIT */
/*
 * http/field.h: the header fields of one message, and finding them.
 *
 * The fields that Tidings itself looks at are recognised once, when the head is parsed, and found
 * by number from then on; all others are found by name.
 */
#ifndef TIDINGS_HTTP_FIELD_H
#define TIDINGS_HTTP_FIELD_H

#include "base/span.h"

/* A message with more fields than this is refused. */
enum { HTTP_FIELDS_MAX = 100 };

/* The recognised names, in lower case. The third column: a message may carry it only once
 * (a repeated one is refused, since two readers could pick different ones). */
#define HTTP_FIELD_MAP(X)                                                                          \
    X(ACCEPT, "accept", false)                                                                     \
    X(ACCESS_CONTROL_REQUEST_HEADERS, "access-control-request-headers", false)                     \
    X(ACCESS_CONTROL_REQUEST_METHOD, "access-control-request-method", true)                        \
    X(API_KEY, "x-api-key", true)                                                                  \
    X(AUTHORIZATION, "authorization", true)                                                        \
    X(CONNECTION, "connection", false)                                                             \
    X(CONTENT_LENGTH, "content-length", true)                                                      \
    X(CONTENT_TYPE, "content-type", true)                                                          \
    X(EXPECT, "expect", true)                                                                      \
    X(FORWARDED_FOR, "x-forwarded-for", false)                                                     \
    X(HOST, "host", true)                                                                          \
    X(ORIGIN, "origin", true)                                                                      \
    X(RETRY_AFTER, "retry-after", true)                                                            \
    X(TRANSFER_ENCODING, "transfer-encoding", true)                                                \
    X(UPGRADE, "upgrade", false)                                                                   \
    X(WS_ACCEPT, "sec-websocket-accept", true)                                                     \
    X(WS_EXTENSIONS, "sec-websocket-extensions", false)                                            \
    X(WS_KEY, "sec-websocket-key", true)                                                           \
    X(WS_PROTOCOL, "sec-websocket-protocol", false)                                                \
    X(WS_VERSION, "sec-websocket-version", true)

enum http_field {
    HTTP_FIELD_OTHER,
#define HTTP_FIELD_ITEM(name, text, is_single) HTTP_FIELD_##name,
    HTTP_FIELD_MAP(HTTP_FIELD_ITEM)
#undef HTTP_FIELD_ITEM
        HTTP_FIELD_COUNT
};

/* One line, as offsets from `bytes` of the list it stands in. */
struct http_header {
    uint32_t name_at;
    uint32_t value_at;
    uint32_t value_len;
    uint16_t name_len;
    uint8_t field; /* enum http_field */
    uint8_t next;  /* 1 + index of the next line of the same recognised field, 0: none */
};

struct http_headers {
    const char *bytes; /* what the offsets count from */
    uint8_t count;
    uint8_t first[HTTP_FIELD_COUNT]; /* 1 + index of its first line, 0: absent */
    struct http_header list[HTTP_FIELDS_MAX];
};

/* The value of the first line of `field`, without surrounding white space; `at` is NULL when there
 * is no such line. */
struct span http_headers_get(const struct http_headers *headers, enum http_field field);

/* The same for any name, compared without regard to case. */
struct span http_headers_find(const struct http_headers *headers, struct span name);

/* One value after the other of a field that may be repeated: `*cursor` starts at 0. */
bool http_headers_next(const struct http_headers *headers, enum http_field field, uint8_t *cursor,
                       struct span *ret);

#endif
