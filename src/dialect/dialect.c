/* SPDX-License-Identifier: MIT */
/*
 * dialect/dialect.c: finding a dialect, and the application ping that all of them share.
 */
#include "base/json.h"
#include "dialect/dialect_priv.h"

static const struct dialect *const dialects[] = { &dialect_huleedu };

const struct dialect *dialect_find(struct span name) {
    for (size_t i = 0; i < countof(dialects); i++) {
        if (span_eq(name, span_str(dialects[i]->name))) return dialects[i];
    }
    return NULL;
}

static bool is_white(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span s) {
    while (s.len > 0 && is_white(s.at[0]))
        s = span_skip(s, 1);
    while (s.len > 0 && is_white(s.at[s.len - 1]))
        s.len--;
    return s;
}

bool dialect_is_ping(struct span message) {
    if (span_eq(trim(message), SPAN("ping"))) return true;
    struct json_walk walk = json_walk(message);
    struct json_value name;
    struct json_value value;
    enum json_step step;
    bool is_ping = false;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        /* Of a repeated member the last one counts, as it does in every browser. */
        if (json_text_is(&name, SPAN("type"))) is_ping = json_text_is(&value, SPAN("ping"));
    }
    return step == JSON_END && is_ping;
}
