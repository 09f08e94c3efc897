/* SPDX-License-Identifier: MIT */
/*
 * fetch/cache.c: Cache-Control, of which only the time matters here.
 */
#include "fetch/cache_priv.h"

/* A directive's argument may stand in quotes (RFC 9111 §5.2). */
static int64_t seconds_of(struct span text) {
    int64_t seconds = 0;
    if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"') {
        text = span_of(text.at + 1, text.len - 2);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return 0;
        seconds = seconds * 10 + (text.at[i] - '0');
        if (seconds > CACHE_AGE_MAX) seconds = CACHE_AGE_MAX;
    }
    return seconds;
}

static void shorten(int64_t *age_s, int64_t seconds) {
    if (*age_s < 0 || seconds < *age_s) *age_s = seconds;
}

static void take_directive(struct span directive, int64_t *age_s) {
    size_t at = span_find(directive, '=');
    struct span name = span_trim(span_of(directive.at, at));
    if (span_eq_nocase(name, SPAN("no-store")) || span_eq_nocase(name, SPAN("no-cache"))) {
        shorten(age_s, 0);
    } else if (span_eq_nocase(name, SPAN("max-age"))) {
        shorten(age_s, seconds_of(span_trim(span_skip(directive, at + 1))));
    }
}

void cache_take_header(struct span line, int64_t *age_s) {
    struct span directive;
    while (line.len > 0 && (line.at[line.len - 1] == '\n' || line.at[line.len - 1] == '\r'))
        line.len--;
    size_t at = span_find(line, ':');
    if (at == line.len || !span_eq_nocase(span_of(line.at, at), SPAN("Cache-Control"))) return;
    line = span_skip(line, at + 1);
    while (span_next(&line, ',', &directive))
        take_directive(span_trim(directive), age_s);
}
