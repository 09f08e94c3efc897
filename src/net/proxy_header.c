/* SPDX-License-Identifier: MIT */
/*
 * net/proxy_header.c: tells the two versions apart by how they begin, then reads one line of text
 * (version 1) or 16 bytes, addresses and TLVs (version 2).
 */
#include "net/proxy_header.h"

#include <arpa/inet.h>

static const char text_head[6] = "PROXY ";
static const char binary_head[12] = "\r\n\r\n\0\r\nQUIT\n";

/* Version 2: where things stand. */
enum {
    COMMAND_AT = 12,
    FAMILY_AT,
    LENGTH_AT,
    ADDRESSES_AT = 16,
    V4_BYTES = 12,
    V6_BYTES = 36,
    V4_PORT_AT = 8,
    V6_PORT_AT = 32
};
enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21, TCP_V4 = 0x11, TCP_V6 = 0x21 };

static enum proxy_header_step fail(struct proxy_header *h, const char *problem) {
    h->problem = problem;
    return PROXY_HEADER_FAIL;
}

/* The next `wanted` bytes, or as many as there are. */
static void keep(struct proxy_header *h, struct span *in, size_t wanted) {
    size_t len = size_min(wanted, in->len);
    if (len > 0) memcpy(h->kept + h->kept_len, in->at, len);
    h->kept_len = (uint8_t)(h->kept_len + len);
    *in = span_skip(*in, len);
}

static struct address address_of(bool is_v4, const void *bytes) {
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    memcpy(is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, bytes, is_v4 ? 4 : 16);
    struct address ret;
    bool is_good = address_from_sockaddr(
        is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6, &ret);
    assert(is_good);
    (void)is_good;
    return ret;
}

/* Version 1. */

/* An address of that family and nothing else: no port, no brackets, no zone. */
static bool read_address(struct span text, bool is_v4, struct address *ret) {
    char terminated[INET6_ADDRSTRLEN];
    uint8_t bytes[16];
    if (text.len >= sizeof terminated || memchr(text.at, '\0', text.len)) return false;
    memcpy(terminated, text.at, text.len);
    terminated[text.len] = '\0';
    if (inet_pton(is_v4 ? AF_INET : AF_INET6, terminated, bytes) != 1) return false;
    *ret = address_of(is_v4, bytes);
    return true;
}

static bool read_port(struct span text, struct address *ret) {
    uint64_t port;
    if (!span_to_uint(text, UINT16_MAX, &port)) return false;
    ret->port = (uint16_t)port;
    return true;
}

/* "TCP4 192.0.2.1 198.51.100.7 40000 443" */
static bool read_line(struct proxy_header *h, struct span line) {
    enum { FAMILY, FROM, TO, FROM_PORT, TO_PORT, WORDS };
    struct span words[WORDS], more;
    for (size_t i = 0; i < WORDS; i++)
        if (!span_next(&line, ' ', &words[i])) return false;
    bool is_v4 = span_eq(words[FAMILY], SPAN("TCP4"));
    if (span_next(&line, ' ', &more) || (!is_v4 && !span_eq(words[FAMILY], SPAN("TCP6")))) {
        return false;
    }
    struct address to;
    h->has_client = read_address(words[FROM], is_v4, &h->client) &&
                    read_address(words[TO], is_v4, &to) &&
                    read_port(words[FROM_PORT], &h->client) && read_port(words[TO_PORT], &to);
    return h->has_client;
}

static enum proxy_header_step feed_text(struct proxy_header *h, struct span *in) {
    struct span come = span_of(in->at, size_min(in->len, PROXY_HEADER_LINE_MAX - h->kept_len));
    size_t end = span_find(come, '\n');
    keep(h, in, size_min(end + 1, come.len));
    if (end == come.len) {
        return h->kept_len < PROXY_HEADER_LINE_MAX ? PROXY_HEADER_MORE
                                                   : fail(h, "the line does not end");
    }
    struct span line = span_skip(span_of(h->kept, h->kept_len), sizeof text_head);
    if (!span_ends(line, SPAN("\r\n"))) return fail(h, "the line does not end with CR and LF");
    line.len -= 2;
    /* Of an unknown client, what follows that word is to be ignored. */
    if (span_eq(line, SPAN("UNKNOWN")) || span_starts(line, SPAN("UNKNOWN "))) {
        return PROXY_HEADER_DONE;
    }
    return read_line(h, line) ? PROXY_HEADER_DONE : fail(h, "the line is none of version 1");
}

/* Version 2. */

static uint8_t byte_at(const struct proxy_header *h, size_t at) {
    return (uint8_t)h->kept[at];
}

static uint16_t number_at(const struct proxy_header *h, size_t at) {
    return (uint16_t)(byte_at(h, at) << 8 | byte_at(h, at + 1));
}

/* The first 16 bytes are there: what follows? False when that cannot be. */
static bool judge_head(struct proxy_header *h) {
    uint8_t command = byte_at(h, COMMAND_AT), family = byte_at(h, FAMILY_AT);
    uint16_t len = number_at(h, LENGTH_AT);
    size_t addresses = 0;
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY) {
        h->problem = "neither version 2 nor a command of it";
    } else if (family >> 4 > 3 || (family & 15) > 2) {
        h->problem = "an address family or transport that does not exist";
    } else if (len > PROXY_HEADER_MAX - ADDRESSES_AT) {
        h->problem = "too long";
    } else if (command == COMMAND_PROXY && (family == TCP_V4 || family == TCP_V6)) {
        addresses = family == TCP_V4 ? V4_BYTES : V6_BYTES;
        if (len < addresses) h->problem = "too short for its addresses";
    }
    if (h->problem) return false;
    h->need = (uint16_t)(ADDRESSES_AT + addresses);
    h->skip = (uint16_t)(len - addresses);
    h->is_locked = true;
    return true;
}

static void take_client(struct proxy_header *h) {
    bool is_v4 = h->need == ADDRESSES_AT + V4_BYTES;
    h->has_client = h->need > ADDRESSES_AT;
    if (!h->has_client) return;
    h->client = address_of(is_v4, h->kept + ADDRESSES_AT);
    h->client.port = number_at(h, ADDRESSES_AT + (is_v4 ? V4_PORT_AT : V6_PORT_AT));
}

static enum proxy_header_step feed_binary(struct proxy_header *h, struct span *in) {
    if (!h->is_locked) h->need = ADDRESSES_AT;
    if (h->kept_len < h->need) {
        keep(h, in, (size_t)h->need - h->kept_len);
        if (h->kept_len < h->need) return PROXY_HEADER_MORE;
        if (!h->is_locked) return judge_head(h) ? feed_binary(h, in) : PROXY_HEADER_FAIL;
    }
    size_t skipped = size_min(h->skip, in->len);
    *in = span_skip(*in, skipped);
    h->skip = (uint16_t)(h->skip - skipped);
    if (h->skip > 0) return PROXY_HEADER_MORE;
    take_client(h);
    return PROXY_HEADER_DONE;
}

/* Takes what is missing of `head`; false when something else stands there. */
static bool begins_with(struct proxy_header *h, struct span *in, const char *head, size_t len) {
    if (h->kept_len < len) keep(h, in, len - h->kept_len);
    return memcmp(h->kept, head, size_min(h->kept_len, len)) == 0;
}

enum proxy_header_step proxy_header_feed(struct proxy_header *h, struct span *in) {
    if (h->kept_len == 0 && in->len == 0) return PROXY_HEADER_MORE;
    char first = h->kept_len > 0 ? h->kept[0] : in->at[0];
    bool is_text = first == text_head[0];
    size_t head_len = is_text ? sizeof text_head : sizeof binary_head;
    if (!begins_with(h, in, is_text ? text_head : binary_head, head_len)) {
        h->is_absent = true;
        return fail(h, "the connection does not begin with it");
    }
    if (h->kept_len < head_len) return PROXY_HEADER_MORE;
    return is_text ? feed_text(h, in) : feed_binary(h, in);
}
