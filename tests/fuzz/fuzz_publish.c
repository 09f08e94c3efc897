/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reading of publish bodies: what passes has each target once, each a good name, and
 * relays a piece of the body that is JSON by itself.
 */
#include "api/publish_request_priv.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct publish_request *request, struct span body) {
    struct json_value value;
    struct json_error error;
    bool is_json = json_parse(request->data, &value, &error);
    assert(is_json);
    assert(request->data.at >= body.at);
    assert(request->data.at + request->data.len <= body.at + body.len);
    assert(request->target_count >= 1);
    for (size_t i = 0; i < request->target_count; i++) {
        struct span name = request->targets[i].name;
        assert(utf8_is_name(name, request->is_users ? PUBLISH_USER_MAX : PUBLISH_CHANNEL_MAX));
        for (size_t j = 0; j < i && i < 64; j++)
            assert(!span_eq(name, request->targets[j].name));
    }
    assert(request->idempotency_key.len <= IDEMPOTENCY_KEY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span body = span_of((const char *)data, size);
    struct buf name;
    struct buf key;
    buf_init(&name, size + 1);
    buf_init(&key, size + 1);
    const struct publish_rooms rooms = { &name, &key };
    for (enum publish_kind kind = PUBLISH_TARGETED; kind <= PUBLISH_BROADCAST; kind++) {
        struct publish_request request;
        struct api_problem problem;
        if (publish_request_read(body, kind, 4096, &rooms, &request, &problem)) {
            judge(&request, body);
            publish_request_finish(&request);
        } else {
            assert(problem.status >= 400 && problem.message.text[0] != 0);
        }
    }
    buf_finish(&name);
    buf_finish(&key);
    return 0;
}
