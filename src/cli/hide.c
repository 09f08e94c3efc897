/* SPDX-License-Identifier: MIT */
/*
 * cli/hide.c: which arguments are secret, for all commands: what one command takes for a secret is
 * none of the others' business either.
 */
#include "cli/hide.h"

#include "base/mem.h"
#include "base/span.h"

enum { SHORTEST = 3 }; /* of an option that getopt may take for one of these */

static const char *const options[] = { "--key", "--redis", "--secret", "--token" };

/* Where the copies are, so that they stay reachable. */
static char **copies;

/* `--token`, or as short as getopt lets it be, before a `=` where there is one. */
static bool is_secret_option(struct span word) {
    for (size_t i = 0; i < countof(options); i++)
        if (word.len >= SHORTEST && span_starts(span_str(options[i]), word)) return true;
    return false;
}

static void cover(char *at, size_t len) {
    memset(at, '*', len);
}

/* What stands before the @ of a host, and what is asked for behind a question mark. */
static void cover_url(char *url) {
    char *host = strstr(url, "://");
    if (!host) return;
    host += strlen("://");
    char *at = strrchr(host, '@'), *query = strchr(host, '?');
    if (at) cover(host, (size_t)(at - host));
    if (query) cover(query + 1, strlen(query + 1));
}

static void cover_secrets(int argc, char **argv) {
    bool is_value = false; /* of the option before */
    for (int i = 1; i < argc; i++) {
        struct span word = span_str(argv[i]);
        size_t equals = span_find(word, '=');
        bool is_option = is_secret_option(span_of(word.at, equals));
        if (is_value) {
            cover(argv[i], word.len);
        } else if (is_option && equals < word.len) {
            cover(argv[i] + equals + 1, word.len - equals - 1);
        } else {
            cover_url(argv[i]);
        }
        is_value = !is_value && is_option && equals == word.len;
    }
}

char **cli_hide_secrets(int argc, char **argv) {
    copies = mem_new(((size_t)argc + 1) * sizeof *copies);
    for (int i = 0; i < argc; i++)
        copies[i] = mem_new_text(argv[i], strlen(argv[i]));
    cover_secrets(argc, argv);
    return copies;
}
