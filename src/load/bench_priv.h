/* SPDX-License-Identifier: MIT */
/*
 * load/bench_priv.h: the state of a running bench, which bench.c conducts: clients are opened and
 * listened to in crowd.c, messages published in publishing.c.
 */
#ifndef TIDINGS_LOAD_BENCH_PRIV_H
#define TIDINGS_LOAD_BENCH_PRIV_H

#include "load/bench.h"
#include "load/clients.h"
#include "load/publisher.h"
#include "load/server.h"
#include "load/template.h"
#include "load/url.h"

/* What is known of one client. */
struct attendant {
    uint64_t dialed_ns;
    uint64_t sent; /* unicast: how many messages were published to it */
    struct load_sequence sequence;
};

struct crowd {
    struct load_clients *clients;
    struct attendant *list; /* by client index; [0] is unused */
    struct load_url url;
    struct load_server server;
    struct load_template target, authorization;
    struct buf token, target_text, authorization_text;
    uint32_t wanted; /* how many are to be opened by now */
    uint32_t dialed;
    uint32_t beat; /* the client whose heartbeat is next */
    uint64_t beat_from_ns, beats;
};

struct publishing {
    struct load_publisher *publisher;
    struct load_server server;
    struct load_template head, body;
    struct buf head_template; /* the text behind `head` */
    struct buf head_text, body_text, data;
    bool is_on;
    bool is_over;                       /* the connection broke */
    uint64_t sent;                      /* publishes in all */
    uint64_t answered;                  /* of these */
    uint64_t completed;                 /* received by all who should */
    uint64_t paced_from_ns, paced_from; /* at a fixed rate: `sent` at that time */
    int pace_timer;                     /* a timerfd, -1: none */
    uint32_t *remaining; /* fan-out: how many clients have yet to receive publish i % window max */
};

struct bench {
    const struct load_options *options;
    struct load_result *result;
    struct loop *loop;
    struct crowd crowd;
    struct publishing publishing;
    bool (*goal)(const struct bench *bench); /* the loop stops when it is reached */
    uint64_t deadline_ns;                    /* or at this time */
    uint64_t active_ns;                      /* when something last came */
    bool is_measuring;
};

/* Keeps the first of what goes wrong. */
void bench_complain(struct bench *bench, const char *format, ...) PRINTF_LIKE(2, 3);

MUST_USE enum err crowd_init(struct bench *bench, struct err_note *note);
void crowd_finish(struct bench *bench);
/* Dials as many as may be under way; called at the end of each turn. */
void crowd_dial(struct bench *bench);
/* Sends the heartbeats that are due. */
void crowd_beat(struct bench *bench);
/* All wanted clients are open or refused. */
bool crowd_is_settled(const struct bench *bench);

MUST_USE enum err publishing_init(struct bench *bench, struct err_note *note);
void publishing_finish(struct bench *bench);
void publishing_start(struct bench *bench);
void publishing_stop(struct bench *bench);
/* Publishes what is due and sends it; called at the end of each turn. */
void publishing_turn(struct bench *bench);
/* A client got the message `number` of its series for the first time. */
void publishing_received(struct bench *bench, uint64_t number);
/* All that was published was answered and received. */
bool publishing_is_settled(const struct bench *bench);
/* How many messages of its series the client `index` should have got. */
uint64_t publishing_sent_to(const struct bench *bench, uint32_t index);

#endif
