/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/keys.c: the key set of `jwt.jwks_url`, fetched as the server does.
 */
#include "cli/doctor/doctor_priv.h"

#include "fetch/fetch.h"
#include "fetch/url.h"

struct fetching {
    struct doctor *doctor;
    struct doctor_finding *ret;
    struct loop *loop;
    const char *url; /* as it may be shown */
};

static void advise(struct doctor_finding *ret) {
    doctor_advise(ret, "curl -v the URL from here; the server keeps the last good set, without one "
                       "it refuses all tokens");
}

static void on_fetched(void *owner, const struct fetch_result *result) {
    struct fetching *fetching = owner;
    struct doctor *doctor = fetching->doctor;
    struct err_note note = { "the answer is empty" };
    bool is_good = result->end == COUNT_FETCH_OK && result->document.len > 0 &&
                   !config_make_keys(&doctor->config->jwt, result->document, &doctor->keys, &note);
    if (is_good) {
        doctor_find(fetching->ret, DOCTOR_OK, "%s: %zu usable keys", fetching->url,
                    auth_keys_count(doctor->keys));
    } else {
        doctor_find(fetching->ret, DOCTOR_FAIL, "%s: %s", fetching->url,
                    result->end == COUNT_FETCH_OK ? note.text : result->problem);
        advise(fetching->ret);
    }
    loop_stop(fetching->loop);
}

static void fetch(struct doctor *doctor, const char *url, struct doctor_finding *ret) {
    const struct config_jwt *jwt = &doctor->config->jwt;
    struct err_note note = { "" };
    struct fetching fetching = { doctor, ret, loop_new(&note), url };
    if (!fetching.loop) {
        doctor_find(ret, DOCTOR_FAIL, "%s", note.text);
        doctor_advise(ret, "this shell has too few descriptors: ulimit -n");
        return;
    }
    struct fetch *under_way = fetch_new(fetching.loop, on_fetched, &fetching);
    const struct fetch_options options = { .url = jwt->jwks_url,
                                           .trusted = jwt->jwks_ca,
                                           .max_bytes = jwt->jwks_max_bytes,
                                           .timeout_ms = DOCTOR_WAIT_MS };
    fetch_begin(under_way, &options);
    loop_run(fetching.loop);
    fetch_free(under_way);
    loop_free(fetching.loop);
}

void doctor_check_key_set(struct doctor *doctor, struct doctor_finding *ret) {
    if (!doctor->config || !*doctor->config->jwt.jwks_url) {
        doctor_find(ret, DOCTOR_SKIP, "%s",
                    doctor->config ? "jwt.jwks_url is not set" : "there is no configuration");
        return;
    }
    struct buf url;
    buf_init(&url, 2 * FETCH_URL_MAX);
    fetch_url_show(doctor->config->jwt.jwks_url, &url);
    buf_append_char(&url, '\0');
    fetch(doctor, buf_err(&url) ? "jwt.jwks_url" : url.at, ret);
    buf_finish(&url);
}
