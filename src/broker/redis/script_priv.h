/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/script_priv.h: asking Redis to carry out a script, or one command, for a call.
 *
 * What nodes have in common is changed by scripts, each in one step. They take the time from the
 * server, so that the clocks of nodes do not matter, and the first thing that they write is
 * something that a server without memory refuses, so that nothing is ever half done.
 */
#ifndef TIDINGS_BROKER_REDIS_SCRIPT_PRIV_H
#define TIDINGS_BROKER_REDIS_SCRIPT_PRIV_H

#include "broker/redis/redis_priv.h"

/* A script of the calling thread: it learns its digest when it is first used. */
#define SCRIPT(name, lua) static _Thread_local struct redis_script name = { .text = lua }

enum { SCRIPT_KEYS_MAX = 3 };

/* The names that a script works on. Zeroed but for the room is empty. */
struct script_keys {
    size_t count;
    bool is_too_long; /* one of them */
    struct span at[SCRIPT_KEYS_MAX];
    char room[SCRIPT_KEYS_MAX][KEY_MAX];
};

static inline void script_keys_init(struct script_keys *keys) {
    keys->count = 0;
    keys->is_too_long = false;
}
/* Adds what belongs to `name` as its `what`. */
void script_key(const struct broker_redis *redis, struct script_keys *keys, struct span name,
                const char *what);

/* A number as an argument. */
struct script_number {
    char digits[21];
};
struct span script_number(struct script_number *room, uint64_t value);

typedef void (*script_answered)(struct redis_command *command, const struct redis_reply *reply);

/* Runs `script` for `call`; `answered` gets the call's own command. ERR_CLOSED: the broker is
 * down; ERR_TOO_BIG: a key is too long; ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err script_run(struct broker_redis *redis, struct broker_call *call,
                             struct redis_script *script, const struct script_keys *keys,
                             const struct span *args, size_t count, script_answered answered);
/* The same for one command on the first of the keys. */
MUST_USE enum err script_command(struct broker_redis *redis, struct broker_call *call,
                                 const struct span *args, size_t count,
                                 const struct script_keys *keys, script_answered answered);
/* Finishes a call for which that returned an error, saying what is wrong. */
void script_refuse(struct broker_redis *redis, struct broker_call *call, enum err e);

/* A reply that is an integer, or `other`. */
static inline int64_t script_integer(const struct redis_reply *reply, int64_t other) {
    return reply && reply->kind == REDIS_INTEGER ? reply->integer : other;
}

#endif
