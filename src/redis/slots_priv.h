/* SPDX-License-Identifier: MIT */
/*
 * redis/slots_priv.h: what a Cluster says about who has which slot: all of them (CLUSTER SLOTS), or
 * one, where a command went to the wrong server (MOVED, ASK). Does no I/O.
 */
#ifndef TIDINGS_REDIS_SLOTS_PRIV_H
#define TIDINGS_REDIS_SLOTS_PRIV_H

#include "redis/conn_priv.h"

enum {
    REDIS_SLOTS = 16384,
    /* Masters and replicas; no more masters than these can be connected to anyway. */
    REDIS_SERVERS_MAX = REDIS_CONNS_MAX / 2,
    REDIS_NOBODY = UINT16_MAX,
};

struct redis_slots {
    uint16_t master[REDIS_SLOTS]; /* index of a server; REDIS_NOBODY: it has none */
    struct redis_server servers[REDIS_SERVERS_MAX];
    size_t server_count;
};

/* Reads the answer of `asked` to CLUSTER SLOTS. ERR_INVALID, ERR_DENIED and ERR_LIMIT with a note;
 * `ret` is of no use then. Slots of a master whose address is not known are nobody's. */
MUST_USE enum err redis_slots_read(const struct redis_reply *reply,
                                   const struct redis_server *asked, struct redis_slots *ret,
                                   struct err_note *note);

/* Reads an error of `asked` such as "MOVED 3999 127.0.0.1:6381", its first word aside. */
MUST_USE bool redis_redirect_read(struct span text, const struct redis_server *asked,
                                  uint16_t *ret_slot, struct redis_server *ret);

#endif
