/* SPDX-License-Identifier: MIT */
/*
 * http/loopback.h: whether a request was meant for this machine and comes from a page of this
 * machine, by what its fields say. For servers that trust everybody who can reach them: a page from
 * elsewhere reaches loopback too, through the browser that shows it, but it cannot hide where it is
 * from, nor, when it has its own name point here (DNS rebinding), which name it asked for.
 */
#ifndef TIDINGS_HTTP_LOOPBACK_H
#define TIDINGS_HTTP_LOOPBACK_H

#include "http/request.h"

/* Whether `host`, as the Host field has it, is localhost or a name below it, or an address of
 * 127.0.0.0/8 or ::1, with a port or without. */
bool http_host_is_loopback(struct span host);

/* The same for `scheme://host[:port]`, as the Origin field has it. */
bool http_origin_is_loopback(struct span origin);

/* Both: a Host that is loopback, and no Origin or one that is. */
bool http_request_is_loopback(const struct http_request *request);

#endif
