/* SPDX-License-Identifier: MIT */
/*
 * store/store_journal.c: what a store has of its journal: the channels that were kept, and how far
 * it is with the new ones.
 */
#include "store/journal.h"
#include "store/store_priv.h"

/* A file being read into the table. */
struct reading {
    struct store *store;
    struct journal_sink sink;
    uint32_t now_s;
};

static enum err read_channel(void *owner, const struct journal_record *record) {
    struct reading *reading = owner;
    struct store *store = reading->store;
    if (record->name.len == 0 || record->name.len > UINT8_MAX || record->channel == 0 ||
        record->owner.len > STORE_OWNER_MAX || store_find(store, record->name)) {
        return ERR_INVALID;
    }
    if (store->channels.count >= store->options.channels_max) return ERR_LIMIT;
    struct channel *channel = store_channel_new(record->name, record->owner);
    if (!channel) return ERR_NOMEM;
    channel->id = record->channel;
    channel->before = record->number;
    if (channel->id > store->last_id) store->last_id = channel->id;
    /* The wall clock may have been put back since. */
    int64_t touched_s = record->at_s - store->wall_offset_s;
    store_insert(store, channel, touched_s < reading->now_s ? touched_s : reading->now_s);
    return ERR_OK;
}

static enum err read_message(void *owner, const struct journal_record *record) {
    struct reading *reading = owner;
    struct store *store = reading->store;
    struct channel *channel = store->newest; /* its messages follow a channel */
    struct message *message =
        store->ops->read(record->payload, channel->before + record->number + 1, record->is_last);
    if (!message) return ERR_NOMEM;
    size_t bytes = store->ops->bytes(message);
    enum err e = store_may_append(store, channel, bytes);
    if (!e) e = store_add_item(channel, (struct item){ message, record->is_last });
    if (e) {
        store->ops->unref(message);
        return e;
    }
    store_count_item(store, channel, bytes);
    return ERR_OK;
}

enum err store_read_journal(struct store *store, struct journal *journal, int64_t wall_s,
                            uint32_t now_s, struct err_note *note) {
    struct reading reading = {
        .store = store,
        .sink = { .channel = read_channel, .message = read_message, .owner = &reading },
        .now_s = now_s,
    };
    store->wall_offset_s = wall_s - now_s;
    enum err e = journal_read(journal, &reading.sink, note);
    if (e) return e;
    store->highest = reading.sink.highest;
    store->journal = journal;
    store_sweep(store, now_s, NULL);
    return ERR_OK;
}

void store_leave_journal(struct store *store) {
    store->journal = NULL;
}

enum err store_accepts(const struct store *store) {
    return store->journal ? journal_check(store->journal) : ERR_OK;
}

uint64_t store_ticket(const struct store *store) {
    return store->journal ? journal_ticket(store->journal) : 0;
}

uint64_t store_durable(const struct store *store) {
    return store->journal ? journal_durable(store->journal) : 0;
}

bool store_is_failing(const struct store *store) {
    return store->journal && journal_is_failing(store->journal);
}
