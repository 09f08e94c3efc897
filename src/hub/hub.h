/* SPDX-License-Identifier: MIT */
/*
 * hub/hub.h: the heart: who listens to what, and how a message gets to all of them.
 *
 * Each worker has a hub of its own, which only that worker touches: its channels and their
 * subscribers. `struct hub_shared` is what the hubs of a process have in common: the interest table
 * and each other's mailboxes.
 *
 * All listeners of a channel on this node see messages in the same order. A publish holds the lock
 * of the channel's stripe while it puts the message into the mailboxes of the workers that have
 * listeners. The publishing worker delivers to its own listeners directly, unless its mailbox still
 * has messages from others, which come first.
 */
#ifndef TIDINGS_HUB_HUB_H
#define TIDINGS_HUB_HUB_H

#include "base/count.h"
#include "broker/broker.h"
#include "hub/interest.h"
#include "hub/subscriber.h"
#include "net/mailbox.h"

enum { HUB_WORKERS_MAX = 64 };

struct batch_table;
struct hub;
struct hub_rule;
struct store;

struct hub_shared {
    struct interest_table interest;
    /* The largest notification that each endpoint's clients get, in bytes. */
    _Atomic size_t endpoint_max_bytes[COUNT_ENDPOINTS_MAX];
    _Atomic size_t arrival_bytes_max;  /* of a notification that a shared broker brings */
    _Atomic uint64_t mailed_bytes_max; /* the bound for all mailboxes together, */
    _Atomic uint64_t mailed_bytes;     /* and what is in them */
    /* The channels under a rule; with a shared broker, only those with listeners on this node.
     * NULL: no hub has rules. */
    struct store *store;
    /* The state of batches, from notifications on the channels whose names begin with
     * `batch_channels` and end with the user id. NULL: it is not kept, or by a shared broker. */
    struct batch_table *batches;
    struct span batch_channels;
    _Atomic uint64_t listen_ticket; /* of the broker, for the latest `broker_listen` */
    size_t worker_count;
    struct mailbox *mailboxes[HUB_WORKERS_MAX];
};

void hub_shared_init(struct hub_shared *shared, uint64_t mailed_bytes_max);
void hub_shared_finish(struct hub_shared *shared);

/* The hub of worker number `shared->worker_count`, which it increments. All hubs must be created
 * before any of them runs. `ops` and `counts` are borrowed. */
struct hub *hub_new(struct hub_shared *shared, struct loop *loop, struct counts *counts,
                    const struct subscriber_ops *ops, void *owner);
/* After the loop ended. What its mailbox still holds is dropped. NULL is fine. */
void hub_free(struct hub *hub);

/* Replaces the rules for channels (hub/rule.h). Borrowed. On the hub's thread, or before it runs.
 */
void hub_set_rules(struct hub *hub, const struct hub_rule *rules, size_t count);

/* Registers the end of each turn of the loop: delivering the mail, and waking the workers that were
 * sent some. Must be called before the flush of the connections is registered. */
void hub_join_loop(struct hub *hub);

/* Whether this turn of the loop has delivered so much that new publishes should wait for the next.
 */
bool hub_is_sated(const struct hub *hub);

/* Delivers all mail at once: before the server closes connections on its own initiative, so that
 * they get what was published before. */
void hub_settle(struct hub *hub);

/* Before any of the hubs runs: publishes go through `own_broker` instead of the built-in one. All
 * hubs must have brokers of the same kind. */
void hub_use_broker(struct hub *hub, struct broker *own_broker);
struct broker *hub_broker(struct hub *hub);
/* Whether the broker is shared by nodes: then publishes are answered later (`hub_publish_later`),
 * and the broker knows which channels are declared, not the store. */
bool hub_is_shared(const struct hub *hub);

struct hub_shared *hub_shared_of(struct hub *hub);
/* Its number among the workers, from 0. */
unsigned hub_worker(const struct hub *hub);

#endif
