/* SPDX-License-Identifier: MIT */
/*
 * hub/targets.c: from a channel's entry to the workers that hold its listeners.
 */
#include "hub/targets_priv.h"

#include "hub/channel_priv.h"

void targets_find(const struct hub_shared *shared, struct interest *entry, size_t payload_len,
                  bool is_last, struct targets *ret, struct receipt *receipt) {
    const struct listening *records = interest_listening(entry);
    ret->workers = 0;
    for (size_t i = 0; i < entry->listening_count; i++) {
        const struct listening *record = &records[i];
        if (payload_len > atomic_load_explicit(&shared->endpoint_max_bytes[record->endpoint],
                                               memory_order_relaxed)) {
            receipt->skipped += record->count;
            if (!is_last) continue; /* they are not told that, but it ends them */
        } else {
            receipt->deliveries += record->count;
        }
        ret->workers |= 1ull << record->worker;
        ret->channel[record->worker] = record->channel;
        ret->generation[record->worker] = record->generation;
    }
}

/* Checked for all before any gets it. Others may be between this look and their posting too, each
 * worker and the broker's thread with at most one message: so much must be free. */
bool targets_have_room(struct hub_shared *shared, uint64_t workers, size_t bytes) {
    uint64_t mailed = atomic_load_explicit(&shared->mailed_bytes, memory_order_relaxed);
    uint64_t max = atomic_load_explicit(&shared->mailed_bytes_max, memory_order_relaxed);
    if (mailed + bytes > max) return false;
    for (uint64_t left = workers; left; left &= left - 1) {
        if (!mailbox_has_room(shared->mailboxes[__builtin_ctzll(left)], shared->worker_count + 1)) {
            return false;
        }
    }
    return true;
}

static void post(struct hub_shared *shared, struct counts *counts, const struct targets *targets,
                 unsigned worker, struct message *message) {
    const struct mail mail = { .message = message_ref(message),
                               .channel = targets->channel[worker],
                               .generation = targets->generation[worker] };
    _Atomic uint64_t *mailed = &shared->mailed_bytes;
    /* Before it is posted, since the receiver may be quick to take it off again. */
    atomic_fetch_add_explicit(mailed, message->len, memory_order_relaxed);
    if (mailbox_post(shared->mailboxes[worker], &mail) != ERR_OK) {
        atomic_fetch_sub_explicit(mailed, message->len, memory_order_relaxed);
        message_unref(message);
        counter_add(&counts->dropped[COUNT_DROP_MEMORY], 1);
    }
}

void targets_post(struct hub_shared *shared, struct counts *counts, const struct targets *targets,
                  uint64_t workers, struct message *message) {
    for (uint64_t left = workers; left; left &= left - 1) {
        post(shared, counts, targets, (unsigned)__builtin_ctzll(left), message);
    }
}
