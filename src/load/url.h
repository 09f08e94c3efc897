/* SPDX-License-Identifier: MIT */
/*
 * load/url.h: where a client connects to: ws://, wss://, http:// and https:// URLs taken apart.
 */
#ifndef TIDINGS_LOAD_URL_H
#define TIDINGS_LOAD_URL_H

#include "base/address.h"
#include "base/err.h"
#include "base/span.h"

enum load_scheme { LOAD_WS, LOAD_HTTP };

/* The spans are lent from the text that was parsed. */
struct load_url {
    bool is_secure;        /* wss:// or https:// */
    struct span authority; /* host and port as they stand there, for the Host header */
    struct span host;      /* without brackets */
    uint16_t port;         /* that of the scheme unless given */
    struct span target;    /* path and query; empty stands for "/" */
};

/* Takes `text` apart; it must begin with the scheme wanted or its secure sister. ERR_INVALID and a
 * note. Text in braces passes: it may be filled in later. */
MUST_USE enum err load_url_parse(struct span text, enum load_scheme scheme, struct load_url *ret,
                                 struct err_note *note);

/* Looks its host up, which may take as long as the system's resolver wants. ERR_NOT_FOUND and a
 * note. */
MUST_USE enum err load_url_resolve(const struct load_url *url, struct address *ret,
                                   struct err_note *note);

#endif
