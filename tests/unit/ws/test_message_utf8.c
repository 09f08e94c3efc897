/* SPDX-License-Identifier: MIT */
/*
 * Tests of UTF-8 in messages: the case group 6 of the Autobahn suite. Text that cannot become UTF-8
 * fails at the very byte, inside a frame too.
 */
#include "wire.h"

#define P(literal)                                                                                 \
    { "" literal, sizeof(literal) - 1 }
#define KOSME "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"

enum { GOOD = -1, OPEN = -2 }; /* well-formed; ends within a character */

struct sample {
    struct span text;
    int bad_at; /* GOOD, OPEN, or the index of the byte that cannot belong */
};

static const struct sample samples[] = {
    { P(""), GOOD },
    { P("Hello-\xC2\xB5@\xC3\x9F\xC3\xB6\xC3\xA4\xC3\xBC\xC3\xA0\xC3\xA1-UTF-8!!"), GOOD },
    { P(KOSME), GOOD },
    { P(KOSME "\xED\xA0\x80"
              "edited"),
      12 },
    { P(KOSME "\xF4\x90\x80\x80"
              "edited"),
      12 },
    /* A text that ends within a character. */
    { P("\xCE"), OPEN },
    { P("\xCE\xBA\xE1"), OPEN },
    { P("\xCE\xBA\xE1\xBD"), OPEN },
    { P("\xCE\xBA\xE1\xBD\xB9\xCF"), OPEN },
    { P(KOSME "\xF0\x9F\x98"), OPEN },
    /* The first and last character of each length. */
    { P("\x00"), GOOD },
    { P("\xC2\x80"), GOOD },
    { P("\xE0\xA0\x80"), GOOD },
    { P("\xF0\x90\x80\x80"), GOOD },
    { P("\x7F"), GOOD },
    { P("\xDF\xBF"), GOOD },
    { P("\xEF\xBF\xBF"), GOOD },
    { P("\xF4\x8F\xBF\xBF"), GOOD },
    { P("\xED\x9F\xBF"), GOOD },
    { P("\xEE\x80\x80"), GOOD },
    { P("\xEF\xBF\xBD"), GOOD },
    /* Past what there is. */
    { P("\xF4\x90\x80\x80"), 1 },
    { P("\xF7\xBF\xBF\xBF"), 0 },
    { P("\xF8\x88\x80\x80\x80"), 0 },
    { P("\xFB\xBF\xBF\xBF\xBF"), 0 },
    { P("\xFC\x84\x80\x80\x80\x80"), 0 },
    { P("\xFD\xBF\xBF\xBF\xBF\xBF"), 0 },
    { P("\xFE"), 0 },
    { P("\xFF"), 0 },
    { P("\xFE\xFE\xFF\xFF"), 0 },
    /* Continuations of nothing. */
    { P("\x80"), 0 },
    { P("\xBF"), 0 },
    { P("\x80\xBF"), 0 },
    { P("\x80\xBF\x80\xBF\x80\xBF"), 0 },
    /* Leads without their continuations. */
    { P("\xC3 \xC4 "), 1 },
    { P("\xE0 \xE1 "), 1 },
    { P("\xF0 \xF1 "), 1 },
    { P("\xE2\x82 "), 2 },
    { P("\xF0\x9F\x98 "), 3 },
    { P("\xC0"), 0 },
    { P("\xE0\x80"), 1 },
    { P("\xF0\x80\x80"), 1 },
    /* Longer than needed. */
    { P("\xC0\xAF"), 0 },
    { P("\xC1\xBF"), 0 },
    { P("\xE0\x80\xAF"), 1 },
    { P("\xE0\x9F\xBF"), 1 },
    { P("\xF0\x80\x80\xAF"), 1 },
    { P("\xF0\x8F\xBF\xBF"), 1 },
    { P("\xF8\x80\x80\x80\xAF"), 0 },
    { P("\xFC\x80\x80\x80\x80\xAF"), 0 },
    /* Surrogates, alone and in pairs. */
    { P("\xED\xA0\x80"), 1 },
    { P("\xED\xAD\xBF"), 1 },
    { P("\xED\xBF\xBF"), 1 },
    { P("\xED\xA0\x80\xED\xB0\x80"), 1 },
    { P("\xED\xAF\xBF\xED\xBF\xBF"), 1 },
    /* No characters by Unicode's own words, but well-formed. */
    { P("\xEF\xBF\xBE"), GOOD },
    { P("\xF0\x9F\xBF\xBE"), GOOD },
    { P("\xF4\x8F\xBF\xBE"), GOOD },
    /* Behind text long enough for the fast way. */
    { P("0123456789abcdef0123456789abcdef" KOSME "0123456789abcdef"), GOOD },
    { P("0123456789abcdef0123456789abcdef\xFF"), 32 },
};

static void expect_cut(const struct sample *sample, size_t piece) {
    struct transcript t;
    struct wire wire;
    transcript_init(&t, WS_ROLE_SERVER);
    wire_init(&wire, WS_ROLE_SERVER);
    wire_fragments(&wire, WS_OP_TEXT, sample->text, piece);
    struct buf expected = { .at = NULL };
    if (sample->bad_at == GOOD) {
        struct ws_event event = { .kind = WS_EVENT_TEXT,
                                  .payload = sample->text,
                                  .len = sample->text.len };
        transcript_event(&t, &event);
        expected = buf_take(&t.text);
    }
    wire_expect_span(&wire, &t, "a text",
                     sample->bad_at == GOOD ? buf_span(&expected) : SPAN("fail 1007\n"));
    buf_finish(&expected);
    transcript_finish(&t);
    buf_finish(&wire.bytes);
}

static void texts_whole_and_in_fragments(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        for (size_t piece = 1; piece <= 5; piece++)
            expect_cut(&samples[i], piece);
        expect_cut(&samples[i], 1000);
    }
}

/* Reads bytes one at a time; the number of those taken before the failure, or all. */
static size_t read_until_failure(struct transcript *t, struct span bytes) {
    struct feed feed = transcript_feed(t);
    feed.begin(t);
    size_t i = 0;
    while (i < bytes.len) {
        feed_piece(&feed, bytes.at + i, 1);
        if (t->is_over) break;
        i++;
    }
    ws_reader_finish(&t->reader);
    return i;
}

/* More is announced than comes: the failure does not wait for the end of frame or message. */
static void failing_at_the_very_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        if (samples[i].bad_at < 0) continue;
        for (unsigned first = WS_OP_TEXT; first <= (WIRE_FINAL | WS_OP_TEXT); first += WIRE_FINAL) {
            char text[100];
            memset(text, 'x', sizeof text);
            memcpy(text, samples[i].text.at, samples[i].text.len);
            struct transcript t;
            struct wire wire;
            transcript_init(&t, WS_ROLE_CLIENT);
            wire_init(&wire, WS_ROLE_CLIENT);
            wire_frame(&wire, first, span_of(text, sizeof text));
            size_t head_len = 2;
            assert_int_equal(read_until_failure(&t, buf_span(&wire.bytes)),
                             head_len + (size_t)samples[i].bad_at);
            assert_true(span_eq(buf_span(&t.text), SPAN("fail 1007\n")));
            transcript_finish(&t);
            buf_finish(&wire.bytes);
        }
    }
}

/* The character goes on in the next fragment, past a ping; the next message starts afresh. */
static void control_frames_do_not_disturb(void **state) {
    (void)state;
    struct transcript t;
    struct wire wire;
    transcript_init(&t, WS_ROLE_SERVER);
    wire_init(&wire, WS_ROLE_SERVER);
    wire_frame(&wire, WS_OP_TEXT, SPAN("\xE2\x82"));
    wire_frame(&wire, WIRE_FINAL | WS_OP_PING, SPAN("\xFF"));
    wire_frame(&wire, WIRE_FINAL | WS_OP_CONTINUATION, SPAN("\xAC"));
    wire_frame(&wire, WIRE_FINAL | WS_OP_TEXT, SPAN("a"));
    wire_frame(&wire, WS_OP_BINARY, SPAN("\xE2\x82"));
    wire_frame(&wire, WIRE_FINAL | WS_OP_CONTINUATION, SPAN("\xFF"));
    wire_frame(&wire, WS_OP_TEXT, SPAN("b"));
    wire_frame(&wire, WIRE_FINAL | WS_OP_CONTINUATION, SPAN(""));
    wire_expect(&wire, &t, "a character in two fragments",
                "ping 1 \xFF\ntext 3 \xE2\x82\xAC\ntext 1 a\nbinary 3 \xE2\x82\xFF\ntext 1 b\n");
    transcript_finish(&t);
    buf_finish(&wire.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_whole_and_in_fragments),
        cmocka_unit_test(failing_at_the_very_byte),
        cmocka_unit_test(control_frames_do_not_disturb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
