/* SPDX-License-Identifier: MIT */
/*
 * http/parser.h: what the parsers of requests and of replies have in common: their steps and
 * limits.
 */
#ifndef TIDINGS_HTTP_PARSER_H
#define TIDINGS_HTTP_PARSER_H

#include "base/span.h"

enum http_step {
    HTTP_STEP_MORE, /* all of the input was taken, the message goes on */
    HTTP_STEP_HEAD, /* the same, and the head is complete; comes at most once a message, and not
                     * at all when the body was there with it */
    HTTP_STEP_DONE, /* a message is complete; what follows it is still in the input */
    HTTP_STEP_FAIL  /* no further byte of this connection can be trusted; see the failure */
};

struct http_limits {
    size_t head_max; /* bytes of start line and header fields together; at most 1 GiB */
    size_t body_max; /* bytes of body, without chunk framing; at most 1 GiB */
};

/* Why parsing ended: the status to answer with before closing, and a short English text. */
struct http_failure {
    int status;
    const char *message; /* constant */
};

#endif
