/* SPDX-License-Identifier: MIT */
/*
 * A table of wire samples against what the request parser makes of them, written down as text: one
 * line a request, `FAIL status` at the end of a refused connection, `RAW bytes` behind an upgrade.
 */
#ifndef TIDINGS_HTTP_TRANSCRIPT_H
#define TIDINGS_HTTP_TRANSCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "feed.h"
#include "http/request.h"

struct sample {
    const char *name;
    struct span wire;
    const char *expected;
};

/* A row of a table; the wire may hold NUL bytes. */
#define SAMPLE(name, wire, expected)                                                               \
    { name, { wire, sizeof wire - 1 }, expected }

struct transcript {
    const struct sample *sample;
    struct http_limits limits;
    struct http_parser *parser;
    struct buf text;
    bool keeps; /* each request is looked at when its input is gone */
    bool is_raw;
    bool is_failed;
    size_t faults;
};

static void transcript_begin(void *context) {
    struct transcript *t = context;
    t->parser = http_parser_new(&t->limits);
    t->is_raw = t->is_failed = false;
    buf_init(&t->text, 1 << 20);
}

static void transcript_request(struct transcript *t, const struct http_request *r) {
    assert_true(r->is_chunked || r->content_length == r->body.len);
    buf_printf(&t->text, "%.*s %.*s", SPAN_ARG(r->method_text), SPAN_ARG(r->path));
    if (r->query.at) buf_printf(&t->text, "?%.*s", SPAN_ARG(r->query));
    buf_printf(&t->text, " 1.%d host=%.*s", r->version_minor, SPAN_ARG(r->host));
    if (!r->is_keep_alive) buf_append_text(&t->text, " close");
    if (r->wants_upgrade) buf_append_text(&t->text, " upgrade");
    if (r->expects_continue) buf_append_text(&t->text, " expect");
    if (r->is_chunked) buf_append_text(&t->text, " chunked");
    for (size_t i = 0; i < r->headers->count; i++) {
        const struct http_header *line = &r->headers->list[i];
        if (line->field) continue;
        buf_printf(&t->text, " %.*s=[%.*s]", line->name_len, r->headers->bytes + line->name_at,
                   (int)line->value_len, r->headers->bytes + line->value_at);
    }
    if (r->body.len) buf_printf(&t->text, " body=%.*s", SPAN_ARG(r->body));
    buf_append_text(&t->text, "\n");
}

/* The request has all that it needs; what was fed to the parser so far is worth nothing now. */
static void transcript_keep(struct transcript *t, const char *from, const char *to) {
    assert_int_equal(http_parser_keep(t->parser), ERR_OK);
    /* A piece is memory of the feed's own. */
    memset((char *)(uintptr_t)from, '!', (size_t)(to - from));
}

static void transcript_take(void *context, struct span in) {
    struct transcript *t = context;
    if (t->is_failed) return;
    while (!t->is_raw) {
        const char *begin = in.at;
        enum http_step step = http_parser_feed(t->parser, &in);
        if (step == HTTP_STEP_FAIL) {
            t->is_failed = true;
            struct http_failure failure = http_parser_failure(t->parser);
            assert_non_null(failure.message);
            buf_printf(&t->text, "FAIL %d\n", failure.status);
            return;
        }
        if (step != HTTP_STEP_DONE) {
            assert_int_equal(in.len, 0);
            return;
        }
        if (t->keeps) transcript_keep(t, begin, in.at);
        transcript_request(t, http_parser_request(t->parser));
        t->is_raw = http_parser_request(t->parser)->wants_upgrade;
        if (t->is_raw) buf_append_text(&t->text, "RAW ");
        if (in.len == 0) return;
    }
    buf_append_span(&t->text, in);
}

static void transcript_end(void *context, const char *how) {
    struct transcript *t = context;
    buf_append_char(&t->text, 0);
    assert_int_equal(buf_err(&t->text), ERR_OK);
    if (strcmp(t->text.at, t->sample->expected) != 0) {
        print_error("%s, %s:\n--- got\n%s--- wanted\n%s", t->sample->name, how, t->text.at,
                    t->sample->expected);
        t->faults++;
    }
    buf_finish(&t->text);
    http_parser_free(t->parser);
}

/* Each sample in every way to cut it, its requests lent and kept. */
static void transcript_check(const struct sample *samples, size_t count,
                             const struct http_limits *limits) {
    size_t faults = 0;
    for (size_t i = 0; i < count; i++) {
        struct transcript t = { .sample = &samples[i], .limits = *limits };
        struct feed feed = { transcript_begin, transcript_take, transcript_end, &t };
        feed_every_way(&feed, samples[i].wire);
        t.keeps = true;
        feed_every_way(&feed, samples[i].wire);
        faults += t.faults;
    }
    assert_int_equal(faults, 0);
}

#endif
