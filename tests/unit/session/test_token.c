/* SPDX-License-Identifier: MIT */
/*
 * Where a handshake carries its token, and which place goes first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "session/token.h"

struct sample {
    const char *query;  /* with its "?" */
    const char *fields; /* header lines */
    const char *token;  /* NULL: there is none */
};

static const struct sample samples[] = {
    { "", "", NULL },
    { "?", "", NULL },
    { "?x=token", "", NULL },
    { "?token=a.b.c", "", "a.b.c" },
    { "?x=1&token=a.b.c&y=2", "", "a.b.c" },
    { "?token=a%2Eb", "", "a.b" },
    { "?token=", "", "" },
    { "?token", "", "" },
    { "?token=a&token=a", "", "" },
    { "?token=%zz", "", "" },
    { "?token=%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41%41", "", "" }, /* 17, no room */
    { "", "Authorization: Bearer a.b.c\r\n", "a.b.c" },
    { "", "authorization: bEARER   a.b.c  \r\n", "a.b.c" },
    { "", "Authorization: Basic dTpw\r\n", NULL },
    { "", "Authorization: Bearer\r\n", NULL },
    { "", "Authorization: Bearera.b.c\r\n", NULL },
    { "", "Authorization: a.b.c\r\n", NULL },
    { "", "Sec-WebSocket-Protocol: bearer.a.b.c\r\n", "a.b.c" },
    { "", "Sec-WebSocket-Protocol: chat, bearer.a.b.c, more\r\n", "a.b.c" },
    { "", "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: bearer.a.b\r\n", "a.b" },
    { "", "Sec-WebSocket-Protocol: bearer.1\r\nSec-WebSocket-Protocol: bearer.2\r\n", "1" },
    { "", "Sec-WebSocket-Protocol: chat\r\n", NULL },
    /* Which goes first. */
    { "?token=q", "Authorization: Bearer h\r\nSec-WebSocket-Protocol: bearer.p\r\n", "q" },
    { "?x=1", "Authorization: Bearer h\r\nSec-WebSocket-Protocol: bearer.p\r\n", "h" },
    { "", "Authorization: Basic h\r\nSec-WebSocket-Protocol: bearer.p\r\n", "p" },
    /* One that cannot be read is not made good by another. */
    { "?token=%zz", "Authorization: Bearer h\r\n", "" },
    { "?token=a&token=b", "Sec-WebSocket-Protocol: bearer.p\r\n", "" },
};

static void check(const struct sample *sample) {
    struct buf wire;
    buf_init(&wire, 4096);
    buf_printf(&wire, "GET /ws%s HTTP/1.1\r\nHost: h\r\n%s\r\n", sample->query, sample->fields);
    const struct http_limits limits = { 4096, 4096 };
    struct http_parser *parser = http_parser_new(&limits);
    struct span in = buf_span(&wire);
    if (http_parser_feed(parser, &in) != HTTP_STEP_DONE) fail_msg("%s", wire.at);
    char room[16];
    struct span token = token_of(http_parser_request(parser), room, sizeof room);
    if (!sample->token != !token.at || !span_eq(token, span_str(sample->token))) {
        fail_msg("%s %s: %.*s", sample->query, sample->fields, SPAN_ARG(token));
    }
    http_parser_free(parser);
    buf_finish(&wire);
}

static void tokens_are_found(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++)
        check(&samples[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
