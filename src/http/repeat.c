/* SPDX-License-Identifier: MIT */
/*
 * http/repeat.c: comparing a head with the one before it.
 */
#include "http/repeat_priv.h"

static void forget(struct repeat *repeat) {
    repeat->head_len = 0;
}

void repeat_remember(struct repeat *repeat, const struct message *m) {
    forget(repeat);
    if (m->kept.len > 0 || m->head_len > sizeof repeat->head) return;
    assert(!m->headers.first[HTTP_FIELD_TRANSFER_ENCODING]); /* such a message is always kept */
    uint8_t length = m->headers.first[HTTP_FIELD_CONTENT_LENGTH];
    repeat->length_at = length ? m->headers.list[length - 1].value_at : m->head_len;
    repeat->length_len = length ? m->headers.list[length - 1].value_len : 0;
    memcpy(repeat->head, m->headers.bytes, m->head_len);
    repeat->head_len = m->head_len;
}

/* Equal but for the digits of Content-Length, of which there are as many: so all else stands at the
 * same offsets. Sets the length of the body. */
static bool is_same_head(const struct repeat *repeat, struct span in, size_t body_max,
                         uint64_t *ret_length) {
    size_t rest_at = repeat->length_at + repeat->length_len;
    if (in.len < repeat->head_len || memcmp(in.at, repeat->head, repeat->length_at) != 0 ||
        memcmp(in.at + rest_at, repeat->head + rest_at, repeat->head_len - rest_at) != 0) {
        return false;
    }
    *ret_length = 0;
    return repeat->length_len == 0 ||
           span_to_uint(span_of(in.at + repeat->length_at, repeat->length_len), body_max,
                        ret_length);
}

bool repeat_take(struct repeat *repeat, struct message *m, struct span *in) {
    uint64_t length;
    if (repeat->head_len == 0) return false;
    if (!is_same_head(repeat, *in, m->limits.body_max, &length) ||
        in->len - repeat->head_len < length) {
        forget(repeat);
        return false;
    }
    m->headers.bytes = in->at;
    m->body = span_of(in->at + repeat->head_len, (size_t)length);
    *in = span_skip(*in, repeat->head_len + m->body.len);
    return true;
}
