/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the URL of a Redis, and host:port. What is taken is shown without its password, and what
 * is shown is taken again, as the same.
 */
#include "redis/url.h"

enum { SHOWN_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct redis_url *url, struct buf *ret) {
    buf_init(ret, SHOWN_MAX);
    redis_url_show(url, ret);
    assert(buf_err(ret) == ERR_OK);
}

static void read_url(struct span text) {
    struct redis_url url, again;
    struct err_note note = { "" };
    enum err e = redis_url_parse(text, &url, &note);
    assert(!e || *note.text);
    if (e) return;
    assert(*url.host && url.port > 0 && redis_url_eq(&url, &url));
    struct buf shown, again_shown;
    show(&url, &shown);
    e = redis_url_parse(buf_span(&shown), &again, &note);
    assert(!e);
    assert(strcmp(again.password, *url.password ? "***" : "") == 0);
    show(&again, &again_shown);
    assert(span_eq(buf_span(&shown), buf_span(&again_shown)));
    memcpy(again.password, url.password, sizeof again.password);
    assert(redis_url_eq(&url, &again));
    buf_finish(&shown);
    buf_finish(&again_shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = span_of((const char *)data, size), host;
    uint16_t port;
    read_url(text);
    if (redis_host_parse(text, &host, &port)) assert(host.len > 0 && port > 0);
    return 0;
}
