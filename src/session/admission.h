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

/* What a connection has of what is counted. */
struct seats {
    struct interest *user;    /* the entry with its seat; NULL: anonymous */
    struct interest *channel; /* the one that connections are counted on; NULL: by user */
    bool is_connection;       /* one of the process's */
    bool is_shared;           /* counted by the broker that nodes share, too */
};

struct admission {
    enum count_opened result; /* COUNT_OPENED_OK: come in */
    bool is_later;            /* nothing is known yet: to be judged again when `is_answered` */
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

/* What is asked of that broker, in this order. */
enum asked { ASKED_ATTEMPT, ASKED_CHANNEL, ASKED_SEAT, ASKED_KINDS };

/* The answer to a question of the connection that has that ticket, which is judged in the next
 * turn. False: it has ended. */
MUST_USE bool admission_hear(struct session *s, uint64_t ticket, enum asked what,
                             const struct broker_call *call);
/* The connection waits no longer for its answer: to be judged, and it will be a fault of ours. */
void admission_give_up(struct conn_http *http);
/* It does not want to be judged any more: what it has so far is given back. */
void admission_forget(struct session *s, struct conn_http *http);

#endif
