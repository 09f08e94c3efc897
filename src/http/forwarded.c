/* SPDX-License-Identifier: MIT */
/*
 * http/forwarded.c: walks X-Forwarded-For from the right.
 */
#include "http/forwarded.h"

/* Takes what stands behind the last comma off the end of `list`. */
static struct span take_last(struct span *list) {
    size_t at = list->len;
    while (at > 0 && list->at[at - 1] != ',')
        at--;
    struct span last = span_trim(span_skip(*list, at));
    *list = at > 0 ? span_of(list->at, at - 1) : (struct span){ NULL, 0 };
    return last;
}

/* The walk over all lines, the last line first, as if they were one list. */
struct walk {
    struct span lines[HTTP_FIELDS_MAX];
    size_t count;
};

static bool next_hop(struct walk *walk, struct address *ret) {
    if (walk->count == 0) return false;
    struct span *line = &walk->lines[walk->count - 1];
    struct span hop = take_last(line);
    if (!line->at) walk->count--;
    return address_parse(hop, ret);
}

bool http_forwarded_client(const struct http_headers *headers, const struct address *peer,
                           const struct cidr *trusted, size_t trusted_count, struct address *ret) {
    *ret = *peer;
    if (!cidr_any_contains(trusted, trusted_count, peer)) return false;
    struct walk walk;
    walk.count = 0;
    uint8_t cursor = 0;
    while (http_headers_next(headers, HTTP_FIELD_FORWARDED_FOR, &cursor, &walk.lines[walk.count])) {
        walk.count++;
    }
    for (int hops = 0; hops < HTTP_FORWARDED_HOPS; hops++) {
        if (!next_hop(&walk, ret)) break;
        if (!cidr_any_contains(trusted, trusted_count, ret)) break;
    }
    return true;
}
