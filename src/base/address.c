/* SPDX-License-Identifier: MIT */
/*
 * base/address.c: IP addresses as sixteen bytes, and prefixes of them.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t MAPPED[12] = { [10] = 0xff, [11] = 0xff };

enum { V4_AT = sizeof MAPPED, V6_BITS = 128, V4_BITS = 32 };

/* Text as inet_pton wants it: terminated. */
static bool to_bytes(struct span text, int family, void *ret) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof terminated || memchr(text.at, 0, text.len))
        return false;
    memcpy(terminated, text.at, text.len);
    terminated[text.len] = 0;
    return inet_pton(family, terminated, ret) == 1;
}

static bool parse_host(struct span text, struct address *ret) {
    struct address address = { .port = 0 };
    if (span_find(text, ':') < text.len) {
        if (!to_bytes(text, AF_INET6, address.bytes)) return false;
    } else {
        memcpy(address.bytes, MAPPED, sizeof MAPPED);
        if (!to_bytes(text, AF_INET, address.bytes + V4_AT)) return false;
    }
    *ret = address;
    return true;
}

bool address_parse(struct span text, struct address *ret) {
    struct span host = text;
    struct span port = { NULL, 0 };
    size_t colon = span_find(text, ':');
    if (text.len > 0 && text.at[0] == '[') {
        size_t end = span_find(text, ']');
        if (end == text.len || colon > end) return false;
        host = span_of(text.at + 1, end - 1);
        struct span rest = span_skip(text, end + 1);
        if (rest.len > 0 && rest.at[0] != ':') return false;
        if (rest.len > 0) port = span_skip(rest, 1);
    } else if (colon < text.len &&
               span_find(span_skip(text, colon + 1), ':') == text.len - colon - 1) {
        /* One colon: a port behind an IPv4 address. More of them: an IPv6 address. */
        host = span_of(text.at, colon);
        port = span_skip(text, colon + 1);
    }
    uint64_t number = 0;
    if (port.at && !span_to_uint(port, UINT16_MAX, &number)) return false;
    if (!parse_host(host, ret)) return false;
    ret->port = (uint16_t)number;
    return true;
}

bool address_from_sockaddr(const struct sockaddr *from, struct address *ret) {
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(ret->bytes, MAPPED, sizeof MAPPED);
        memcpy(ret->bytes + V4_AT, &v4.sin_addr, sizeof v4.sin_addr);
        ret->port = ntohs(v4.sin_port);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(ret->bytes, &v6.sin6_addr, sizeof v6.sin6_addr);
        ret->port = ntohs(v6.sin6_port);
        return true;
    }
    return false;
}

size_t address_format(const struct address *address, char ret[ADDRESS_TEXT_MAX]) {
    bool is_v4 = address_is_v4(address);
    const void *bytes = is_v4 ? address->bytes + V4_AT : address->bytes;
    const char *text = inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes, ret, ADDRESS_TEXT_MAX);
    assert(text);
    return strlen(text);
}

size_t address_format_port(const struct address *address, char ret[ADDRESS_TEXT_MAX]) {
    char host[ADDRESS_TEXT_MAX];
    (void)address_format(address, host);
    bool is_v4 = address_is_v4(address);
    int len = snprintf(ret, ADDRESS_TEXT_MAX, "%s%.45s%s:%u", is_v4 ? "" : "[", host,
                       is_v4 ? "" : "]", address->port);
    assert(len > 0 && len < ADDRESS_TEXT_MAX);
    return (size_t)len;
}

bool address_is_v4(const struct address *address) {
    return memcmp(address->bytes, MAPPED, sizeof MAPPED) == 0;
}

#define V4_PREFIX(a, b, c, d, length)                                                              \
    { { [10] = 0xff, [11] = 0xff, a, b, c, d }, V6_BITS - V4_BITS + (length) }

static const struct cidr LOOPBACK[] = {
    V4_PREFIX(127, 0, 0, 0, 8),
    { { [15] = 1 }, 128 },
};

static const struct cidr PRIVATE[] = {
    V4_PREFIX(127, 0, 0, 0, 8),    { { [15] = 1 }, 128 },
    V4_PREFIX(10, 0, 0, 0, 8),     V4_PREFIX(172, 16, 0, 0, 12),
    V4_PREFIX(192, 168, 0, 0, 16), V4_PREFIX(169, 254, 0, 0, 16),
    V4_PREFIX(100, 64, 0, 0, 10),  { { 0xfc }, 7 },
    { { 0xfe, 0x80 }, 10 },
};

#undef V4_PREFIX

bool address_is_loopback(const struct address *address) {
    return cidr_any_contains(LOOPBACK, countof(LOOPBACK), address);
}

bool address_is_private(const struct address *address) {
    return cidr_any_contains(PRIVATE, countof(PRIVATE), address);
}

void address_limit_key(const struct address *address, uint8_t ret[16]) {
    memcpy(ret, address->bytes, 16);
    if (!address_is_v4(address)) memset(ret + 8, 0, 8);
}

/* The part of byte `at` that the first `bits` of an address cover. */
static uint8_t mask_at(size_t at, unsigned bits) {
    size_t first = at * 8;
    if (bits >= first + 8) return 0xff;
    if (bits <= first) return 0;
    return (uint8_t)(0xff << (8 - (bits - first)));
}

enum err cidr_parse(struct span text, struct cidr *ret, struct err_note *note) {
    size_t slash = span_find(text, '/');
    struct span host = span_of(text.at, slash);
    struct address address;
    if (!parse_host(host, &address)) {
        return err_note(note, ERR_INVALID, "'%.*s' is not an IP address", SPAN_ARG(host));
    }
    unsigned bits = V6_BITS;
    if (slash < text.len) {
        struct span length = span_skip(text, slash + 1);
        unsigned longest = span_find(host, ':') < host.len ? V6_BITS : V4_BITS;
        uint64_t number;
        if (!span_to_uint(length, longest, &number)) {
            return err_note(note, ERR_INVALID, "'%.*s': the prefix length must be 0 to %u",
                            SPAN_ARG(text), longest);
        }
        bits = (unsigned)number + V6_BITS - longest;
    }
    for (size_t i = 0; i < sizeof address.bytes; i++) {
        if (address.bytes[i] & (uint8_t)~mask_at(i, bits)) {
            return err_note(note, ERR_INVALID, "'%.*s' has bits set behind its prefix",
                            SPAN_ARG(text));
        }
    }
    memcpy(ret->bytes, address.bytes, sizeof ret->bytes);
    ret->bits = (uint8_t)bits;
    return ERR_OK;
}

bool cidr_contains(const struct cidr *network, const struct address *address) {
    size_t whole = network->bits / 8;
    if (memcmp(network->bytes, address->bytes, whole) != 0) return false;
    if (network->bits % 8 == 0) return true;
    uint8_t differing = network->bytes[whole] ^ address->bytes[whole];
    return (differing & mask_at(whole, network->bits)) == 0;
}

bool cidr_any_contains(const struct cidr *networks, size_t count, const struct address *address) {
    for (size_t i = 0; i < count; i++) {
        if (cidr_contains(&networks[i], address)) return true;
    }
    return false;
}
