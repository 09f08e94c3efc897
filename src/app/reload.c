/* SPDX-License-Identifier: MIT */
/*
 * app/reload.c: loads, judges and compares, and says in the log what came of it.
 */
#include "app/reload.h"

#include "app/capacity.h"
#include "base/log.h"

static void say_mistakes(struct config_report *report) {
    for (size_t i = 0; i < report->count; i++) {
        log_line(LOG_ERROR, "configuration mistake", log_text("problem", report->list[i].text));
    }
    log_line(LOG_ERROR, "configuration not reloaded",
             log_uint("mistakes", report->count + report->dropped));
    config_report_finish(report);
}

/* What changed, counted. */
struct changes {
    uint32_t made, put_off;
};

static void on_changed(void *owner, const char *key, const char *before, const char *after,
                       bool is_put_off) {
    struct changes *changes = owner;
    if (is_put_off) {
        changes->put_off++;
        log_line(LOG_WARNING, "changed value needs a restart", log_text("key", key),
                 log_text("running", before), log_text("configured", after));
    } else {
        changes->made++;
        log_line(LOG_INFO, "value changed", log_text("key", key), log_text("before", before),
                 log_text("after", after));
    }
}

struct settings *reload(const struct config_source *source, const struct settings *running,
                        const struct keyring *keyring, size_t workers) {
    struct config_report report = { 0 };
    struct config_source again = *source;
    struct config *next;
    again.tls_before = running->identity.context;
    if (config_load(&again, &report, &next) != ERR_OK) {
        say_mistakes(&report);
        return NULL;
    }
    struct err_note note = { "" };
    uint64_t max_connections = 0;
    enum err e = config_succeed(next, running->config, &note);
    if (!e) e = capacity_reserve(next->max_connections, workers, &max_connections, &note);
    if (e) {
        log_line(LOG_ERROR, "configuration not reloaded", log_text("problem", note.text));
        config_free(next);
        return NULL;
    }
    struct changes changes = { 0 };
    config_settle(next, running->config, on_changed, &changes);
    struct settings *settings =
        settings_new(next, keyring_make(keyring, &next->jwt), max_connections);
    settings->changed = changes.made;
    settings->put_off = changes.put_off;
    return settings;
}

void reload_rehearse(const struct config_source *source) {
    struct config_report report = { 0 };
    struct config *again = NULL;
    if (config_load(source, &report, &again) == ERR_OK) {
        config_free(again);
        return;
    }
    for (size_t i = 0; i < report.count; i++) {
        log_line(LOG_WARNING, "without root's privileges a reload will be refused",
                 log_text("problem", report.list[i].text));
    }
    config_report_finish(&report);
}
