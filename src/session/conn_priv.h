/* SPDX-License-Identifier: MIT */
/*
 * session/conn_priv.h: one connection, and what the connections of a worker share.
 *
 * A connection begins as HTTP, behind the PROXY protocol's header where there is to be one; an
 * endpoint's handshake makes it a WebSocket; it ends through `conn_end`, whatever the reason. Its
 * last words are sent, then it is read and discarded until the peer closes or CLOSE_WAIT_SECONDS
 * have passed, because closing a socket with unread bytes resets it and the peer would lose those
 * words.
 */
#ifndef TIDINGS_SESSION_CONN_PRIV_H
#define TIDINGS_SESSION_CONN_PRIV_H

#include "base/slab.h"
#include "net/wheel.h"
#include "session/answers.h"
#include "session/outbox.h"
#include "session/session.h"
#include "ws/deflate.h"

enum {
    SPARE_CONNECTIONS = 256,       /* for the process, beside the WebSockets that may be */
    SCRATCH_MAX = 1 << 24,         /* words and compressed forms while they are made */
    BACKLOG_HIGH = 8192,           /* connections to flush: no more publishes until they are */
    READ_BYTES = 1 << 16,          /* the worker's one read buffer */
    CLOSE_WAIT_SECONDS = 5,        /* for the peer to close after our last words */
    FLUSH_AT_ONCE_BYTES = 1 << 16, /* queued for one connection: do not wait for the turn's end */
    HTTP_OUT_HIGH_BYTES = 1 << 20, /* answers that wait: no more requests are read */
    SHAKE_A_TURN_NS = 100000,      /* spent on TLS handshakes; then others get their turn */
};

enum conn_state {
    CONN_PROXY,   /* the PROXY protocol's header is on its way: nothing is known of the client */
    CONN_HTTP,    /* requests and answers, or a handshake on its way */
    CONN_OPEN,    /* a WebSocket */
    CONN_CLOSING, /* the last words are on their way; what comes is discarded */
    CONN_ENDED,   /* off the loop; its slot is given back after the turn */
};

/* What a connection has only while it speaks HTTP. */
struct conn_http {
    struct http_parser *parser;
    struct buf out;   /* answers that are not written yet */
    struct buf held;  /* input that waits for the next turn */
    uint32_t since_s; /* when the request that is coming in began, or the last one ended */
    size_t kept;      /* its bytes among those of the process's unfinished requests */
    bool is_last;     /* no more requests: it ends when all are answered and `out` is written */
    bool is_trusted;  /* its last request came with a good API key */
    bool is_idle;     /* between two requests, and nothing is owed */
    bool is_full;     /* no more requests are looked at until only `few` answers are owed */
    bool is_kept;     /* the parser keeps a request that is to be looked at again */
    bool has_asked;   /* at least one request was complete */
    bool has_peer;    /* `peer` is filled in for this connection or request */
    struct answers answers; /* that come later, or behind such */
    uint32_t few;           /* see `is_full` */
    uint64_t ticket;        /* of what a handshake waits to be told; 0: nothing */
    struct known *known;    /* of such a handshake (session/known.h), or NULL */
    struct http_peer peer;
};

/* What a connection may wait for that says nothing until then. */
enum hold {
    HOLD_DURABLE, /* the store's ticket is durable */
    HOLD_HEARD,   /* what is published with that ticket of the broker, or later, is heard */
    HOLDS
};

/* It waits for the ticket `until`. */
struct held {
    uint64_t until;
    uint32_t index;
};

/* Tickets rise from `begin` to `end`. */
struct held_queue {
    struct held *at;
    size_t begin, end, cap;
};

/* See conn_line.c. */
enum line_kind {
    LINE_NEW, /* has not asked anything yet */
    LINE_OTHERS,
    LINE_HEAVY, /* made us inflate a lot for nothing; a hundredth of the time is for them */
    LINES
};

/* Connections whose input waits for its turn. */
struct line {
    uint32_t first, last; /* 0: none */
    uint32_t count;
    uint64_t spent_ns; /* on its connections, in this turn */
};

/* Connections with something to send, in order; 0: none. */
struct dirty_list {
    uint32_t first, last;
};

struct conn {
    struct stream stream;
    struct wheel_node timer;
    uint32_t next_dirty;  /* lists through the connections: those to flush, */
    uint32_t next_paused; /* those to read on in a later turn, also for their handshake, */
    uint32_t next_ended;  /* those whose slot is free after this turn, */
    uint32_t next_queued; /* and those in line */
    uint32_t older_guest, newer_guest; /* see conn_guests.c */
    uint32_t queued;                   /* its bytes among the process's that kernels have refused */
    uint32_t holds;                    /* places in the queue of those that say nothing yet */
    uint16_t endpoint;                 /* in CONN_OPEN and after a handshake */
    uint8_t state;                     /* enum conn_state */
    uint8_t door;                      /* enum session_door */
    uint8_t channel_count;             /* of its endpoint when it came */
    uint16_t held;                     /* bytes in buffers of TLS, among those of the process */
    uint8_t reads; /* in CONN_OPEN: in the second `heard_s`, as far as they are counted */
    bool is_dirty : 1;
    bool is_paused : 1;
    bool is_queued : 1;         /* stands in a line */
    bool is_unwatched : 1;      /* off the loop until its turn comes */
    bool is_heavy : 1;          /* its next input waits in LINE_HEAVY */
    bool is_tls : 1;            /* its peer begins with a TLS handshake */
    bool has_to_shake : 1;      /* in the queue of those whose handshake goes on in a later turn */
    bool is_refused : 1;        /* the kernel takes no more for now: EPOLLOUT is watched */
    bool is_deaf : 1;           /* EPOLLIN is not watched: its answers must leave first */
    bool is_replaying : 1;      /* gets what its channel carried, live ones later */
    bool is_complete : 1;       /* has the last message of its channel: ended at the turn's end */
    bool has_channel_seat : 1;  /* its connections are counted on its first channel */
    bool is_slow : 1;           /* too much waits for it: ended at the turn's end */
    bool is_lost : 1;           /* memory was short when it mattered: dropped at the turn's end */
    bool is_finished : 1;       /* the end of our stream was sent */
    bool has_peer_ended : 1;    /* the end of the peer's stream was read */
    bool has_deflate : 1;       /* notifications may go out compressed, */
    bool has_narrow_window : 1; /* with the smaller of our two windows */
    bool has_shared_seat : 1;   /* counted by the broker that nodes share, too */
    bool is_told_degraded : 1;  /* the last notice that it had was the bad one */
    bool is_proxied : 1;        /* began with the PROXY protocol, of a trusted proxy */
    struct outbox outbox;
    union {
        struct proxy_header *proxy; /* in CONN_PROXY */
        struct conn_http *http;     /* in CONN_HTTP */
        struct ws_reader reader;    /* in CONN_OPEN */
    } in;
    struct interest *user; /* the entry that its seat is on; NULL: anonymous */
    union {
        struct subscription few[2];
        struct subscription *many; /* when its endpoint has more channels than that */
    } subscriptions;
    struct address address; /* the client's, behind trusted proxies too */
    union {
        uint32_t message_count; /* in CONN_OPEN: in the minute that runs */
        uint32_t left_bytes;    /* in CONN_CLOSING: not yet taken by the peer when last looked */
    };
    uint32_t minute_from_s;
    uint32_t number;   /* of the worker's connections, as they came */
    uint32_t opened_s; /* seconds of the session's clock, as all times here */
    uint32_t heard_s;
    uint32_t ping_due_s;      /* 0: none */
    uint32_t expires_s;       /* 0: never */
    uint64_t relayed_to;      /* the last number that it has of its channel's history */
    uint32_t refused_since_s; /* since when the frame at the front waits */
};

/* An endpoint as sessions need it. */
struct endpoint {
    const struct endpoint_options *options;
    struct http_pattern path;
};

struct session_rules {
    struct session_options options;
    struct endpoint endpoints[COUNT_ENDPOINTS_MAX];
};

struct session_shared {
    struct limits *limits;
    struct ws_budget unfinished;
    _Atomic uint64_t connections;  /* WebSockets */
    _Atomic uint64_t sockets;      /* all that were accepted */
    _Atomic uint64_t queued_bytes; /* that kernels have refused */
    atomic_bool refuses_new;
    uint64_t started_ns;
    int64_t started_ms; /* the same on the wall clock */
    uint32_t mark;      /* drawn at random, of this process */
    atomic_bool has_warned_of_proxy;
};

struct session {
    struct session_shared *shared;
    const struct session_rules *rules;
    struct hub *hub;
    struct loop *loop;
    struct counts *counts;
    const struct http_router *routers[SESSION_DOORS];
    uint32_t kind; /* of its sockets, for the loop */
    uint32_t now_s;
    struct slab conns;
    struct wheel wheel;
    struct outbox_pool pool;
    struct ws_inflater *inflater;
    struct ws_deflater *deflaters[MESSAGE_TWINS]; /* made when first needed */
    struct buf scratch;
    struct dirty_list fresh;   /* to be flushed at the end of the turn, */
    struct dirty_list backlog; /* and those for whom earlier turns had no time */
    uint32_t dirty_count;      /* of both */
    uint32_t flushes;          /* in this turn */
    uint64_t flush_ns;
    uint32_t paused_first, paused_last; /* to be read on, or replayed to, in the next turn */
    uint32_t shake_first, shake_last;   /* whose TLS handshake is to go on, in their order */
    uint32_t shake_count;
    uint64_t shake_ns; /* spent on handshakes in this turn */
    struct line lines[LINES];
    uint64_t heavy_after_ns; /* when the next of LINE_HEAVY may be served */
    uint32_t heavy_alarm;
    bool is_heavy_alarm_set;
    uint32_t unwatched; /* so many were taken off the loop in this turn */
    uint32_t oldest_guest, newest_guest;
    uint32_t pongs;            /* in the portion of who is being served */
    uint64_t portion_until_ns; /* when who is being served has had its portion */
    struct held_queue held[HOLDS];
    uint32_t ended;       /* the first of those whose slot is free after this turn */
    uint32_t rearm_next;  /* the slot whose timer is next to be set anew; 0: none */
    uint32_t drained_to;  /* connections in slots below have been told to leave */
    uint32_t opened;      /* connections so far; each has its number */
    uint32_t ticket;      /* the last that was given out */
    uint32_t notice_next; /* the slot that is next to hear of a change; 0: none */
    bool is_degraded;
    bool is_draining;
    uint32_t proxy_failures; /* headers of proxies that failed and are not in the log yet */
    uint32_t proxy_said_s;   /* when it last was said; 0: never */
    char read_buffer[READ_BYTES];
};

/* Why a WebSocket ends: log line, close frame and counter in one. */
struct conn_reason {
    const char *event; /* for the log */
    uint16_t code;     /* of the close frame */
    struct span text;  /* its reason; may be empty */
};

static inline struct conn *conn_at(const struct session *s, uint32_t index) {
    return slab_at(&s->conns, index);
}
static inline const struct endpoint_options *conn_endpoint(const struct session *s,
                                                           const struct conn *c) {
    return s->rules->endpoints[c->endpoint].options;
}

/* conn.c */

/* Bytes for the peer that it has not taken yet. */
static inline uint32_t conn_left(const struct conn *c) {
    return c->outbox.bytes + (uint32_t)stream_unacknowledged(&c->stream);
}
/* Takes over an accepted socket. */
void conn_open(struct session *s, enum session_door door, bool is_tls, int own_fd,
               const struct address *peer);
/* From now on it speaks HTTP, over TLS if it `is_tls`; false when there is no memory. */
MUST_USE bool conn_greet(struct session *s, struct conn *c);
/* The socket is ready. */
void conn_ready(void *session, uint32_t index, uint32_t events);

/* What a `stream_read` into the read buffer came to. */
void conn_was_read(struct session *s, uint32_t index, enum err e, size_t len);

/* Puts a message into the outbox, to be written at the turn's end; takes over one reference. False,
 * and the reference stays the caller's, when the client is too slow or memory is short: then the
 * connection is ended at the turn's end. */
MUST_USE bool conn_push(struct session *s, uint32_t index, struct message *own);
/* To be flushed at the turn's end. */
void conn_mark(struct session *s, uint32_t index);
/* Do not read from it until the next turn. */
void conn_pause(struct session *s, uint32_t index);
/* Watches what the connection now waits for. */
void conn_watch(struct session *s, uint32_t index);
/* Nothing of it is heard of until `conn_watch`. */
void conn_unwatch(struct session *s, uint32_t index);
/* Nothing is to be read from it for now. */
bool conn_is_deaf(const struct conn *c);
/* Reads what has come, once. */
void conn_read(struct session *s, uint32_t index);
/* Writes what waits, and ends what is to be ended. */
void conn_flush(struct session *s, uint32_t index);

/* The one door out. Says `reason` in a close frame (if it is a WebSocket) behind what is queued
 * already, ends our stream and waits for the peer to end its own. */
void conn_end(struct session *s, uint32_t index, const struct conn_reason *reason);
/* The peer is gone, or does not read: nothing can be said any more. `code` is what is counted. */
void conn_drop(struct session *s, uint32_t index, uint16_t code, const char *event);

/* What a turn ends with. First, so that its publishes still leave in this turn: reads on where it
 * had paused. */
bool conn_resume_turn(void *session);
/* Last: flushes, gives slots back. */
bool conn_flush_turn(void *session);

/* conn_line.c */

/* Something has come: reads it, or has it wait for its turn. */
void conn_on_readable(struct session *s, uint32_t index);
/* To be read on when its turn comes. */
void conn_queue(struct session *s, uint32_t index);
/* To be read on, in the next turn or when its own comes. */
void conn_go_on(struct session *s, uint32_t index);
/* Who is being served now has some time from now on. */
void conn_portion_begin(struct session *s);
bool conn_portion_is_over(struct session *s);
/* Before the first connection. */
void conn_line_begin(struct session *s);
/* Serves those in line for as long as they have in a turn. True: there may be more to do. */
bool conn_line_turn(struct session *s);

/* conn_guests.c */

/* It is a guest from now on, or still, and has just come or asked. */
void conn_guest_stay(struct session *s, uint32_t index);
/* It is a guest no longer, if it was. */
void conn_guest_leave(struct session *s, uint32_t index);
/* Room for one more socket of the process, for which a guest may have to go; false: there is none.
 */
MUST_USE bool conn_guest_take_room(struct session *s);
/* A socket is no more. */
void conn_guest_give_room(struct session *s);

/* conn_held.c */

/* Nothing of it is flushed before that, with `until` being the last ticket that was given. False
 * when there is no memory. */
MUST_USE bool conn_hold(struct session *s, uint32_t index, enum hold what, uint64_t until);
/* Before the flush: those whose time has come. */
bool conn_held_turn(void *session);

/* conn_proxy.c */

/* Whether somebody accepted must first say for whom he speaks. */
bool conn_proxy_is_due(const struct session *s, const struct conn *c);
/* Waits for that. False when there is no memory. */
MUST_USE bool conn_proxy_begin(struct conn *c);
/* Something may have come of it; when it is complete, the connection speaks HTTP. */
void conn_proxy_ready(struct session *s, uint32_t index);
/* It has not come in time. */
void conn_proxy_overdue(struct session *s, uint32_t index);
void conn_proxy_leave(struct conn *c);

/* conn_http.c */

MUST_USE bool conn_http_begin(struct session *s, struct conn *c);
/* Nothing is read for now: so many answers are held or owed, or there was a last request. */
bool conn_http_is_deaf(const struct conn *c);
/* There is something that was read and can be looked at now. */
bool conn_http_can_go_on(const struct conn *c);
/* Somebody is being asked, for the peer. */
bool conn_http_is_asking(const struct conn *c);
/* How many bytes of answers are not written yet. */
uint32_t conn_http_waiting(const struct conn *c);
void conn_http_input(struct session *s, uint32_t index, struct span in);
/* Goes on with what was held back. */
void conn_http_resume(struct session *s, uint32_t index);
/* Writes the answers. ERR_OK: all are out; ERR_AGAIN; ERR_CLOSED. */
MUST_USE enum err conn_http_flush(struct session *s, uint32_t index);
/* Counts an answer; `route` is NULL where there was none. */
void conn_http_count(struct session *s, const struct http_route *route, int status);
/* Counts what is kept for the peer among all that the process keeps of what is unfinished; false
 * when that is too much now. */
MUST_USE bool conn_http_count_kept(struct session *s, struct conn_http *http);
/* No more requests: it ends when all are answered. */
void conn_http_end(struct session *s, uint32_t index);
/* Frees what HTTP needed; answers that are not written yet move to the outbox. */
void conn_http_leave(struct session *s, struct conn *c);
/* Has somebody taken too long, the peer or who is asked about it? Then it is told so. */
void conn_http_overdue(struct session *s, uint32_t index);

/* The process keeps too much of what is unfinished; the client is told so. */
void conn_http_refuse_unfinished(struct session *s, uint32_t index);
/* The peer of a socket for TLS speaks HTTP without it, and is told so. */
void conn_http_refuse_plain(struct session *s, uint32_t index);

/* conn_later.c */

/* Where something is written that comes behind all answers so far. */
struct buf *conn_http_next_out(struct conn *c);
/* Something was written there, or is owed: is that enough for now? */
void conn_http_weigh(struct conn_http *http);
/* A handler has left its answer for later. */
void conn_http_leave_open(struct session *s, uint32_t index, const struct http_call *call);
/* Writes it; see struct http_later. */
void conn_http_answer(void *session, uint64_t ticket, http_writer writer, void *context);

/* conn_tls.c */

/* The socket is readable in the midst of its handshake, which goes on now or in a later turn. */
void conn_shake(struct session *s, uint32_t index);
/* Those whose handshake had to wait. */
bool conn_shake_turn(void *session);
/* A handshake that has not come to its end in time. */
void conn_shake_overdue(struct session *s, uint32_t index);
/* Counts what TLS holds for it among all that the process keeps of what is unfinished; false when
 * that is too much now. */
MUST_USE bool conn_count_held(struct session *s, struct conn *c, size_t held);
/* Then it is told so. */
void conn_refuse_held(struct session *s, uint32_t index);

/* notice.c */

/* Writes what somebody who comes now must hear, if the service is degraded. */
void notice_welcome(struct session *s, uint32_t index, struct buf *out);
/* Tells the others of a change, a portion of them; true: there are more. */
bool notice_turn(void *session);

/* conn_ws.c */

/* The handshake is answered: from now on it is a WebSocket. */
void conn_ws_begin(struct session *s, uint32_t index);
/* Bytes from the client, unmasked where they stand. */
void conn_ws_input(struct session *s, uint32_t index, char *at, size_t len);
/* There is input that was read and not looked at. */
bool conn_ws_has_held(const struct conn *c);
/* Goes on with that. */
void conn_ws_resume(struct session *s, uint32_t index);
/* Leaves its channels and its seat. */
void conn_ws_leave(struct session *s, uint32_t index);

/* relay.c */

/* A client begins to listen: with what its channel carried so far, if its endpoint replays. */
void relay_begin(struct session *s, uint32_t index);
/* The next portion of a replay, when all before it has left. */
void relay_replay(struct session *s, uint32_t index);
/* See struct subscriber_ops. */
bool relay_deliver(void *session, uint32_t index, struct message *message);
struct subscription *relay_subscriptions(void *session, uint32_t index, size_t *ret_count);

/* operator.c; see struct subscriber_ops. */
uint32_t operator_next_of_user(void *session, const struct interest *user, uint32_t after);
void operator_describe(void *session, uint32_t index, struct subscriber_about *ret);
void operator_end(void *session, uint32_t index, uint16_t code, struct span reason);
void operator_block_user(void *session, struct span user, uint32_t seconds);

/* session.c */

/* Seconds since the process started, from 1. */
uint32_t session_clock(const struct session_shared *shared, uint64_t now_ns);

/* heartbeat.c */

/* A WebSocket begins: draws the time of its first ping. */
void heartbeat_begin(struct session *s, struct conn *c);
/* The rules have changed: sets all timers anew, over the next turns. */
void heartbeat_change(struct session *s);
/* Sets the timer of `index` to the nearest of its deadlines. */
void heartbeat_arm(struct session *s, uint32_t index);
/* Works off the deadlines that have come, a portion of them; true: there are more. */
bool heartbeat_turn(void *session);

#endif
