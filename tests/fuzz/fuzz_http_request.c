/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes http/request and http/reply: what comes of a wire must not depend on how it is cut. The
 * first byte chooses the parser and whether the wire comes twice (whole, the second time repeats
 * heads that the parser knows), the second the cuts, the rest is the wire; the limits are small so
 * that they are met.
 */
#include "base/buf.h"
#include "http/reply.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_limits LIMITS = { .head_max = 400, .body_max = 60 };

static void write_span(struct buf *out, struct span s) {
    buf_printf(out, "%zu:", s.len);
    buf_append_span(out, s);
}

static void write_headers(struct buf *out, const struct http_headers *headers) {
    for (int field = HTTP_FIELD_OTHER + 1; field < HTTP_FIELD_COUNT; field++) {
        uint8_t cursor = 0;
        struct span value;
        while (http_headers_next(headers, (enum http_field)field, &cursor, &value)) {
            write_span(out, value);
        }
    }
    write_span(out, http_headers_find(headers, SPAN("x")));
}

static void write_request(struct buf *out, const struct http_request *r) {
    assert(r->path.len > 0 && (r->path.at[0] == '/' || r->method == HTTP_METHOD_OPTIONS));
    assert(r->body.len <= LIMITS.body_max);
    assert(r->is_chunked || r->content_length == r->body.len);
    buf_printf(out, "R%d %d%d%d%d%d ", r->method, r->version_minor, r->is_keep_alive, r->is_chunked,
               r->wants_upgrade, r->expects_continue);
    write_span(out, r->method_text);
    write_span(out, r->target);
    write_span(out, r->path);
    write_span(out, r->query);
    write_span(out, r->host);
    write_span(out, r->body);
    write_headers(out, r->headers);
}

static void write_reply(struct buf *out, const struct http_reply *r) {
    assert(r->status == 101 || (r->status >= 200 && r->status <= 999));
    assert(r->body.len <= LIMITS.body_max);
    buf_printf(out, "A%d %d%d ", r->status, r->is_keep_alive, r->is_upgraded);
    write_span(out, r->body);
    write_headers(out, r->headers);
}

static enum http_step feed_request(struct http_parser *p, struct span *in, struct buf *out) {
    enum http_step step = http_parser_feed(p, in);
    if (step == HTTP_STEP_DONE) write_request(out, http_parser_request(p));
    if (step == HTTP_STEP_FAIL) buf_printf(out, "F%d", http_parser_failure(p).status);
    return step;
}

static enum http_step feed_reply(struct http_reply_parser *p, struct span *in, struct buf *out) {
    enum http_step step = http_reply_parser_feed(p, in);
    if (step == HTTP_STEP_DONE) write_reply(out, http_reply_parser_reply(p));
    if (step == HTTP_STEP_FAIL) buf_append_text(out, "F");
    return step;
}

/* Feeds the wire in pieces drawn from `seed` (0: whole), each in memory of its own that goes away.
 */
static struct buf run(struct span wire, bool is_reply, unsigned seed) {
    struct buf out;
    buf_init(&out, 1 << 24);
    struct http_parser *requests = http_parser_new(&LIMITS);
    struct http_reply_parser *replies = http_reply_parser_new(&LIMITS);
    enum http_step step = HTTP_STEP_MORE;
    while (wire.len > 0 && step != HTTP_STEP_FAIL) {
        seed = seed ? seed * 1103515245u + 12345u : 0;
        size_t len = seed ? size_min((seed >> 16) % 40 + 1, wire.len) : wire.len;
        char *piece = malloc(len);
        assert(piece);
        memcpy(piece, wire.at, len);
        wire = span_skip(wire, len);
        struct span in = span_of(piece, len);
        do {
            step = is_reply ? feed_reply(replies, &in, &out) : feed_request(requests, &in, &out);
            if (step == HTTP_STEP_MORE || step == HTTP_STEP_HEAD) assert(in.len == 0);
        } while (in.len > 0 && step != HTTP_STEP_FAIL);
        free(piece);
    }
    if (is_reply && step != HTTP_STEP_FAIL) {
        step = http_reply_parser_end(replies);
        if (step == HTTP_STEP_DONE) write_reply(&out, http_reply_parser_reply(replies));
        buf_append_char(&out, (char)('0' + step));
    }
    http_parser_free(requests);
    http_reply_parser_free(replies);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    bool is_reply = data[0] & 1;
    struct buf wire;
    buf_init(&wire, 2 * size);
    for (int i = 0; i <= (data[0] >> 1 & 1); i++)
        buf_append(&wire, data + 2, size - 2);
    struct buf whole = run(buf_span(&wire), is_reply, 0);
    struct buf pieces = run(buf_span(&wire), is_reply, data[1] + 1u);
    assert(span_eq(buf_span(&whole), buf_span(&pieces)));
    buf_finish(&wire);
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
