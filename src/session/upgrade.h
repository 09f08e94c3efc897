/* SPDX-License-Identifier: MIT */
/*
 * session/upgrade.h: a request for an endpoint's path: handshake, admission, and then a WebSocket
 * or a refusal in the way that the endpoint asks for.
 */
#ifndef TIDINGS_SESSION_UPGRADE_H
#define TIDINGS_SESSION_UPGRADE_H

#include "session/conn_priv.h"

enum upgrade_outcome {
    UPGRADE_NONE,    /* no endpoint has that path */
    UPGRADE_REFUSED, /* answered, in HTTP */
    UPGRADE_LATER,   /* waits for an answer; to be tried again, with the same request, then */
    UPGRADE_OPENED,  /* accepted: it is a WebSocket, or one that was told why not and is closing */
};

enum upgrade_outcome upgrade_try(struct session *s, uint32_t index,
                                 const struct http_request *request);

#endif
