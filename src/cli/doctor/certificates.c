/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/certificates.c: how long certificates are good: those in the configured files, and the
 * one that clients are shown.
 */
#include "cli/doctor/certificates_priv.h"

#include "base/clock.h"
#include "base/file.h"

enum { DAY_S = 86400, SOON_S = 14 * DAY_S, PEM_MAX = 256 * 1024 };

void doctor_certificate_judge(const struct certificate *certificate, int64_t now_s,
                              const char *where, struct doctor_finding *ret) {
    char time[DOCTOR_FIGURE_MAX];
    const char *names = *certificate->names ? certificate->names : "a certificate without a name";
    int64_t left_s = certificate->expires_s - now_s;
    if (left_s <= 0) {
        doctor_find(ret, DOCTOR_FAIL, "%s: %s expired %s ago", where, names,
                    doctor_span(-left_s, time));
    } else if (certificate->begins_s > now_s) {
        doctor_find(ret, DOCTOR_FAIL, "%s: %s is not valid yet, for another %s", where, names,
                    doctor_span(certificate->begins_s - now_s, time));
        doctor_advise(ret, "is this machine's clock right? Otherwise restore the previous one");
        return;
    } else {
        doctor_find(ret, left_s < SOON_S ? DOCTOR_WARN : DOCTOR_OK, "%s: %s expires in %s", where,
                    names, doctor_span(left_s, time));
    }
    if (ret->verdict != DOCTOR_OK)
        doctor_advise(ret, "renew it (certbot renew); the server loads new files by itself");
}

/* ---- files ---- */

/* The one of the files that expires first; `ret_first` is the first of them all. */
struct search {
    size_t count;
    struct certificate first, soonest;
    const char *soonest_file;
};

static bool read_file(const char *path, struct certificate *ret, struct err_note *note) {
    struct buf pem;
    if (file_read(path, PEM_MAX, &pem, note)) return false;
    bool is_read = !certificate_read(buf_span(&pem), ret, note);
    buf_finish(&pem);
    return is_read;
}

static bool add(struct search *search, const char *path, struct err_note *note) {
    struct certificate one;
    if (!read_file(path, &one, note)) return false;
    if (search->count++ == 0) search->first = one;
    if (search->soonest_file && one.expires_s >= search->soonest.expires_s) return true;
    search->soonest = one;
    search->soonest_file = path;
    return true;
}

/* False: `*ret_file` cannot be read. */
static bool read_files(const struct config_tls *tls, struct search *ret, const char **ret_file,
                       struct err_note *note) {
    *ret_file = tls->first.cert_file;
    if (*tls->first.cert_file && !add(ret, tls->first.cert_file, note)) return false;
    for (size_t i = 0; i < tls->certificates_count; i++) {
        *ret_file = tls->certificates[i].cert_file;
        if (!add(ret, *ret_file, note)) return false;
    }
    return true;
}

void doctor_check_certificates(struct doctor *doctor, struct doctor_finding *ret) {
    struct search search = { 0 };
    struct err_note note = { "" };
    const char *file;
    if (!doctor->config || !config_has_tls(&doctor->config->tls)) {
        doctor_find(ret, DOCTOR_SKIP, "%s",
                    doctor->config ? "tls has no certificates" : "there is no configuration");
    } else if (!read_files(&doctor->config->tls, &search, &file, &note)) {
        doctor_find(ret, DOCTOR_FAIL, "%s: %s", file, note.text);
        doctor_advise(ret, "restore it, or let the server's user read it");
    } else {
        doctor_certificate_judge(&search.soonest, clock_wall_ms() / 1000, search.soonest_file, ret);
    }
}

bool doctor_trust_own(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct err_note note;
    struct buf pem;
    if (!config || !config_has_tls(&config->tls)) return true;
    const char *file = *config->tls.first.cert_file ? config->tls.first.cert_file
                                                    : config->tls.certificates[0].cert_file;
    if (file_read(file, PEM_MAX, &pem, &note)) return false;
    const struct tls_client_options options = { .trusted = buf_span(&pem),
                                                .min_version = TLS_1_2,
                                                .trusts_each = true };
    bool is_good = !certificate_read(buf_span(&pem), &doctor->own, &note) &&
                   !tls_client_new(&options, &doctor->own_trust, &note);
    buf_finish(&pem);
    return is_good;
}

/* ---- what clients see ---- */

static bool is_configured(const struct doctor *doctor, const struct certificate *shown) {
    return memcmp(shown->digest, doctor->own.digest, sizeof shown->digest) == 0;
}

static void judge_shown(const struct doctor *doctor, const struct certificate *shown,
                        struct doctor_finding *ret) {
    const struct doctor_place *place = &doctor->clients;
    doctor_certificate_judge(shown, clock_wall_ms() / 1000, place->text, ret);
    if (ret->verdict != DOCTOR_OK && !place->is_own)
        doctor_advise(ret, "renew it (certbot renew), and reload what presents it");
    if (ret->verdict == DOCTOR_FAIL) return;
    if (place->is_own && !is_configured(doctor, shown)) {
        doctor_find(ret, DOCTOR_WARN,
                    "%s presents a certificate other than the configured one, for %s", place->text,
                    shown->names);
        doctor_advise(
            ret,
            "is it the server of this configuration? Its log says why it did not load new files");
    } else if (*shown->problem && !doctor->is_insecure) {
        doctor_find(ret, DOCTOR_FAIL, "%s presents %s: %s", place->text, shown->names,
                    shown->problem);
        doctor_advise(ret, "clients refuse it too, unless they trust its authority (--ca FILE): is "
                           "the chain complete, is it for this name?");
    }
}

/* Nobody being there is told elsewhere. */
static void ask_and_judge(const struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_place *place = &doctor->clients;
    struct certificate shown;
    struct err_note note = { "" };
    enum err e = certificate_ask(&place->server.address, place->server.name, place->server.tls,
                                 DOCTOR_WAIT_MS, &shown, &note);
    if (!e) {
        judge_shown(doctor, &shown, ret);
        return;
    }
    bool is_told = e == ERR_NOT_FOUND && place->is_own && !doctor->has_api;
    doctor_find(ret, is_told ? DOCTOR_SKIP : DOCTOR_FAIL, "%s: %s", place->text, note.text);
    if (!is_told) doctor_advise(ret, "find out what listens there: ss -ltnp");
}

void doctor_check_shown(struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_place *place = &doctor->clients;
    if (!doctor->has_clients)
        doctor_find(ret, DOCTOR_SKIP, "no server was found");
    else if (!place->url.is_secure)
        doctor_find(ret, DOCTOR_SKIP, "%s does not speak TLS", place->text);
    else
        ask_and_judge(doctor, ret);
}
