/* SPDX-License-Identifier: MIT */
/*
 * wire.h: for the tests of ws/message: frames are written to a wire, the wire is read in every way
 * to cut it, and what came out stands in a transcript, a line an event.
 *
 *   text 5 Hello          a message and its length; long payloads are shown by their checksum
 *   binary 300 cut abc    only the first bytes were kept
 *   ping 0, pong 2 hi, close 1000 bye, fail 1002
 *   more                  the input is used up and something is unfinished
 */
#ifndef TIDINGS_TESTS_WIRE_H
#define TIDINGS_TESTS_WIRE_H

#include "base/buf.h"
#include "feed.h"
#include "ws/message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WIRE_FINAL = 0x80, WIRE_RSV1 = 0x40, WIRE_RSV2 = 0x20, WIRE_RSV3 = 0x10 };

struct wire {
    struct buf bytes;
    bool is_masked;
    uint8_t mask[WS_MASK_LEN];
};

static inline void wire_init(struct wire *wire, enum ws_role reader) {
    *wire = (struct wire){ .is_masked = reader == WS_ROLE_SERVER, .mask = { 0x9F, 3, 0, 0xC1 } };
    buf_init(&wire->bytes, SIZE_MAX);
}

/* Writes a frame: `first` is its first byte as it stands on the wire. */
static inline void wire_frame(struct wire *wire, unsigned first, struct span payload) {
    char out[WS_HEAD_MAX];
    struct ws_head head = {
        .is_final = first & WIRE_FINAL,
        .is_masked = wire->is_masked,
        .rsv1 = first & WIRE_RSV1,
        .rsv2 = first & WIRE_RSV2,
        .rsv3 = first & WIRE_RSV3,
        .opcode = first & 0x0F,
        .payload_len = payload.len,
    };
    memcpy(head.mask, wire->mask, WS_MASK_LEN);
    buf_append(&wire->bytes, out, ws_head_encode(out, &head));
    buf_append_span(&wire->bytes, payload);
    if (wire->is_masked && payload.len) {
        ws_mask(wire->bytes.at + wire->bytes.len - payload.len, payload.len, wire->mask, 0);
    }
    wire->mask[2]++;
}

/* A message in frames of `piece` bytes. */
static inline void wire_fragments(struct wire *wire, unsigned first, struct span payload,
                                  size_t piece) {
    unsigned bits = first & ~(unsigned)WIRE_FINAL;
    do {
        size_t len = size_min(piece, payload.len);
        unsigned final = len == payload.len ? WIRE_FINAL : 0;
        wire_frame(wire, bits | final, span_of(payload.at, len));
        payload = span_skip(payload, len);
        bits = WS_OP_CONTINUATION;
    } while (payload.len);
}

/* A reader under test and what it has said. */
struct transcript {
    struct ws_options options;
    struct ws_budget budget;
    struct ws_inflater *inflater; /* the test's */
    struct ws_reader reader;
    struct buf text;
    bool is_over; /* a close or a failure: nothing more is read */
    struct span expected;
    const char *name;
};

static inline void transcript_event(struct transcript *t, const struct ws_event *event) {
    static const char *const kinds[] = {
        [WS_EVENT_TEXT] = "text", [WS_EVENT_BINARY] = "binary", [WS_EVENT_PING] = "ping",
        [WS_EVENT_PONG] = "pong", [WS_EVENT_CLOSE] = "close",
    };
    struct span payload = event->payload;
    assert_null(event->why);
    assert_int_equal(event->is_cut, payload.len < event->len);
    buf_printf(&t->text, "%s %u", kinds[event->kind],
               event->kind == WS_EVENT_CLOSE ? event->code : (unsigned)event->len);
    if (event->is_cut) buf_append_text(&t->text, " cut");
    if (payload.len > 40) {
        uint64_t sum = 14695981039346656037u;
        for (size_t i = 0; i < payload.len; i++)
            sum = (sum ^ (uint8_t)payload.at[i]) * 1099511628211u;
        buf_printf(&t->text, " #%zu-%016llx", payload.len, (unsigned long long)sum);
    } else if (payload.len) {
        buf_append_char(&t->text, ' ');
        buf_append_span(&t->text, payload);
    }
    buf_append_char(&t->text, '\n');
}

static inline void transcript_begin(void *context) {
    struct transcript *t = context;
    t->budget = (struct ws_budget){ .max = t->budget.max };
    t->options.budget = &t->budget;
    t->is_over = false;
    buf_clear(&t->text);
}

/* Reads `piece`, which is unmasked in place: the copy that feed.h makes is ours to change. */
static inline void transcript_take(void *context, struct span piece) {
    struct transcript *t = context;
    if (t->is_over) return;
    struct ws_input in = { (char *)(uintptr_t)piece.at, piece.len };
    for (;;) {
        struct ws_event event;
        enum ws_step step = ws_read(&t->reader, &t->options, t->inflater, &in, &event);
        if (step == WS_MORE) break;
        t->is_over = step == WS_FAIL || event.kind == WS_EVENT_CLOSE;
        if (step == WS_FAIL) {
            assert_non_null(event.why);
            buf_printf(&t->text, "fail %u\n", event.code);
        } else {
            transcript_event(t, &event);
        }
        if (t->is_over) return;
    }
    assert_int_equal(in.len, 0);
    /* Something is held if and only if it is accounted for. */
    assert_int_equal(t->reader.pending != NULL, atomic_load(&t->budget.used) > 0);
}

static inline void transcript_end(void *context, const char *how) {
    struct transcript *t = context;
    if (t->reader.pending && !t->is_over) buf_append_text(&t->text, "more\n");
    ws_reader_finish(&t->reader);
    assert_int_equal(atomic_load(&t->budget.used), 0);
    assert_int_equal(buf_err(&t->text), ERR_OK);
    if (!span_eq(buf_span(&t->text), t->expected)) {
        fail_msg("%s, %s:\n%.*swas expected to be:\n%.*s", t->name, how,
                 SPAN_ARG(buf_span(&t->text)), SPAN_ARG(t->expected));
    }
}

static inline void transcript_init(struct transcript *t, enum ws_role role) {
    *t = (struct transcript){
        .options = { .role = role, .message_max = 1 << 20, .keep_max = SIZE_MAX },
        .budget = { .max = 16 << 20 },
        .name = "",
    };
    buf_init(&t->text, SIZE_MAX);
}

static inline void transcript_finish(struct transcript *t) {
    buf_finish(&t->text);
}

static inline struct feed transcript_feed(struct transcript *t) {
    return (struct feed){ transcript_begin, transcript_take, transcript_end, t };
}

/* Reads the wire in every way to cut it; a long one is only cut near its ends. */
static inline void wire_expect_span(const struct wire *wire, struct transcript *t, const char *name,
                                    struct span expected) {
    struct feed feed = transcript_feed(t);
    struct span bytes = buf_span(&wire->bytes);
    t->name = name;
    t->expected = expected;
    if (bytes.len <= 600) {
        feed_every_way(&feed, bytes);
        return;
    }
    feed_whole(&feed, bytes);
    for (size_t cut = 0; cut <= 40; cut++) {
        feed_cut(&feed, bytes, cut);
        feed_cut(&feed, bytes, bytes.len - cut);
    }
    feed_bytes(&feed, bytes);
}

static inline void wire_expect(const struct wire *wire, struct transcript *t, const char *name,
                               const char *expected) {
    wire_expect_span(wire, t, name, span_str(expected));
}

#endif
