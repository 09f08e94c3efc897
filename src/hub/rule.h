/* SPDX-License-Identifier: MIT */
/*
 * hub/rule.h: channels that are more than a name: they must be declared before anybody may listen
 * or publish, and may keep what they carried for those who come late.
 *
 * The rules come from the endpoints of the configuration; what was declared and carried is in
 * store/.
 */
#ifndef TIDINGS_HUB_RULE_H
#define TIDINGS_HUB_RULE_H

#include "hub/hub.h"
#include "store/store.h"

/* Holds for every channel whose name begins with `prefix` and goes on behind it. */
struct hub_rule {
    struct span prefix;
    bool keeps_history;
    struct span ends_after; /* the `type` of the message that is the last; empty: there is none */
};

enum { HUB_RULES_MAX = COUNT_ENDPOINTS_MAX };

/* What the store needs to know of messages. */
extern const struct store_message_ops hub_store_ops;

/* The rule for `channel`; NULL: it is just a name. */
const struct hub_rule *hub_rule_of(const struct hub *hub, struct span channel);

/* Whether `payload` is the message that ends a channel under `rule`. */
bool hub_rule_is_last(const struct hub_rule *rule, struct span payload);

enum hub_admit {
    HUB_ADMIT_OK,
    HUB_ADMIT_NOT_FOUND, /* nobody declared it */
    HUB_ADMIT_DENIED     /* it is somebody else's */
};

/* May `user` (empty: anonymous) listen to `channel`? One with an owner is for its owner alone. */
enum hub_admit hub_admit_listener(struct hub *hub, struct span channel, struct span user);

/* These two: with a broker that is this process alone. */

/* Could `channel` take a message with a payload of `bytes` now? ERR_OK, ERR_NOT_FOUND (not
 * declared), ERR_LIMIT (its history is full), ERR_AGAIN and ERR_IO (see `store_accepts`). */
MUST_USE enum err hub_check_channel(struct hub *hub, struct span channel, size_t bytes);

/* The ticket (see `store_ticket`) that covers what `channel` has carried so far; 0: nothing is kept
 * of it. */
uint64_t hub_ticket_of(struct hub *hub, struct span channel);

#endif
