/* SPDX-License-Identifier: MIT */
/*
 * hub/ask.c: questions on their way. The asking worker keeps a list of its own and looks through it
 * at the end of each turn, so that an answer needs no room in a mailbox: the mail that says "done"
 * only wakes.
 */
#include "hub/ask.h"

#include "hub/channel_priv.h"

enum { ASKS_MAX = 64 };

/* As with a publish, others may be between this look and their posting too. */
static bool has_room(const struct hub_shared *shared) {
    for (size_t i = 0; i < shared->worker_count; i++) {
        if (!mailbox_has_room(shared->mailboxes[i], shared->worker_count)) return false;
    }
    return true;
}

enum err hub_ask_all(struct hub *hub, struct hub_ask *ask) {
    struct hub_shared *shared = hub->shared;
    if (hub->ask_count >= ASKS_MAX || !has_room(shared)) return ERR_LIMIT;
    ask->asker = hub->worker;
    ask->is_partial = false;
    atomic_store_explicit(&ask->left, (uint32_t)shared->worker_count, memory_order_relaxed);
    ask->next = hub->asks;
    hub->asks = ask;
    hub->ask_count++;
    for (size_t i = 0; i < shared->worker_count; i++) {
        const struct mail mail = { .ask = ask };
        if (mailbox_post(shared->mailboxes[i], &mail) == ERR_OK) {
            hub->to_wake |= 1ull << i;
        } else {
            ask->is_partial = true;
            atomic_fetch_sub_explicit(&ask->left, 1, memory_order_relaxed);
        }
    }
    return ERR_OK;
}

void ask_mail(struct hub *hub, struct hub_ask *ask) {
    if (!ask) return; /* it has woken us, for which it was sent */
    ask->run(ask, hub, hub->worker);
    uint16_t asker = ask->asker;
    /* From here on the asker may have freed it. What this worker wrote is seen by whoever sees the
     * count at 0. */
    bool is_last = atomic_fetch_sub_explicit(&ask->left, 1, memory_order_acq_rel) == 1;
    if (!is_last || asker == hub->worker) return;
    const struct mail wake = { 0 };
    struct mailbox *box = hub->shared->mailboxes[asker];
    /* One that is full will be looked at without being woken. */
    if (mailbox_post(box, &wake) == ERR_OK) hub->to_wake |= 1ull << asker;
}

void ask_finish_done(struct hub *hub) {
    struct hub_ask **link = &hub->asks;
    while (*link) {
        struct hub_ask *ask = *link;
        if (atomic_load_explicit(&ask->left, memory_order_acquire) > 0) {
            link = &ask->next;
            continue;
        }
        *link = ask->next;
        hub->ask_count--;
        ask->done(ask, ask->is_partial ? HUB_ANSWERED_IN_PART : HUB_ANSWERED_BY_ALL);
    }
}

void ask_drop_all(struct hub *hub) {
    while (hub->asks) {
        struct hub_ask *ask = hub->asks;
        hub->asks = ask->next;
        ask->done(ask, HUB_ANSWERED_NEVER);
    }
}
