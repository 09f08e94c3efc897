/* SPDX-License-Identifier: MIT */
/*
 * api/publish_request.c: reads and judges the body of a publish.
 *
 * A single target, by far the most frequent, costs no memory. A list gets one block: its targets,
 * a table that finds names given twice, and room for names written with escapes.
 */
#include "api/publish_request_priv.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

/* The members that a body may have. */
enum member { USER, USERS, CHANNEL, CHANNELS, DATA, IDEMPOTENCY_KEY, MEMBERS };
enum { TARGET_MEMBERS = 1 << USER | 1 << USERS | 1 << CHANNEL | 1 << CHANNELS };

static const struct span names[MEMBERS] = {
    [USER] = { "user", 4 },       [USERS] = { "users", 5 },
    [CHANNEL] = { "channel", 7 }, [CHANNELS] = { "channels", 8 },
    [DATA] = { "data", 4 },       [IDEMPOTENCY_KEY] = { "idempotency_key", 15 },
};

struct body {
    unsigned has; /* a bit each member */
    struct json_value values[MEMBERS];
};

static enum member member_of(const struct json_value *name) {
    enum member m = 0;
    while (m < MEMBERS && !json_text_is(name, names[m]))
        m++;
    return m;
}

/* Reads the members; all is judged only when the whole text is known to be JSON. */
static bool read_members(struct span text, struct body *ret, struct api_problem *problem) {
    struct json_walk walk = json_walk(text);
    struct json_value name;
    struct json_value value;
    struct json_value unknown = { 0 };
    enum member twice = MEMBERS;
    enum json_step step;
    ret->has = 0;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        enum member m = member_of(&name);
        if (m == MEMBERS) {
            unknown = name;
            continue;
        }
        if (ret->has & 1u << m) twice = m;
        ret->has |= 1u << m;
        ret->values[m] = value;
    }
    if (step == JSON_FAIL) return api_problem_json(problem, text, &walk.error);
    if (twice != MEMBERS) {
        return api_problem(problem, 400, "invalid_request", "\"%s\" is given twice",
                           names[twice].at);
    }
    if (unknown.raw.len > 0) {
        size_t shown = utf8_cut(unknown.raw, 80);
        return api_problem(problem, 400, "invalid_request", "Unknown member %.*s", (int)shown,
                           unknown.raw.at);
    }
    return true;
}

static bool judge_members(unsigned has, enum publish_kind kind, struct api_problem *problem) {
    unsigned targets = has & TARGET_MEMBERS;
    if (kind == PUBLISH_BROADCAST && targets) {
        return api_problem(problem, 400, "invalid_request", "A broadcast names no target");
    }
    if (kind == PUBLISH_TARGETED && __builtin_popcount(targets) != 1) {
        return api_problem(problem, 400, "invalid_request",
                           "Exactly one of \"user\", \"users\", \"channel\" and \"channels\" must "
                           "be given");
    }
    if (!(has & 1u << DATA)) {
        return api_problem(problem, 400, "invalid_request", "\"data\" is missing");
    }
    return true;
}

/* A user may be written as an integer too, since tokens may name one so. */
static bool read_name(const struct json_value *value, bool is_user, struct buf *room,
                      struct span *ret, struct api_problem *problem) {
    int64_t number;
    struct span name = { NULL, 0 };
    if (is_user && json_int(value, INT64_MIN, INT64_MAX, &number)) {
        name = value->raw;
    } else if (json_text(value, room, &name) != ERR_OK) {
        name.len = 0;
    }
    size_t max = is_user ? PUBLISH_USER_MAX : PUBLISH_CHANNEL_MAX;
    if (!utf8_is_name(name, max)) {
        return api_problem(problem, 400, is_user ? "invalid_user" : "invalid_channel",
                           "A %s is 1 to %zu bytes of text without control characters",
                           is_user ? "user id" : "channel name", max);
    }
    *ret = name;
    return true;
}

static bool read_key(const struct json_value *value, struct buf *room, struct span *ret,
                     struct api_problem *problem) {
    struct span key;
    if (json_text(value, room, &key) != ERR_OK || !utf8_is_name(key, IDEMPOTENCY_KEY_MAX)) {
        return api_problem(problem, 400, "invalid_idempotency_key",
                           "An idempotency key is 1 to %d bytes of text without control characters",
                           IDEMPOTENCY_KEY_MAX);
    }
    *ret = key;
    return true;
}

/* The block behind a list of targets. */
struct list {
    struct publish_target *targets;
    uint32_t *slots; /* 1 + index of a target, by hash; 0: empty */
    size_t slot_mask;
    char *room; /* for decoded names, which are never longer than they are written */
};

static bool list_new(size_t count, size_t room_len, struct list *ret) {
    size_t slots = 8;
    while (slots < 2 * count)
        slots *= 2;
    size_t targets_len = count * sizeof(struct publish_target);
    size_t slots_len = slots * sizeof(uint32_t);
    char *block = mem_try(targets_len + slots_len + room_len);
    if (!block) return false;
    ret->targets = (struct publish_target *)(void *)block;
    ret->slots = (uint32_t *)(void *)(block + targets_len);
    ret->slot_mask = slots - 1;
    ret->room = block + targets_len + slots_len;
    memset(ret->slots, 0, slots_len);
    return true;
}

/* Adds `name` unless it is there. */
static void list_add(struct list *list, size_t *count, struct span name) {
    size_t slot = hash_span(name) & list->slot_mask;
    while (list->slots[slot]) {
        if (span_eq(list->targets[list->slots[slot] - 1].name, name)) return;
        slot = (slot + 1) & list->slot_mask;
    }
    list->targets[*count] = (struct publish_target){ .name = name };
    list->slots[slot] = (uint32_t)++ * count;
}

static bool count_elements(const struct json_value *value, size_t *ret,
                           struct api_problem *problem) {
    struct json_walk walk = json_walk(value->raw);
    struct json_value element;
    *ret = 0;
    while (json_element(&walk, &element) == JSON_ITEM)
        ++*ret;
    if (*ret > 0) return true;
    return api_problem(problem, 400, "invalid_request",
                       "\"users\" and \"channels\" are lists of at least one name");
}

static bool read_list(const struct json_value *value, const struct publish_rooms *rooms,
                      struct publish_request *ret, struct api_problem *problem) {
    size_t count;
    struct list list;
    if (!count_elements(value, &count, problem)) return false;
    if (!list_new(count, value->raw.len, &list)) {
        return api_problem(problem, 503, "overloaded", "There is no memory for that many targets");
    }
    struct json_walk walk = json_walk(value->raw);
    struct json_value element;
    size_t used = 0;
    ret->own_list = ret->targets = list.targets;
    ret->target_count = 0;
    while (json_element(&walk, &element) == JSON_ITEM) {
        struct span name;
        if (!read_name(&element, ret->is_users, rooms->name, &name, problem)) {
            publish_request_finish(ret);
            return false;
        }
        if (element.has_escapes) {
            memcpy(list.room + used, name.at, name.len);
            name.at = list.room + used;
            used += name.len;
        }
        list_add(&list, &ret->target_count, name);
    }
    return true;
}

static bool read_targets(const struct body *body, enum publish_kind kind,
                         const struct publish_rooms *rooms, struct publish_request *ret,
                         struct api_problem *problem) {
    ret->own_list = NULL;
    ret->is_users = body->has & (1u << USER | 1u << USERS);
    if (body->has & (1u << USERS | 1u << CHANNELS)) {
        return read_list(&body->values[ret->is_users ? USERS : CHANNELS], rooms, ret, problem);
    }
    ret->one = (struct publish_target){ .name = SPAN("broadcast") };
    ret->targets = &ret->one;
    ret->target_count = 1;
    if (kind == PUBLISH_BROADCAST) return true;
    return read_name(&body->values[ret->is_users ? USER : CHANNEL], ret->is_users, rooms->name,
                     &ret->one.name, problem);
}

bool publish_request_read(struct span text, enum publish_kind kind, size_t data_max,
                          const struct publish_rooms *rooms, struct publish_request *ret,
                          struct api_problem *problem) {
    struct body body;
    if (!read_members(text, &body, problem)) return false;
    if (!judge_members(body.has, kind, problem)) return false;
    ret->data = body.values[DATA].raw;
    if (ret->data.len > data_max) {
        return api_problem(problem, 413, "too_large", "\"data\" may have %zu bytes", data_max);
    }
    ret->idempotency_key = SPAN("");
    if (body.has & 1u << IDEMPOTENCY_KEY &&
        !read_key(&body.values[IDEMPOTENCY_KEY], rooms->key, &ret->idempotency_key, problem)) {
        return false;
    }
    return read_targets(&body, kind, rooms, ret, problem);
}

void publish_request_finish(struct publish_request *request) {
    mem_free(request->own_list);
    request->own_list = NULL;
}
