/* SPDX-License-Identifier: MIT */
/*
 * api/disconnect_request.c: reads `{"id","code","reason","block_seconds"}`, each of which may be
 * left out.
 */
#include "api/disconnect_request_priv.h"

#include "base/utf8.h"

enum { MEMBER_ID, MEMBER_CODE, MEMBER_REASON, MEMBER_BLOCK, MEMBERS };

static const struct span names[MEMBERS] = {
    [MEMBER_ID] = { "id", 2 },
    [MEMBER_CODE] = { "code", 4 },
    [MEMBER_REASON] = { "reason", 6 },
    [MEMBER_BLOCK] = { "block_seconds", 13 },
};

/* What a server may say of its own accord (RFC 6455 §7.4), and what applications agree on. */
static bool may_say(int64_t code) {
    return code == 1000 || code == 1008 || (code >= 1011 && code <= 1013) || code >= 3000;
}

/* Copied, since a reason with escapes may be in the room already. */
static bool read_id(const struct json_value *value, struct disconnect_request *ret,
                    struct api_problem *problem) {
    struct span id;
    struct buf decoded;
    buf_init(&decoded, SUBSCRIBER_ID_MAX);
    bool is_good = value->kind == JSON_KIND_STRING && json_text(value, &decoded, &id) == ERR_OK &&
                   utf8_is_name(id, SUBSCRIBER_ID_MAX - 1);
    if (is_good) memcpy(ret->id, id.at, id.len);
    buf_finish(&decoded);
    return is_good || api_problem(problem, 400, "invalid_id",
                                  "\"id\" must be that of a connection, as they are listed");
}

static bool read_code(const struct json_value *value, struct disconnect_request *ret,
                      struct api_problem *problem) {
    int64_t code;
    if (!json_int(value, 1000, 4999, &code) || !may_say(code)) {
        return api_problem(problem, 400, "invalid_code",
                           "\"code\" must be 1000, 1008, 1011 to 1013 or 3000 to 4999");
    }
    ret->code = (uint16_t)code;
    return true;
}

static bool read_reason(const struct json_value *value, struct buf *room,
                        struct disconnect_request *ret, struct api_problem *problem) {
    buf_clear(room);
    struct span reason;
    if (value->kind != JSON_KIND_STRING || json_text(value, room, &reason) != ERR_OK ||
        reason.len > DISCONNECT_REASON_MAX) {
        return api_problem(problem, 400, "invalid_reason",
                           "\"reason\" must be a text of at most %d bytes", DISCONNECT_REASON_MAX);
    }
    ret->reason = reason;
    return true;
}

static bool read_block(const struct json_value *value, struct disconnect_request *ret,
                       struct api_problem *problem) {
    int64_t seconds;
    if (!json_int(value, 0, DISCONNECT_BLOCK_MAX_S, &seconds)) {
        return api_problem(problem, 400, "invalid_block_seconds",
                           "\"block_seconds\" must be a whole number from 0 to %d",
                           DISCONNECT_BLOCK_MAX_S);
    }
    ret->block_seconds = (uint32_t)seconds;
    return true;
}

static bool read_member(size_t member, const struct json_value *value, struct buf *room,
                        struct disconnect_request *ret, struct api_problem *problem) {
    switch (member) {
    case MEMBER_ID: return read_id(value, ret, problem);
    case MEMBER_CODE: return read_code(value, ret, problem);
    case MEMBER_REASON: return read_reason(value, room, ret, problem);
    default: return read_block(value, ret, problem);
    }
}

bool disconnect_request_read(struct span body, struct buf *room, struct disconnect_request *ret,
                             struct api_problem *problem) {
    struct json_walk walk = json_walk(body.len > 0 ? body : SPAN("{}"));
    struct json_value name, value;
    bool has[MEMBERS] = { false };
    enum json_step step;
    *ret = (struct disconnect_request){
        .code = 1008,
        .reason = SPAN("Disconnected by the operator"),
    };
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        size_t i = 0;
        while (i < MEMBERS && !json_text_is(&name, names[i]))
            i++;
        if (i == MEMBERS) {
            return api_problem(problem, 400, "invalid_request", "Unknown member %.*s",
                               (int)utf8_cut(name.raw, 80), name.raw.at);
        }
        if (has[i]) {
            return api_problem(problem, 400, "invalid_request", "%.*s is given twice",
                               SPAN_ARG(name.raw));
        }
        has[i] = true;
        if (!read_member(i, &value, room, ret, problem)) return false;
    }
    return step == JSON_END || api_problem_json(problem, body, &walk.error);
}
