/* SPDX-License-Identifier: MIT */
/*
 * hub/publish.c: from a publish to the workers that hold listeners, in one order for all.
 */
#include "hub/publish.h"

#include "base/clock.h"
#include "hub/channel_priv.h"
#include "hub/rule.h"
#include "hub/targets_priv.h"
#include "hub/tell_priv.h"

/* Numbers the message in its channel's history. The stripe's lock makes that the order in which all
 * hear it. The message is this channel's alone and nobody else has seen it yet. */
static enum err keep(struct hub *hub, struct span channel, struct message *message,
                     uint64_t *ret_ticket) {
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    if (!rule) return ERR_OK;
    struct store *store = hub->shared->store;
    if (!rule->keeps_history) return store_check(store, channel, 0);
    uint32_t now_s = (uint32_t)(loop_now_ns(hub->loop) / NS_PER_S);
    enum err e = store_append(store, channel, message, message->is_last, now_s, &message->sequence);
    if (!e) *ret_ticket = store_ticket(store);
    return e;
}

enum err publish_deliver(void *owner, struct span channel, struct message *message,
                         struct receipt *ret) {
    struct hub *hub = owner;
    struct hub_shared *shared = hub->shared;
    struct receipt receipt = { 0 };
    struct targets targets;
    enum err e = ERR_OK;
    uint32_t own_channel = 0;
    uint64_t self = 1ull << hub->worker;

    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(&shared->interest, channel, &hash);
    struct interest *entry = interest_find(stripe, channel, hash);
    if (!entry) {
        e = keep(hub, channel, message, &receipt.ticket);
        goto out;
    }
    size_t payload_len = message_payload(message).len;
    targets_find(shared, entry, payload_len, message->is_last, &targets, &receipt);
    uint64_t by_mail = targets.workers & ~self;
    if (targets.workers & self) {
        /* What others have sent here before must not be overtaken. */
        if (mailbox_is_empty(shared->mailboxes[hub->worker])) {
            own_channel = targets.channel[hub->worker];
        } else {
            by_mail |= self;
        }
    }
    if (by_mail && !targets_have_room(shared, by_mail, message->len)) {
        counter_add(&hub->counts->dropped[COUNT_DROP_OVERLOAD], 1);
        e = ERR_LIMIT;
        goto out;
    }
    e = keep(hub, channel, message, &receipt.ticket);
    if (e) goto out;
    targets_post(shared, hub->counts, &targets, by_mail, message);
    hub->to_wake |= by_mail;
out:
    interest_unlock(stripe);
    if (e) return e;
    counter_add(&hub->counts->published, 1);
    if (receipt.deliveries) {
        counter_add(&hub->counts->queued, receipt.deliveries);
    }
    if (receipt.skipped) counter_add(&hub->counts->dropped[COUNT_DROP_TOO_BIG], receipt.skipped);
    if (own_channel) fanout(hub, own_channel, message);
    *ret = receipt;
    return ERR_OK;
}

enum err hub_publish(struct hub *hub, struct span channel, struct message *message,
                     struct receipt *ret) {
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    if (!rule) {
        enum err e = broker_publish(hub->broker, channel, message, ret);
        if (!e) hub_tell(hub->shared, channel, message_payload(message));
        return e;
    }
    /* It gets a number in this channel, so it cannot be the message of another channel too. */
    struct span payload = message_payload(message);
    struct message *own = message_new(payload, message->received_ns);
    if (!own) return ERR_NOMEM;
    own->is_last = hub_rule_is_last(rule, payload);
    enum err e = broker_publish(hub->broker, channel, own, ret);
    message_unref(own);
    return e;
}

/* What listeners here are about to get by way of the broker. */
static void count_listeners(struct hub *hub, struct span channel, size_t payload_len,
                            struct receipt *ret) {
    struct hub_shared *shared = hub->shared;
    struct targets targets;
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(&shared->interest, channel, &hash);
    struct interest *entry = interest_find(stripe, channel, hash);
    if (entry) targets_find(shared, entry, payload_len, false, &targets, ret);
    interest_unlock(stripe);
}

static void on_published(struct broker_call *call) {
    struct hub_publishing *publishing = container_of(call, struct hub_publishing, call);
    publishing->done(publishing);
}

void hub_publish_later(struct hub *hub, struct span channel, struct span payload,
                       struct hub_publishing *publishing) {
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    bool keeps_history = rule && rule->keeps_history;
    publishing->receipt = (struct receipt){ 0 };
    publishing->call = (struct broker_call){
        .verb = keeps_history ? BROKER_APPEND : BROKER_PUBLISH,
        .name = channel,
        .payload = payload,
        .is_last = keeps_history && hub_rule_is_last(rule, payload),
        .done = on_published,
    };
    count_listeners(hub, channel, payload.len, &publishing->receipt);
    broker_ask(hub->broker, &publishing->call);
}

void publish_take_answers(struct hub *hub) {
    struct broker_call *call;
    while (hub->broker->is_shared && (call = broker_take(hub->broker)) != NULL)
        call->done(call);
}
