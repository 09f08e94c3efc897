/* SPDX-License-Identifier: MIT */
/*
 * ws/message.c: the rules of frames and messages.
 *
 * A frame that lies whole in the input and is a message by itself is judged and lent right there
 * (`take_whole`). All else goes through the pending state: head bytes, then the payload as it
 * comes. Bits are in frame.c, memory is in pending.c.
 */
#include "ws/message.h"

#include "ws/pending_priv.h"

/* The arguments of one call of ws_read. */
struct reading {
    struct ws_reader *reader;
    const struct ws_options *options;
    struct ws_inflater *inflater;
    struct ws_input *in;
    struct ws_event *ret;
};

static enum ws_step fail(struct reading *r, enum ws_close code, const char *why) {
    *r->ret = (struct ws_event){ .code = (uint16_t)code, .why = why };
    return WS_FAIL;
}

static enum ws_step fail_nomem(struct reading *r) {
    return fail(r, WS_CLOSE_TRY_LATER, "no memory for an unfinished message");
}

static enum ws_step fail_utf8(struct reading *r) {
    return fail(r, WS_CLOSE_BAD_DATA, "text is not UTF-8");
}

static bool is_in_message(const struct reading *r) {
    return r->reader->pending && r->reader->pending->message_op != 0;
}

/* Takes `len` bytes of payload off the input, unmasked. */
static struct span take_payload(struct reading *r, const struct ws_head *head, size_t len,
                                uint64_t offset) {
    char *at = r->in->at;
    if (head->is_masked) ws_mask(at, len, head->mask, offset);
    r->in->at += len;
    r->in->len -= len;
    return span_of(at, len);
}

/* What a complete control frame says. */

static enum ws_step end_close(struct reading *r, struct span payload) {
    struct ws_event event = { .kind = WS_EVENT_CLOSE, .code = WS_CLOSE_NO_CODE };
    if (payload.len == 1) return fail(r, WS_CLOSE_PROTOCOL, "a close code of one byte");
    if (payload.len >= 2) {
        event.code = (uint16_t)((uint8_t)payload.at[0] << 8 | (uint8_t)payload.at[1]);
        event.payload = span_skip(payload, 2);
        event.len = event.payload.len;
        if (!ws_close_is_allowed(event.code)) {
            return fail(r, WS_CLOSE_PROTOCOL, "a close code that is not allowed");
        }
        if (!utf8_is_valid(event.payload)) {
            return fail(r, WS_CLOSE_BAD_DATA, "a close reason is not UTF-8");
        }
    }
    *r->ret = event;
    return WS_EVENT;
}

static enum ws_step end_control(struct reading *r, uint8_t opcode, struct span payload) {
    if (opcode == WS_OP_CLOSE) return end_close(r, payload);
    enum ws_event_kind kind = opcode == WS_OP_PING ? WS_EVENT_PING : WS_EVENT_PONG;
    *r->ret = (struct ws_event){ .kind = kind, .payload = payload, .len = payload.len };
    return WS_EVENT;
}

/* A complete message. */

static enum ws_step end_message(struct reading *r, uint8_t opcode, struct span kept, uint64_t len) {
    *r->ret = (struct ws_event){
        .kind = opcode == WS_OP_TEXT ? WS_EVENT_TEXT : WS_EVENT_BINARY,
        .payload = span_of(kept.at, size_min(kept.len, r->options->keep_max)),
        .len = len,
    };
    r->ret->is_cut = r->ret->payload.len < len;
    return WS_EVENT;
}

static enum ws_step end_deflated(struct reading *r, uint8_t opcode, struct span deflated) {
    struct ws_inflated inflated;
    switch (ws_inflate(r->inflater, deflated, opcode == WS_OP_TEXT, r->options->message_max,
                       r->options->keep_max, &inflated)) {
    case ERR_OK: return end_message(r, opcode, inflated.kept, inflated.len);
    case ERR_TOO_BIG: return fail(r, WS_CLOSE_TOO_BIG, "message is too long when inflated");
    case ERR_NOMEM: return fail_nomem(r);
    default: return fail(r, WS_CLOSE_BAD_DATA, "message is not deflated, or text not UTF-8");
    }
}

static enum ws_step end_pending_message(struct reading *r) {
    struct ws_pending *p = r->reader->pending;
    uint8_t opcode = p->message_op;
    p->message_op = 0;
    struct span data = span_of(p->data, p->data_len);
    if (p->is_compressed) return end_deflated(r, opcode, data);
    if (opcode == WS_OP_TEXT && !utf8_is_complete(&p->utf8)) return fail_utf8(r);
    return end_message(r, opcode, data, p->message_len);
}

/* A frame that needs nothing kept: it is whole, and a control frame or a whole message. */
static enum ws_step take_whole(struct reading *r, const struct ws_head *head) {
    struct span payload = take_payload(r, head, (size_t)head->payload_len, 0);
    if (ws_op_is_control(head->opcode)) return end_control(r, head->opcode, payload);
    if (head->rsv1) return end_deflated(r, head->opcode, payload);
    if (head->opcode == WS_OP_TEXT && !utf8_is_valid(payload)) return fail_utf8(r);
    return end_message(r, head->opcode, payload, payload.len);
}

/* The rules for heads. */

/* How long a compressed message may be before it is inflated. Deflate never makes data that does
 * not compress much longer, but flushes in between (a few bytes each) may. */
static uint64_t deflated_max(uint64_t message_max) {
    uint64_t slack = message_max / 8 + 1024;
    return message_max < UINT64_MAX - slack ? message_max + slack : UINT64_MAX;
}

static uint64_t wire_max(const struct reading *r, bool is_compressed) {
    return is_compressed ? deflated_max(r->options->message_max) : r->options->message_max;
}

static const char *judge_control(const struct ws_head *head) {
    if (head->opcode > WS_OP_PONG) return "a reserved opcode";
    if (!head->is_final) return "a control frame in fragments";
    if (head->payload_len > WS_CONTROL_MAX) return "a control frame longer than 125 bytes";
    if (head->rsv1) return "a control frame with a reserved bit";
    return NULL;
}

static const char *judge_data(const struct reading *r, const struct ws_head *head) {
    if (head->opcode > WS_OP_BINARY) return "a reserved opcode";
    if (head->opcode == WS_OP_CONTINUATION) {
        if (!is_in_message(r)) return "a continuation of no message";
        return head->rsv1 ? "a continuation with a reserved bit" : NULL;
    }
    if (is_in_message(r)) return "a new message inside another";
    if (head->rsv1 && !r->options->is_compressed) return "a reserved bit without an extension";
    return NULL;
}

static const char *judge_head(const struct reading *r, const struct ws_head *head) {
    if (head->rsv2 || head->rsv3) return "a reserved bit without an extension";
    if (head->is_masked != (r->options->role == WS_ROLE_SERVER)) {
        return head->is_masked ? "a masked frame from a server" : "an unmasked frame from a client";
    }
    return ws_op_is_control(head->opcode) ? judge_control(head) : judge_data(r, head);
}

static bool is_too_long(const struct reading *r, const struct ws_head *head) {
    if (ws_op_is_control(head->opcode)) return false;
    bool goes_on = is_in_message(r);
    const struct ws_pending *p = r->reader->pending;
    uint64_t max = wire_max(r, goes_on ? p->is_compressed : head->rsv1);
    uint64_t before = goes_on ? p->message_len : 0;
    return before > max || head->payload_len > max - before;
}

/* The payload of the frame under way, as it comes. */

/* How long `data` will be in the end, as far as can be told. */
static uint64_t expected_data(const struct reading *r) {
    const struct ws_pending *p = r->reader->pending;
    uint64_t len = p->head.is_final ? p->message_len - p->frame_done + p->head.payload_len
                                    : wire_max(r, p->is_compressed);
    if (p->is_compressed || len < r->options->keep_max) return len;
    return r->options->keep_max;
}

static enum ws_step add_data(struct reading *r, struct span piece) {
    struct ws_pending *p = r->reader->pending;
    if (p->message_op == WS_OP_TEXT && !p->is_compressed && !utf8_feed(&p->utf8, piece)) {
        return fail_utf8(r);
    }
    uint64_t expected = expected_data(r);
    p->message_len += piece.len;
    if (!p->is_compressed) {
        size_t keep_max = r->options->keep_max;
        size_t room = keep_max > p->data_len ? keep_max - p->data_len : 0;
        piece.len = size_min(piece.len, room);
    }
    return pending_keep(p, piece, expected) ? WS_MORE : fail_nomem(r);
}

static enum ws_step read_payload(struct reading *r) {
    struct ws_pending *p = r->reader->pending;
    bool is_control = ws_op_is_control(p->head.opcode);
    uint64_t left = p->head.payload_len - p->frame_done;
    size_t len = left < r->in->len ? (size_t)left : r->in->len;
    struct span piece = take_payload(r, &p->head, len, p->frame_done);
    if (is_control) {
        if (len) memcpy(p->bytes + p->frame_done, piece.at, len);
    } else {
        enum ws_step step = add_data(r, piece);
        if (step != WS_MORE) return step;
    }
    p->frame_done += len;
    if (p->frame_done < p->head.payload_len) return WS_MORE;

    p->has_head = false;
    if (is_control) {
        return end_control(r, p->head.opcode, span_of(p->bytes, (size_t)p->frame_done));
    }
    return p->head.is_final ? end_pending_message(r) : WS_MORE;
}

/* The start of a frame. */

static bool need_pending(struct reading *r) {
    if (!r->reader->pending) r->reader->pending = pending_new(r->options->budget);
    struct ws_pending *p = r->reader->pending;
    if (p && !p->since_s) p->since_s = r->options->now_s;
    return p != NULL;
}

static enum ws_step begin_frame(struct reading *r, const struct ws_head *head) {
    const char *why = judge_head(r, head);
    if (why) return fail(r, WS_CLOSE_PROTOCOL, why);
    if (is_too_long(r, head)) return fail(r, WS_CLOSE_TOO_BIG, "message is too long");

    bool is_control = ws_op_is_control(head->opcode);
    bool is_alone = is_control || (head->is_final && !is_in_message(r));
    if (is_alone && head->payload_len <= r->in->len) return take_whole(r, head);

    if (!need_pending(r)) return fail_nomem(r);
    struct ws_pending *p = r->reader->pending;
    p->has_head = true;
    p->head = *head;
    p->frame_done = 0;
    if (!is_control && head->opcode != WS_OP_CONTINUATION) {
        p->message_op = head->opcode; /* all else is zero: a finished message's state is freed */
        p->is_compressed = head->rsv1;
    }
    return read_payload(r);
}

/* Adds to a head of which only a part has come; `ret_size` as from ws_head_decode. */
static bool gather_head(struct reading *r, struct ws_head *ret, int *ret_size) {
    if (!need_pending(r)) return false;
    struct ws_pending *p = r->reader->pending;
    size_t before = p->bytes_len;
    size_t added = size_min(WS_HEAD_MAX - before, r->in->len);
    memcpy(p->bytes + before, r->in->at, added);
    *ret_size = ws_head_decode(span_of(p->bytes, before + added), ret);
    if (*ret_size > 0) added = (size_t)*ret_size - before;
    p->bytes_len = (uint8_t)(*ret_size > 0 ? 0 : before + added);
    r->in->at += added;
    r->in->len -= added;
    return true;
}

static enum ws_step read_head(struct reading *r) {
    struct ws_head head;
    int size = 0;
    bool has_part = r->reader->pending && r->reader->pending->bytes_len > 0;
    if (!has_part) size = ws_head_decode(span_of(r->in->at, r->in->len), &head);
    if (size > 0) {
        r->in->at += size;
        r->in->len -= (size_t)size;
    } else if (size == 0 && !gather_head(r, &head, &size)) {
        return fail_nomem(r);
    }
    if (size < 0) return fail(r, WS_CLOSE_PROTOCOL, "a length not written in the shortest way");
    return size > 0 ? begin_frame(r, &head) : WS_MORE;
}

/* What the last event lent is no longer needed. */
static void give_back_spent(struct ws_reader *reader) {
    struct ws_pending *p = reader->pending;
    if (!p || !pending_is_spent(p)) return;
    if (p->held) {
        pending_clear(p);
    } else {
        ws_reader_finish(reader);
    }
}

enum ws_step ws_read(struct ws_reader *reader, const struct ws_options *options,
                     struct ws_inflater *inflater, struct ws_input *in, struct ws_event *ret) {
    give_back_spent(reader);
    struct reading r = { reader, options, inflater, in, ret };
    for (uint32_t frames = 0; in->len > 0; frames++) {
        if (options->frames_max > 0 && frames == options->frames_max) break;
        bool has_head = reader->pending && reader->pending->has_head;
        enum ws_step step = has_head ? read_payload(&r) : read_head(&r);
        if (step != WS_MORE) return step;
    }
    return WS_MORE;
}

bool ws_reader_hold(struct ws_reader *reader, const struct ws_options *options,
                    const struct ws_input *in) {
    struct ws_pending *p = reader->pending;
    if (in->len > 0) {
        if (!p) p = reader->pending = pending_new(options->budget);
        return p && pending_hold(p, in);
    }
    if (p && p->held) pending_let_go(p);
    give_back_spent(reader);
    return true;
}

struct ws_input ws_reader_held(const struct ws_reader *reader) {
    return reader->pending ? reader->pending->rest : (struct ws_input){ 0 };
}

uint32_t ws_reader_since(const struct ws_reader *reader) {
    const struct ws_pending *p = reader->pending;
    return p && !pending_is_spent(p) ? p->since_s : 0;
}

void ws_reader_finish(struct ws_reader *reader) {
    pending_free(reader->pending);
    reader->pending = NULL;
}
