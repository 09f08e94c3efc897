/* SPDX-License-Identifier: MIT */
/*
 * dialect/dialect.c: finding a dialect, and what several of them share: the application ping, one
 * way to answer it, one way to explain a refusal.
 */
#include "base/clock.h"
#include "base/json.h"
#include "dialect/dialect_priv.h"

static const struct dialect *const dialects[] = { &dialect_huleedu, &dialect_huleedu_status,
                                                  &dialect_hailango, &dialect_submissions };

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

void dialect_time(int64_t unix_ms, struct buf *out) {
    char text[CLOCK_TEXT_BYTES];
    clock_text(unix_ms, text);
    buf_append_char(out, '"');
    buf_append_text(out, text);
    buf_append_char(out, '"');
}

void dialect_pong(int64_t unix_ms, struct buf *out) {
    buf_append_text(out, "{\"type\":\"pong\",\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

struct span dialect_notice_text(bool is_degraded) {
    return is_degraded ? SPAN("Notifications may be delayed or lost until the service recovers")
                       : SPAN("Notifications are delivered again");
}

void dialect_explain(const struct refusal_words *words, const struct refusal *refusal,
                     struct buf *out) {
    buf_append_text(out, "{\"error\":");
    json_append_string(out, words->error);
    buf_append_text(out, ",\"code\":");
    buf_append_uint(out, refusal->code);
    buf_append_text(out, ",\"message\":");
    json_append_string(out, words->message);
    switch (words->advice) {
    case ADVICE_GIVE_UP: buf_append_text(out, ",\"retry_recommended\":false}"); break;
    case ADVICE_TRY_AGAIN: buf_append_text(out, ",\"retry_recommended\":true}"); break;
    case ADVICE_WAIT:
        buf_append_text(out, ",\"retry_after_seconds\":");
        buf_append_uint(out, refusal->retry_after_s);
        buf_append_char(out, '}');
        break;
    }
}
