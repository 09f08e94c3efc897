/* SPDX-License-Identifier: MIT */
/*
 * Tests of ws/handshake: which requests are handshakes, the answer to them, subprotocols, and the
 * client's side against the server's.
 */
#include "ws/handshake.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455 §1.3 */

/* A good handshake but for one field. */
struct sample {
    const char *name;
    unsigned status;
    struct {
        const char *method;
        unsigned major, minor;
        const char *upgrade, *connection, *key, *version, *protocols, *extensions;
    } with;
};

static const struct sample samples[] = {
    { "as in the RFC", 101, { 0 } },
    { "any case of letters", 101, { .upgrade = "WebSocket", .connection = "UPGRADE" } },
    { "Firefox's Connection", 101, { .connection = "keep-alive, Upgrade" } },
    { "lists with empty elements",
      101,
      { .connection = ", upgrade ,", .upgrade = "h2c,websocket" } },
    { "protocols", 101, { .protocols = "chat, bearer.ey-J.a_b.c" } },
    { "extensions",
      101,
      { .extensions = "permessage-deflate; client_max_window_bits, x-y;z=\"1\"" } },
    { "white space around", 101, { .version = " 13 ", .key = "\t" KEY " " } },
    { "a key with every kind of character", 101, { .key = "+/09AZaz+/09AZaz+/09AQ==" } },

    { "POST", 405, { .method = "POST" } },
    { "HEAD", 405, { .method = "HEAD" } },
    { "lower case is another method", 405, { .method = "get" } },
    { "no Upgrade", 426, { .upgrade = "" } },
    { "another Upgrade", 426, { .upgrade = "h2c" } },
    { "an Upgrade that only begins so", 426, { .upgrade = "websocket2" } },
    { "HTTP/1.0", 400, { .major = 1, .minor = 0 } },
    { "HTTP/0.9", 400, { .major = 0, .minor = 9 } },
    { "no Connection", 400, { .connection = "" } },
    { "another Connection", 400, { .connection = "keep-alive" } },
    { "a Connection that only contains it", 400, { .connection = "upgrades" } },
    { "no version", 400, { .version = "" } },
    { "version 8", 426, { .version = "8" } },
    { "version 013", 426, { .version = "013" } },
    { "two versions", 426, { .version = "13, 8" } },
    { "no key", 400, { .key = "" } },
    { "a key of 15 bytes", 400, { .key = "dGhlIHNhbXBsZSBub24=" } },
    { "a key of 17 bytes", 400, { .key = "dGhlIHNhbXBsZSBub25jZTA=" } },
    { "a key of 18 bytes", 400, { .key = "dGhlIHNhbXBsZSBub25jZTAw" } },
    { "a key without padding", 400, { .key = "dGhlIHNhbXBsZSBub25jZQ" } },
    { "a key of 13 bytes", 400, { .key = "dGhlIHNhbXBsZSBubw==" } },
    { "a key of 19 bytes", 400, { .key = "dGhlIHNhbXBsZSBub25jZTAwMA==" } },
    { "a key in another base64", 400, { .key = "dGhlIHNhbXBsZSBub25j-Q==" } },
    { "padding inside a key", 400, { .key = "dGhlIHNhbXBsZSBub25j====" } },
    { "a protocol that is no token", 400, { .protocols = "chat, a b" } },
    { "a protocol in quotes", 400, { .protocols = "\"chat\"" } },
    { "a protocol that breaks the line", 400, { .protocols = "chat\r\nSet-Cookie:a" } },
    { "malformed extensions", 400, { .extensions = "permessage-deflate; =1" } },
    { "an extension without a name", 400, { .extensions = "; x=1" } },
    { "a parameter without its value", 400, { .extensions = "x; y=" } },
    { "a parameter with an empty value", 400, { .extensions = "x; y=\"\"" } },
    { "extensions with a quote left open", 400, { .extensions = "x; y=\"1" } },
};

static struct span either(const char *given, const char *usual) {
    return span_str(given ? given : usual);
}

static void requests_are_judged(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        const struct sample *s = &samples[i];
        bool has_version = s->with.major || s->with.minor;
        struct ws_handshake_request request = {
            .method = either(s->with.method, "GET"),
            .http_major = has_version ? s->with.major : 1,
            .http_minor = has_version ? s->with.minor : 1,
            .upgrade = either(s->with.upgrade, "websocket"),
            .connection = either(s->with.connection, "Upgrade"),
            .key = either(s->with.key, KEY),
            .version = either(s->with.version, "13"),
            .protocols = either(s->with.protocols, NULL),
            .extensions = either(s->with.extensions, NULL),
        };
        struct ws_verdict verdict = ws_handshake_judge(&request);
        if (verdict.status != s->status)
            fail_msg("%s: %u %s", s->name, verdict.status, verdict.text);
        assert_int_equal(verdict.text[0] == '\0', verdict.status == 101);
    }
}

/* A zero byte ends no text here. */
static void zero_bytes_are_no_tokens(void **state) {
    (void)state;
    struct ws_handshake_request request = {
        .method = SPAN("GET"),
        .http_major = 1,
        .http_minor = 1,
        .upgrade = SPAN("websocket"),
        .connection = SPAN("Upgrade"),
        .key = SPAN(KEY),
        .version = SPAN("13"),
        .protocols = SPAN("a\0b"),
    };
    assert_int_equal(ws_handshake_judge(&request).status, 400);
    request.protocols = SPAN("ab");
    assert_int_equal(ws_handshake_judge(&request).status, 101);
    request.upgrade = SPAN("websocket\0");
    assert_int_equal(ws_handshake_judge(&request).status, 426);
}

static void assert_answer(struct span protocol, bool is_compressed, const char *rest) {
    struct buf out;
    buf_init(&out, 1000);
    struct ws_deflate_terms terms = { .is_on = is_compressed };
    ws_handshake_answer(&out, SPAN(KEY), protocol, &terms);
    char expected[500];
    (void)snprintf(expected, sizeof expected,
                   "HTTP/1.1 101 Switching Protocols\r\n"
                   "Upgrade: websocket\r\n"
                   "Connection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                   "%s\r\n",
                   rest);
    if (!span_eq(buf_span(&out), span_str(expected))) fail_msg("%.*s", SPAN_ARG(buf_span(&out)));
    buf_finish(&out);
}

static void the_answer(void **state) {
    (void)state;
    assert_answer(SPAN(""), false, "");
    assert_answer(SPAN("chat"), false, "Sec-WebSocket-Protocol: chat\r\n");
    assert_answer(SPAN("chat"), true,
                  "Sec-WebSocket-Protocol: chat\r\n"
                  "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover\r\n");
}

static void subprotocols(void **state) {
    (void)state;
    static const struct {
        const char *offered, *chosen, *token; /* NULL: none */
    } cases[] = {
        { "", NULL, NULL },
        { ",,", NULL, NULL },
        { "chat", "chat", NULL },
        { "chat, superchat", "chat", NULL },
        { "bearer.abc", "bearer.abc", "abc" },
        { "bearer.abc, chat", "chat", "abc" },
        { "chat,bearer.a.b.c", "chat", "a.b.c" },
        { "bearer.one, bearer.two", "bearer.one", "one" },
        { "bearer.", "bearer.", NULL },
        { "bearer, bearer.x", "bearer", "x" },
        { "Bearer.x", "Bearer.x", NULL },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span chosen = ws_protocol_choose(span_str(cases[i].offered));
        struct span token = ws_protocol_bearer(span_str(cases[i].offered));
        assert_int_equal(chosen.at == NULL, cases[i].chosen == NULL);
        assert_int_equal(token.at == NULL, cases[i].token == NULL);
        assert_true(span_eq(chosen, span_str(cases[i].chosen)));
        assert_true(span_eq(token, span_str(cases[i].token)));
    }
}

static void the_key_is_base64(void **state) {
    (void)state;
    char key[WS_KEY_LEN];
    ws_handshake_key((const uint8_t *)"the sample nonce", key);
    assert_memory_equal(key, KEY, WS_KEY_LEN);
}

static void what_a_client_asks(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    ws_handshake_ask(&out, &(struct ws_handshake_ask){
                               .target = SPAN("/ws?a=b"), .host = SPAN("h:1"), .key = SPAN(KEY) });
    assert_true(span_eq(buf_span(&out), SPAN("GET /ws?a=b HTTP/1.1\r\n"
                                             "Host: h:1\r\n"
                                             "Upgrade: websocket\r\n"
                                             "Connection: Upgrade\r\n"
                                             "Sec-WebSocket-Version: 13\r\n"
                                             "Sec-WebSocket-Key: " KEY "\r\n"
                                             "\r\n")));
    buf_clear(&out);
    ws_handshake_ask(&out, &(struct ws_handshake_ask){ .target = SPAN("/"),
                                                       .host = SPAN("h"),
                                                       .key = SPAN(KEY),
                                                       .protocols = SPAN("a, b"),
                                                       .authorization = SPAN("Bearer t"),
                                                       .origin = SPAN("https://o") });
    assert_true(span_ends(buf_span(&out), SPAN("\r\nSec-WebSocket-Protocol: a, b\r\n"
                                               "Authorization: Bearer t\r\n"
                                               "Origin: https://o\r\n"
                                               "\r\n")));
    buf_finish(&out);
}

static void what_a_client_accepts(void **state) {
    (void)state;
    const struct ws_handshake_ask ask = { .key = SPAN(KEY), .protocols = SPAN("chat, other") };
    const struct ws_handshake_response good = {
        .status = 101,
        .upgrade = SPAN("WebSocket"),
        .connection = SPAN("keep-alive, upgrade"),
        .accept = SPAN("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        .protocol = SPAN("other"),
    };
    assert_null(ws_handshake_check(&ask, &good));
    struct ws_handshake_response bad[6];
    for (size_t i = 0; i < countof(bad); i++)
        bad[i] = good;
    bad[0].status = 200;
    bad[1].upgrade = SPAN("");
    bad[2].connection = SPAN("close");
    bad[3].accept = SPAN("S3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    bad[4].protocol = SPAN("Chat");
    bad[5].extensions = SPAN("permessage-deflate");
    for (size_t i = 0; i < countof(bad); i++)
        assert_non_null(ws_handshake_check(&ask, &bad[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged),
        cmocka_unit_test(zero_bytes_are_no_tokens),
        cmocka_unit_test(the_answer),
        cmocka_unit_test(subprotocols),
        cmocka_unit_test(the_key_is_base64),
        cmocka_unit_test(what_a_client_asks),
        cmocka_unit_test(what_a_client_accepts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
