/* SPDX-License-Identifier: MIT */
/*
 * api/submission_state.c: folds a submission's messages into its state. Values are passed on as the
 * bytes that the backend sent.
 */
#include "api/submission_state_priv.h"

#include "base/json.h"
#include "hub/message.h"

enum { AT_ONCE = 64 };

/* The members of a message that count; `at` is NULL for those it has not. */
struct members {
    struct json_value type;
    struct span status, final_status, summary, test_name, duration_ms, error, analysis, suggestions,
        timestamp;
};

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
#define FIELD(name)                                                                                \
    { #name, offsetof(struct members, name) }
    FIELD(status), FIELD(final_status), FIELD(summary),     FIELD(test_name), FIELD(duration_ms),
    FIELD(error),  FIELD(analysis),     FIELD(suggestions), FIELD(timestamp),
#undef FIELD
};

static struct span *field_at(struct members *members, size_t i) {
    return (struct span *)(void *)((char *)members + fields[i].offset);
}

/* False for what is no JSON object. */
static bool read_members(struct span payload, struct members *ret) {
    struct json_walk walk = json_walk(payload);
    struct json_value name, value;
    enum json_step step;
    *ret = (struct members){ 0 };
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        if (json_text_is(&name, SPAN("type"))) ret->type = value;
        for (size_t i = 0; i < countof(fields); i++) {
            if (json_text_is(&name, span_str(fields[i].name))) *field_at(ret, i) = value.raw;
        }
    }
    return step == JSON_END;
}

static void append_member(struct buf *out, const char *name, struct span raw) {
    char last = out->len > 0 ? out->at[out->len - 1] : '{';
    if (last != '{') buf_append_char(out, ',');
    json_append_string(out, span_str(name));
    buf_append_char(out, ':');
    buf_append_span(out, raw.at ? raw : SPAN("null"));
}

static void append_test(struct buf *out, const struct members *m) {
    if (out->len > 0) buf_append_char(out, ',');
    buf_append_char(out, '{');
    append_member(out, "test_name", m->test_name);
    append_member(out, "status", m->status);
    append_member(out, "duration_ms", m->duration_ms);
    append_member(out, "timestamp", m->timestamp);
    buf_append_char(out, '}');
}

static void append_error(struct buf *out, const struct members *m) {
    if (out->len > 0) buf_append_char(out, ',');
    buf_append_char(out, '{');
    append_member(out, "error", m->error);
    append_member(out, "analysis", m->analysis);
    append_member(out, "suggestions", m->suggestions);
    append_member(out, "timestamp", m->timestamp);
    buf_append_char(out, '}');
}

/* Sets a text that the state owns, as it stands in a message. */
static void keep(struct buf *into, struct span raw) {
    buf_clear(into);
    buf_append_span(into, raw);
}

struct fold {
    struct buf tests, errors, status, final_status, summary;
};

static void fold_message(struct fold *fold, struct span payload) {
    struct members m;
    if (!read_members(payload, &m)) return;
    if (json_text_is(&m.type, SPAN("status_update")) && m.status.at) {
        keep(&fold->status, m.status);
    } else if (json_text_is(&m.type, SPAN("test_result"))) {
        append_test(&fold->tests, &m);
    } else if (json_text_is(&m.type, SPAN("error_analysis"))) {
        append_error(&fold->errors, &m);
    } else if (json_text_is(&m.type, SPAN("complete"))) {
        keep(&fold->status, SPAN("\"complete\""));
        keep(&fold->final_status, m.final_status.at ? m.final_status : SPAN("null"));
        keep(&fold->summary, m.summary.at ? m.summary : SPAN("null"));
    }
}

static void fold_history(struct store *store, struct span channel, struct fold *fold) {
    struct store_item items[AT_ONCE];
    uint64_t after = 0;
    size_t count;
    while ((count = store_read(store, channel, after, items, AT_ONCE)) > 0) {
        for (size_t i = 0; i < count; i++) {
            fold_message(fold, message_payload(items[i].message));
            after = items[i].sequence;
            message_unref(items[i].message);
        }
    }
}

static struct span text_of(const struct buf *text) {
    return text->len ? buf_span(text) : span_of(NULL, 0);
}

static void write_state(const struct submission *submission, const struct fold *fold,
                        struct buf *out) {
    buf_append_span(out, SPAN("{\"submission_id\":"));
    buf_append_uint(out, submission->number);
    buf_append_span(out, SPAN(",\"owner\":"));
    if (submission->owner.len > 0) {
        json_append_string(out, submission->owner);
    } else {
        buf_append_span(out, SPAN("null"));
    }
    append_member(out, "status", text_of(&fold->status));
    append_member(out, "final_status", text_of(&fold->final_status));
    append_member(out, "summary", text_of(&fold->summary));
    buf_append_span(out, SPAN(",\"tests\":["));
    buf_append_span(out, buf_span(&fold->tests));
    buf_append_span(out, SPAN("],\"errors\":["));
    buf_append_span(out, buf_span(&fold->errors));
    buf_append_span(out, SPAN("]}"));
}

bool submission_state_write(struct store *store, const struct submission *submission,
                            struct buf *out) {
    struct fold fold;
    struct buf *texts[] = { &fold.tests, &fold.errors, &fold.status, &fold.final_status,
                            &fold.summary };
    for (size_t i = 0; i < countof(texts); i++)
        buf_init(texts[i], out->max);
    fold_history(store, submission->channel, &fold);
    bool is_whole = true;
    for (size_t i = 0; i < countof(texts); i++)
        is_whole &= !buf_err(texts[i]);
    if (is_whole) write_state(submission, &fold, out);
    for (size_t i = 0; i < countof(texts); i++)
        buf_finish(texts[i]);
    return is_whole && !buf_err(out);
}
