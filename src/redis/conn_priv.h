/* SPDX-License-Identifier: MIT */
/*
 * redis/conn_priv.h: one connection to one server: finds its address, connects, logs in, and then
 * carries commands in a pipeline, or is in pub/sub mode.
 *
 * It ends at the end of a turn, never inside a callback: whatever fails, and `redis_conn_fail`,
 * only marks it; commands are refused from then on, and the turn's end answers those that wait with
 * NULL and then says `lost`. A connection is used again by `redis_conn_open`.
 */
#ifndef TIDINGS_REDIS_CONN_PRIV_H
#define TIDINGS_REDIS_CONN_PRIV_H

#include "base/buf.h"
#include "redis/link.h"

enum { REDIS_HOST_MAX = 255, REDIS_CONNS_MAX = 1024, REDIS_SERVER_TEXT_MAX = REDIS_HOST_MAX + 9 };

struct redis_server {
    char host[REDIS_HOST_MAX + 1]; /* a name or an address */
    uint16_t port;
};

/* False when `host` is empty or too long. */
MUST_USE bool redis_server_set(struct redis_server *server, struct span host, uint16_t port);
/* "host:port", "[::1]:port"; false for anything else. */
MUST_USE bool redis_server_parse(struct redis_server *server, struct span text);
bool redis_server_eq(const struct redis_server *a, const struct redis_server *b);
/* As it stands in the log. */
void redis_server_format(const struct redis_server *server, char ret[REDIS_SERVER_TEXT_MAX]);

/* What is said to a server first. Texts are borrowed; empty or NULL: none. */
struct redis_login {
    const char *user, *password;
    uint32_t database;
    const char *name;
};

struct redis_conn;

/* What the connections of a link have in common. */
struct redis_net {
    struct loop *loop;
    uint32_t kind;           /* of the loop's sockets */
    struct tls_context *tls; /* counted; NULL: none */
    const char *tls_name;    /* empty: that of the server */
    uint32_t connect_timeout_ms, reply_timeout_ms;
    size_t queued_bytes; /* of commands that wait to be sent or answered, of all connections */
    size_t queued_bytes_max;
    bool is_paused;  /* connections in pub/sub mode are not read */
    bool is_resumed; /* they are to be read again */
    uint32_t conn_count;
    struct redis_conn *conns[REDIS_CONNS_MAX]; /* by the loop's index; NULL: free */
};

void redis_net_init(struct redis_net *net, struct loop *loop, const struct redis_options *options);
/* Ends all connections, answers what waits with NULL. Outside callbacks. */
void redis_net_finish(struct redis_net *net);
/* Now and then: what takes too long. */
void redis_net_tick(struct redis_net *net);
/* The end of a turn, before and after the owner's part of it: ends what failed; sends what waits.
 */
void redis_net_reap(struct redis_net *net);
void redis_net_flush(struct redis_net *net);
/* Reads what was held back when `is_paused` was set no longer. */
void redis_net_pause(struct redis_net *net, bool is_paused);
/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t redis_now_ms(void);

struct redis_conn_events {
    /* It is logged in and the server is at work (not loading, not without its master). */
    void (*ready)(void *owner, struct redis_conn *conn);
    /* It ended, or could not be made. All its commands have been answered with NULL. Said at the
     * end of a turn; may open it again. */
    void (*lost)(void *owner, struct redis_conn *conn, const char *why);
    /* What a command was answered with, never NULL; the owner calls `command->answered` when it is
     * not to be sent again. (Losses are told to the command directly.) */
    void (*answered)(void *owner, struct redis_conn *conn, struct redis_command *command,
                     const struct redis_reply *reply);
    /* In pub/sub mode: whatever comes, errors too, but answers to PING. */
    void (*pushed)(void *owner, struct redis_conn *conn, const struct redis_reply *reply);
};

/* NULL: there are REDIS_CONNS_MAX already. In pub/sub mode (`is_pubsub`) it takes no commands, only
 * `redis_conn_out`. */
struct redis_conn *redis_conn_new(struct redis_net *net, const struct redis_conn_events *events,
                                  void *owner, bool is_pubsub);
/* Ends it without `lost`; what waits is answered with NULL at the end of the turn. NULL is fine. */
void redis_conn_free(struct redis_conn *conn);

/* Begins to connect; it must be new or lost. `login` is copied, its texts are not. */
void redis_conn_open(struct redis_conn *conn, const struct redis_server *server,
                     const struct redis_login *login);
/* Ends it, if it is open or opening; `lost` is said at the end of the turn. */
void redis_conn_fail(struct redis_conn *conn, const char *why, ...) PRINTF_LIKE(2, 3);

bool redis_conn_is_ready(const struct redis_conn *conn);
/* Neither open nor opening, nor about to say `lost`. */
bool redis_conn_is_idle(const struct redis_conn *conn);
const struct redis_server *redis_conn_server(const struct redis_conn *conn);

/* Queues a command. With `is_kept` its bytes stay in `command->kept` until
 * `redis_command_answer`. ERR_CLOSED, ERR_LIMIT, ERR_NOMEM: nothing is queued. */
MUST_USE enum err redis_conn_send(struct redis_conn *conn, struct redis_command *command,
                                  const struct span *args, size_t count, bool is_kept);
/* Keeps the bytes of a command that is to be sent later. ERR_NOMEM. */
MUST_USE enum err redis_command_keep(struct redis_command *command, const struct span *args,
                                     size_t count);
/* Queues the bytes that were kept once more, here or on another connection. */
MUST_USE enum err redis_conn_send_kept(struct redis_conn *conn, struct redis_command *command);
/* The same with the text of `command->script` in the place of its digest. */
MUST_USE enum err redis_conn_send_script(struct redis_conn *conn, struct redis_command *command);
/* Gives up what was kept and tells the owner. `reply` may be NULL. */
void redis_command_answer(struct redis_command *command, const struct redis_reply *reply);

/* In pub/sub mode: where to write commands (redis/wire_priv.h); sent at the end of the turn. NULL
 * while it is not ready. */
struct buf *redis_conn_out(struct redis_conn *conn);

#endif
