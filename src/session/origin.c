/* SPDX-License-Identifier: MIT */
/*
 * session/origin.c: compares an Origin with the rules.
 */
#include "session/origin.h"

/* The host between "://" and the port. */
static struct span host_of(struct span origin) {
    for (size_t i = 0; i + 3 <= origin.len; i++) {
        if (memcmp(origin.at + i, "://", 3) != 0) continue;
        struct span host = span_skip(origin, i + 3);
        host.len = span_find(host, ':');
        return host;
    }
    return span_of("", 0);
}

static bool matches(struct span origin, struct span rule) {
    if (!span_starts(rule, SPAN("*."))) return span_eq_nocase(origin, rule);
    struct span domain = span_skip(rule, 1); /* with its dot */
    struct span host = host_of(origin);
    return host.len > domain.len && span_eq_nocase(span_skip(host, host.len - domain.len), domain);
}

bool origin_is_allowed(struct span origin, const char *const *rules, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (matches(origin, span_str(rules[i]))) return true;
    }
    return count == 0;
}
