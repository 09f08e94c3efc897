/* SPDX-License-Identifier: MIT */
/*
 * load/url.c: scheme, authority and target of a URL (RFC 3986 §3), without user information.
 */
#include "load/url.h"

#include <netdb.h>
#include <sys/socket.h>

static const struct {
    struct span plain, secure;
} schemes[] = {
    [LOAD_WS] = { { "ws://", 5 }, { "wss://", 6 } },
    [LOAD_HTTP] = { { "http://", 7 }, { "https://", 8 } },
};

enum { PORT_PLAIN = 80, PORT_SECURE = 443 };

static enum err refuse(struct span text, const char *why, struct err_note *note) {
    return err_note(note, ERR_INVALID, "\"%.*s\": %s", SPAN_ARG(text), why);
}

/* Where the authority ends: at the first of "/?#". */
static size_t authority_len(struct span s) {
    size_t i = 0;
    while (i < s.len && s.at[i] != '/' && s.at[i] != '?' && s.at[i] != '#')
        i++;
    return i;
}

/* Splits "host", "host:port", "[v6]" and "[v6]:port". */
static bool split_authority(struct span authority, struct span *ret_host, struct span *ret_port) {
    size_t colon = span_find(authority, ':');
    *ret_host = span_of(authority.at, colon);
    if (span_starts(authority, SPAN("["))) {
        size_t close = span_find(authority, ']');
        if (close == authority.len) return false;
        *ret_host = span_of(authority.at + 1, close - 1);
        colon = close + 1;
    }
    *ret_port = span_skip(authority, colon);
    return ret_host->len > 0 && (ret_port->len == 0 || ret_port->at[0] == ':');
}

enum err load_url_parse(struct span text, enum load_scheme scheme, struct load_url *ret,
                        struct err_note *note) {
    struct span plain = schemes[scheme].plain, secure = schemes[scheme].secure;
    bool is_secure = span_starts(text, secure);
    if (!is_secure && !span_starts(text, plain)) {
        return err_note(note, ERR_INVALID, "\"%.*s\": a URL here begins with %.*s or %.*s",
                        SPAN_ARG(text), SPAN_ARG(plain), SPAN_ARG(secure));
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f) {
            return refuse(text, "a URL has no spaces or control characters", note);
        }
    }
    struct span rest = span_skip(text, is_secure ? secure.len : plain.len);
    size_t len = authority_len(rest);
    struct load_url url = { .is_secure = is_secure,
                            .authority = span_of(rest.at, len),
                            .port = is_secure ? PORT_SECURE : PORT_PLAIN,
                            .target = span_skip(rest, len) };
    if (span_find(url.target, '#') < url.target.len) {
        return refuse(text, "a URL here has no fragment (#)", note);
    }
    struct span port;
    if (span_find(url.authority, '@') < len) return refuse(text, "a URL here has no user", note);
    if (!split_authority(url.authority, &url.host, &port)) return refuse(text, "no host", note);
    uint64_t number = url.port;
    if (port.len > 0 && (!span_to_uint(span_skip(port, 1), 65535, &number) || number == 0)) {
        return refuse(text, "the port is a number from 1 to 65535", note);
    }
    url.port = (uint16_t)number;
    *ret = url;
    return ERR_OK;
}

enum err load_url_resolve(const struct load_url *url, struct address *ret, struct err_note *note) {
    if (!address_parse(url->host, ret)) {
        char name[256]; /* a host name has at most 253 bytes */
        if (url->host.len >= sizeof name) return refuse(url->host, "no host name", note);
        (void)snprintf(name, sizeof name, "%.*s", SPAN_ARG(url->host));
        struct addrinfo *list = NULL;
        const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
        int e = getaddrinfo(name, NULL, &hints, &list);
        if (e) return err_note(note, ERR_NOT_FOUND, "%s: %s", name, gai_strerror(e));
        bool is_known = address_from_sockaddr(list->ai_addr, ret);
        freeaddrinfo(list);
        if (!is_known) return err_note(note, ERR_NOT_FOUND, "%s: has no IP address", name);
    }
    ret->port = url->port;
    return ERR_OK;
}
