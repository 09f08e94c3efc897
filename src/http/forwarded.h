/* SPDX-License-Identifier: MIT */
/*
 * http/forwarded.h: who the client is when reverse proxies stand in between (X-Forwarded-For).
 */
#ifndef TIDINGS_HTTP_FORWARDED_H
#define TIDINGS_HTTP_FORWARDED_H

#include "base/address.h"
#include "http/field.h"

/* Hops that are looked at; the address reached then is taken. */
enum { HTTP_FORWARDED_HOPS = 16 };

/* Finds the client's address. A `peer` outside `trusted` is the client itself and its header is not
 * believed. Else the entries of X-Forwarded-For are walked from the right, the one that the nearest
 * proxy wrote, as long as they are trusted: the first untrusted one is the client. An entry that is
 * no address ends the walk and the hop before it is the client, since whoever wrote it is the last
 * one known. True when `peer` is a trusted proxy. */
bool http_forwarded_client(const struct http_headers *headers, const struct address *peer,
                           const struct cidr *trusted, size_t trusted_count, struct address *ret);

#endif
