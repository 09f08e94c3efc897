/* SPDX-License-Identifier: MIT */
/*
 * redis/link.h: one Redis, whatever it is made of: a single server, a master that Sentinels name,
 * or a Cluster. Commands go to the server that has their key; subscriptions are made where their
 * channel is and made anew wherever it goes to. It does not know what a channel means.
 *
 * A link keeps itself alive: it connects, authenticates, finds out who is the master, notices when
 * a server hangs, and connects again with full jitter. It is up while every server that it needs
 * takes commands and has all subscriptions. All of it belongs to one thread, whose loop it uses.
 * Callbacks may call anything here except `redis_link_free`.
 */
#ifndef TIDINGS_REDIS_LINK_H
#define TIDINGS_REDIS_LINK_H

#include "base/map.h"
#include "net/loop.h"
#include "redis/reply.h"
#include "redis/url.h"

enum { REDIS_CHANNEL_MAX = 512 };

struct tls_context;

/* Everything is borrowed for the life of the link. */
struct redis_options {
    enum redis_mode mode;
    /* Of REDIS_SINGLE and, as the node to ask first, REDIS_CLUSTER; of REDIS_SENTINEL only what
     * concerns the master: user, password and database. */
    const char *host;
    uint16_t port;
    const char *user, *password; /* empty: none */
    uint32_t database;           /* 0 in a Cluster */
    /* TLS with every server, Sentinels too; NULL: none. The link keeps a reference. */
    struct tls_context *tls;
    const char *tls_name; /* what certificates must be for; empty or NULL: the server's own host */
    const char *const *sentinels; /* host:port each */
    size_t sentinel_count;
    const char *sentinel_master;
    bool is_sharded;  /* in a Cluster: subscriptions may be made by SSUBSCRIBE */
    const char *name; /* of this client, for CLIENT LIST; without blanks */
    uint32_t connect_timeout_ms;
    uint32_t reconnect_max_ms;
    uint32_t reply_timeout_ms; /* a server that owes an answer for longer is taken for dead */
    size_t queued_bytes_max;   /* commands that wait to be sent or answered */
};

/* How a subscription stands with a server: plainly or sharded. */
enum redis_way_state {
    REDIS_WAY_NONE,    /* with no server */
    REDIS_WAY_PENDING, /* to be asked for */
    REDIS_WAY_ASKED,
    REDIS_WAY_STANDS,
    REDIS_WAY_STATES
};
enum { REDIS_PLAIN, REDIS_SHARDED, REDIS_WAYS };

/* The link's own. */
struct redis_way {
    struct redis_way *next, *before; /* in the list of its server and state */
    struct redis_pubsub *at;         /* its server; NULL: none */
    uint8_t state;                   /* enum redis_way_state */
    bool is_sharded;
    bool is_wanted; /* the subscription is to be made this way */
    bool is_owed;   /* its server is not up without it */
};

/* A channel that the link listens to; embedded in what its owner knows of the channel. */
struct redis_subscription {
    struct span name; /* 1 to REDIS_CHANNEL_MAX bytes; the owner's, stays until it is removed */
    bool is_plain;    /* also listen to what was published without sharding; set by the owner */
    void *owner;

    /* The link's own. */
    struct map_node node;
    uint16_t slot;
    struct redis_way ways[REDIS_WAYS];
};

struct redis_events {
    /* All servers take commands and all subscriptions stand. */
    void (*up)(void *owner);
    /* It was up and no longer is; `why` is a sentence for a person. What was sent to a server that
     * is gone has been answered with NULL before. */
    void (*down)(void *owner, const char *why);
    /* Something was published; both lent. */
    void (*message)(void *owner, struct redis_subscription *subscription, struct span payload);
    /* From now on it hears everything; again after each loss. The server that has its slot takes
     * commands already, whether the link is up or not yet. */
    void (*subscribed)(void *owner, struct redis_subscription *subscription);
    /* For the log: a connection failed, or stands; at most a few a second. `level` as in
     * base/log.h. */
    void (*said)(void *owner, int level, const char *what, const char *server);
};

struct redis_link;

/* Never NULL. Begins to connect at once. Whatever it has to send goes out before the loop waits
 * again. It takes one kind of the loop's sockets for good. */
struct redis_link *redis_link_new(struct loop *loop, const struct redis_options *options,
                                  const struct redis_events *events, void *owner);
/* Every command that is not answered yet is answered with NULL; subscriptions are forgotten, which
 * stay their owner's. Outside callbacks. The loop has to run a little before it ends, as it does in
 * `loop_free`. NULL is fine. */
void redis_link_free(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);
/* False: reading is stopped, since what was read cannot be delivered as fast; the sockets fill. */
void redis_link_read(struct redis_link *link, bool is_wanted);
/* Connections that are made from now on use `tls`, of which it keeps a reference. Only where there
 * is TLS already. */
void redis_link_use_tls(struct redis_link *link, struct tls_context *tls);
/* Gives up the connections that subscriptions and commands go by and begins anew: for an owner that
 * has found out that nothing is delivered although all answer. */
void redis_link_reset(struct redis_link *link, const char *why);

/* A script that servers keep under its digest. */
struct redis_script {
    const char *text; /* Lua */
    char sha1[41];    /* filled when it is first used */
};

/* One command; embedded in what its owner waits with. */
struct redis_command {
    /* `reply` is lent; NULL: the connection was lost, and whether the command was carried out is
     * not known. The command is the owner's again. MOVED, ASK, TRYAGAIN, NOSCRIPT are seen to by
     * the link and not reported. */
    void (*answered)(struct redis_command *command, const struct redis_reply *reply);

    /* The link's own. */
    struct redis_command *next;
    char *kept; /* its bytes, where it may have to be sent again */
    size_t kept_len;
    size_t len;                        /* of what was sent, kept or not */
    const struct redis_script *script; /* NULL: it is none */
    uint64_t sent_ms;
    uint16_t slot;
    uint8_t tries;
};

/* Sends a command of `count` arguments, the first of which is its name, to the server that has
 * `key`. Copies everything. `command->answered` is called later, once, never before this returns.
 * ERR_CLOSED: that server is known to be unreachable; nothing was sent. ERR_LIMIT: too much waits
 * already. ERR_NOMEM. */
MUST_USE enum err redis_send(struct redis_link *link, struct redis_command *command,
                             struct span key, const struct span *args, size_t count);

/* The same for a script: by its digest, and by its text where the server does not know it (any
 * more). `keys` (at least one, all in one slot) are KEYS, `args` are ARGV. */
MUST_USE enum err redis_run(struct redis_link *link, struct redis_command *command,
                            struct redis_script *script, const struct span *keys, size_t key_count,
                            const struct span *args, size_t arg_count);

/* Publishes plainly, or, in a sharded Cluster, by SPUBLISH. As `redis_send`; the reply is an
 * integer. */
MUST_USE enum err redis_publish(struct redis_link *link, struct redis_command *command,
                                struct span channel, struct span payload);

/* Listens to `subscription->name`, which no other subscription of the link has. Made when the link
 * stands, if it does not now; many are made with few writes. */
void redis_subscribe(struct redis_link *link, struct redis_subscription *subscription);
/* Ends it; it is the owner's again when this returns. */
void redis_unsubscribe(struct redis_link *link, struct redis_subscription *subscription);

/* Whether a subscription hears everything now. */
bool redis_is_subscribed(const struct redis_subscription *subscription);

/* The slot of `key` in a Cluster: CRC16 of it, or of what stands in its first braces, as the
 * Cluster specification says. */
uint16_t redis_slot(struct span key);

#endif
