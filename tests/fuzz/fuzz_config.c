/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes config: the first line is a variable (NAME=value), the rest a file. Whatever they hold,
 * there is either a configuration or a mistake; a configuration shown is one that reads the same.
 */
#include "config/config.h"

enum { SHOWN_MAX = 16 * 1024 * 1024, VARIABLE_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct config *config, struct buf *ret) {
    buf_init(ret, SHOWN_MAX);
    config_show(config, ret);
    assert(buf_err(ret) == ERR_OK);
}

/* Secrets are masked, and the mask is a weak secret and no key for calls. */
static bool has_secrets(const struct config *config) {
    return *config->jwt.secret || config->api.keys_count > 0;
}

static void read_again(const struct config *config) {
    struct buf shown, again_shown;
    struct config_report report = { 0 };
    struct config_source source = { .path = "shown" };
    struct config *again = NULL;
    show(config, &shown);
    if (!has_secrets(config)) {
        enum err e = config_parse(buf_span(&shown), &source, &report, &again);
        assert(e == ERR_OK);
        (void)e;
        show(again, &again_shown);
        assert(span_eq(buf_span(&shown), buf_span(&again_shown)));
        buf_finish(&again_shown);
    }
    config_free(again);
    buf_finish(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span rest = { (const char *)data, size }, line;
    char variable[VARIABLE_MAX] = "";
    if (size > 0 && span_next(&rest, '\n', &line))
        snprintf(variable, sizeof variable, "%.*s", SPAN_ARG(line));
    const char *const environ[] = { variable, NULL };
    struct config_source source = { .path = "fuzz", .environ = environ };
    struct config_report report = { 0 };
    struct config *config = NULL;
    enum err e = config_parse(rest, &source, &report, &config);
    assert((e == ERR_OK) == (report.count == 0) && (e == ERR_OK) == (config != NULL));
    if (!e) read_again(config);
    struct buf text;
    buf_init(&text, SHOWN_MAX);
    config_report_show(&report, &text);
    buf_finish(&text);
    config_report_finish(&report);
    config_free(config);
    return 0;
}
