/* SPDX-License-Identifier: MIT */
/*
 * redis/pubsub.c: see redis/pubsub_priv.h.
 */
#include "redis/pubsub_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "redis/wire_priv.h"

enum {
    CHANNELS_A_COMMAND = 100,
    OUT_BYTES = 256 << 10, /* no more is asked for before this has gone */
};

/* A name whose unsubscription is to be confirmed. */
struct leaving {
    struct map_node node;
    uint32_t count; /* confirmations to come */
    bool is_sharded;
    size_t len;
    char name[];
};

static const struct {
    struct span subscribe, unsubscribe;
} WORDS[REDIS_WAYS] = {
    [REDIS_PLAIN] = { { "SUBSCRIBE", 9 }, { "UNSUBSCRIBE", 11 } },
    [REDIS_SHARDED] = { { "SSUBSCRIBE", 10 }, { "SUNSUBSCRIBE", 12 } },
};

void redis_pubsub_init(struct redis_pubsub *p, struct redis_conn *conn,
                       const struct map *subscriptions, const struct redis_pubsub_events *events,
                       void *owner) {
    *p = (struct redis_pubsub){
        .conn = conn, .subscriptions = subscriptions, .events = events, .owner = owner
    };
}

/* ---- lists ---- */

struct redis_subscription *redis_way_owner(struct redis_way *way) {
    return way->is_sharded ? container_of(way, struct redis_subscription, ways[REDIS_SHARDED])
                           : container_of(way, struct redis_subscription, ways[REDIS_PLAIN]);
}

static void unlink_way(struct redis_way *way) {
    struct redis_way_list *list = &way->at->lists[way->state];
    if (way->before) {
        way->before->next = way->next;
    } else {
        list->first = way->next;
    }
    if (way->next) {
        way->next->before = way->before;
    } else {
        list->last = way->before;
    }
    way->next = way->before = NULL;
}

/* The one door to a state. */
static void enter(struct redis_way *way, struct redis_pubsub *p, enum redis_way_state state) {
    if (way->at) unlink_way(way);
    way->at = p;
    way->state = (uint8_t)state;
    if (!p) return;
    struct redis_way_list *list = &p->lists[state];
    way->before = list->last;
    if (list->last) {
        list->last->next = way;
    } else {
        list->first = way;
    }
    list->last = way;
}

static void settle(struct redis_way *way) {
    if (way->is_owed) way->at->owed--;
    way->is_owed = false;
}

static void leave_server(struct redis_way *way) {
    settle(way);
    enter(way, NULL, REDIS_WAY_NONE);
}

/* ---- names that are being left ---- */

static struct leaving *find_leaving(const struct redis_pubsub *p, struct span name,
                                    bool is_sharded) {
    if (p->leaving.count == 0) return NULL;
    struct map_node *node = map_first(&p->leaving, (uint32_t)hash_span(name));
    for (; node; node = map_next(node)) {
        struct leaving *leaving = container_of(node, struct leaving, node);
        if (leaving->is_sharded == is_sharded &&
            span_eq(span_of(leaving->name, leaving->len), name)) {
            return leaving;
        }
    }
    return NULL;
}

static void begin_leaving(struct redis_pubsub *p, struct span name, bool is_sharded) {
    struct leaving *leaving = find_leaving(p, name, is_sharded);
    if (!leaving) {
        leaving = mem_new(sizeof *leaving + name.len);
        leaving->is_sharded = is_sharded;
        leaving->len = name.len;
        memcpy(leaving->name, name.at, name.len);
        map_insert(&p->leaving, &leaving->node, (uint32_t)hash_span(name));
    }
    leaving->count++;
}

static void forget_leaving(struct redis_pubsub *p) {
    struct map_node *node;
    while ((node = map_pop(&p->leaving)))
        mem_free(container_of(node, struct leaving, node));
    map_finish(&p->leaving);
}

/* ---- what is wanted ---- */

void redis_pubsub_finish(struct redis_pubsub *p) {
    forget_leaving(p);
    for (int state = 0; state < REDIS_WAY_STATES; state++) {
        while (p->lists[state].first)
            leave_server(p->lists[state].first);
    }
}

void redis_pubsub_add(struct redis_pubsub *p, struct redis_subscription *s, int way) {
    assert(!s->ways[way].at);
    s->ways[way].is_sharded = way == REDIS_SHARDED;
    s->ways[way].is_wanted = true;
    enter(&s->ways[way], p, REDIS_WAY_PENDING);
}

void redis_pubsub_remove(struct redis_subscription *s, int kind) {
    struct redis_way *way = &s->ways[kind];
    struct redis_pubsub *p = way->at;
    if (!p) return;
    bool is_known = way->state != REDIS_WAY_PENDING;
    leave_server(way);
    struct buf *out = is_known ? redis_conn_out(p->conn) : NULL;
    if (!out) return;
    const struct span args[] = { WORDS[kind].unsubscribe, s->name };
    redis_write_command(out, args, countof(args));
    begin_leaving(p, s->name, way->is_sharded);
}

void redis_pubsub_owe(struct redis_way *way) {
    if (!way->at->is_open || way->is_owed) return;
    way->is_owed = true;
    way->at->owed++;
}

struct redis_subscription *redis_pubsub_take_refused(struct redis_pubsub *p, uint16_t slot) {
    /* Whether a subscription or its end was refused cannot be told. Where it was not an end, the
     * server confirms one that is not waited for, and the channel is asked for once more. */
    forget_leaving(p);
    /* Answers come in the order of asking. */
    struct redis_way *way = p->lists[REDIS_WAY_ASKED].first;
    if (!way || !way->is_sharded || redis_way_owner(way)->slot != slot) return NULL;
    leave_server(way);
    return redis_way_owner(way);
}

void redis_pubsub_begin(struct redis_pubsub *p) {
    p->is_open = true;
    for (struct redis_way *way = p->lists[REDIS_WAY_PENDING].first; way; way = way->next) {
        way->is_owed = true;
        p->owed++;
    }
}

void redis_pubsub_end(struct redis_pubsub *p) {
    p->is_open = false;
    forget_leaving(p);
    for (int state = 0; state < REDIS_WAY_STATES; state++) {
        for (struct redis_way *way = p->lists[state].first; way; way = way->next)
            settle(way);
        while (state != REDIS_WAY_PENDING && p->lists[state].first)
            enter(p->lists[state].first, p, REDIS_WAY_PENDING);
    }
}

bool redis_pubsub_stands(const struct redis_pubsub *p) {
    return p->is_open && p->owed == 0;
}

/* ---- asking ---- */

/* May go into one command: sharded channels only with those of their slot. */
static bool go_together(struct redis_way *a, struct redis_way *b) {
    return a->is_sharded == b->is_sharded &&
           (!a->is_sharded || redis_way_owner(a)->slot == redis_way_owner(b)->slot);
}

static void ask_for_some(struct redis_pubsub *p, struct buf *out) {
    struct redis_way *first = p->lists[REDIS_WAY_PENDING].first;
    struct redis_way *end = first;
    size_t count = 0;
    while (end && count < CHANNELS_A_COMMAND && go_together(first, end)) {
        end = end->next;
        count++;
    }
    redis_write_head(out, count + 1);
    redis_write_argument(out, WORDS[first->is_sharded].subscribe);
    for (size_t i = 0; i < count; i++) {
        struct redis_way *way = p->lists[REDIS_WAY_PENDING].first;
        redis_write_argument(out, redis_way_owner(way)->name);
        enter(way, p, REDIS_WAY_ASKED);
    }
}

void redis_pubsub_flush(struct redis_pubsub *p) {
    struct buf *out = p->is_open ? redis_conn_out(p->conn) : NULL;
    while (out && p->lists[REDIS_WAY_PENDING].first && out->len < OUT_BYTES)
        ask_for_some(p, out);
}

bool redis_pubsub_has_more(const struct redis_pubsub *p) {
    struct buf *out = p->is_open ? redis_conn_out(p->conn) : NULL;
    return out && p->lists[REDIS_WAY_PENDING].first && out->len == 0;
}

/* ---- hearing ---- */

static struct redis_subscription *find(const struct redis_pubsub *p, struct span name) {
    struct map_node *node = map_first(p->subscriptions, (uint32_t)hash_span(name));
    for (; node; node = map_next(node)) {
        struct redis_subscription *s = container_of(node, struct redis_subscription, node);
        if (span_eq(s->name, name)) return s;
    }
    return NULL;
}

static void on_message(struct redis_pubsub *p, int way, struct span name, struct span payload) {
    struct redis_subscription *s = find(p, name);
    /* Before it stands, what comes is still of a former subscription. */
    if (!s || s->ways[way].at != p || s->ways[way].state != REDIS_WAY_STANDS) return;
    p->events->message(p->owner, s, payload);
}

static void on_subscribed(struct redis_pubsub *p, int kind, struct span name) {
    if (find_leaving(p, name, kind == REDIS_SHARDED)) return;
    struct redis_subscription *s = find(p, name);
    struct redis_way *way = s ? &s->ways[kind] : NULL;
    if (!way || way->at != p || way->state != REDIS_WAY_ASKED) return;
    settle(way);
    enter(way, p, REDIS_WAY_STANDS);
    p->events->stands(p->owner, s, kind);
}

static void on_unsubscribed(struct redis_pubsub *p, int kind, struct span name) {
    struct leaving *leaving = find_leaving(p, name, kind == REDIS_SHARDED);
    if (leaving) {
        if (--leaving->count > 0) return;
        map_remove(&p->leaving, &leaving->node);
        mem_free(leaving);
        return;
    }
    struct redis_subscription *s = find(p, name);
    struct redis_way *way = s ? &s->ways[kind] : NULL;
    if (!way || way->at != p || way->state == REDIS_WAY_PENDING) return;
    leave_server(way);
    p->events->ousted(p->owner, s, kind);
}

void redis_pubsub_pushed(struct redis_pubsub *p, const struct redis_reply *reply) {
    if (reply->kind == REDIS_ERROR) p->events->refused(p->owner, reply);
    if (reply->kind != REDIS_ARRAY || reply->count != 3) return;
    struct span word = reply->items[0].text, name = reply->items[1].text;
    if (span_eq(word, SPAN("message"))) {
        on_message(p, REDIS_PLAIN, name, reply->items[2].text);
    } else if (span_eq(word, SPAN("smessage"))) {
        on_message(p, REDIS_SHARDED, name, reply->items[2].text);
    } else if (span_eq(word, SPAN("subscribe"))) {
        on_subscribed(p, REDIS_PLAIN, name);
    } else if (span_eq(word, SPAN("ssubscribe"))) {
        on_subscribed(p, REDIS_SHARDED, name);
    } else if (span_eq(word, SPAN("unsubscribe"))) {
        on_unsubscribed(p, REDIS_PLAIN, name);
    } else if (span_eq(word, SPAN("sunsubscribe"))) {
        on_unsubscribed(p, REDIS_SHARDED, name);
    }
}
