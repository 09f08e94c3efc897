/* SPDX-License-Identifier: MIT */
/*
 * hub/hub.h: the heart: who listens to what, and how a message gets to all of them.
 *
 * Each worker has a hub of its own, which only that worker touches: its channels and their
 * subscribers. `struct hub_shared` is what the hubs of a process have in common: the interest table
 * and each other's mailboxes.
 *
 * All listeners of a channel on this node see one order. A publish holds the lock of the channel's
 * stripe while it puts the message into the mailboxes of the workers that listen; what the
 * publishing worker itself holds it delivers straight away, unless its own mailbox still has
 * something from others, which comes first.
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
    _Atomic uint64_t mailed_bytes_max; /* what may lie in mailboxes, all together */
    _Atomic uint64_t mailed_bytes;     /* what does */
    /* Where channels under a rule are, or, with a shared broker, those of them to which somebody
     * here listens; NULL: no hub has rules. */
    struct store *store;
    /* What was told of batches to the users whose channels are this name and their own; NULL:
     * nobody asks, or a shared broker keeps it. */
    struct batch_table *batches;
    struct span batch_channels;
    _Atomic uint64_t listen_ticket; /* of the broker, for the last channel that was listened to */
    size_t worker_count;
    struct mailbox *mailboxes[HUB_WORKERS_MAX];
};

void hub_shared_init(struct hub_shared *shared, uint64_t mailed_bytes_max);
void hub_shared_finish(struct hub_shared *shared);

/* The hub of worker number `shared->worker_count`, which is counted up; all hubs must stand before
 * any of them runs. `ops` and `counts` are borrowed. */
struct hub *hub_new(struct hub_shared *shared, struct loop *loop, struct counts *counts,
                    const struct subscriber_ops *ops, void *owner);
/* After the loop ended. What its mailbox still holds is dropped. NULL is fine. */
void hub_free(struct hub *hub);

/* From now on these rules for channels hold (hub/rule.h). Borrowed. On the hub's thread, or before
 * it runs. */
void hub_set_rules(struct hub *hub, const struct hub_rule *rules, size_t count);

/* Registers what a turn of the loop ends with: deliver what came by mail, wake those who were sent
 * some. To be called before the flush of the connections is registered. */
void hub_join_loop(struct hub *hub);

/* Has this turn of the loop handed out so much that new publishes should wait for the next? */
bool hub_is_sated(const struct hub *hub);

/* Hands out at once all that came by mail. For who is about to end connections of its own accord:
 * they are to get what was published before. */
void hub_settle(struct hub *hub);

/* Before any of the hubs runs: its publishes go by `own_broker`, in place of the one that brings
 * them straight back. All hubs have one of a kind. */
void hub_use_broker(struct hub *hub, struct broker *own_broker);
struct broker *hub_broker(struct hub *hub);
/* Whether the broker is one that nodes share: then publishes are answered later
 * (`hub_publish_later`) and what was declared is asked of the broker, not of the store. */
bool hub_is_shared(const struct hub *hub);

struct hub_shared *hub_shared_of(struct hub *hub);
/* Its number among the workers, from 0. */
unsigned hub_worker(const struct hub *hub);

#endif
