/* SPDX-License-Identifier: MIT */
/*
 * redis/url.c: the URL of a Redis, taken apart (RFC 3986 §3, and what redis-cli makes of it), and
 * the prefix of names there.
 */
#include "redis/url.h"

#include "base/address.h"
#include "base/utf8.h"
#include "http/query.h"

#include <ctype.h>

enum { DATABASE_MAX = INT32_MAX };

static enum err refuse(struct err_note *note, const char *why) {
    return err_note(note, ERR_INVALID, "%s", why);
}

static bool is_host_name(struct span host) {
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        if (!isalnum((unsigned char)c) && c != '-' && c != '.' && c != '_') return false;
    }
    return host.len > 0 && host.len <= REDIS_URL_HOST_MAX;
}

/* Takes "host" or "[v6]" off the front. NULL, or why that is none. */
static const char *take_host(struct span *text, struct span *ret_host) {
    if (!span_starts(*text, SPAN("["))) {
        *ret_host = span_of(text->at, span_find(*text, ':'));
        *text = span_skip(*text, ret_host->len);
        if (ret_host->len == 0) return "there is no host";
        return is_host_name(*ret_host) ? NULL : "the host is neither a name nor an address";
    }
    size_t close = span_find(*text, ']');
    struct address address;
    if (close == text->len || !address_parse(span_of(text->at, close + 1), &address) ||
        span_find(span_of(text->at, close), ':') == close)
        return "there is no IPv6 address in the brackets";
    *ret_host = span_of(text->at + 1, close - 1);
    *text = span_skip(*text, close + 1);
    return NULL;
}

/* `text` is a colon and a port. */
static const char *read_port(struct span text, uint16_t *ret) {
    uint64_t port;
    if (!span_starts(text, SPAN(":"))) return "something stands between the host and its port";
    if (span_find(span_skip(text, 1), ':') < text.len - 1)
        return "an IPv6 address stands in brackets";
    if (!span_to_uint(span_skip(text, 1), UINT16_MAX, &port) || port == 0)
        return "the port is not a number from 1 to 65535";
    *ret = (uint16_t)port;
    return NULL;
}

bool redis_host_parse(struct span text, struct span *ret_host, uint16_t *ret_port) {
    struct span host;
    uint16_t port;
    if (take_host(&text, &host) || read_port(text, &port)) return false;
    *ret_host = host;
    *ret_port = port;
    return true;
}

/* Without its escapes, terminated. */
static bool decode(struct span text, char *ret, size_t room) {
    struct span decoded;
    if (http_percent_decode(text, ret, room - 1, &decoded) || decoded.len > room - 1) return false;
    memmove(ret, decoded.at, decoded.len);
    ret[decoded.len] = '\0';
    return true;
}

/* What stands before the `@`. A name alone is the password for some programs and the user for
 * others. */
static const char *read_login(struct span text, struct redis_url *url) {
    size_t colon = span_find(text, ':');
    if (colon == text.len) return "before the @ stands user:password, or :password without a user";
    if (!decode(span_of(text.at, colon), url->user, sizeof url->user))
        return "the user is too long, or has an escape (%40) that is broken";
    if (!decode(span_skip(text, colon + 1), url->password, sizeof url->password))
        return "the password is too long, or has an escape (%40) that is broken";
    return *url->user && !*url->password ? "the user has no password" : NULL;
}

/* What stands behind the host and its port; not empty. */
static const char *read_database(struct span text, uint32_t *ret) {
    uint64_t number = 0;
    if (memchr(text.at, '@', text.len))
        return "in the user and password, / is written %2F, ? %3F and # %23";
    if (text.at[0] != '/' ||
        (text.len > 1 && !span_to_uint(span_skip(text, 1), DATABASE_MAX, &number)))
        return "behind the host stands nothing but /, and the number of a database";
    *ret = (uint32_t)number;
    return NULL;
}

/* Where the authority ends: at the first of "/?#". */
static size_t authority_len(struct span s) {
    size_t i = 0;
    while (i < s.len && s.at[i] != '/' && s.at[i] != '?' && s.at[i] != '#')
        i++;
    return i;
}

static const char *read_parts(struct span rest, struct redis_url *url) {
    size_t len = authority_len(rest);
    struct span authority = span_of(rest.at, len), path = span_skip(rest, len), host;
    const char *why = path.len > 0 ? read_database(path, &url->database) : NULL;
    if (why) return why;
    size_t login = authority.len;
    while (login > 0 && authority.at[login - 1] != '@')
        login--;
    if (login > 0) {
        why = read_login(span_of(authority.at, login - 1), url);
        if (why) return why;
        authority = span_skip(authority, login);
    }
    why = take_host(&authority, &host);
    if (why) return why;
    memcpy(url->host, host.at, host.len);
    return authority.len > 0 ? read_port(authority, &url->port) : NULL;
}

static bool begins(struct span text, struct span scheme) {
    return text.len >= scheme.len && span_eq_nocase(span_of(text.at, scheme.len), scheme);
}

enum err redis_url_parse(struct span text, struct redis_url *ret, struct err_note *note) {
    static const struct span plain = { "redis://", 8 }, secure = { "rediss://", 9 };
    bool is_secure = begins(text, secure);
    if (!is_secure && !begins(text, plain))
        return refuse(note, "a Redis URL begins with redis:// or rediss://");
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] <= ' ' || text.at[i] == 0x7f)
            return refuse(note, "a URL has no spaces or control characters");
    struct redis_url url = { .is_secure = is_secure, .port = REDIS_URL_PORT };
    const char *why = read_parts(span_skip(text, is_secure ? secure.len : plain.len), &url);
    if (!why) *ret = url;
    explicit_bzero(url.password, sizeof url.password);
    return why ? refuse(note, why) : ERR_OK;
}

void redis_url_show(const struct redis_url *url, struct buf *out) {
    buf_append_text(out, url->is_secure ? "rediss://" : "redis://");
    for (const char *c = url->user; *c; c++) {
        bool is_plain = isalnum((unsigned char)*c) || strchr("-._~", *c);
        buf_printf(out, is_plain ? "%c" : "%%%02X", (unsigned char)*c);
    }
    if (*url->password) buf_append_text(out, ":***@");
    bool is_v6 = strchr(url->host, ':') != NULL;
    buf_printf(out, is_v6 ? "[%s]" : "%s", url->host);
    buf_printf(out, ":%u/%u", url->port, url->database);
}

bool redis_url_eq(const struct redis_url *a, const struct redis_url *b) {
    return a->is_secure == b->is_secure && strcmp(a->host, b->host) == 0 && a->port == b->port &&
           a->database == b->database && strcmp(a->user, b->user) == 0 &&
           strcmp(a->password, b->password) == 0;
}

const char *redis_prefix_fault(struct span prefix) {
    if (prefix.len > REDIS_PREFIX_MAX) return "longer than 64 bytes";
    if (prefix.len > 0 && !utf8_is_name(prefix, REDIS_PREFIX_MAX))
        return "must be UTF-8 without control characters";
    /* They would decide in which slot of a Cluster a key lies (its hash tag). */
    if (span_find(prefix, '{') < prefix.len || span_find(prefix, '}') < prefix.len)
        return "must have no braces";
    return NULL;
}
