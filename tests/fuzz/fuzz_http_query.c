/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes what takes texts apart: queries, escapes, path patterns, lists of forwarded addresses. The
 * input is lines: a name, a query, two patterns, a path, an address, a network.
 */
#include "base/address.h"
#include "http/pattern.h"
#include "http/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 64 };

/* Escaping every byte of what was decoded and decoding again gives the same. */
static void check_decoded(struct span decoded) {
    char escaped[3 * ROOM];
    char room[ROOM];
    if (decoded.len > ROOM || (decoded.len && memchr(decoded.at, 0, decoded.len))) return;
    for (size_t i = 0; i < decoded.len; i++) {
        char digits[4];
        (void)snprintf(digits, sizeof digits, "%%%02x", (unsigned char)decoded.at[i]);
        memcpy(escaped + 3 * i, digits, 3);
    }
    struct span again;
    enum err e = http_percent_decode(span_of(escaped, 3 * decoded.len), room, sizeof room, &again);
    assert(e == ERR_OK && span_eq(again, decoded));
}

static void check_query(struct span query, struct span name) {
    char room[ROOM];
    struct span value;
    if (http_query_get(query, name, room, sizeof room, &value) == ERR_OK) check_decoded(value);
    if (http_percent_decode(query, room, sizeof room, &value) == ERR_OK) check_decoded(value);
}

static bool matches(struct span text, struct span path, struct http_pattern *ret) {
    struct err_note note;
    struct http_params params;
    if (http_pattern_parse(text, ret, &note)) return false;
    struct http_pattern again;
    enum err e = http_pattern_parse(span_of(ret->text, ret->len), &again, NULL);
    assert(e == ERR_OK && memcmp(ret, &again, sizeof again) == 0);
    if (!http_pattern_match(ret, path, &params)) return false;
    assert(params.count == ret->params);
    for (size_t i = 0; i < params.count; i++) {
        assert(params.value[i].len > 0 && http_pattern_has(ret, params.name[i]));
    }
    return true;
}

static bool is_same_host(const struct address *a, const struct address *b) {
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static void check_address(struct span text, struct span network) {
    struct address address;
    struct address again;
    char formatted[ADDRESS_TEXT_MAX];
    if (!address_parse(text, &address)) return;
    size_t len = address_format_port(&address, formatted);
    bool is_good = address_parse(span_of(formatted, len), &again);
    assert(is_good && is_same_host(&address, &again) && address.port == again.port);
    struct cidr cidr;
    struct err_note note;
    if (cidr_parse(network, &cidr, &note)) return;
    struct address first = { .port = 0 };
    memcpy(first.bytes, cidr.bytes, sizeof first.bytes);
    assert(cidr_contains(&cidr, &first));
    if (cidr.bits == 128) assert(cidr_contains(&cidr, &address) == is_same_host(&first, &address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span rest = span_of((const char *)data, size);
    struct span line[7] = { { NULL, 0 } };
    for (size_t i = 0; i < countof(line) && span_next(&rest, '\n', &line[i]); i++) {
    }
    check_query(line[1], line[0]);
    struct http_pattern a;
    struct http_pattern b;
    if (matches(line[2], line[4], &a) && matches(line[3], line[4], &b)) {
        assert(http_pattern_overlaps(&a, &b));
    }
    check_address(line[5], line[6]);
    return 0;
}
