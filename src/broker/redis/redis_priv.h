/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/redis_priv.h: the broker from within.
 *
 *     redis.c     making, starting and stopping it; its turn; which file answers which verb
 *     queue.c     calls from workers and back
 *     publish.c   BROKER_PUBLISH
 *     channels.c  what this node listens to, tickets, lingering
 *     deliver.c   what came goes to the hubs, or waits until they take it
 *     health.c    up or down, the ping to ourselves, the snapshot for others
 *     key.c       names of keys and channels in Redis
 *     script.c    asking Redis to carry out a script
 *     history.c   channels that tell what they told before
 *     mirror.c    what of that is on this node
 *     entry.c     one message of it
 *     counter.c   BROKER_NEXT
 *     limits.c    who may try, and who is shut out
 *     seats.c     connections, counted over all nodes
 *     once.c      calls with a key
 *     batches.c   what notifications told of batches
 *     nodes.c     which nodes there are
 *     asking.c    questions to all of them
 *     node_text.c what they say to each other
 *
 * Everything runs on the broker's thread but what is said to be any thread's.
 *
 * A turn: sockets (messages, answers); calls of the workers; the link sends; answers go back.
 * Timers run before a turn's sockets and are not followed by its end: whoever does something in one
 * ends with `loop_wake`.
 */
#ifndef TIDINGS_BROKER_REDIS_REDIS_PRIV_H
#define TIDINGS_BROKER_REDIS_REDIS_PRIV_H

#include "base/map.h"
#include "broker/redis/redis.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PREFIX_MAX = 128,     /* bytes of the configured prefix */
    KEY_MAX = 1024,       /* bytes of a key, with everything */
    NODE_TEXT_BYTES = 17, /* 16 hex digits and a terminator */
    TICK_MS = 100,        /* how often `redis_tick` is called */
    CALLS_WAITING_MAX = 65536,
    CALLS_A_TURN = 512,
    CHANNELS_A_TURN = 1024, /* that are subscribed to, and that are left */
    LINGER_SECONDS = 5,
};

/* ---- calls ---------------------------------------------------------------------------------- */

/* One worker's way in and out. */
struct worker {
    struct broker broker;
    struct broker_redis *redis;
    struct worker *next;
    struct loop *loop;
    /* Answered in this turn; the broker's thread's. */
    struct broker_call *answered, **answered_last;
    pthread_mutex_t lock;
    struct broker_call *given, **given_last; /* under it */
    struct broker_call *taken;               /* the worker's */
    bool has_asked;                          /* and the broker's thread was not woken for it */
};

/* What lies in the room of a call while it is the broker's. */
struct asked {
    /* For the one command that most calls send. */
    struct redis_command command;
    struct broker_redis *redis;
    struct worker *worker;
    uint64_t more[2]; /* for whoever answers the verb; 0 at first */
};
static_assert(sizeof(struct asked) <= sizeof(((struct broker_call *)NULL)->room),
              "a call has room for it");

static inline struct asked *asked_of(struct broker_call *call) {
    return (struct asked *)(void *)call->room;
}
static inline struct broker_call *call_of(struct redis_command *command) {
    struct asked *asked = container_of(command, struct asked, command);
    return container_of((uint64_t *)(void *)asked, struct broker_call, room[0]);
}

/*
 * A verb is a function `void <verb>_ask(struct broker_redis *redis, struct broker_call *call)` in
 * the table of redis.c. It ends, now or later, with `redis_finish`, once. While it waits for a
 * command, `asked_of(call)->command` is its own; `call->next` is its own too. When the broker ends
 * all commands are answered with NULL; what waits otherwise is to be finished with ERR_CLOSED from
 * `broker_redis_stop`. `call->answer` is empty, may hold any number of bytes, and may be broken by
 * want of memory (`buf_err`).
 */

/* Answers `call`, which is the asker's again. */
void redis_finish(struct broker_redis *redis, struct broker_call *call, enum err err);
/* What a reply means for a call: ERR_IO when it is NULL; ERR_CLOSED when it is an error, which goes
 * into `call->answer`; else ERR_OK. */
enum err redis_reply_err(struct broker_call *call, const struct redis_reply *reply);
/* Answers a call that cannot be carried out now, saying so. */
void redis_refuse(struct broker_redis *redis, struct broker_call *call, enum err err,
                  const char *why);

struct queue {
    pthread_mutex_t lock;
    struct broker_call *first, **last; /* under it */
    size_t count;
    bool is_closed;
    struct broker_call *taken; /* the broker's thread's */
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);
/* Carries out some of what workers asked; true: there is more. */
bool queue_carry_out(struct broker_redis *redis);
/* Lets the verb's file answer the call. */
void redis_carry_out(struct broker_redis *redis, struct broker_call *call);
/* Gives the workers what was answered in this turn. */
void queue_give_back(struct broker_redis *redis);
/* From now on calls are dropped, those that wait first. The thread has ended. */
void queue_close(struct broker_redis *redis);
struct worker *redis_worker_new(struct broker_redis *redis, struct loop *loop);

void publish_ask(struct broker_redis *redis, struct broker_call *call);
void append_ask(struct broker_redis *redis, struct broker_call *call);
void declare_ask(struct broker_redis *redis, struct broker_call *call);
void find_ask(struct broker_redis *redis, struct broker_call *call);
void fetch_ask(struct broker_redis *redis, struct broker_call *call);
void next_ask(struct broker_redis *redis, struct broker_call *call);
void attempt_ask(struct broker_redis *redis, struct broker_call *call);
void block_ask(struct broker_redis *redis, struct broker_call *call);
void sit_ask(struct broker_redis *redis, struct broker_call *call);
void leave_ask(struct broker_redis *redis, struct broker_call *call);
void once_ask(struct broker_redis *redis, struct broker_call *call);
void once_done_ask(struct broker_redis *redis, struct broker_call *call);
void once_drop_ask(struct broker_redis *redis, struct broker_call *call);
void recall_ask(struct broker_redis *redis, struct broker_call *call);
void ask_nodes_ask(struct broker_redis *redis, struct broker_call *call);
/* Counts how a publish ended, for redis_publish_total. */
void publish_count(struct broker_redis *redis, enum err err);

/* `payload` was published to `channel`: keeps what it tells of a batch, as far as that can be done.
 */
void batches_tell(struct broker_redis *redis, struct span channel, struct span payload);

/* ---- names ---------------------------------------------------------------------------------- */

/* Writes prefix + `name` to `room`. False: too long. */
MUST_USE bool key_plain(const struct broker_redis *redis, char room[static KEY_MAX],
                        struct span name, struct span *ret);
/* prefix + "tidings:{" + `name` + "}:" + `what`, with braces inside `name` as %7B and %7D, so that
 * all keys of one name lie in one slot. False: too long. */
MUST_USE bool key_of(const struct broker_redis *redis, char room[static KEY_MAX], struct span name,
                     const char *what, struct span *ret);

/* ---- listening ------------------------------------------------------------------------------ */

struct listener;

struct listener_kind {
    void (*message)(struct broker_redis *redis, struct listener *listener, struct span payload);
    /* It hears everything from now on; again after each loss. May be NULL. */
    void (*subscribed)(struct broker_redis *redis, struct listener *listener);
    bool is_plain; /* strangers publish there, who know nothing of shards */
};

/* A subscription of ours; embedded. The link's events go to its kind. */
struct listener {
    struct redis_subscription subscription;
    const struct listener_kind *kind;
};

/* `name` (with the prefix) must stay. */
void listener_begin(struct broker_redis *redis, struct listener *listener,
                    const struct listener_kind *kind, struct span name);

struct channel_link {
    struct channel *next, *before;
};

/* A channel that this node listens to, or did until some seconds ago. */
struct channel {
    /* The broker's thread's. */
    struct listener listener; /* of its own name */
    struct live *live;        /* of what is added to its history; NULL: it has none here */
    struct history *history;  /* mirror.c's own; NULL: never begun */
    bool is_begun;            /* `listener` is subscribed or about to be */

    /* Under the lock of `struct channels`. */
    struct map_node node;
    struct channel_link pending;   /* in the order of tickets */
    struct channel_link lingering; /* in the order in which they were left */
    uint64_t ticket;               /* 0: what is listened to is heard */
    uint64_t left_ns;
    bool is_wanted; /* the hubs have listeners; else it lingers */
    bool has_history;
    struct live *next_live; /* what `live` is to be */

    struct span name; /* without the prefix */
    char key[];       /* with it */
};

struct channel_list {
    struct channel *first, *last;
};

struct channels {
    pthread_mutex_t lock;
    struct map by_name;
    struct channel_list pending, lingering;
    struct channel *to_begin; /* the first of those pending that the broker's thread has not met */
    uint64_t ticket;          /* the last that was given */
    bool is_up;               /* else nobody waits */
    _Atomic uint64_t heard;
    uint64_t told; /* `heard` when the hubs were last told; the broker's thread's */
};

void channels_init(struct channels *channels);
void channels_finish(struct channels *channels);
/* Forgets all channels. */
void channels_end_all(struct broker_redis *redis);
/* Subscribes to what is new, ends what has lingered; portions; true: there is more. */
bool channels_turn(struct broker_redis *redis);
/* The end of a turn: tells the hubs that `heard` has risen. */
void channels_tell_heard(struct broker_redis *redis);
/* Whoever had to wait until the hubs take what comes need not any more. */
void channels_judge_all(struct broker_redis *redis);
void channels_set_up(struct broker_redis *redis, bool is_up);
uint64_t channels_count(struct broker_redis *redis);

/* The workers' side. */
MUST_USE enum err channels_listen(struct broker_redis *redis, struct span name, bool has_history,
                                  uint64_t *ret_ticket);
void channels_unlisten(struct broker_redis *redis, struct span name);

/* Listens to the channel `name` with its history for a while although no hub does (or goes on to);
 * NULL: no memory, or the name is too long. Valid until `history_end`. */
MUST_USE struct channel *channel_hold(struct broker_redis *redis, struct span name);
/* What the history had so far has been delivered: whoever waits for the channel need not any more.
 * Also when it turned out that there is none, or could not be read. */
void channel_is_loaded(struct broker_redis *redis, struct channel *channel);

/* ---- mirror.c ------------------------------------------------------------------------------- */

/* The live channel of `channel` hears everything from now on; again after each loss. It is to end,
 * later or now, with `channel_is_loaded`. */
void history_begin(struct broker_redis *redis, struct channel *channel);
/* Something came on the live channel. */
void history_live(struct broker_redis *redis, struct channel *channel, struct span payload);
/* The channel is about to go; frees `channel->history`, if there is one. Commands under way must do
 * without. The hubs are told to forget by whoever calls. */
void history_end(struct broker_redis *redis, struct channel *channel);

/* ---- delivering ----------------------------------------------------------------------------- */

struct kept_arrival;

struct delivery {
    struct kept_arrival *kept, *kept_last; /* the hubs have not taken them yet */
    size_t kept_bytes;
    uint32_t alarm; /* when to try again */
    bool is_any;    /* something was delivered since `delivered` was last called */
};

void delivery_init(struct broker_redis *redis);
void delivery_finish(struct delivery *delivery);
/* To the hubs, or kept until they take it, in order. ERR_NOMEM, ERR_LIMIT: it is lost (and
 * counted), since too much is kept already. `arrival->received_ns` is set here. */
enum err deliver(struct broker_redis *redis, struct broker_arrival *arrival);
/* The hubs are behind: something is kept. */
bool delivery_is_behind(const struct broker_redis *redis);
/* The end of a turn. */
void delivery_turn(struct broker_redis *redis);

/* ---- health --------------------------------------------------------------------------------- */

struct health {
    struct listener node; /* the channel of this node: pings, and what other nodes answer */
    char node_key[KEY_MAX];
    struct redis_command ping;
    bool is_pinging; /* `ping` is under way */
    bool is_awaited; /* the ping `number` has not come back yet */
    bool is_link_up;
    bool is_up, was_up;
    uint64_t number;
    uint64_t sent_ns, due_ns, judged_ns; /* of the ping; when it was last looked after */
    uint64_t down_ns;                    /* since when it is not up */
    pthread_mutex_t lock;
    struct broker_redis_state state; /* under it */
};

void health_init(struct broker_redis *redis);
void health_finish(struct health *h);
void health_begin(struct broker_redis *redis); /* there is a link */
void health_tick(struct broker_redis *redis);
void health_link_up(struct broker_redis *redis);
void health_link_down(struct broker_redis *redis, const char *why);
void health_link_said(struct broker_redis *redis, int level, const char *what, const char *server);

/* ---- all of it ------------------------------------------------------------------------------ */

struct broker_redis {
    struct broker_redis_options options;
    const struct broker_hooks *hooks;
    void *owner;
    struct counts *counts;
    struct span prefix;
    char node[NODE_TEXT_BYTES]; /* this node's name: 16 hex digits */

    struct loop *loop;
    struct redis_link *link;                /* from start to stop */
    _Atomic(struct tls_context *) next_tls; /* counted; for the link to take; NULL: none */
    pthread_t thread;
    bool is_started;
    _Atomic bool is_stopping;
    bool is_dropping; /* what is answered now is dropped */

    struct worker *workers;
    struct queue queue;
    struct channels channels;
    struct delivery delivery;
    struct health health;
    struct mirror *mirror;
    struct seats *seats;
    struct nodes *nodes;
    struct askings *askings;
};

/* Publishes are taken: the link stands and the ping came back. */
static inline bool redis_is_up(const struct broker_redis *redis) {
    return redis->health.is_up;
}

#endif
