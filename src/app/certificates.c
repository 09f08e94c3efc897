/* SPDX-License-Identifier: MIT */
/*
 * app/certificates.c: when to read certificates again, and what the log says of them.
 */
#include "app/certificates.h"

#include "base/clock.h"
#include "base/log.h"

enum { DAY_S = 86400, SOON_S = 14 * DAY_S };

/* At the first opportunity, and then once a day. */
static void warn(struct certificates *certificates, const struct config_identity *identity) {
    int64_t now_s = clock_wall_ms() / 1000;
    int64_t left_s = tls_context_expires_s(identity->context) - now_s;
    bool is_wrong = *identity->warning.text || left_s < SOON_S;
    if (!is_wrong || now_s - certificates->warned_s < DAY_S) return;
    certificates->warned_s = now_s;
    if (*identity->warning.text) {
        log_line(LOG_WARNING, "certificate", log_text("problem", identity->warning.text));
    } else if (left_s > 0) {
        log_line(LOG_WARNING, "a certificate expires soon", log_int("hours_left", left_s / 3600));
    } else {
        log_line(LOG_WARNING, "a certificate has expired", log_int("hours_ago", -left_s / 3600));
    }
}

static struct settings *renew(struct certificates *certificates, struct settings *running) {
    const struct config_tls *tls = &running->config->tls;
    struct config_identity identity = { 0 };
    struct err_note note = { "" };
    if (config_read_certificates(tls, running->identity.context, &identity, &note) != ERR_OK) {
        certificates->refused = certificates->seen;
        log_line(LOG_ERROR, "certificates not reloaded", log_text("problem", note.text));
        return NULL;
    }
    certificates->warned_s = 0;
    log_line(LOG_INFO, "certificates reloaded",
             log_uint("certificates", tls->certificates_count + (*tls->first.cert_file != 0)));
    return settings_with_identity(running, &identity);
}

struct settings *certificates_renew(struct certificates *certificates, struct settings *running) {
    warn(certificates, &running->identity);
    uint64_t before = certificates->seen;
    uint64_t now = config_certificates_state(&running->config->tls);
    bool is_new = now != running->identity.state && now != certificates->refused;
    certificates->seen = now;
    return is_new && now == before ? renew(certificates, running) : NULL;
}
