/* SPDX-License-Identifier: MIT */
/*
 * config/report.c: collects mistakes in the order in which they stand in the file.
 */
#include "config/report.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdarg.h>

/* A quoted value is cut to far less than this where it is put in. */
enum { MISTAKE_TEXT_MAX = 1024 };

/* What an operator wrote goes to a terminal: nothing that could steer it may come through. */
static void make_printable(char *text) {
    struct span rest = span_str(text);
    char *at = text;
    while (rest.len > 0) {
        size_t len = utf8_char_len(rest);
        if (len == 0 || !utf8_is_name(span_of(rest.at, len), len)) {
            *at++ = '?';
            len = 1;
        } else {
            memmove(at, rest.at, len);
            at += len;
        }
        rest = span_skip(rest, len);
    }
    *at = '\0';
}

static bool stands_before(const struct config_mistake *a, const struct config_mistake *b) {
    if (a->line == 0 || b->line == 0) return a->line != 0 && b->line == 0;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void config_report_add(struct config_report *report, struct config_place place, const char *format,
                       ...) {
    if (report->count == CONFIG_MISTAKES_MAX) {
        report->dropped++;
        return;
    }
    char text[MISTAKE_TEXT_MAX];
    int head = place.line ? snprintf(text, sizeof text, "%s:%u:%u: ", place.source, place.line,
                                     place.column)
                          : snprintf(text, sizeof text, "%s: ", place.source);
    if (head > 0 && (size_t)head < sizeof text) {
        va_list args;
        va_start(args, format);
        vsnprintf(text + head, sizeof text - (size_t)head, format, args);
        va_end(args);
    }
    make_printable(text);
    struct config_mistake mistake = { place.line, place.column, mem_new_text(text, strlen(text)) };
    size_t at = report->count++;
    for (; at > 0 && stands_before(&mistake, &report->list[at - 1]); at--)
        report->list[at] = report->list[at - 1];
    report->list[at] = mistake;
}

void config_report_finish(struct config_report *report) {
    for (size_t i = 0; i < report->count; i++)
        mem_free(report->list[i].text);
    *report = (struct config_report){ 0 };
}

void config_report_show(const struct config_report *report, struct buf *out) {
    for (size_t i = 0; i < report->count; i++)
        buf_printf(out, "%s\n", report->list[i].text);
    if (report->dropped) buf_printf(out, "and %zu more\n", report->dropped);
}
