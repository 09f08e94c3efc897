/* SPDX-License-Identifier: MIT */
/*
 * bench/publish_path.c: what a publish over HTTP costs between the read and the write: parser,
 * router, handler, hub, answer. Requests come 64 a read, as from a backend that pipelines, each to
 * another of 1,000 users, with 200 bytes of data; the listener does nothing. Twice: the heads all
 * alike but for Content-Length, as one client library writes them, and each with a field of its
 * own.
 *
 * build: make build; cd build/release/src
 *        cc -O3 -flto=auto -I../../../src ../../../bench/publish_path.c -o publish_path
 *        -Wl,--start-group {api,hub,store,broker,ws,http,net,auth,base}/lib*.a -Wl,--end-group
 *        -luv -lz -lcjose -ljansson -lcrypto -lm
 * usage: publish_path [ROUNDS]; under valgrind --tool=callgrind its figures repeat
 */
#include "api/api.h"
#include "hub/subscribe.h"

#include <time.h>

enum { USERS = 1000, PIPELINED = 64, BATCHES = 32 };

struct bench {
    struct hub_shared hub_shared;
    struct counts counts;
    struct hub *hub;
    struct http_router *router;
    struct http_parser *parser;
    struct buf out;
    struct subscription subscriptions[USERS];
    uint64_t heard;
};

static bool hear(void *owner, uint32_t subscriber, struct message *message) {
    struct bench *bench = owner;
    (void)subscriber;
    bench->heard++;
    message_unref(message);
    return true;
}

static struct subscription *subscriptions_of(void *owner, uint32_t subscriber, size_t *ret_count) {
    struct bench *bench = owner;
    *ret_count = 1;
    return &bench->subscriptions[subscriber];
}

static double cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void write_request(struct buf *out, unsigned number, bool has_own_field) {
    char body[400], fill[151];
    memset(fill, 'x', sizeof fill - 1);
    fill[sizeof fill - 1] = 0;
    int len = snprintf(body, sizeof body,
                       "{\"user\":\"user-%u\",\"data\":{\"number\":\"%032u\",\"fill\":\"%s\"}}",
                       number * 7919 % USERS, number, fill);
    buf_append_text(out, "POST /api/v1/publish HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                         "X-API-Key: bench-key-of-at-least-16-bytes\r\n");
    if (has_own_field) buf_printf(out, "X-Request-Id: %08u\r\n", number);
    buf_printf(out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len, body);
}

/* One read's worth of requests, answered. */
static void answer_all(struct bench *bench, struct span in) {
    static const struct http_peer peer = { .text = "127.0.0.1" };
    buf_clear(&bench->out);
    while (in.len > 0) {
        struct http_response response;
        if (http_parser_feed(bench->parser, &in) != HTTP_STEP_DONE) abort();
        const struct http_request *request = http_parser_request(bench->parser);
        http_response_init(&response, &bench->out, request);
        struct http_call call = { .request = request, .peer = &peer, .response = &response };
        http_router_dispatch(bench->router, &call);
        if (response.status != 200) abort();
    }
}

/* The least of five, a request: the machine is shared. */
static void measure(struct bench *bench, const char *name, bool has_own_field, int rounds) {
    struct buf batches[BATCHES];
    double least = 1e9;
    for (unsigned i = 0; i < BATCHES; i++) {
        buf_init(&batches[i], 1 << 20);
        for (unsigned j = 0; j < PIPELINED; j++)
            write_request(&batches[i], i * PIPELINED + j, has_own_field);
    }
    for (int i = 0; i < 5; i++) {
        double start = cpu_ns();
        for (int j = 0; j < rounds; j++)
            answer_all(bench, buf_span(&batches[j % BATCHES]));
        double each = (cpu_ns() - start) / rounds / PIPELINED;
        if (each < least) least = each;
    }
    printf("%-32s %7.0f ns\n", name, least);
    for (unsigned i = 0; i < BATCHES; i++)
        buf_finish(&batches[i]);
}

int main(int argc, char **argv) {
    static struct bench bench;
    static const struct subscriber_ops ops = { .deliver = hear, .subscriptions = subscriptions_of };
    static const struct api_key_options key = { { "backend", 7 },
                                                { "bench-key-of-at-least-16-bytes", 30 },
                                                API_SCOPE_PUBLISH };
    static const struct counts *const counts[] = { &bench.counts };
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000;
    struct err_note note;
    struct api_keys *keys;
    struct loop *loop = loop_new(&note);
    if (!loop || api_keys_new(&key, 1, &keys, &note)) abort();
    hub_shared_init(&bench.hub_shared, 1 << 20);
    bench.hub = hub_new(&bench.hub_shared, loop, &bench.counts, &ops, &bench);
    const struct api_rules rules = { .keys = keys, .publish_max_bytes = 65536 };
    const struct api_options options = {
        .idempotency_entries = 100,
        .hub_shared = &bench.hub_shared,
        .counts = counts,
        .counts_count = 1,
    };
    struct api_shared *shared = api_shared_new(&options);
    struct api *api = api_new(shared, &rules, bench.hub, loop);
    bench.router = http_router_new();
    api_add_routes(api, bench.router, true);
    bench.parser = http_parser_new(&(struct http_limits){ 16384, 1 << 20 });
    buf_init(&bench.out, 1 << 22);
    for (uint32_t i = 0; i < USERS; i++) {
        char channel[32];
        (void)snprintf(channel, sizeof channel, "ws:user-%u", i);
        if (hub_subscribe(bench.hub, span_str(channel), i, 0, &bench.subscriptions[i])) abort();
    }
    measure(&bench, "heads alike", false, rounds);
    measure(&bench, "each head with a field of its own", true, rounds);
    printf("%llu delivered\n", (unsigned long long)bench.heard);
    return 0;
}
