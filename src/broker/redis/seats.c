/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/seats.c: how many connections sit on a seat, counted over all nodes.
 *
 * `seat` is a hash with a field for each node that has some there: `count:milliseconds`, when that
 * was last written. A node that is not among the living does not count, and its field goes, unless
 * it was written within the last seconds (then it may be so new that it is not known yet). So what
 * a killed node held is free soon, and nobody needs to refresh every seat all the time.
 *
 * This node knows what it holds itself. Who comes is added by Redis, which judges in the same step.
 * What Redis does not know for sure (somebody left, an answer was lost, Redis was away) is told it
 * as a plain count, as soon as nobody is just coming to that seat; and now and then of all seats.
 */
#include "broker/redis/seats_priv.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "broker/redis/nodes_priv.h"
#include "broker/redis/script_priv.h"

#define WRITTEN_LATELY_MS  "20000"
#define NEVER_LATE_MS      "1000000000000000" /* nobody is taken for dead */
#define SEAT_SECONDS       "14400"
#define CONFIRMED_AGAIN_NS (3600 * NS_PER_S) /* well within SEAT_SECONDS */

enum {
    HOLDS_MAX = 64,       /* counts under way */
    CONFIRMED_A_TICK = 16 /* that only their age makes due */
};

/* KEYS: the seat and, perhaps, a block. ARGV: this node, the limit, how long a field needs no
 * living node, how long the seat is kept, the living. */
SCRIPT(sit_script, "local seat, node, limit = KEYS[1], ARGV[1], tonumber(ARGV[2])\n"
                   "if KEYS[2] then\n"
                   "  local left = redis.call('PTTL', KEYS[2])\n"
                   "  if left > 0 then return left end\n"
                   "end\n"
                   "local t = redis.call('TIME')\n"
                   "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                   "local living, mine, others, gone = {}, 0, 0, {}\n"
                   "for i = 5, #ARGV do living[ARGV[i]] = true end\n"
                   "local all = redis.call('HGETALL', seat)\n"
                   "for i = 1, #all, 2 do\n"
                   "  local count, written = string.match(all[i + 1], '^(%d+):(%d+)$')\n"
                   "  if all[i] == node then\n"
                   "    mine = tonumber(count or 0)\n"
                   "  elseif count and (living[all[i]] or now - written < tonumber(ARGV[3])) then\n"
                   "    others = others + count\n"
                   "  else\n"
                   "    gone[#gone + 1] = all[i]\n"
                   "  end\n"
                   "end\n"
                   "if limit > 0 and mine + others >= limit then return -1 end\n"
                   "redis.call('HSET', seat, node, string.format('%.0f:%.0f', mine + 1, now))\n"
                   "for _, field in ipairs(gone) do redis.call('HDEL', seat, field) end\n"
                   "redis.call('EXPIRE', seat, ARGV[4])\n"
                   "return 0\n");

SCRIPT(hold_script, "local seat, node, count = KEYS[1], ARGV[1], ARGV[2]\n"
                    "if count == '0' then return redis.call('HDEL', seat, node) end\n"
                    "local t = redis.call('TIME')\n"
                    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
                    "redis.call('HSET', seat, node, count .. string.format(':%.0f', now))\n"
                    "return redis.call('EXPIRE', seat, ARGV[3])\n");

enum { SAYS_FULL = -1 };

struct seat_list {
    struct seat *first, *last;
};

struct seat {
    struct map_node node;
    struct seat *next, *before;
    struct seat_list *list; /* NULL: neither, something is under way */
    uint64_t told_ns;       /* when Redis was last told */
    uint32_t round;         /* of the link, in which that was */
    uint32_t count;         /* this node's */
    uint32_t coming;        /* SITs under way */
    bool is_doubtful;       /* Redis may have another count */
    bool is_telling;        /* a hold is under way */
    uint16_t name_len;
    char name[];
};

struct hold {
    struct redis_command command;
    struct seats *seats;
    struct seat *seat;
};

struct seats {
    struct broker_redis *redis;
    struct map by_name;
    struct seat_list doubtful, sure; /* the latter in the order in which Redis was told */
    uint32_t round;                  /* how often the link came up */
    uint32_t holds;
    uint32_t may_confirm; /* in this tick */
    bool is_refused;      /* nothing more is told before the next tick */
};

struct seats *seats_new(struct broker_redis *redis) {
    struct seats *seats = mem_new(sizeof *seats);
    seats->redis = redis;
    return seats;
}

void seats_free(struct seats *seats) {
    if (!seats) return;
    for (struct map_node *node; (node = map_pop(&seats->by_name)) != NULL;)
        mem_free(container_of(node, struct seat, node));
    map_finish(&seats->by_name);
    mem_free(seats);
}

/* ---- the table ---- */

static struct seat *find(const struct seats *seats, struct span name) {
    struct map_node *node = map_first(&seats->by_name, (uint32_t)hash_span(name));
    for (; node; node = map_next(node)) {
        struct seat *seat = container_of(node, struct seat, node);
        if (span_eq(span_of(seat->name, seat->name_len), name)) return seat;
    }
    return NULL;
}

/* NULL: no memory, or no such name is possible. */
static struct seat *obtain(struct seats *seats, struct span name) {
    struct seat *seat = find(seats, name);
    if (seat || name.len > UINT16_MAX) return seat;
    seat = mem_try(sizeof *seat + name.len);
    if (!seat) return NULL;
    *seat = (struct seat){ .round = seats->round,
                           .told_ns = clock_now_ns(),
                           .name_len = (uint16_t)name.len };
    if (name.len) memcpy(seat->name, name.at, name.len);
    map_insert(&seats->by_name, &seat->node, (uint32_t)hash_span(name));
    return seat;
}

static void cut(struct seat *seat) {
    struct seat_list *list = seat->list;
    if (!list) return;
    *(seat->before ? &seat->before->next : &list->first) = seat->next;
    *(seat->next ? &seat->next->before : &list->last) = seat->before;
    seat->list = NULL;
}

static void append(struct seat_list *list, struct seat *seat) {
    seat->list = list;
    seat->next = NULL;
    seat->before = list->last;
    *(list->last ? &list->last->next : &list->first) = seat;
    list->last = seat;
}

/* Puts a seat where it belongs after something has changed; frees it when nobody needs it. */
static void settle(struct seats *seats, struct seat *seat) {
    cut(seat);
    if (seat->coming > 0 || seat->is_telling) return;
    if (seat->is_doubtful) {
        append(&seats->doubtful, seat);
    } else if (seat->count > 0) {
        append(&seats->sure, seat);
    } else {
        map_remove(&seats->by_name, &seat->node);
        mem_free(seat);
    }
}

/* ---- telling Redis ---- */

static void tell_some(struct seats *seats);

static void on_held(struct redis_command *command, const struct redis_reply *reply) {
    struct hold *hold = container_of(command, struct hold, command);
    struct seats *seats = hold->seats;
    struct seat *seat = hold->seat;
    mem_free(hold);
    seats->holds--;
    seat->is_telling = false;
    if (!reply || reply->kind == REDIS_ERROR) {
        seat->is_doubtful = true;
        seats->is_refused = true;
    }
    settle(seats, seat);
    tell_some(seats);
}

static enum err send_hold(struct seats *seats, struct seat *seat) {
    struct broker_redis *redis = seats->redis;
    struct script_keys keys;
    struct script_number count;
    script_keys_init(&keys);
    script_key(redis, &keys, span_of(seat->name, seat->name_len), "seat");
    if (keys.is_too_long) return ERR_OK; /* Redis never heard of it */
    const struct span args[] = { span_str(redis->node), script_number(&count, seat->count),
                                 SPAN(SEAT_SECONDS) };
    struct hold *hold = mem_new(sizeof *hold);
    hold->seats = seats;
    hold->seat = seat;
    hold->command.answered = on_held;
    enum err e = redis_run(redis->link, &hold->command, &hold_script, keys.at, keys.count, args,
                           countof(args));
    if (e) {
        mem_free(hold);
        return e;
    }
    seat->is_telling = true;
    seats->holds++;
    return ERR_OK;
}

/* The seat that Redis must be told of next. */
static struct seat *next_due(struct seats *seats) {
    if (seats->doubtful.first) return seats->doubtful.first;
    struct seat *seat = seats->sure.first;
    if (!seat || seat->round != seats->round) return seat;
    if (seats->may_confirm == 0) return NULL;
    if (clock_now_ns() - seat->told_ns < CONFIRMED_AGAIN_NS) return NULL;
    seats->may_confirm--;
    return seat;
}

static void tell_some(struct seats *seats) {
    struct broker_redis *redis = seats->redis;
    while (seats->holds < HOLDS_MAX && !seats->is_refused && !redis->is_dropping) {
        struct seat *seat = redis_is_up(redis) ? next_due(seats) : NULL;
        if (!seat) return;
        bool is_refused = send_hold(seats, seat) != ERR_OK;
        seats->is_refused = is_refused;
        seat->is_doubtful = is_refused;
        seat->round = seats->round;
        seat->told_ns = clock_now_ns();
        settle(seats, seat);
    }
}

void seats_tick(struct broker_redis *redis) {
    struct seats *seats = redis->seats;
    seats->is_refused = false;
    seats->may_confirm = CONFIRMED_A_TICK;
    tell_some(seats);
}

void seats_link_up(struct broker_redis *redis) {
    redis->seats->round++;
}

/* ---- calls ---- */

static struct seat *seat_of(struct broker_call *call) {
    return (struct seat *)(uintptr_t)asked_of(call)->more[0];
}

static void finish_sit(struct broker_redis *redis, struct broker_call *call, enum err e) {
    struct seats *seats = redis->seats;
    struct seat *seat = seat_of(call);
    uint64_t now_ns = clock_now_ns();
    seat->coming--;
    /* Redis has added one to what it knew, which may have been nothing; and whoever is refused
     * again and again is not to keep a seat from being confirmed. */
    if (seat->round != seats->round || now_ns - seat->told_ns >= CONFIRMED_AGAIN_NS) {
        seat->is_doubtful = true;
    }
    if (e == ERR_OK) {
        seat->count++;
        seat->told_ns = now_ns;
    }
    settle(seats, seat);
    redis_finish(redis, call, e);
    tell_some(seats);
}

/* Redis did not say. */
static void sit_alone(struct broker_redis *redis, struct broker_call *call) {
    struct seat *seat = seat_of(call);
    seat->is_doubtful = true;
    finish_sit(redis, call, call->limit > 0 && seat->count >= call->limit ? ERR_EXISTS : ERR_OK);
}

static void on_sat(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct broker_redis *redis = asked_of(call)->redis;
    if (!reply || reply->kind != REDIS_INTEGER) {
        sit_alone(redis, call);
    } else if (reply->integer > 0) {
        call->value = (uint64_t)reply->integer;
        finish_sit(redis, call, ERR_DENIED);
    } else {
        finish_sit(redis, call, reply->integer == SAYS_FULL ? ERR_EXISTS : ERR_OK);
    }
}

static void sit(struct broker_redis *redis, struct broker_call *call, bool has_block) {
    struct span args[4 + NODES_MAX];
    struct script_keys keys;
    struct script_number limit;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "seat");
    if (has_block) script_key(redis, &keys, call->text, "block");
    size_t living = 0;
    bool are_known = nodes_living(redis->nodes, args + 4, &living);
    args[0] = span_str(redis->node);
    args[1] = script_number(&limit, call->limit);
    args[2] = are_known ? SPAN(WRITTEN_LATELY_MS) : SPAN(NEVER_LATE_MS);
    args[3] = SPAN(SEAT_SECONDS);
    if (script_run(redis, call, &sit_script, &keys, args, 4 + living, on_sat)) {
        sit_alone(redis, call);
    }
}

static void on_block_told(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct broker_redis *redis = asked_of(call)->redis;
    int64_t left = script_integer(reply, 0);
    if (left > 0) {
        call->value = (uint64_t)left;
        finish_sit(redis, call, ERR_DENIED);
    } else if (!reply) {
        sit_alone(redis, call);
    } else {
        sit(redis, call, false);
    }
}

static void ask_for_block(struct broker_redis *redis, struct broker_call *call) {
    struct script_keys keys;
    script_keys_init(&keys);
    script_key(redis, &keys, call->text, "block");
    const struct span args[] = { SPAN("PTTL"), keys.at[0] };
    if (script_command(redis, call, args, countof(args), &keys, on_block_told)) {
        sit_alone(redis, call);
    }
}

/* In a Cluster a script sees the keys of one slot only. */
static bool is_one_slot(const struct broker_redis *redis, const struct broker_call *call) {
    struct script_keys keys;
    if (redis->options.link.mode != REDIS_CLUSTER) return true;
    script_keys_init(&keys);
    script_key(redis, &keys, call->name, "seat");
    script_key(redis, &keys, call->text, "block");
    return keys.is_too_long || redis_slot(keys.at[0]) == redis_slot(keys.at[1]);
}

void sit_ask(struct broker_redis *redis, struct broker_call *call) {
    struct seat *seat = obtain(redis->seats, call->name);
    if (!seat) {
        redis_finish(redis, call, ERR_NOMEM);
        return;
    }
    seat->coming++;
    settle(redis->seats, seat);
    asked_of(call)->more[0] = (uint64_t)(uintptr_t)seat;
    bool has_block = call->text.len > 0;
    if (has_block && !is_one_slot(redis, call)) {
        ask_for_block(redis, call);
    } else {
        sit(redis, call, has_block);
    }
}

void leave_ask(struct broker_redis *redis, struct broker_call *call) {
    struct seats *seats = redis->seats;
    struct seat *seat = find(seats, call->name);
    if (seat && seat->count > 0) {
        seat->count--;
        seat->is_doubtful = true;
        settle(seats, seat);
        tell_some(seats);
    }
    redis_finish(redis, call, ERR_OK);
}
