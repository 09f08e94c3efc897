/* SPDX-License-Identifier: MIT */
/*
 * http/field.c: recognising header fields, checking the lines that they stand in, finding them.
 */
#include "http/field_priv.h"

static const struct known {
    struct span text;
    bool is_single;
} KNOWN[HTTP_FIELD_COUNT] = {
#define KNOWN_ITEM(name, text, is_single)                                                          \
    [HTTP_FIELD_##name] = { { text, sizeof text - 1 }, is_single },
    HTTP_FIELD_MAP(KNOWN_ITEM)
#undef KNOWN_ITEM
};

/* Which of them are so many bytes long: rarely more than one, so that a name is compared once. */
enum { SAME_LEN_MAX = 3, LONGEST_NAME = 30 };
static const uint8_t BY_LEN[LONGEST_NAME + 1][SAME_LEN_MAX] = {
    [4] = { HTTP_FIELD_HOST },
    [6] = { HTTP_FIELD_ORIGIN, HTTP_FIELD_ACCEPT, HTTP_FIELD_EXPECT },
    [7] = { HTTP_FIELD_UPGRADE },
    [9] = { HTTP_FIELD_API_KEY },
    [10] = { HTTP_FIELD_CONNECTION },
    [11] = { HTTP_FIELD_RETRY_AFTER },
    [12] = { HTTP_FIELD_CONTENT_TYPE },
    [13] = { HTTP_FIELD_AUTHORIZATION },
    [14] = { HTTP_FIELD_CONTENT_LENGTH },
    [15] = { HTTP_FIELD_FORWARDED_FOR },
    [17] = { HTTP_FIELD_WS_KEY, HTTP_FIELD_TRANSFER_ENCODING },
    [20] = { HTTP_FIELD_WS_ACCEPT },
    [21] = { HTTP_FIELD_WS_VERSION },
    [22] = { HTTP_FIELD_WS_PROTOCOL },
    [24] = { HTTP_FIELD_WS_EXTENSIONS },
    [29] = { HTTP_FIELD_ACCESS_CONTROL_REQUEST_METHOD },
    [30] = { HTTP_FIELD_ACCESS_CONTROL_REQUEST_HEADERS },
};

/* `name` is a token (RFC 9110 §5.6.2) and `lower` has only letters and dashes: the only byte of a
 * token that the bit turns into a letter is that letter's capital, and none becomes a dash. */
static bool is_name(const char *name, struct span lower) {
    unsigned differing = 0;
    for (size_t i = 0; i < lower.len; i++) {
        differing |= ((unsigned char)name[i] | 0x20u) ^ (unsigned char)lower.at[i];
    }
    return differing == 0;
}

static enum http_field recognise(const char *name, size_t len) {
    if (len > LONGEST_NAME) return HTTP_FIELD_OTHER;
    for (size_t i = 0; i < SAME_LEN_MAX; i++) {
        enum http_field field = (enum http_field)BY_LEN[len][i];
        if (field == HTTP_FIELD_OTHER) break;
        if (is_name(name, KNOWN[field].text)) return field;
    }
    return HTTP_FIELD_OTHER;
}

void http_headers_clear(struct http_headers *headers) {
    headers->count = 0;
    memset(headers->first, 0, sizeof headers->first);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Checks one line that begins at `at`; returns where the next one begins, or 0. */
static size_t settle_line(const char *bytes, struct http_header *line, size_t at, size_t end) {
    size_t pos = at + line->name_len;
    if (line->name_at != at || line->name_len == 0 || pos >= end || bytes[pos] != ':') return 0;
    pos++;
    while (pos < end && is_blank(bytes[pos]))
        pos++;
    /* An empty value was recorded nowhere, or somewhere in the blanks. */
    if (line->value_len == 0) line->value_at = (uint32_t)pos;
    size_t value_end = line->value_at + line->value_len;
    if (value_end > end) return 0;
    line->value_at = (uint32_t)pos;
    pos = size_max(pos, value_end);
    while (pos > line->value_at && is_blank(bytes[pos - 1]))
        pos--;
    line->value_len = (uint32_t)(pos - line->value_at);
    while (pos < end && is_blank(bytes[pos]))
        pos++;
    if (end - pos < 2 || bytes[pos] != '\r' || bytes[pos + 1] != '\n') return 0;
    /* A folded value has a line break in it, if only in front (RFC 9112 §5.2). */
    if (line->value_len && memchr(bytes + line->value_at, '\n', line->value_len)) return 0;
    return pos + 2;
}

/* Hangs line `index` behind the earlier ones of its field. */
static bool link_line(struct http_headers *headers, uint8_t index, enum http_field field) {
    struct http_header *line = &headers->list[index];
    line->field = (uint8_t)field;
    line->next = 0;
    if (field == HTTP_FIELD_OTHER) return true;
    uint8_t *link = &headers->first[field];
    if (*link && KNOWN[field].is_single) return false;
    while (*link)
        link = &headers->list[*link - 1].next;
    *link = (uint8_t)(index + 1);
    return true;
}

bool http_headers_settle(struct http_headers *headers, size_t at, size_t end) {
    const char *bytes = headers->bytes;
    for (uint8_t i = 0; i < headers->count; i++) {
        struct http_header *line = &headers->list[i];
        at = settle_line(bytes, line, at, end);
        if (at == 0) return false;
        if (!link_line(headers, i, recognise(bytes + line->name_at, line->name_len))) return false;
    }
    return end - at == 2 && bytes[at] == '\r' && bytes[at + 1] == '\n';
}

static struct span value_of(const struct http_headers *headers, const struct http_header *line) {
    return span_of(headers->bytes + line->value_at, line->value_len);
}

struct span http_headers_get(const struct http_headers *headers, enum http_field field) {
    uint8_t index = headers->first[field];
    return index ? value_of(headers, &headers->list[index - 1]) : (struct span){ NULL, 0 };
}

struct span http_headers_find(const struct http_headers *headers, struct span name) {
    for (uint8_t i = 0; i < headers->count; i++) {
        const struct http_header *line = &headers->list[i];
        struct span found = span_of(headers->bytes + line->name_at, line->name_len);
        if (span_eq_nocase(found, name)) return value_of(headers, line);
    }
    return (struct span){ NULL, 0 };
}

bool http_headers_next(const struct http_headers *headers, enum http_field field, uint8_t *cursor,
                       struct span *ret) {
    uint8_t index = *cursor ? headers->list[*cursor - 1].next : headers->first[field];
    if (!index) return false;
    *cursor = index;
    *ret = value_of(headers, &headers->list[index - 1]);
    return true;
}
