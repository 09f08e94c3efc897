/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/mirror.c: brings the histories of the channels that this node listens to, and
 * keeps up with them.
 *
 * When the live channel hears everything, all that is behind the last number delivered is read from
 * the stream, in pages. What comes live meanwhile is only noted: it is in the stream, which is read
 * on until nothing noted is missing. From then on live messages are delivered as they come; one
 * whose predecessor was not delivered leads to reading again. What cannot be delivered now is not
 * counted as such and is read again. So after a lost link, too, nothing is missing and nothing
 * comes twice.
 *
 * Hubs number a history without gaps: their numbers are this node's own. A gap tells them that the
 * channel was declared anew and what it told before is no longer its history.
 */
#include "broker/redis/mirror_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/redis/entry_priv.h"
#include "broker/redis/script_priv.h"

enum {
    READ_AT_ONCE = 256, /* entries of a page; its bytes are bounded as those of a channel */
    READINGS_MAX = 32,  /* pages under way */
    READS_A_TIME = 256, /* that are tried in one go */
    TOUCHES_A_LIFE = 3, /* how often a channel is kept from expiring before it would */
};

enum { TO_READ, TO_TOUCH, LISTS };

struct history_link {
    struct history *next, *before;
};

struct history_list {
    struct history *first, *last;
};

/* A page under way. */
struct reading {
    struct redis_command command;
    struct broker_redis *redis;
    struct history *history; /* NULL: the channel has gone meanwhile */
};

struct history {
    struct channel *channel;
    struct history_link links[LISTS];
    bool is_to_read; /* it is in that list */
    bool is_loaded;  /* all was delivered that there was when the live channel stood */
    struct reading *reading;
    uint64_t delivered; /* the last number */
    uint64_t noted;     /* the highest that was published since the last page was asked for */
    uint64_t sequence;  /* the last that hubs were given */
    uint64_t touched_ns;
    struct broker_call *waiting; /* for it to be loaded */
};

struct mirror {
    struct broker_redis *redis;
    struct history_list lists[LISTS];
    size_t readings;
    bool is_read_refused; /* nothing more is read before the next tick */
    bool has_complained;  /* of an entry that is none */
    struct redis_command touch;
    bool is_touching;
};

struct mirror *mirror_new(struct broker_redis *redis) {
    struct mirror *mirror = mem_new(sizeof *mirror);
    mirror->redis = redis;
    return mirror;
}

void mirror_free(struct mirror *mirror) {
    mem_free(mirror);
}

static void append(struct mirror *mirror, int which, struct history *h) {
    struct history_list *list = &mirror->lists[which];
    h->links[which] = (struct history_link){ .before = list->last };
    *(list->last ? &list->last->links[which].next : &list->first) = h;
    list->last = h;
}

static void cut(struct mirror *mirror, int which, struct history *h) {
    struct history_list *list = &mirror->lists[which];
    const struct history_link *link = &h->links[which];
    *(link->before ? &link->before->links[which].next : &list->first) = link->next;
    *(link->next ? &link->next->links[which].before : &list->last) = link->before;
}

/* The time as a number of hubs: no channel was given higher ones before, since none has a message
 * every microsecond. */
static struct history *history_of(struct broker_redis *redis, struct channel *channel) {
    if (channel->history) return channel->history;
    struct history *h = mem_new(sizeof *h);
    h->channel = channel;
    h->touched_ns = clock_now_ns();
    h->sequence = h->touched_ns / NS_PER_US;
    append(redis->mirror, TO_TOUCH, h);
    channel->history = h;
    return h;
}

static void answer_waiting(struct broker_redis *redis, struct history *h, enum err e) {
    struct broker_call *call = h->waiting;
    h->waiting = NULL;
    while (call) {
        struct broker_call *next = call->next;
        if (e) buf_clear(&call->answer);
        redis_finish(redis, call, e);
        call = next;
    }
}

/* ---- delivering ---- */

static void complain(struct broker_redis *redis, const struct channel *channel) {
    counter_add(&redis->counts->dropped[COUNT_DROP_MALFORMED], 1);
    if (redis->mirror->has_complained) return;
    redis->mirror->has_complained = true;
    log_line(LOG_WARNING, "history holds what this server did not write, further ones are counted",
             log_span("channel", channel->name));
}

/* False: not now. */
static bool hand_over(struct broker_redis *redis, struct history *h, const struct entry *entry) {
    if (entry->number <= h->delivered) return true;
    uint64_t gap = entry->before == 0 && h->delivered > 0;
    struct broker_arrival arrival = {
        .channel = h->channel->name,
        .payload = entry->payload,
        .sequence = h->sequence + 1 + gap,
        .is_last = entry->is_last,
    };
    if (deliver(redis, &arrival) != ERR_OK) return false;
    h->sequence = arrival.sequence;
    h->delivered = entry->number;
    return true;
}

/* ---- reading ---- */

static void want_read(struct broker_redis *redis, struct history *h) {
    if (h->is_to_read || h->reading) return;
    h->is_to_read = true;
    append(redis->mirror, TO_READ, h);
}

static void set_loaded(struct broker_redis *redis, struct history *h) {
    h->is_loaded = true;
    channel_is_loaded(redis, h->channel);
    answer_waiting(redis, h, ERR_OK);
}

/* What this server did not write is passed over. */
static void pass_over(struct broker_redis *redis, struct history *h,
                      const struct redis_reply *item) {
    uint64_t number;
    complain(redis, h->channel);
    if (entry_number_kept(item, &number) && number > h->delivered) h->delivered = number;
}

/* False: not all could be delivered. */
static bool hand_over_page(struct broker_redis *redis, struct history *h,
                           const struct redis_reply *page) {
    for (size_t i = 0; i < page->count; i++) {
        struct entry entry;
        if (!entry_read_kept(&page->items[i], &entry)) {
            pass_over(redis, h, &page->items[i]);
        } else if (!hand_over(redis, h, &entry)) {
            redis->mirror->is_read_refused = true;
            return false;
        }
    }
    return true;
}

static void take_page(struct broker_redis *redis, struct history *h,
                      const struct redis_reply *page) {
    bool is_whole = hand_over_page(redis, h, page);
    bool is_end = is_whole && page->count < READ_AT_ONCE;
    /* What was noted earlier than this page was asked for would be in it. */
    if (!is_end || h->noted > h->delivered) want_read(redis, h);
    if (is_end) set_loaded(redis, h);
}

static void read_some(struct broker_redis *redis);

static void on_page(struct redis_command *command, const struct redis_reply *reply) {
    struct reading *reading = container_of(command, struct reading, command);
    struct broker_redis *redis = reading->redis;
    struct history *h = reading->history;
    mem_free(reading);
    redis->mirror->readings--;
    if (h) {
        h->reading = NULL;
        if (reply && reply->kind == REDIS_ARRAY) {
            take_page(redis, h, reply);
        } else {
            redis->mirror->is_read_refused = true;
            want_read(redis, h);
            channel_is_loaded(redis, h->channel); /* nobody is to wait for the next try */
            answer_waiting(redis, h, ERR_CLOSED);
        }
    }
    read_some(redis);
}

static enum err read_page(struct broker_redis *redis, struct history *h) {
    struct script_keys keys;
    struct script_number first;
    script_keys_init(&keys);
    script_key(redis, &keys, h->channel->name, "log");
    if (keys.is_too_long) return ERR_TOO_BIG;
    const struct span args[] = {
        SPAN("XRANGE"), keys.at[0],    script_number(&first, h->delivered + 1),
        SPAN("+"),      SPAN("COUNT"), SPAN("256"),
    };
    static_assert(READ_AT_ONCE == 256, "as above");
    struct reading *reading = mem_new(sizeof *reading);
    reading->redis = redis;
    reading->history = h;
    reading->command.answered = on_page;
    enum err e = redis_send(redis->link, &reading->command, keys.at[0], args, countof(args));
    if (e) {
        mem_free(reading);
        return e;
    }
    h->reading = reading;
    h->noted = 0;
    redis->mirror->readings++;
    return ERR_OK;
}

static void read_some(struct broker_redis *redis) {
    struct mirror *mirror = redis->mirror;
    /* With the link up all live channels stand. */
    if (!redis->health.is_link_up || redis->is_dropping) return;
    for (int i = 0; i < READS_A_TIME && mirror->lists[TO_READ].first; i++) {
        if (mirror->readings == READINGS_MAX || mirror->is_read_refused) return;
        if (delivery_is_behind(redis)) return;
        struct history *h = mirror->lists[TO_READ].first;
        cut(mirror, TO_READ, h);
        h->is_to_read = false;
        if (read_page(redis, h) != ERR_OK) want_read(redis, h); /* behind the others */
    }
}

/* ---- what channels.c says ---- */

void history_begin(struct broker_redis *redis, struct channel *channel) {
    struct history *h = history_of(redis, channel);
    if (h->reading) {
        /* It may have been asked for before the live channel stood. */
        h->reading->history = NULL;
        h->reading = NULL;
    }
    want_read(redis, h);
    read_some(redis);
}

void history_live(struct broker_redis *redis, struct channel *channel, struct span payload) {
    struct history *h = history_of(redis, channel);
    struct entry entry;
    if (!entry_read(payload, &entry)) {
        complain(redis, channel);
    } else if (h->reading || h->is_to_read) {
        if (entry.number > h->noted) h->noted = entry.number;
    } else if (entry.before > h->delivered || !hand_over(redis, h, &entry)) {
        want_read(redis, h);
        read_some(redis);
    }
}

void history_end(struct broker_redis *redis, struct channel *channel) {
    struct history *h = channel->history;
    if (!h) return;
    channel->history = NULL;
    answer_waiting(redis, h, ERR_CLOSED);
    if (h->reading) h->reading->history = NULL;
    if (h->is_to_read) cut(redis->mirror, TO_READ, h);
    cut(redis->mirror, TO_TOUCH, h);
    mem_free(h);
}

/* ---- fetching ---- */

void mirror_fetch(struct broker_redis *redis, struct broker_call *call) {
    struct channel *channel = channel_hold(redis, call->name);
    if (!channel) {
        buf_clear(&call->answer);
        redis_finish(redis, call, ERR_NOMEM);
        return;
    }
    struct history *h = history_of(redis, channel);
    if (h->is_loaded) {
        redis_finish(redis, call, ERR_OK);
        return;
    }
    call->next = h->waiting;
    h->waiting = call;
}

void mirror_link_down(struct broker_redis *redis) {
    for (struct history *h = redis->mirror->lists[TO_TOUCH].first; h; h = h->links[TO_TOUCH].next) {
        h->is_loaded = false;
        answer_waiting(redis, h, ERR_CLOSED);
    }
}

/* ---- keeping what is listened to ---- */

SCRIPT(touch_script, "redis.call('EXPIRE', KEYS[1], ARGV[1])\n"
                     "return redis.call('EXPIRE', KEYS[2], ARGV[1])\n");

static void touch_next(struct broker_redis *redis);

static void on_touched(struct redis_command *command, const struct redis_reply *reply) {
    struct mirror *mirror = container_of(command, struct mirror, touch);
    mirror->is_touching = false;
    if (reply) touch_next(mirror->redis);
}

/* One after the other: there are hours for all of them. */
static void touch_next(struct broker_redis *redis) {
    struct mirror *mirror = redis->mirror;
    struct history *h = mirror->lists[TO_TOUCH].first;
    uint64_t now_ns = clock_now_ns();
    uint32_t keep = redis->options.keep_seconds;
    if (!h || mirror->is_touching || !redis_is_up(redis)) return;
    if (now_ns - h->touched_ns < keep * NS_PER_S / TOUCHES_A_LIFE) return;
    struct script_keys keys;
    struct script_number seconds;
    script_keys_init(&keys);
    script_key(redis, &keys, h->channel->name, "meta");
    script_key(redis, &keys, h->channel->name, "log");
    if (!keys.is_too_long) {
        const struct span arg = script_number(&seconds, keep);
        mirror->touch.answered = on_touched;
        if (redis_run(redis->link, &mirror->touch, &touch_script, keys.at, keys.count, &arg, 1)) {
            return;
        }
        mirror->is_touching = true;
    }
    h->touched_ns = now_ns;
    cut(mirror, TO_TOUCH, h);
    append(mirror, TO_TOUCH, h);
}

void mirror_tick(struct broker_redis *redis) {
    redis->mirror->is_read_refused = false;
    read_some(redis);
    touch_next(redis);
}
