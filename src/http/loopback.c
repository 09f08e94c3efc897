/* SPDX-License-Identifier: MIT */
/*
 * http/loopback.c: recognises the names of this machine.
 */
#include "http/loopback.h"

#include "base/address.h"

static bool is_name_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

/* RFC 6761 §6.3: whatever ends in .localhost is loopback, and browsers hold to it. */
static bool is_localhost(struct span name) {
    static const struct span localhost = { "localhost", 9 };
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_part(name.at[i])) return false;
    }
    if (name.len <= localhost.len) return span_eq_nocase(name, localhost);
    struct span tail = span_skip(name, name.len - localhost.len);
    return name.at[name.len - localhost.len - 1] == '.' && span_eq_nocase(tail, localhost);
}

bool http_host_is_loopback(struct span host) {
    struct address address;
    if (address_parse(host, &address)) {
        /* An address of IPv6 in a Host stands in brackets (RFC 3986 §3.2.2). */
        return address_is_loopback(&address) &&
               (address_is_v4(&address) || span_starts(host, SPAN("[")));
    }
    struct span name = span_of(host.at, span_find(host, ':'));
    uint64_t port;
    if (name.len < host.len && !span_to_uint(span_skip(host, name.len + 1), 65535, &port)) {
        return false;
    }
    return is_localhost(name);
}

bool http_origin_is_loopback(struct span origin) {
    static const struct span schemes[] = { { "http://", 7 }, { "https://", 8 } };
    for (size_t i = 0; i < countof(schemes); i++) {
        if (span_starts(origin, schemes[i])) {
            return http_host_is_loopback(span_skip(origin, schemes[i].len));
        }
    }
    return false;
}

bool http_request_is_loopback(const struct http_request *request) {
    struct span origin = http_headers_get(request->headers, HTTP_FIELD_ORIGIN);
    return http_host_is_loopback(request->host) && (!origin.at || http_origin_is_loopback(origin));
}
