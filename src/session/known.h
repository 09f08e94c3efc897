/* SPDX-License-Identifier: MIT */
/*
 * session/known.h: what is settled of a handshake that waits for answers of a broker that nodes
 * share, so that it can be judged again from the start with each of them.
 */
#ifndef TIDINGS_SESSION_KNOWN_H
#define TIDINGS_SESSION_KNOWN_H

#include "auth/claims.h"
#include "session/conn_priv.h"

/* What a connection has of what is counted. */
struct seats {
    struct interest *user;    /* the entry with its seat; NULL: anonymous */
    struct interest *channel; /* the one that connections are counted on; NULL: by user */
    bool is_connection;       /* one of the process's */
    bool is_shared;           /* counted by the broker that nodes share, too */
};

/* What is asked, in this order. */
enum asked { ASKED_ATTEMPT, ASKED_CHANNEL, ASKED_SEAT, ASKED_KINDS };

struct answer {
    bool is_there;
    enum err err;
    uint64_t value;
};

/* In struct conn_http while it waits, and until it is judged for the last time. */
struct known {
    uint16_t endpoint;
    bool has_tried;   /* counted among the attempts on this node */
    bool has_user;    /* known to be `user` (none: anonymous), whose token ends at `expires_s` */
    bool has_seats;   /* on this node */
    bool is_given_up; /* the answers take too long */
    uint8_t user_len;
    uint32_t expires_s;
    struct seats seats;
    struct answer answers[ASKED_KINDS];
    char user[JWT_USER_MAX];
};

/* The answer to a question of the connection that has that ticket, which is judged in the next
 * turn. False: it has ended. */
MUST_USE bool known_hear(struct session *s, uint64_t ticket, enum asked what,
                         const struct broker_call *call);
/* The connection waits no longer for its answer: to be judged, and it will be a fault of ours. */
void known_give_up(struct conn_http *http);
/* It does not want to be judged any more: what it has so far is given back. */
void known_forget(struct session *s, struct conn_http *http);

#endif
