/* SPDX-License-Identifier: MIT */
/*
 * lib/queue.c: what waits to be sent or answered, bounded in number and bytes.
 */
#include "publisher_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdatomic.h>

enum { SAY_DROPPED_S = 5 };

void queue_init(struct queue *queue) {
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->changed, NULL);
    queue->next_id = 1;
}

void queue_finish(struct queue *queue) {
    assert(!queue->first);
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->lock);
}

static size_t bytes_of(const struct entry *entry) {
    return sizeof *entry + entry->channel_len + 1 + entry->json_len;
}

static struct entry *entry_new(struct tidings *publisher, struct span channel, struct span json) {
    struct entry *entry = mem_try(sizeof *entry + channel.len + 1 + json.len);
    if (!entry) return NULL;
    memset(entry, 0, sizeof *entry);
    entry->publisher = publisher;
    entry->queued_ns = clock_now_ns();
    entry->channel_len = (uint32_t)channel.len;
    entry->json_len = (uint32_t)json.len;
    memcpy(entry->bytes, channel.at, channel.len);
    entry->bytes[channel.len] = 0;
    memcpy(entry->bytes + channel.len + 1, json.at, json.len);
    return entry;
}

static int judge(const struct tidings *publisher, const struct entry *entry) {
    const struct tidings_options *options = &publisher->options;
    const struct tidings_counters *counters = &publisher->queue.counters;
    if (publisher->queue.is_closed) return TIDINGS_CLOSED;
    bool has_room = counters->waiting < options->queue_messages_max &&
                    counters->waiting_bytes + bytes_of(entry) <= options->queue_bytes_max;
    return has_room ? TIDINGS_OK : TIDINGS_FULL;
}

int queue_put(struct tidings *publisher, struct span channel, struct span json,
              bool *ret_was_empty) {
    struct queue *queue = &publisher->queue;
    struct entry *entry = entry_new(publisher, channel, json);
    if (!entry) return TIDINGS_NO_MEMORY;
    pthread_mutex_lock(&queue->lock);
    int result = judge(publisher, entry);
    if (result == TIDINGS_OK) {
        *ret_was_empty = !queue->first;
        entry->id = queue->next_id++;
        *(queue->first ? &queue->last->next : &queue->first) = entry;
        queue->last = entry;
        queue->counters.queued++;
        queue->counters.waiting++;
        queue->counters.waiting_bytes += bytes_of(entry);
    } else {
        queue->counters.rejected++;
    }
    pthread_mutex_unlock(&queue->lock);
    if (result != TIDINGS_OK) mem_free(entry);
    return result;
}

static struct entry *shift(struct queue *queue) {
    struct entry *entry = queue->first;
    queue->first = entry->next;
    entry->next = NULL;
    return entry;
}

struct entry *queue_take(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    struct entry *entry = queue->first ? shift(queue) : NULL;
    pthread_mutex_unlock(&queue->lock);
    return entry;
}

struct entry *queue_take_expired(struct tidings *publisher, uint64_t now_ns) {
    struct queue *queue = &publisher->queue;
    uint64_t deadline_ns = publisher->options.deadline_ms * NS_PER_MS;
    pthread_mutex_lock(&queue->lock);
    const struct entry *first = queue->first;
    bool is_late = first && now_ns > first->queued_ns + deadline_ns;
    struct entry *entry = is_late ? shift(queue) : NULL;
    pthread_mutex_unlock(&queue->lock);
    return entry;
}

void queue_put_back(struct queue *queue, struct entry *entry) {
    pthread_mutex_lock(&queue->lock);
    entry->next = queue->first;
    if (!queue->first) queue->last = entry;
    queue->first = entry;
    pthread_mutex_unlock(&queue->lock);
}

bool queue_is_settled(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    bool is_settled = queue->counters.waiting == 0;
    pthread_mutex_unlock(&queue->lock);
    return is_settled;
}

void queue_close(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    (void)pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void queue_set_connected(struct queue *queue, bool is_connected) {
    pthread_mutex_lock(&queue->lock);
    queue->counters.is_connected = is_connected;
    pthread_mutex_unlock(&queue->lock);
}

static void count(struct tidings_counters *counters, const struct tidings_outcome *outcome) {
    switch (outcome->result) {
    case TIDINGS_OK:
        counters->published++;
        counters->latency_ns_sum += outcome->latency_ns;
        if (outcome->latency_ns > counters->latency_ns_max)
            counters->latency_ns_max = outcome->latency_ns;
        break;
    case TIDINGS_EXPIRED:
    case TIDINGS_CLOSED: counters->dropped++; break;
    default: counters->failed++; break;
    }
}

/* One in a while: a Redis that is away fails everything. */
static void say(struct tidings *publisher, const struct tidings_outcome *outcome) {
    uint64_t now_ns = clock_now_ns();
    uint64_t said_ns = atomic_load(&publisher->said_ns);
    if (said_ns && now_ns - said_ns < SAY_DROPPED_S * NS_PER_S) return;
    if (!atomic_compare_exchange_strong(&publisher->said_ns, &said_ns, now_ns)) return;
    publisher_log(publisher, TIDINGS_WARNING, "message for %s %s%s%s", outcome->channel,
                  tidings_result_text(outcome->result), *outcome->problem ? ": " : "",
                  outcome->problem);
}

void queue_tell(struct tidings *publisher, const struct tidings_outcome *outcome) {
    struct queue *queue = &publisher->queue;
    pthread_mutex_lock(&queue->lock);
    count(&queue->counters, outcome);
    pthread_mutex_unlock(&queue->lock);
    if (outcome->result != TIDINGS_OK) say(publisher, outcome);
    if (publisher->options.done) publisher->options.done(publisher->options.owner, outcome);
}

void queue_settle(struct tidings *publisher, struct entry *own_entry, enum tidings_result result,
                  uint64_t receivers, const char *problem) {
    const struct tidings_outcome outcome = {
        .result = result,
        .channel = own_entry->bytes,
        .id = own_entry->id,
        .receivers = receivers,
        .latency_ns = clock_now_ns() - own_entry->queued_ns,
        .problem = problem ? problem : "",
    };
    queue_tell(publisher, &outcome);
    struct queue *queue = &publisher->queue;
    pthread_mutex_lock(&queue->lock);
    queue->counters.waiting--;
    queue->counters.waiting_bytes -= bytes_of(own_entry);
    if (queue->counters.waiting == 0) (void)pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    mem_free(own_entry);
}
