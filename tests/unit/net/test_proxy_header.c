/* SPDX-License-Identifier: MIT */
/*
 * The PROXY protocol: both versions, in every way to cut their bytes, and what is none of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "feed.h"
#include "net/proxy_header.h"

#define BEHIND "\r\n\r\nGET / HTTP/1.1\r\n" /* whatever it looks like, it is not the header's */

struct sample {
    struct span wire;
    const char *client;  /* with its port; "": done, and no client */
    const char *problem; /* in place of it */
    bool is_absent;
};

/* One way through a sample. */
struct way {
    const struct sample *sample;
    struct proxy_header header;
    enum proxy_header_step step;
    struct buf behind;
};

static void begin(void *context) {
    struct way *way = context;
    way->header = (struct proxy_header){ 0 };
    way->step = PROXY_HEADER_MORE;
    buf_init(&way->behind, 1 << 16);
}

static void take(void *context, struct span piece) {
    struct way *way = context;
    if (way->step == PROXY_HEADER_MORE) {
        way->step = proxy_header_feed(&way->header, &piece);
        if (way->step == PROXY_HEADER_MORE) assert_int_equal(piece.len, 0);
    }
    buf_append_span(&way->behind, piece);
}

static void end(void *context, const char *how) {
    struct way *way = context;
    const struct sample *sample = way->sample;
    const struct proxy_header *header = &way->header;
    if (sample->problem) {
        if (way->step != PROXY_HEADER_FAIL || strcmp(header->problem, sample->problem) != 0) {
            fail_msg("%s, not '%s' (%s)", header->problem ? header->problem : "good",
                     sample->problem, how);
        }
        assert_int_equal(header->is_absent, sample->is_absent);
    } else {
        char client[ADDRESS_TEXT_MAX] = "";
        if (header->has_client) (void)address_format_port(&header->client, client);
        if (way->step != PROXY_HEADER_DONE || strcmp(client, sample->client) != 0) {
            fail_msg("step %d, '%s', not '%s' (%s)", (int)way->step, client, sample->client, how);
        }
        assert_true(span_eq(buf_span(&way->behind), SPAN(BEHIND)));
    }
    buf_finish(&way->behind);
}

static void check(struct sample sample) {
    struct buf wire;
    buf_init(&wire, 1 << 16);
    buf_append_span(&wire, sample.wire);
    buf_append_text(&wire, BEHIND);
    struct way way = { .sample = &sample };
    const struct feed feed = { begin, take, end, &way };
    feed_every_way(&feed, buf_span(&wire));
    buf_finish(&wire);
}

static void lines_of_version_1(void **state) {
    (void)state;
    static const struct {
        const char *line, *client;
    } CASES[] = {
        { "PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n", "192.0.2.1:40000" },
        { "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535" },
        { "PROXY TCP6 2001:db8::1 2001:DB8::2 1 0\r\n", "[2001:db8::1]:1" },
        { "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1" },
        { "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
          "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { "PROXY UNKNOWN\r\n", "" },
        { "PROXY UNKNOWN anything at all, even 1.2.3.4 TCP4\r\n", "" },
        { "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
          "" },
    };
    for (size_t i = 0; i < countof(CASES); i++)
        check((struct sample){ span_str(CASES[i].line), CASES[i].client, NULL, false });
}

static void lines_that_are_none(void **state) {
    (void)state;
    static const char none[] = "the line is none of version 1";
    static const char *const BODIES[] = {
        "",
        "TCP4",
        "TCP4 ",
        "TCP4 192.0.2.1 198.51.100.7 40000",
        "TCP4 192.0.2.1 198.51.100.7 40000 443 ",
        "TCP4 192.0.2.1 198.51.100.7 40000 443 1",
        "TCP4  192.0.2.1 198.51.100.7 40000 443",
        " TCP4 192.0.2.1 198.51.100.7 40000 443",
        "TCP4 192.0.2.1 198.51.100.7 040000 443",
        "TCP4 192.0.2.1 198.51.100.7 40000 0443",
        "TCP4 192.0.2.1 198.51.100.7 65536 443",
        "TCP4 192.0.2.1 198.51.100.7 40000 65536",
        "TCP4 192.0.2.1 198.51.100.7 -1 443",
        "TCP4 192.0.2.1 198.51.100.7  443",
        "TCP4 192.0.2.1:80 198.51.100.7 40000 443",
        "TCP4 192.0.2.256 198.51.100.7 40000 443",
        "TCP4 192.0.2 198.51.100.7 40000 443",
        "TCP4 192.0.2.1 198.51.100 40000 443",
        "TCP4 2001:db8::1 2001:db8::2 1 2",
        "TCP4 ::ffff:192.0.2.1 192.0.2.2 1 2",
        "TCP6 2001:db8::g 2001:db8::2 1 2",
        "TCP6 [2001:db8::1] 2001:db8::2 1 2",
        "TCP6 fe80::1%eth0 2001:db8::2 1 2",
        "TCP6 192.0.2.1 2001:db8::2 1 2",
        "TCP6 192.0.2.1:80 2001:db8::2 1 2",
        "TCP6 2001:db8::1 [2001:db8::2] 1 2",
        "tcp4 192.0.2.1 198.51.100.7 40000 443",
        "UDP4 192.0.2.1 198.51.100.7 40000 443",
        "UNKNOWNS",
        "unknown",
    };
    for (size_t i = 0; i < countof(BODIES); i++) {
        char line[PROXY_HEADER_LINE_MAX + 1];
        (void)snprintf(line, sizeof line, "PROXY %s\r\n", BODIES[i]);
        check((struct sample){ span_str(line), NULL, none, false });
    }
    check((struct sample){ SPAN("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"), NULL, none, false });
}

static void lines_end_with_cr_and_lf_in_time(void **state) {
    (void)state;
    check((struct sample){ SPAN("PROXY UNKNOWN\n"), NULL, "the line does not end with CR and LF",
                           false });
    char line[PROXY_HEADER_LINE_MAX + 8];
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    memcpy(line + PROXY_HEADER_LINE_MAX - 2, "\r\n", 2);
    check((struct sample){ span_of(line, PROXY_HEADER_LINE_MAX), "", NULL, false });
    memcpy(line + PROXY_HEADER_LINE_MAX - 2, "x\r\n", 3);
    check((struct sample){ span_of(line, PROXY_HEADER_LINE_MAX + 1), NULL, "the line does not end",
                           false });
}

static void what_is_no_header_is_told_apart_by_its_first_wrong_byte(void **state) {
    (void)state;
    static const char absent[] = "the connection does not begin with it";
    static const struct span WIRES[] = {
        { "GET / HTTP/1.1\r\n", 16 },
        { "POST / HTTP/1.1\r\n", 17 },
        { "PROXIES ", 8 },
        { "proxy TCP4 ", 11 },
        { "\x16\x03\x01\x02\x00", 5 },
        { "\r\nGET / HTTP/1.1\r\n", 18 },
        { "\r\n\r\n\0\r\nQUIT\r", 12 },
        { "\0", 1 },
    };
    for (size_t i = 0; i < countof(WIRES); i++)
        check((struct sample){ WIRES[i], NULL, absent, true });
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xC0\x00\x02\x01\xC6\x33\x64\x07\x9C\x40\x01\xBB"
#define V6                                                                                         \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x9C\x40" \
    "\x01\xBB"

static void headers_of_version_2(void **state) {
    (void)state;
    const struct sample samples[] = {
        { SPAN(SIGNATURE "\x21\x11\x00\x0C" V4), "192.0.2.1:40000", NULL, false },
        { SPAN(SIGNATURE "\x21\x21\x00\x24" V6), "[2001:db8::1]:40000", NULL, false },
        /* With TLVs behind them; what they say is not looked at. */
        { SPAN(SIGNATURE "\x21\x11\x00\x13" V4 "\x04\x00\x04pads"), "192.0.2.1:40000", NULL,
          false },
        { SPAN(SIGNATURE "\x21\x21\x00\x27" V6 "\xff\xff\xff"), "[2001:db8::1]:40000", NULL,
          false },
        /* The proxy for itself, whatever else it says. */
        { SPAN(SIGNATURE "\x20\x00\x00\x00"), "", NULL, false },
        { SPAN(SIGNATURE "\x20\x11\x00\x0C" V4), "", NULL, false },
        { SPAN(SIGNATURE "\x20\x11\x00\x02xx"), "", NULL, false },
        /* Somebody without an address, over UDP, or on the proxy's own machine. */
        { SPAN(SIGNATURE "\x21\x00\x00\x00"), "", NULL, false },
        { SPAN(SIGNATURE "\x21\x00\x00\x03xyz"), "", NULL, false },
        { SPAN(SIGNATURE "\x21\x12\x00\x0C" V4), "", NULL, false },
        { SPAN(SIGNATURE "\x21\x22\x00\x24" V6), "", NULL, false },
        { SPAN(SIGNATURE "\x21\x01\x00\x00"), "", NULL, false },
    };
    for (size_t i = 0; i < countof(samples); i++)
        check(samples[i]);
}

/* With `len` bytes of TLVs behind a local address, which is as long as it gets. */
static struct span header_with(char *at, size_t len) {
    memcpy(at, SIGNATURE "\x21\x31", 14);
    at[14] = (char)(len >> 8);
    at[15] = (char)(len & 0xff);
    memset(at + 16, 'p', len);
    return span_of(at, 16 + len);
}

static void long_headers_of_version_2(void **state) {
    (void)state;
    static char at[16 + UINT16_MAX];
    check((struct sample){ header_with(at, 216), "", NULL, false });
    check((struct sample){ header_with(at, PROXY_HEADER_MAX - 16), "", NULL, false });
    check((struct sample){ span_of(header_with(at, PROXY_HEADER_MAX - 15).at, 16), NULL, "too long",
                           false });
    check((struct sample){ span_of(header_with(at, UINT16_MAX).at, 16), NULL, "too long", false });
}

static void headers_of_version_2_that_are_none(void **state) {
    (void)state;
    static const char command[] = "neither version 2 nor a command of it";
    static const char family[] = "an address family or transport that does not exist";
    static const char brief[] = "too short for its addresses";
    const struct sample samples[] = {
        { SPAN(SIGNATURE "\x22\x11\x00\x0C" V4), NULL, command, false },
        { SPAN(SIGNATURE "\x2F\x11\x00\x0C" V4), NULL, command, false },
        { SPAN(SIGNATURE "\x11\x11\x00\x0C" V4), NULL, command, false },
        { SPAN(SIGNATURE "\x31\x11\x00\x0C" V4), NULL, command, false },
        { SPAN(SIGNATURE "\x21\x41\x00\x0C" V4), NULL, family, false },
        { SPAN(SIGNATURE "\x21\xF1\x00\x0C" V4), NULL, family, false },
        { SPAN(SIGNATURE "\x21\x13\x00\x0C" V4), NULL, family, false },
        { SPAN(SIGNATURE "\x21\x11\x00\x0B" V4), NULL, brief, false },
        { SPAN(SIGNATURE "\x21\x11\x00\x00"), NULL, brief, false },
        { SPAN(SIGNATURE "\x21\x21\x00\x23" V6), NULL, brief, false },
        { SPAN(SIGNATURE "\x21\x21\x00\x0C" V4), NULL, brief, false },
    };
    for (size_t i = 0; i < countof(samples); i++)
        check(samples[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_version_1),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(lines_end_with_cr_and_lf_in_time),
        cmocka_unit_test(what_is_no_header_is_told_apart_by_its_first_wrong_byte),
        cmocka_unit_test(headers_of_version_2),
        cmocka_unit_test(long_headers_of_version_2),
        cmocka_unit_test(headers_of_version_2_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
