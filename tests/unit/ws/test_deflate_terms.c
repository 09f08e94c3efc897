/* SPDX-License-Identifier: MIT */
/*
 * Tests of the negotiation of permessage-deflate: offers and the answers to them.
 */
#include "ws/deflate.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ON       "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
#define ON_BITS  ON "; server_max_window_bits="
#define DECLINED ""

struct sample {
    const char *offers;
    const char *answer;
    enum ws_window window;
};

static const struct sample samples[] = {
    { "", DECLINED, 0 },
    { "permessage-deflate", ON, 0 },
    { "Permessage-Deflate", ON, 0 },
    { "  permessage-deflate  ", ON, 0 },
    { ", ,permessage-deflate,", ON, 0 },
    { "permessage-deflate;client_max_window_bits", ON, 0 }, /* what Chrome and Firefox offer */
    { "permessage-deflate; client_max_window_bits=15", ON, 0 },
    { "permessage-deflate; client_max_window_bits=8", ON, 0 },
    { "permessage-deflate; client_max_window_bits=\"10\"", ON, 0 },
    { "permessage-deflate; server_no_context_takeover; client_no_context_takeover", ON, 0 },
    { "permessage-deflate ; Server_No_Context_Takeover", ON, 0 },
    { "permessage-deflate; server_max_window_bits=15", ON_BITS "12", WS_WINDOW_USUAL },
    { "permessage-deflate; server_max_window_bits=12", ON_BITS "12", WS_WINDOW_USUAL },
    { "permessage-deflate; server_max_window_bits=\"1\\3\"", ON_BITS "12", WS_WINDOW_USUAL },
    { "permessage-deflate; server_max_window_bits=11", ON_BITS "9", WS_WINDOW_NARROW },
    { "permessage-deflate; server_max_window_bits = 9", ON_BITS "9", WS_WINDOW_NARROW },
    { "permessage-deflate; server_max_window_bits=8", DECLINED, 0 },

    /* The first offer that can be accepted. */
    { "permessage-deflate; server_max_window_bits=10, permessage-deflate", ON_BITS "9",
      WS_WINDOW_NARROW },
    { "permessage-deflate; server_max_window_bits=8, permessage-deflate", ON, 0 },
    { "permessage-deflate; server_max_window_bits=10; what, permessage-deflate", ON, 0 },
    { "x-webkit-deflate-frame, permessage-deflate", ON, 0 },
    { "permessage-bzip2; level=\"9\"; fast, permessage-deflate;client_max_window_bits", ON, 0 },
    { "x-webkit-deflate-frame", DECLINED, 0 },

    /* Parameters that decline an offer. */
    { "permessage-deflate; level=9", DECLINED, 0 },
    { "permessage-deflate; server_no_context_takeover=1", DECLINED, 0 },
    { "permessage-deflate; client_no_context_takeover=true", DECLINED, 0 },
    { "permessage-deflate; server_no_context_takeover; server_no_context_takeover", DECLINED, 0 },
    { "permessage-deflate; client_max_window_bits; client_max_window_bits=9", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=7", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=16", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=010", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=-9", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=99999999999999999999", DECLINED, 0 },
    { "permessage-deflate; client_max_window_bits=7", DECLINED, 0 },
    { "permessage-deflate; client_max_window_bits=16", DECLINED, 0 },
    { "permessage-deflate; client_max_window_bits=x", DECLINED, 0 },

    /* Not written as the grammar says. */
    { "permessage-deflate;", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=\"9", DECLINED, 0 },
    { "permessage-deflate; server_max_window_bits=\"9\\", DECLINED, 0 },
    { "permessage-deflate; client_max_window_bits=\"\"", DECLINED, 0 },
    { "permessage-deflate client_max_window_bits", DECLINED, 0 },
    { "=, permessage-deflate", DECLINED, 0 },
    { "a b, permessage-deflate", DECLINED, 0 },
};

static void offers_and_answers(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        struct ws_deflate_terms terms = ws_deflate_choose(span_str(samples[i].offers));
        struct buf answer;
        buf_init(&answer, 200);
        if (terms.is_on) ws_deflate_answer(&terms, &answer);
        if (!span_eq(buf_span(&answer), span_str(samples[i].answer))) {
            fail_msg("%s: %.*s", samples[i].offers, SPAN_ARG(buf_span(&answer)));
        }
        assert_int_equal(terms.window, samples[i].window);
        buf_finish(&answer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_and_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
