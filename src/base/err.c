/* SPDX-License-Identifier: MIT */
/*
 * base/err.c: the texts of base/err.h.
 */
#include "base/err.h"

#include <stdarg.h>

const char *err_text(enum err e) {
    switch (e) {
    case ERR_OK: return "no error";
#define ERR_ITEM(name, number, text)                                                               \
    case ERR_##name: return text;
        ERR_MAP(ERR_ITEM)
#undef ERR_ITEM
    }
    return "unknown error";
}

enum err err_note(struct err_note *note, enum err e, const char *format, ...) {
    if (!note) return e;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(note->text, sizeof note->text, format, args);
    va_end(args);
    return e;
}
