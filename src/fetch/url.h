/* SPDX-License-Identifier: MIT */
/*
 * fetch/url.h: what may be asked for, and how that is told to people.
 */
#ifndef TIDINGS_FETCH_URL_H
#define TIDINGS_FETCH_URL_H

#include "base/buf.h"

enum { FETCH_URL_MAX = 2048 };

/* Whether `url` is one of https, or of http if `allows_http`, with a host. ERR_INVALID and a note
 * that quotes nothing of it, since any part may turn out to be a piece of a password. */
MUST_USE enum err fetch_url_check(const char *url, bool allows_http, struct err_note *note);

/* Appends it with *** in place of user and password, and of a query: for people. One that
 * `fetch_url_check` refuses is shown as *** alone. */
void fetch_url_show(const char *url, struct buf *out);

#endif
