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

#include "session/known.h"

struct admission {
    enum count_opened result; /* COUNT_OPENED_OK: come in */
    bool is_later;            /* nothing else is set: to be judged again, with an answer */
    struct seats seats;       /* then */
    uint32_t expires_s;       /* then: when the token ends, on the session's clock; 0: never */
    struct refusal refusal;   /* else: what is to be said to those who were let to the token */
};

/* Judges the handshake in `request` of connection `index`, a client at `address`, for endpoint
 * number `endpoint`, whose path matched with `params`. When it is let in, seats have been taken,
 * which `admission_leave` gives back.
 *
 * With a broker that nodes share some of it is for that to say. Then a question is asked, the
 * connection's `known` holds what is settled, and `is_later`. The judgement is made again from the
 * start with every answer: what is known is neither counted nor asked twice. */
struct admission admission_judge(struct session *s, uint32_t index,
                                 const struct http_request *request,
                                 const struct http_params *params, const struct address *address,
                                 uint16_t endpoint);
void admission_leave(struct session *s, uint16_t endpoint, const struct seats *seats);

#endif
