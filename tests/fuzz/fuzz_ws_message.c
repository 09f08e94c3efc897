/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes ws/message: what comes of a wire must not depend on how it is cut, what is held must be
 * accounted for, and what is said to be a message must keep its promises. The first byte sets the
 * options, the second the cuts, the rest is the wire; the limits are small so that they are met.
 */
#include "base/buf.h"
#include "base/utf8.h"
#include "ws/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bits of the first byte. */
enum { CLIENT = 1, COMPRESSED = 2, CUT = 4, SMALL = 8 };

static void write_event(struct buf *out, const struct ws_event *event,
                        const struct ws_options *options) {
    struct span payload = event->payload;
    bool is_message = event->kind == WS_EVENT_TEXT || event->kind == WS_EVENT_BINARY;
    if (is_message) {
        assert(event->len <= options->message_max && payload.len <= options->keep_max);
        assert(event->is_cut == (payload.len < event->len));
    } else {
        assert(payload.len <= WS_CONTROL_MAX && !event->is_cut && event->len == payload.len);
    }
    if (event->kind == WS_EVENT_TEXT && !event->is_cut) assert(utf8_is_valid(payload));
    if (event->kind == WS_EVENT_CLOSE) {
        assert(utf8_is_valid(payload));
        assert(event->code == WS_CLOSE_NO_CODE || ws_close_is_allowed(event->code));
    }
    buf_printf(out, "E%d %u %llu %zu:", event->kind, event->code, (unsigned long long)event->len,
               payload.len);
    buf_append_span(out, payload);
}

/* Reads one piece from memory of its own that goes away; false when there is nothing after it. */
static bool read_piece(struct ws_reader *reader, const struct ws_options *options,
                       struct ws_inflater *inflater, struct span piece, struct buf *out) {
    char *copy = malloc(piece.len);
    assert(copy);
    memcpy(copy, piece.at, piece.len);
    struct ws_input in = { copy, piece.len };
    struct ws_event event;
    enum ws_step step;
    bool goes_on = true;
    while (goes_on && (step = ws_read(reader, options, inflater, &in, &event)) != WS_MORE) {
        if (step == WS_FAIL) {
            assert(event.why && ws_close_is_allowed(event.code));
            buf_printf(out, "F%u", event.code);
            goes_on = false;
        } else {
            write_event(out, &event, options);
            goes_on = event.kind != WS_EVENT_CLOSE;
        }
    }
    if (goes_on) assert(in.len == 0);
    if (goes_on) assert((reader->pending != NULL) == (atomic_load(&options->budget->used) > 0));
    free(copy);
    return goes_on;
}

/* `seed` draws the pieces; 0: whole. */
static struct buf run(struct span wire, const struct ws_options *options, unsigned seed) {
    struct buf out;
    buf_init(&out, 1 << 26);
    struct ws_inflater *inflater = ws_inflater_new();
    struct ws_reader reader = { NULL };
    bool goes_on = true;
    while (wire.len > 0 && goes_on) {
        seed = seed ? seed * 1103515245u + 12345u : 0;
        size_t len = seed ? size_min((seed >> 16) % 20 + 1, wire.len) : wire.len;
        goes_on = read_piece(&reader, options, inflater, span_of(wire.at, len), &out);
        wire = span_skip(wire, len);
    }
    if (goes_on) buf_append_text(&out, reader.pending ? "M" : ".");
    ws_reader_finish(&reader);
    assert(atomic_load(&options->budget->used) == 0);
    ws_inflater_free(inflater);
    assert(buf_err(&out) == ERR_OK);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct ws_budget budget = { .max = 1 << 20 };
    struct ws_options options = {
        .role = data[0] & CLIENT ? WS_ROLE_CLIENT : WS_ROLE_SERVER,
        .is_compressed = data[0] & COMPRESSED,
        .message_max = data[0] & SMALL ? 100 : 100000,
        .keep_max = data[0] & CUT ? 8 : SIZE_MAX,
        .budget = &budget,
    };
    struct span wire = span_of((const char *)data + 2, size - 2);
    struct buf whole = run(wire, &options, 0);
    struct buf pieces = run(wire, &options, data[1] + 1u);
    assert(span_eq(buf_span(&whole), buf_span(&pieces)));
    buf_finish(&whole);
    buf_finish(&pieces);
    return 0;
}
