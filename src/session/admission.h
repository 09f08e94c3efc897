/* SPDX-License-Identifier: MIT */
/*
 * session/admission.h: may this client connect to this endpoint?
 *
 * Judged in this order: room in the process, origin, attempts and blocks by address (before any
 * token is read), the token, the path's claim on the user, whether there is such a channel and it
 * is for this user, block by user, connection limit.
 */
#ifndef TIDINGS_SESSION_ADMISSION_H
#define TIDINGS_SESSION_ADMISSION_H

#include "session/conn_priv.h"

struct admission {
    enum count_opened result; /* COUNT_OPENED_OK: come in */
    struct interest *user;    /* then: the entry with its seat; NULL: anonymous */
    struct interest *channel; /* then: the one that connections are counted on; NULL: by user */
    uint32_t expires_s;       /* then: when the token ends, on the session's clock; 0: never */
    struct refusal refusal;   /* else: what is to be said to those who were let to the token */
};

/* Judges the handshake in `request` of a client at `address` for endpoint number `endpoint`, whose
 * path matched with `params`. When it is let in, seats have been taken and one of the process's
 * connections counted: `admission_leave` gives them back. */
struct admission admission_judge(struct session *s, const struct http_request *request,
                                 const struct http_params *params, const struct address *address,
                                 uint16_t endpoint);
void admission_leave(struct session *s, struct interest *user, struct interest *channel,
                     uint16_t endpoint);

#endif
