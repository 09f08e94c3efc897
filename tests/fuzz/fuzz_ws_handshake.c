/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes ws/handshake: the fields of a request, a line each. What is accepted must get an answer of
 * the right lines, whatever stood in the fields.
 */
#include "ws/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span next_field(struct span *rest) {
    struct span field = { NULL, 0 };
    (void)span_next(rest, '\n', &field);
    return field;
}

static void answer(const struct ws_handshake_request *request) {
    struct span protocol = ws_protocol_choose(request->protocols);
    struct ws_deflate_terms terms = ws_deflate_choose(request->extensions);
    struct buf out;
    buf_init(&out, 1 << 24);
    ws_handshake_answer(&out, request->key, protocol, &terms);
    assert(buf_err(&out) == ERR_OK);
    struct span rest = buf_span(&out);
    size_t lines = 0;
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        if (rest.at) assert(span_ends(line, SPAN("\r")));
        lines++;
    }
    /* Status, three fields, those that were asked for, the empty line, nothing. */
    assert(lines == 4u + (protocol.len > 0) + terms.is_on + 2);
    buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    struct span rest = span_of((const char *)data + 1, size - 1);
    struct ws_handshake_request request = { .http_major = data[0] >> 4,
                                            .http_minor = data[0] & 15 };
    request.method = next_field(&rest);
    request.upgrade = next_field(&rest);
    request.connection = next_field(&rest);
    request.key = next_field(&rest);
    request.version = next_field(&rest);
    request.protocols = next_field(&rest);
    request.extensions = next_field(&rest);

    struct span token = ws_protocol_bearer(request.protocols);
    if (token.at) assert(token.len > 0);
    struct ws_verdict verdict = ws_handshake_judge(&request);
    if (verdict.status == 101) {
        answer(&request);
    } else {
        assert(verdict.status == 400 || verdict.status == 405 || verdict.status == 426);
        assert(verdict.text[0] != '\0');
    }
    return 0;
}
