/* SPDX-License-Identifier: MIT */
/*
 * base/address.h: IP addresses and networks as values: parse, format, compare. No socket.
 *
 * IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so that one comparison serves both and a
 * client has one identity however it came in.
 */
#ifndef TIDINGS_BASE_ADDRESS_H
#define TIDINGS_BASE_ADDRESS_H

#include "base/err.h"
#include "base/span.h"

struct sockaddr;

struct address {
    uint8_t bytes[16]; /* network order */
    uint16_t port;     /* host order; 0 when none was given */
};

/* Room for any formatted address with its port, brackets and terminator. */
enum { ADDRESS_TEXT_MAX = 56 };

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"; no names, no
 * zones. False when it is none of these. */
MUST_USE
bool address_parse(struct span text, struct address *ret);

/* From what the kernel says. False for families other than IPv4 and IPv6. */
MUST_USE
bool address_from_sockaddr(const struct sockaddr *from, struct address *ret);

/* Writes the address without its port and returns its length; IPv4 as dotted quad. */
size_t address_format(const struct address *address, char ret[ADDRESS_TEXT_MAX]);
/* The same with the port: "192.0.2.1:80", "[2001:db8::1]:80". */
size_t address_format_port(const struct address *address, char ret[ADDRESS_TEXT_MAX]);

bool address_is_v4(const struct address *address);
/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *address);
/* Loopback, link-local, RFC 1918, RFC 6598 or RFC 4193: where reverse proxies usually stand. */
bool address_is_private(const struct address *address);

/* What limits count by: the IPv4 address, or the /64 that an IPv6 site has to itself. */
void address_limit_key(const struct address *address, uint8_t ret[16]);

/* A network: the first `bits` of `bytes`, which count from the front of the mapped form. */
struct cidr {
    uint8_t bytes[16];
    uint8_t bits; /* 0 to 128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone for just that host. Bits behind the prefix
 * must be zero, since anything else is most likely a slip. ERR_INVALID with what is wrong in
 * `note`. */
MUST_USE
enum err cidr_parse(struct span text, struct cidr *ret, struct err_note *note);
bool cidr_contains(const struct cidr *network, const struct address *address);
/* In any of `count` networks. */
bool cidr_any_contains(const struct cidr *networks, size_t count, const struct address *address);

#endif
