/* SPDX-License-Identifier: MIT */
/*
 * load/report.c: one list of figures, written in two ways.
 */
#include "load/report.h"

#include "base/clock.h"
#include "base/json.h"

const char *load_workload_name(enum load_workload workload) {
    static const char *const names[] = { [LOAD_CONNECT] = "connect",
                                         [LOAD_IDLE] = "idle",
                                         [LOAD_FAN_OUT] = "fan-out",
                                         [LOAD_UNICAST] = "unicast" };
    return names[workload];
}

static void add(struct load_report *report, const char *name, const char *text, double value,
                int decimals, const char *unit) {
    assert(report->count < LOAD_FIGURES_MAX);
    report->figures[report->count++] = (struct load_figure){ name, text, unit, decimals, value };
}

static void add_count(struct load_report *report, const char *name, const char *text,
                      uint64_t value) {
    add(report, name, text, (double)value, 0, "");
}

static double per(double sum, double count) {
    return count > 0 ? sum / count : 0;
}

static double us(uint64_t ns) {
    return (double)ns / (double)NS_PER_US;
}

/* The names are literals: those of one histogram differ from another's by their head. */
#define ADD_TIMES(report, head, label, h)                                                          \
    do {                                                                                           \
        add(report, head "_mean_us", label " mean", us(load_histogram_mean(h)), 0, "µs");          \
        add(report, head "_p50_us", label " p50", us(load_histogram_at(h, 50)), 0, "µs");          \
        add(report, head "_p90_us", label " p90", us(load_histogram_at(h, 90)), 0, "µs");          \
        add(report, head "_p99_us", label " p99", us(load_histogram_at(h, 99)), 0, "µs");          \
        add(report, head "_p999_us", label " p99.9", us(load_histogram_at(h, 99.9)), 0, "µs");     \
        add(report, head "_max_us", label " max", us((h)->max), 0, "µs");                          \
    } while (0)

static void add_opening(struct load_report *report, const struct load_result *r) {
    add(report, "open_seconds", "opening took", r->open_seconds, 3, "s");
    add(report, "opened_per_second", "opened a second", per(r->open_count, r->open_seconds), 0, "");
    ADD_TIMES(report, "handshake", "handshake", &r->handshake_ns);
}

static void add_publishing(struct load_report *report, const struct load_result *r) {
    add(report, "seconds", "measured for", r->seconds, 3, "s");
    add_count(report, "published", "published", r->published);
    add_count(report, "delivered", "delivered", r->delivered);
    add(report, "published_per_second", "published a second", per((double)r->published, r->seconds),
        0, "");
    add(report, "delivered_per_second", "delivered a second", per((double)r->delivered, r->seconds),
        0, "");
    add_count(report, "failed", "failed publishes", r->failed);
    add_count(report, "lost", "lost", r->tally.missing);
    add_count(report, "duplicates", "duplicates", r->tally.duplicates);
    add_count(report, "reordered", "out of order", r->tally.reordered);
    ADD_TIMES(report, "latency", "latency", &r->latency_ns);
}

#undef ADD_TIMES

static double cpu_us(const struct load_usage *from, const struct load_usage *to) {
    return us(to->cpu_ns - from->cpu_ns);
}

static void add_memory(struct load_report *report, const struct load_usage *usage) {
    add(report, "server_pss_bytes", "server memory (Pss)", (double)usage->pss_bytes, 0, "bytes");
    add(report, "server_rss_bytes", "server memory (Rss)", (double)usage->rss_bytes, 0, "bytes");
}

static void add_server(struct load_report *report, enum load_workload workload,
                       const struct load_result *r) {
    double cpu = cpu_us(&r->before, &r->after);
    switch (workload) {
    case LOAD_CONNECT:
    case LOAD_IDLE:
        add(report, "server_cpu_us_per_connection", "server CPU per connection",
            per(cpu, r->open_count), 2, "µs");
        add(report, "server_bytes_per_connection", "server memory per connection",
            per((double)r->after.pss_bytes - (double)r->before.pss_bytes, r->open_count), 0,
            "bytes");
        break;
    case LOAD_FAN_OUT:
    case LOAD_UNICAST:
        add(report, "server_cpu_us_per_delivery", "server CPU per delivered message",
            per(cpu, (double)r->delivered), 3, "µs");
        add(report, "server_cpu_percent", "server CPU, of one core", per(cpu / 1e4, r->seconds), 1,
            "%");
        break;
    }
    if (workload == LOAD_IDLE) {
        add(report, "server_idle_cpu_percent", "server CPU when idle, of one core",
            per(cpu_us(&r->after, &r->rest) / 1e4, r->seconds), 3, "%");
    }
    add_memory(report, &r->after);
}

void load_report_make(const struct load_options *options, const struct load_result *result,
                      struct load_report *ret) {
    memset(ret, 0, sizeof *ret);
    ret->workload = load_workload_name(options->workload);
    ret->complaint = result->complaint;
    ret->is_clean = load_result_is_clean(result);
    add_count(ret, "connections", "connections", options->connections);
    add_count(ret, "opened", "opened", result->opened);
    add_count(ret, "refused", "refused", result->refused);
    add_count(ret, "broken", "connections lost", result->broken);
    if (options->workload == LOAD_CONNECT || options->workload == LOAD_IDLE) {
        add_opening(ret, result);
    } else {
        add_publishing(ret, result);
    }
    if (options->processes.count > 0) add_server(ret, options->workload, result);
}

void load_report_table(const struct load_report *report, struct buf *out) {
    buf_printf(out, "%s%s\n", report->workload, report->is_clean ? "" : " (not clean)");
    if (*report->complaint) buf_printf(out, "  first problem: %s\n", report->complaint);
    for (size_t i = 0; i < report->count; i++) {
        const struct load_figure *f = &report->figures[i];
        buf_printf(out, "  %-34s %14.*f%s%s\n", f->text, f->decimals, f->value, *f->unit ? " " : "",
                   f->unit);
    }
}

void load_report_json(const struct load_report *report, struct buf *out) {
    buf_append_text(out, "{\"workload\":");
    json_append_string(out, span_str(report->workload));
    buf_printf(out, ",\"is_clean\":%s,\"complaint\":", report->is_clean ? "true" : "false");
    json_append_string(out, span_str(report->complaint));
    for (size_t i = 0; i < report->count; i++) {
        const struct load_figure *f = &report->figures[i];
        buf_printf(out, ",\"%s\":%.*f", f->name, f->decimals, f->value);
    }
    buf_append_text(out, "}\n");
}
