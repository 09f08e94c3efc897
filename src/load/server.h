/* SPDX-License-Identifier: MIT */
/*
 * load/server.h: whom clients connect to: where it is, and whether they speak TLS with it.
 */
#ifndef TIDINGS_LOAD_SERVER_H
#define TIDINGS_LOAD_SERVER_H

#include "base/address.h"
#include "base/err.h"

struct load_url;
struct stream;
struct tls_context;

enum { LOAD_HOST_MAX = 253 }; /* a host name has no more bytes */

struct load_server {
    struct address address;
    struct tls_context *tls;      /* borrowed; NULL: plain */
    char name[LOAD_HOST_MAX + 1]; /* what its certificate must be for */
};

/* Looks the URL's host up, which may take as long as the system's resolver wants. `tls` is for a
 * URL that is secure, and not looked at for others. ERR_NOT_FOUND, ERR_INVALID and a note. */
MUST_USE enum err load_server_find(const struct load_url *url, struct tls_context *tls,
                                   struct load_server *ret, struct err_note *note);

/* Begins a connection. ERR_IO, ERR_NOMEM and a note. */
MUST_USE enum err load_server_dial(const struct load_server *server, struct stream *ret,
                                   struct err_note *note);

#endif
