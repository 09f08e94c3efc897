/* SPDX-License-Identifier: MIT */
/*
 * session/outbox.c: a queue of messages and the one system call that empties it.
 */
#include "session/outbox.h"

#include "base/mem.h"

enum { CHUNK_ITEMS = 61, POOL_MAX = 4096 }; /* a chunk is 512 bytes; the pool keeps 2 MiB of them */

/* The first chunk of an outbox is its head; the last one, where messages are added, stands in the
 * head's `last`. */
struct outbox_chunk {
    struct outbox_chunk *next;
    struct outbox_chunk *last;
    uint32_t begin, end; /* the items in use */
    struct message *items[CHUNK_ITEMS];
};

static struct outbox_chunk *chunk_take(struct outbox_pool *pool) {
    struct outbox_chunk *chunk = pool->free;
    if (chunk) {
        pool->free = chunk->next;
        pool->free_count--;
    } else {
        chunk = mem_try(sizeof *chunk);
        if (!chunk) return NULL;
    }
    chunk->next = NULL;
    chunk->last = chunk;
    chunk->begin = chunk->end = 0;
    return chunk;
}

static void chunk_give(struct outbox_pool *pool, struct outbox_chunk *chunk) {
    if (pool->free_count >= POOL_MAX) {
        mem_free(chunk);
        return;
    }
    chunk->next = pool->free;
    pool->free = chunk;
    pool->free_count++;
}

void outbox_pool_finish(struct outbox_pool *pool) {
    while (pool->free) {
        struct outbox_chunk *next = pool->free->next;
        mem_free(pool->free);
        pool->free = next;
    }
    pool->free_count = 0;
}

/* What a message counts for. A notification is shared by its listeners; words for one client alone
 * cost it more than the two bytes that a pong may have. */
static uint32_t weight(const struct message *m) {
    return m->is_notification ? m->len : m->len + (uint32_t)sizeof *m;
}

bool outbox_push(struct outbox *box, struct outbox_pool *pool, struct message *own) {
    if (weight(own) > UINT32_MAX - box->bytes) return false;
    if (!box->first) {
        box->first = own;
        box->bytes = weight(own);
        box->sent = 0;
        return true;
    }
    struct outbox_chunk *head = box->rest;
    if (!head || head->last->end == CHUNK_ITEMS) {
        struct outbox_chunk *chunk = chunk_take(pool);
        if (!chunk) return false;
        if (head) {
            head->last->next = chunk;
            head->last = chunk;
        } else {
            box->rest = head = chunk;
        }
    }
    struct outbox_chunk *last = head->last;
    last->items[last->end++] = own;
    box->bytes += weight(own);
    return true;
}

static struct message **last_of(struct outbox *box) {
    if (!box->rest) return &box->first;
    struct outbox_chunk *last = box->rest->last;
    return &last->items[last->end - 1];
}

bool outbox_supersede(struct outbox *box, struct message *own) {
    struct message **last = last_of(box);
    bool has_begun = last == &box->first && box->sent > 0;
    if (!*last || has_begun || (*last)->is_notification || (*last)->bytes[0] != own->bytes[0] ||
        weight(own) > UINT32_MAX - box->bytes) {
        return false;
    }
    box->bytes += weight(own) - weight(*last);
    message_unref(*last);
    *last = own;
    return true;
}

/* Takes the first message out; its reference is the caller's. */
static struct message *shift(struct outbox *box, struct outbox_pool *pool) {
    struct message *first = box->first;
    assert(first);
    box->bytes -= weight(first) - box->sent;
    box->sent = 0;
    box->first = NULL;
    struct outbox_chunk *head = box->rest;
    if (!head) return first;
    box->first = head->items[head->begin++];
    if (head->begin == head->end) {
        box->rest = head->next;
        if (head->next) head->next->last = head->last;
        chunk_give(pool, head);
    }
    return first;
}

static size_t gather(const struct outbox *box, struct iovec pieces[static STREAM_PIECES_MAX]) {
    pieces[0] = (struct iovec){ box->first->bytes + box->sent, box->first->len - box->sent };
    size_t count = 1;
    for (struct outbox_chunk *chunk = box->rest; chunk; chunk = chunk->next) {
        for (uint32_t i = chunk->begin; i < chunk->end; i++) {
            if (count == STREAM_PIECES_MAX) return count;
            pieces[count++] = (struct iovec){ chunk->items[i]->bytes, chunk->items[i]->len };
        }
    }
    return count;
}

static void count_sent(const struct message *m, const struct outbox_tally *tally) {
    struct counts *counts = tally->counts;
    if (!m->is_notification) return;
    counter_add(&counts->endpoints[tally->endpoint].sent, 1);
    histogram_add(&counts->size, &histogram_size, message_payload(m).len, 1);
    if (!tally->is_live) return;
    /* The clock may have been read just before a message came that leaves in the same turn. */
    uint64_t age_ns = tally->now_ns > m->received_ns ? tally->now_ns - m->received_ns : 0;
    histogram_add(&counts->latency, &histogram_latency, age_ns, 1);
}

enum err outbox_flush(struct outbox *box, struct outbox_pool *pool, struct stream *stream,
                      const struct outbox_tally *tally) {
    while (box->first) {
        struct iovec pieces[STREAM_PIECES_MAX];
        size_t count = gather(box, pieces);
        size_t sent;
        enum err e = stream_write(stream, pieces, count, &sent);
        if (e) return e;
        bool is_refused = false;
        for (size_t i = 0; i < count; i++) {
            if (sent < pieces[i].iov_len) {
                box->sent += (uint32_t)sent;
                box->bytes -= (uint32_t)sent;
                is_refused = true;
                break;
            }
            sent -= pieces[i].iov_len;
            struct message *out = shift(box, pool);
            count_sent(out, tally);
            message_unref(out);
        }
        if (is_refused) return ERR_AGAIN;
    }
    return stream_flush(stream);
}

size_t outbox_clear(struct outbox *box, struct outbox_pool *pool) {
    size_t notifications = 0;
    while (box->first) {
        struct message *dropped = shift(box, pool);
        if (dropped->is_notification) notifications++;
        message_unref(dropped);
    }
    return notifications;
}

size_t outbox_cut(struct outbox *box, struct outbox_pool *pool) {
    if (!box->first || box->sent == 0) return outbox_clear(box, pool);
    struct message *begun = message_ref(box->first);
    uint32_t sent = box->sent;
    size_t notifications = outbox_clear(box, pool);
    if (begun->is_notification) notifications--;
    *box = (struct outbox){ .first = begun, .sent = sent, .bytes = weight(begun) - sent };
    return notifications;
}
