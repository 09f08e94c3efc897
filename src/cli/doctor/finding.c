/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/finding.c: the words of a check, and figures as people read them.
 */
#include "cli/doctor/doctor_priv.h"

#include <stdarg.h>

enum { NAME_WIDTH = 15 };

static const char *const verdicts[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "FAIL", [DOCTOR_SKIP] = "skip"
};

void doctor_find(struct doctor_finding *ret, enum doctor_verdict verdict, const char *format, ...) {
    va_list args;
    va_start(args, format);
    ret->verdict = verdict;
    ret->remedy[0] = '\0';
    (void)vsnprintf(ret->found, sizeof ret->found, format, args);
    va_end(args);
}

void doctor_advise(struct doctor_finding *ret, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ret->remedy, sizeof ret->remedy, format, args);
    va_end(args);
}

/* What others wrote goes to a terminal: no control characters, so that a line stays one. */
static void show_line(struct buf *out, const char *text) {
    for (const char *at = text; *at; at++)
        buf_append_char(out, (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at);
    buf_append_char(out, '\n');
}

void doctor_show(const char *name, const struct doctor_finding *finding, struct buf *out) {
    buf_printf(out, "%-4s  %-*s ", verdicts[finding->verdict], NAME_WIDTH, name);
    show_line(out, finding->found);
    if (!*finding->remedy) return;
    buf_printf(out, "%*s -> ", 6 + NAME_WIDTH, "");
    show_line(out, finding->remedy);
}

const char *doctor_bytes(uint64_t bytes, char room[static DOCTOR_FIGURE_MAX]) {
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    size_t unit = 0;
    double value = (double)bytes;
    while (value >= 1024 && unit + 1 < countof(units)) {
        value /= 1024;
        unit++;
    }
    (void)snprintf(room, DOCTOR_FIGURE_MAX, "%.*f %s", unit > 0 && value < 10 ? 1 : 0, value,
                   units[unit]);
    return room;
}

const char *doctor_span(int64_t seconds, char room[static DOCTOR_FIGURE_MAX]) {
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };
    size_t unit = 0;
    while (unit + 1 < countof(units) && seconds < 2 * units[unit].seconds)
        unit++;
    int64_t count = seconds / units[unit].seconds;
    (void)snprintf(room, DOCTOR_FIGURE_MAX, "%lld %s%s", (long long)count, units[unit].name,
                   count == 1 ? "" : "s");
    return room;
}
