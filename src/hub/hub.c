/* SPDX-License-Identifier: MIT */
/*
 * hub/hub.c: brings the hub's parts together and takes them apart.
 */
#include "hub/hub.h"

#include "base/mem.h"
#include "broker/memory/memory.h"
#include "hub/channel_priv.h"

enum { CHANNELS_MAX = 1 << 24, MAIL_MAX = 1 << 17 };

void hub_shared_init(struct hub_shared *shared, uint64_t mailed_bytes_max) {
    memset(shared, 0, sizeof *shared);
    interest_table_init(&shared->interest);
    shared->mailed_bytes_max = mailed_bytes_max;
    shared->arrival_bytes_max = SIZE_MAX;
    for (size_t i = 0; i < countof(shared->endpoint_max_bytes); i++) {
        shared->endpoint_max_bytes[i] = SIZE_MAX;
    }
}

void hub_shared_finish(struct hub_shared *shared) {
    interest_table_finish(&shared->interest);
}

void hub_set_rules(struct hub *hub, const struct hub_rule *rules, size_t count) {
    assert(hub->shared->store || count == 0);
    hub->rules = rules;
    hub->rule_count = count;
}

/* Only being woken matters: the mail is read at the end of the turn, when publishes of this worker
 * have taken their place behind it. */
static void on_mail(void *owner) {
    (void)owner;
}

struct hub *hub_new(struct hub_shared *shared, struct loop *loop, struct counts *counts,
                    const struct subscriber_ops *ops, void *owner) {
    assert(shared->worker_count < HUB_WORKERS_MAX);
    struct hub *hub = mem_new(sizeof *hub);
    hub->shared = shared;
    hub->counts = counts;
    hub->ops = ops;
    hub->owner = owner;
    hub->loop = loop;
    hub->worker = (uint16_t)shared->worker_count++;
    hub->broker = broker_memory_new(publish_deliver, hub);
    hub->busy = mem_new(BUSY_KINDS * sizeof hub->busy[0]);
    slab_init(&hub->channels, sizeof(struct channel), CHANNELS_MAX);
    shared->mailboxes[hub->worker] = mailbox_new(loop, sizeof(struct mail), MAIL_MAX, on_mail, hub);
    return hub;
}

void hub_join_loop(struct hub *hub) {
    loop_add_turn(hub->loop, fanout_mail, hub);
}

static void drop_mail(struct mailbox *box) {
    struct mail mail;
    while (mailbox_take(box, &mail, 1) > 0)
        message_unref(mail.message); /* questions are their askers' */
}

void hub_free(struct hub *hub) {
    if (!hub) return;
    struct mailbox **box = &hub->shared->mailboxes[hub->worker];
    drop_mail(*box);
    ask_drop_all(hub);
    publish_take_answers(hub);
    mailbox_free(*box);
    *box = NULL;
    broker_free(hub->broker);
    slab_finish(&hub->channels);
    mem_free(hub->generations);
    mem_free(hub->busy);
    mem_free(hub);
}

void hub_use_broker(struct hub *hub, struct broker *own_broker) {
    broker_free(hub->broker);
    hub->broker = own_broker;
}

struct broker *hub_broker(struct hub *hub) {
    return hub->broker;
}

bool hub_is_shared(const struct hub *hub) {
    return hub->broker->is_shared;
}

struct hub_shared *hub_shared_of(struct hub *hub) {
    return hub->shared;
}

unsigned hub_worker(const struct hub *hub) {
    return hub->worker;
}
