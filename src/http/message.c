/* SPDX-License-Identifier: MIT */
/*
 * http/message.c: drives llhttp over one message and keeps what an input left unfinished.
 */
#include "http/message_priv.h"

enum { KEPT_CAP_MAX = 16384 };

/* ---- what llhttp calls while it walks a piece ---- */

static size_t offset_of(const struct message *m, const char *at) {
    return m->fed_at + (size_t)(at - m->fed);
}

static int on_method(llhttp_t *llhttp, const char *at, size_t len) {
    struct message *m = llhttp->data;
    (void)len;
    if (m->method_at == SIZE_MAX) m->method_at = offset_of(m, at);
    return 0;
}

static int on_target(llhttp_t *llhttp, const char *at, size_t len) {
    struct message *m = llhttp->data;
    size_t offset = offset_of(m, at);
    if (m->target_at == SIZE_MAX) m->target_at = offset;
    m->target_end = offset + len;
    return 0;
}

/* Names longer than a line can tell are cut here and then found not to end at their colon. */
static int on_field(llhttp_t *llhttp, const char *at, size_t len) {
    struct message *m = llhttp->data;
    /* Fields behind the body are walked, but mean nothing to us. */
    if (m->state != MESSAGE_HEAD) return 0;
    size_t offset = offset_of(m, at);
    struct http_headers *headers = &m->headers;
    if (m->is_in_value || headers->count == 0) {
        if (headers->count == HTTP_FIELDS_MAX) {
            m->has_too_many_fields = true;
            return 0;
        }
        headers->list[headers->count++] = (struct http_header){ .name_at = (uint32_t)offset };
        m->is_in_value = false;
    }
    struct http_header *line = &headers->list[headers->count - 1];
    line->name_len = (uint16_t)size_min(offset + len - line->name_at, UINT16_MAX);
    return 0;
}

static int on_value(llhttp_t *llhttp, const char *at, size_t len) {
    struct message *m = llhttp->data;
    if (m->state != MESSAGE_HEAD || m->has_too_many_fields) return 0;
    size_t offset = offset_of(m, at);
    struct http_header *line = &m->headers.list[m->headers.count - 1];
    if (line->value_len == 0) line->value_at = (uint32_t)offset;
    line->value_len = (uint32_t)(offset + len - line->value_at);
    return 0;
}

static int on_value_complete(llhttp_t *llhttp) {
    struct message *m = llhttp->data;
    m->is_in_value = true;
    return 0;
}

static int on_head(llhttp_t *llhttp) {
    (void)llhttp;
    return HPE_PAUSED;
}

/* Pauses behind the size of the last chunk, since lines follow that need a look of their own. */
static int on_chunk(llhttp_t *llhttp) {
    struct message *m = llhttp->data;
    if (llhttp->content_length > m->body_max - m->body_len) {
        (void)message_fail(m, 413, "the body is too large");
        return HPE_USER;
    }
    return llhttp->content_length == 0 ? HPE_PAUSED : 0;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len) {
    struct message *m = llhttp->data;
    buf_append(&m->kept, at, len);
    m->body_len += len;
    return 0;
}

static int on_message(llhttp_t *llhttp) {
    (void)llhttp;
    return HPE_PAUSED;
}

static const llhttp_settings_t SETTINGS = {
    .on_method = on_method,
    .on_url = on_target,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_head,
    .on_chunk_header = on_chunk,
    .on_body = on_body,
    .on_message_complete = on_message,
};

/* ---- beginning and ending ---- */

/* Gets ready for the next message of the connection; the memory in `kept` stays. */
static void begin(struct message *m) {
    llhttp_reset(&m->llhttp);
    m->state = MESSAGE_HEAD;
    m->is_head_told = false;
    m->has_too_many_fields = false;
    m->is_in_value = false;
    m->method_at = SIZE_MAX;
    m->target_at = SIZE_MAX;
    m->target_end = 0;
    m->head_len = 0;
    m->body_max = m->limits.body_max;
    m->body_len = 0;
    m->body_left = 0;
    m->body = span_of(NULL, 0);
    /* The room for one large body is not held for the small ones that follow. */
    if (m->kept.cap > KEPT_CAP_MAX) buf_finish(&m->kept);
    buf_clear(&m->kept);
    http_headers_clear(&m->headers);
}

void message_init(struct message *m, llhttp_type_t type, const struct http_limits *limits) {
    assert(limits->head_max <= 1u << 30 && limits->body_max <= 1u << 30);
    m->limits = *limits;
    buf_init(&m->kept, limits->head_max + limits->body_max);
    llhttp_init(&m->llhttp, type, &SETTINGS);
    m->llhttp.data = m;
    begin(m);
}

void message_finish(struct message *m) {
    buf_finish(&m->kept);
}

enum http_step message_fail(struct message *m, int status, const char *text) {
    if (m->state != MESSAGE_FAILED) {
        m->state = MESSAGE_FAILED;
        m->failure = (struct http_failure){ status, text };
    }
    return HTTP_STEP_FAIL;
}

static enum http_step fail_as_llhttp(struct message *m, llhttp_errno_t error) {
    switch (error) {
    case HPE_INVALID_METHOD: return message_fail(m, 400, "unknown method");
    case HPE_INVALID_URL: return message_fail(m, 400, "malformed request target");
    case HPE_INVALID_VERSION:
        if (m->llhttp.http_major == 1 && m->llhttp.http_minor <= 1) {
            return message_fail(m, 400, "malformed start line");
        }
        return message_fail(m, 505, "only HTTP/1.0 and HTTP/1.1 are spoken");
    case HPE_PAUSED_H2_UPGRADE:
        return message_fail(m, 505, "only HTTP/1.0 and HTTP/1.1 are spoken");
    case HPE_INVALID_HEADER_TOKEN: return message_fail(m, 400, "malformed header field");
    case HPE_INVALID_CONTENT_LENGTH:
        return message_fail(m, 400, "Content-Length is not one decimal number");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        return message_fail(m, 400, "Content-Length twice or beside Transfer-Encoding");
    case HPE_INVALID_TRANSFER_ENCODING: return message_fail(m, 400, "malformed Transfer-Encoding");
    case HPE_INVALID_CHUNK_SIZE: return message_fail(m, 400, "malformed chunk size");
    default: return message_fail(m, 400, "malformed message");
    }
}

/* ---- pieces ---- */

/* Lets llhttp walk `len` bytes from the front of `in`, at offset `at` of the message, and takes
 * from `in` what it walked. HPE_OK: all of them; HPE_PAUSED: up to the end of the head or of the
 * message. */
static llhttp_errno_t walk(struct message *m, struct span *in, size_t len, size_t at) {
    m->fed = in->at;
    m->fed_at = at;
    llhttp_errno_t error = llhttp_execute(&m->llhttp, in->at, len);
    size_t walked = len;
    if (error == HPE_PAUSED) walked = (size_t)(llhttp_get_error_pos(&m->llhttp) - in->at);
    *in = span_skip(*in, walked);
    return error;
}

/* Keeps bytes that the next input will not have. */
static enum http_step keep(struct message *m, const char *at, size_t len) {
    buf_append(&m->kept, at, len);
    if (buf_err(&m->kept)) return message_fail(m, 503, "out of memory");
    return HTTP_STEP_MORE;
}

static bool settle_head(struct message *m) {
    if (m->has_too_many_fields) {
        (void)message_fail(m, 431, "too many header fields");
        return false;
    }
    /* Where the lines begin: behind the first line break, which llhttp has seen. Empty lines before
     * a request are skipped by the owner's judgement of its start line. */
    size_t at = m->headers.count ? m->headers.list[0].name_at : m->head_len - 2;
    if (m->head_len < 4 || !http_headers_settle(&m->headers, at, m->head_len)) {
        (void)message_fail(m, 400, "malformed or repeated header field");
        return false;
    }
    return true;
}

static enum http_step take_head(struct message *m, struct span *in, message_judge judge,
                                void *context) {
    const char *start = in->at;
    size_t room = m->limits.head_max - m->head_len;
    llhttp_errno_t error = walk(m, in, size_min(in->len, room), m->head_len);
    size_t walked = (size_t)(in->at - start);
    if (error != HPE_OK && error != HPE_PAUSED) return fail_as_llhttp(m, error);
    bool is_fresh = m->head_len == 0;
    m->head_len += walked;
    if (error == HPE_OK) {
        if (walked == room)
            return message_fail(m, 431, "the request line and header fields are too large");
        return keep(m, start, walked);
    }
    if (!is_fresh && keep(m, start, walked) == HTTP_STEP_FAIL) return HTTP_STEP_FAIL;
    m->headers.bytes = is_fresh ? start : m->kept.at;
    if (!settle_head(m)) return HTTP_STEP_FAIL;
    judge(m, context);
    return m->state == MESSAGE_FAILED ? HTTP_STEP_FAIL : HTTP_STEP_MORE;
}

/* ---- bodies ---- */

static bool is_chunked(struct message *m) {
    struct span coding = http_headers_get(&m->headers, HTTP_FIELD_TRANSFER_ENCODING);
    return span_eq_nocase(coding, SPAN("chunked"));
}

bool message_judge_body(struct message *m) {
    bool has_length = m->headers.first[HTTP_FIELD_CONTENT_LENGTH] != 0;
    if (m->headers.first[HTTP_FIELD_TRANSFER_ENCODING]) {
        /* llhttp refuses this too; it matters too much to rest on one check. */
        if (has_length) {
            (void)message_fail(m, 400, "Content-Length beside Transfer-Encoding");
            return false;
        }
        if (!is_chunked(m) || !(m->llhttp.flags & F_CHUNKED)) {
            (void)message_fail(m, 501, "a transfer coding other than chunked");
            return false;
        }
        m->state = MESSAGE_CHUNKED;
        /* Chunks of one byte, extensions and trailing fields cost work and carry nothing. */
        m->raw_left = m->limits.head_max + 2 * m->limits.body_max;
        llhttp_resume(&m->llhttp);
        return true;
    }
    uint64_t length = has_length ? m->llhttp.content_length : 0;
    if (length > m->limits.body_max) {
        (void)message_fail(m, 413, "the body is too large");
        return false;
    }
    m->state = MESSAGE_COUNTED;
    m->body_left = length;
    return true;
}

static enum http_step done(struct message *m) {
    m->state = MESSAGE_DONE;
    return HTTP_STEP_DONE;
}

/* Moves the head to where the body will be added. */
static enum http_step keep_head(struct message *m) {
    if (m->kept.len > 0) return HTTP_STEP_MORE;
    enum http_step step = keep(m, m->headers.bytes, m->head_len);
    m->headers.bytes = m->kept.at;
    return step;
}

static enum http_step add_body(struct message *m, struct span *in, size_t len) {
    enum http_step step = keep(m, in->at, len);
    m->body_len += len;
    *in = span_skip(*in, len);
    return step;
}

static enum http_step take_counted(struct message *m, struct span *in) {
    if (m->kept.len == 0 && in->len >= m->body_left) {
        m->body = span_of(in->at, (size_t)m->body_left);
        *in = span_skip(*in, m->body.len);
        return done(m);
    }
    size_t len = (size_t)(in->len < m->body_left ? in->len : m->body_left);
    if (keep_head(m) == HTTP_STEP_FAIL) return HTTP_STEP_FAIL;
    if (add_body(m, in, len) == HTTP_STEP_FAIL) return HTTP_STEP_FAIL;
    m->body_left -= len;
    return m->body_left == 0 ? done(m) : HTTP_STEP_MORE;
}

/* Walks bytes of a chunked body, as many as may still come. Where they stand in the message no
 * longer matters: only the body in them is kept. */
static llhttp_errno_t walk_chunks(struct message *m, struct span *in) {
    size_t before = in->len;
    llhttp_errno_t error = walk(m, in, size_min(in->len, m->raw_left), 0);
    m->raw_left -= before - in->len;
    return error;
}

/* Every line ends with CRLF, and no other LF or CR is there: llhttp lets a bare LF pass here. */
static bool are_lines_sound(struct message *m, struct span walked) {
    for (size_t i = 0; i < walked.len; i++) {
        char c = walked.at[i];
        if ((c == '\n') != (m->last_byte == '\r')) return false;
        m->last_byte = c;
    }
    return true;
}

/* What follows the last chunk: fields, which are dropped, and an empty line. */
static enum http_step take_trailer(struct message *m, struct span *in) {
    const char *start = in->at;
    llhttp_errno_t error = walk_chunks(m, in);
    if (error != HPE_OK && error != HPE_PAUSED) return fail_as_llhttp(m, error);
    if (!are_lines_sound(m, span_of(start, (size_t)(in->at - start)))) {
        return message_fail(m, 400, "malformed trailing field");
    }
    return error == HPE_PAUSED ? done(m) : HTTP_STEP_MORE;
}

static enum http_step take_chunks(struct message *m, struct span *in) {
    llhttp_errno_t error = walk_chunks(m, in);
    if (buf_err(&m->kept)) return message_fail(m, 503, "out of memory");
    if (error == HPE_OK) return HTTP_STEP_MORE;
    if (error != HPE_PAUSED) return fail_as_llhttp(m, error);
    llhttp_resume(&m->llhttp);
    m->state = MESSAGE_TRAILER;
    m->last_byte = '\n';
    return HTTP_STEP_MORE;
}

static enum http_step take_chunked(struct message *m, struct span *in) {
    enum http_step step = keep_head(m);
    if (step == HTTP_STEP_MORE && m->state == MESSAGE_CHUNKED && in->len > 0)
        step = take_chunks(m, in);
    if (step == HTTP_STEP_MORE && m->state == MESSAGE_TRAILER && in->len > 0)
        step = take_trailer(m, in);
    if (step == HTTP_STEP_MORE && m->raw_left == 0) {
        return message_fail(m, 413, "the chunks of the body are too many");
    }
    return step;
}

static enum http_step take_to_end(struct message *m, struct span *in) {
    if (in->len > m->limits.body_max - m->body_len) {
        return message_fail(m, 413, "the body is too large");
    }
    if (keep_head(m) == HTTP_STEP_FAIL) return HTTP_STEP_FAIL;
    return add_body(m, in, in->len);
}

static enum http_step take_body(struct message *m, struct span *in) {
    switch (m->state) {
    case MESSAGE_COUNTED: return take_counted(m, in);
    case MESSAGE_CHUNKED:
    case MESSAGE_TRAILER: return take_chunked(m, in);
    default: return take_to_end(m, in);
    }
}

enum http_step message_feed(struct message *m, struct span *in, message_judge judge,
                            void *context) {
    if (m->state == MESSAGE_FAILED) return HTTP_STEP_FAIL;
    if (m->state == MESSAGE_DONE) begin(m);
    if (m->state == MESSAGE_HEAD) {
        if (in->len == 0) return HTTP_STEP_MORE;
        enum http_step step = take_head(m, in, judge, context);
        if (step == HTTP_STEP_FAIL || m->state == MESSAGE_HEAD) return step;
    }
    enum http_step step = take_body(m, in);
    if (step == HTTP_STEP_FAIL) return step;
    if (m->kept.len > 0) {
        m->headers.bytes = m->kept.at;
        m->body = span_of(m->kept.at + m->head_len, m->body_len);
    }
    if (step == HTTP_STEP_DONE || m->is_head_told) return step;
    m->is_head_told = true;
    return HTTP_STEP_HEAD;
}

void message_limit_body(struct message *m, size_t bytes) {
    if (m->body_len > bytes || m->body_left > bytes - m->body_len) {
        (void)message_fail(m, 413, "the body is too large");
        return;
    }
    m->body_max = size_min(m->body_max, bytes);
    m->raw_left = size_min(m->raw_left, m->limits.head_max + 2 * bytes);
}

enum err message_keep(struct message *m) {
    assert(m->state == MESSAGE_DONE);
    if (m->kept.len > 0 && m->headers.bytes == m->kept.at) return ERR_OK;
    buf_clear(&m->kept); /* a message before this one may have been kept */
    buf_append(&m->kept, m->headers.bytes, m->head_len);
    buf_append_span(&m->kept, m->body);
    if (buf_err(&m->kept)) return ERR_NOMEM;
    m->headers.bytes = m->kept.at;
    m->body = span_of(m->kept.at + m->head_len, m->body.len);
    return ERR_OK;
}
