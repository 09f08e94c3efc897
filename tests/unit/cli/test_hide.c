/* SPDX-License-Identifier: MIT */
/*
 * Secrets on the command line: the command gets them, the others see stars.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/hide.h"

enum { WORDS_MAX = 8 };

static const struct {
    const char *given[WORDS_MAX], *seen[WORDS_MAX];
} CASES[] = {
    { { "publish", "--key", "abc", "--user", "u", "1" },
      { "publish", "--key", "***", "--user", "u", "1" } },
    { { "publish", "--key=abc", "{}" }, { "publish", "--key=***", "{}" } },
    { { "listen", "--tok", "t.t", "ws://h/ws" }, { "listen", "--tok", "***", "ws://h/ws" } },
    { { "listen", "wss://h/ws?token=t" }, { "listen", "wss://h/ws?*******" } },
    { { "serve", "--redis", "redis://:p@h/0", "--workers", "2" },
      { "serve", "--redis", "**************", "--workers", "2" } },
    { { "bench", "--secret", "--token", "--key", "k" },
      { "bench", "--secret", "*******", "--key", "*" } },
    { { "x", "redis://u:p@h:1/0" }, { "x", "redis://***@h:1/0" } },
    { { "x", "redis://u:p@x@h:1/0" }, { "x", "redis://*****@h:1/0" } },
    { { "x", "ws://u@h/?a@b" }, { "x", "ws://********" } },
    { { "x", "://", "a://b", "?", "@" }, { "x", "://", "a://b", "?", "@" } },
    { { "publish", "--key" }, { "publish", "--key" } },
    { { "x", "--k", "v", "--", "-key" }, { "x", "--k", "*", "--", "-key" } },
};

static void others_see_stars(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(CASES); i++) {
        char *argv[WORDS_MAX] = { 0 };
        int argc = 0;
        while (argc < WORDS_MAX && CASES[i].given[argc]) {
            argv[argc] = mem_new_text(CASES[i].given[argc], strlen(CASES[i].given[argc]));
            argc++;
        }
        char **copies = cli_hide_secrets(argc, argv);
        for (int k = 0; k < argc; k++) {
            assert_string_equal(copies[k], CASES[i].given[k]);
            assert_string_equal(argv[k], CASES[i].seen[k]);
            mem_free(copies[k]);
            mem_free(argv[k]);
        }
        assert_null(copies[argc]);
        mem_free(copies);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_see_stars),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
