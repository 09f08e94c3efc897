/* SPDX-License-Identifier: MIT */
/*
 * app/storage.c: opens the store, ties its journal to the workers, says when it cannot be written.
 */
#include "app/storage.h"

#include "app/settings.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "hub/rule.h"
#include "store/batch_table.h"
#include "store/journal.h"

struct storage {
    struct store *store;
    struct batch_table *batches; /* NULL: there is none here */
    char *batch_channels;        /* its own, as the path below */
    struct journal *journal;     /* NULL: in memory alone */
    char *path;                  /* its own: a reload brings another configuration */
    struct worker *const *workers;
    size_t worker_count;
    bool has_said_failing; /* the journal's thread's */
    bool has_said_untidy;  /* its other thread's */
};

/* On the journal's thread. */
static void on_moved(void *owner, const char *problem) {
    struct storage *storage = owner;
    if (problem && !storage->has_said_failing) {
        log_line(LOG_ERROR, "the store cannot be written", log_text("problem", problem));
    } else if (!problem && storage->has_said_failing) {
        log_line(LOG_INFO, "the store can be written again", log_text("path", storage->path));
    }
    storage->has_said_failing = problem != NULL;
    for (size_t i = 0; i < storage->worker_count; i++)
        worker_wake(storage->workers[i]);
}

/* On the journal's other thread. */
static void on_tidied(void *owner, const char *problem) {
    struct storage *storage = owner;
    if (problem && !storage->has_said_untidy)
        log_line(LOG_WARNING, "the store's log only grows", log_text("problem", problem));
    storage->has_said_untidy = problem != NULL;
}

/* The file's times are of the wall clock, the table's go from when the machine started. */
static int64_t wall_offset_s(void) {
    return clock_wall_ms() / 1000 - (int64_t)(clock_now_ns() / NS_PER_S);
}

/* What cannot be written is known until the process ends. */
static void put(struct storage *storage, const struct journal_record *record) {
    (void)!journal_put(storage->journal, record);
}

static void on_told(void *owner, struct span user, struct span id, struct span delta) {
    put(owner, &(struct journal_record){ .kind = JOURNAL_TELL,
                                         .name = user,
                                         .owner = id,
                                         .payload = delta,
                                         .at_s = clock_wall_ms() / 1000 });
}

static void on_forgotten(void *owner, struct span user, struct span id) {
    put(owner, &(struct journal_record){ .kind = JOURNAL_UNTELL, .name = user, .owner = id });
}

static void restore(void *owner, const struct journal_record *told) {
    struct storage *storage = owner;
    int64_t at_s = told->at_s - wall_offset_s();
    /* Of before the machine started, or a clock that went back. */
    at_s = at_s < 0 ? 0 : at_s;
    batch_table_restore(storage->batches, told->name, told->owner, told->payload, (uint32_t)at_s);
}

static enum err read_batches(struct storage *storage, struct err_note *note) {
    if (!storage->batches) return ERR_OK;
    struct batch_watch watch = { .forgotten = on_forgotten, .owner = storage };
    batch_table_watch(storage->batches, &watch); /* there may be more of them than may be now */
    enum err e = journal_read_batches(storage->journal, restore, storage, note);
    watch.told = on_told;
    batch_table_watch(storage->batches, &watch);
    return e;
}

static enum err open_journal(struct storage *storage, const char *path, struct err_note *note) {
    const struct journal_options options = {
        .path = path,
        .ref = hub_store_ops.ref,
        .unref = hub_store_ops.unref,
        .moved = on_moved,
        .tidied = on_tidied,
        .owner = storage,
    };
    struct err_note why = { "" };
    enum err e = journal_open(&options, &storage->journal, &why);
    if (e) return err_note(note, e, "store.path: %s", why.text);
    e = store_read_journal(storage->store, storage->journal, clock_wall_ms() / 1000,
                           (uint32_t)(clock_now_ns() / NS_PER_S), &why);
    if (e == ERR_LIMIT) {
        return err_note(note, e, "store.path: %s: holds more than the limits of `store` allow",
                        path);
    }
    if (!e) e = read_batches(storage, &why);
    if (e && !*why.text) return err_note(note, e, "store.path: %s: %s", path, err_text(e));
    return e ? err_note(note, e, "store.path: %s", why.text) : ERR_OK;
}

static struct batch_table *batches_new(const struct config *config) {
    if (!*config->batches.channels || config->broker.kind != CONFIG_BROKER_MEMORY) return NULL;
    const struct batch_table_options options = {
        .entries_max = config->batches.entries,
        .bytes_max = config->batches.bytes,
        .keep_seconds = config->batches.keep_seconds,
    };
    return batch_table_new(&options);
}

enum err storage_open(const struct config *config, struct storage **ret, struct err_note *note) {
    const struct store_options options = {
        .channels_max = config->store.channels,
        .channel_messages_max = config->store.channel_messages,
        .channel_bytes_max = config->store.channel_bytes,
        .bytes_max = config->store.bytes,
        .keep_seconds = config->store.keep_seconds,
    };
    struct storage *storage = mem_new(sizeof *storage);
    storage->path = mem_new_text(config->store.path, strlen(config->store.path));
    storage->store = store_new(&options, &hub_store_ops);
    storage->batches = batches_new(config);
    struct span channels = settings_batch_channels(config);
    storage->batch_channels = mem_new_text(channels.at, channels.len);
    if (config->store.kind == CONFIG_STORE_SQLITE) {
        enum err e = open_journal(storage, storage->path, note);
        if (e) {
            storage_stop(storage);
            storage_free(storage);
            return e;
        }
        log_line(LOG_INFO, "store opened", log_text("path", config->store.path),
                 log_uint("channels", store_channels(storage->store)),
                 log_uint("bytes", store_bytes(storage->store)));
    }
    *ret = storage;
    return ERR_OK;
}

struct store *storage_store(struct storage *storage) {
    return storage->store;
}

struct batch_table *storage_batches(struct storage *storage) {
    return storage->batches;
}

struct span storage_batch_channels(const struct storage *storage) {
    return span_str(storage->batch_channels);
}

enum err storage_start(struct storage *storage, struct worker *const *workers,
                       size_t worker_count) {
    if (!storage->journal) return ERR_OK;
    storage->workers = workers;
    storage->worker_count = worker_count;
    return journal_start(storage->journal);
}

void storage_stop(struct storage *storage) {
    if (!storage) return;
    /* Who is still connected is about to leave channels, which happens to them. */
    store_leave_journal(storage->store);
    if (storage->batches) batch_table_watch(storage->batches, NULL);
    journal_free(storage->journal);
    storage->journal = NULL;
}

void storage_free(struct storage *storage) {
    if (!storage) return;
    store_free(storage->store);
    batch_table_free(storage->batches);
    mem_free(storage->batch_channels);
    mem_free(storage->path);
    mem_free(storage);
}
