/* SPDX-License-Identifier: MIT */
/*
 * http/field_priv.h: filling a list of header fields while a head is parsed.
 */
#ifndef TIDINGS_HTTP_FIELD_PRIV_H
#define TIDINGS_HTTP_FIELD_PRIV_H

#include "http/field.h"

/* An empty list; its lines need no clearing. */
void http_headers_clear(struct http_headers *headers);

/* Judges the lines recorded so far, which must fill `bytes` from offset `at` to `end` exactly: each
 * one `name: value CRLF` with nothing but blanks around the value, then an empty line. Cuts those
 * blanks off, recognises names. False when a line is not of that shape or a field that must be
 * single is repeated. */
MUST_USE bool http_headers_settle(struct http_headers *headers, size_t at, size_t end);

#endif
