/* SPDX-License-Identifier: MIT */
/*
 * net/proxy_header.h: the PROXY protocol, versions 1 and 2: what a proxy says before anything else
 * on a connection, so that who stands behind it is known (haproxy's doc/proxy-protocol.txt).
 *
 * Bytes in, the client's address out; no socket (that is net/proxy_read.h). Of version 2 the
 * address is taken and what may follow it (TLVs) skipped.
 */
#ifndef TIDINGS_NET_PROXY_HEADER_H
#define TIDINGS_NET_PROXY_HEADER_H

#include "base/address.h"

enum {
    PROXY_HEADER_LINE_MAX = 107, /* of version 1, its line break included */
    PROXY_HEADER_MAX = 4096,     /* of version 2 with all its TLVs; larger is malformed */
};

enum proxy_header_step {
    PROXY_HEADER_MORE, /* all that was given belongs to it, and it goes on */
    PROXY_HEADER_DONE,
    PROXY_HEADER_FAIL, /* the stream makes no sense any more */
};

/* Zeroed is ready. */
struct proxy_header {
    bool is_absent;        /* after a failure: it does not even begin like one */
    bool has_client;       /* when done: `client` is who connected to the proxy. Else the proxy */
    struct address client; /* speaks for itself (LOCAL), or of somebody without an IP address */
    const char *problem;   /* after a failure, in words; static */

    uint8_t kept_len;
    uint16_t need;  /* of version 2: so many bytes, and then one knows more; 0: not known yet */
    uint16_t skip;  /* behind these, bytes that say nothing to us */
    bool is_locked; /* nothing comes behind `need` and `skip` */
    char kept[PROXY_HEADER_LINE_MAX];
};

/* Takes bytes off the front of `in`, those of the header alone: when it is done, `in` is what came
 * behind it. Not to be called again after PROXY_HEADER_DONE or PROXY_HEADER_FAIL. */
MUST_USE enum proxy_header_step proxy_header_feed(struct proxy_header *header, struct span *in);

#endif
