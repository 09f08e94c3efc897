/* SPDX-License-Identifier: MIT */
/*
 * session/token.h: where a request carries its token.
 */
#ifndef TIDINGS_SESSION_TOKEN_H
#define TIDINGS_SESSION_TOKEN_H

#include "http/request.h"

/* The token of a handshake: the query's `token`, else `Authorization: Bearer`, else the offered
 * subprotocol `bearer.<token>`. `at` is NULL when there is none; lent by the request or by `room`.
 * One that cannot be read (given twice, badly escaped, too long) is the empty token, which no key
 * accepts. */
struct span token_of(const struct http_request *request, char *room, size_t room_len);

#endif
