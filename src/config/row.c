/* SPDX-License-Identifier: MIT */
/*
 * config/row.c: what holds for the rows of every type: reading lists item by item, showing values,
 * the parts of a name.
 */
#include "config/row_priv.h"

#include <stdarg.h>

bool config_wrong(const struct config_read *in, const struct config_node *node, const char *format,
                  ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    config_report_add(in->report, node->place, "%s: %s", in->label, text);
    return false;
}

static bool stands_earlier(const struct config_node *list, const struct config_node *item) {
    for (const struct config_node *other = list->first; other != item; other = other->next)
        if (other->kind == CONFIG_SCALAR && span_eq(other->text, item->text)) return true;
    return false;
}

static bool read_list(const struct config_read *in, const struct config_row *row,
                      const struct config_node *node, char *base) {
    size_t count = 0;
    bool is_good = true;
    for (const struct config_node *item = node->first; item; item = item->next) {
        if (count == row->max)
            return config_wrong(in, item, "more than %u of them", (unsigned)row->max);
        if (item->kind == CONFIG_SCALAR && stands_earlier(node, item))
            is_good = config_wrong(in, item, "stands in the list twice");
        else
            is_good &=
                row->type->read(in, row, item, base + row->offset + count * row->type->item_bytes);
        count++;
    }
    if (count < row->min) return config_wrong(in, node, "at least %u expected", (unsigned)row->min);
    if (is_good) memcpy(base + row->count_offset, &count, sizeof count);
    return is_good;
}

bool config_row_read(const struct config_read *in, const struct config_row *row,
                     const struct config_node *node, void *base) {
    if (node->kind == CONFIG_BROKEN) return false;
    if (!row->type->is_list) return row->type->read(in, row, node, (char *)base + row->offset);
    struct config_node alone = { .kind = CONFIG_LIST, .place = node->place };
    struct config_node item = *node, *last = NULL;
    if (row->allows_one && node->kind == CONFIG_SCALAR && !node->is_null) {
        item.next = NULL;
        if (item.text.len > 0) config_node_append(&alone, &last, &item);
        node = &alone;
    }
    if (node->kind != CONFIG_LIST) return config_wrong(in, node, "a list expected");
    if (row->type->item_bytes == 0)
        return row->type->read(in, row, node, (char *)base + row->offset);
    return read_list(in, row, node, base);
}

void config_row_show(const struct config_row *row, const void *base, struct buf *out) {
    const char *at = (const char *)base + row->offset;
    if (row->type->item_bytes == 0) {
        row->type->show(row, at, out);
        return;
    }
    size_t count;
    memcpy(&count, (const char *)base + row->count_offset, sizeof count);
    buf_append_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_append_text(out, ", ");
        row->type->show(row, at + i * row->type->item_bytes, out);
    }
    buf_append_char(out, ']');
}

const struct config_row *config_row_find(const struct config_row *rows, size_t count,
                                         struct span path) {
    for (size_t i = 0; i < count; i++)
        if (span_eq(span_str(rows[i].path), path)) return &rows[i];
    return NULL;
}

struct span config_path_tail(const char *path) {
    const char *dot = strrchr(path, '.');
    return span_str(dot ? dot + 1 : path);
}

struct span config_path_head(const char *path) {
    size_t tail = config_path_tail(path).len, len = strlen(path);
    return span_of(path, tail == len ? 0 : len - tail - 1);
}

struct span config_row_section(const struct config_row *row) {
    return config_path_head(row->path);
}

struct span config_row_key(const struct config_row *row) {
    return config_path_tail(row->path);
}
