/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/delivery.c: from end to end: a token is let in, what is published to its user arrives,
 * and nobody ends the connection meanwhile.
 */
#include "cli/doctor/visit_priv.h"

#include "ws/close.h"

enum { APART_MS = 1000 };

static double ms_of(uint64_t ns) {
    return (double)ns / 1e6;
}

/* ---- the token ---- */

/* Statuses that say more than that the token was refused. */
static const struct status_meaning {
    int status;
    const char *meaning, *remedy;
} status_meanings[] = {
    { 404, "nothing is there",
      "does the proxy forward this path, with the headers Upgrade and Connection?" },
    { 426, "the request for a WebSocket did not get through",
      "does the proxy forward the headers Upgrade and Connection?" },
    { 429, "too many attempts from here", "wait a minute (attempts_per_minute)" },
    { 502, "the proxy does not reach the server",
      "does the proxy use the server's address and port?" },
    { 503, "full, draining, or a proxy without a server", "see the lines above" },
    { 504, "the proxy does not reach the server",
      "does the proxy use the server's address and port?" },
};

static const struct status_meaning *find_meaning(int status) {
    for (size_t i = 0; i < countof(status_meanings); i++)
        if (status_meanings[i].status == status) return &status_meanings[i];
    return NULL;
}

static void judge_refused(const struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_visit *visit = &doctor->visit;
    const char *at = doctor->clients.text, *target = doctor->user.target;
    const struct status_meaning *known = find_meaning(visit->status);
    if (known) {
        doctor_find(ret, DOCTOR_FAIL, "%s%s answers %d: %s", at, target, visit->status,
                    known->meaning);
        doctor_advise(ret, "%s", known->remedy);
    } else if (visit->status) {
        doctor_find(ret, DOCTOR_FAIL, "%s%s refuses the token with status %d: %.100s", at, target,
                    visit->status, visit->reason);
        doctor_advise(ret, "does the server run with this configuration? Reload it; its log says "
                           "why at LOG_LEVEL=debug");
    } else {
        doctor_find(ret, DOCTOR_FAIL, "%s%s: %s", at, target,
                    *visit->reason ? visit->reason : "no answer within 5 seconds");
        doctor_advise(ret, "is it running, and reachable from this machine?");
    }
}

/* An endpoint may let one in to say why not. */
static void judge_closed(const struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_visit *visit = &doctor->visit;
    if (!visit->is_ended) {
        doctor_find(ret, DOCTOR_FAIL,
                    "%s%s accepts the connection and sends nothing within 5 seconds",
                    doctor->clients.text, doctor->user.target);
        doctor_advise(ret, "is there a proxy that holds messages back?");
        return;
    }
    doctor_find(ret, DOCTOR_FAIL, "%s%s refuses the token with code %u: %s", doctor->clients.text,
                doctor->user.target, visit->code, visit->reason);
    if (visit->code == doctor->user.endpoint->limited_code)
        doctor_advise(ret, "wait a minute: too many attempts from here (attempts_per_minute)");
    else
        doctor_advise(ret, "does the server run with this configuration, and its keys? Reload it; "
                           "with jwks_url see above");
}

/* Whether the next token is, too, hangs on the server's clock. */
static void judge_accepted(const struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_visit *visit = &doctor->visit;
    bool is_apart = visit->has_clock && llabs(visit->ahead_ms) > APART_MS;
    char clock[64] = "";
    if (is_apart)
        (void)snprintf(clock, sizeof clock, "; the server's clock is %.1f s %s",
                       (double)llabs(visit->ahead_ms) / 1000,
                       visit->ahead_ms < 0 ? "behind" : "ahead");
    doctor_find(ret, is_apart ? DOCTOR_WARN : DOCTOR_OK, "accepted at %s%s in %.1f ms%s",
                doctor->clients.text, doctor->user.target, ms_of(visit->open_ns), clock);
    if (is_apart) doctor_advise(ret, "one of the two is wrong: chronyc tracking on both machines");
}

static void enter(struct doctor *doctor, struct doctor_finding *ret) {
    struct err_note note = { "" };
    doctor->visiting = doctor_visiting_new(doctor, &note);
    if (!doctor->visiting) {
        doctor_find(ret, DOCTOR_FAIL, "%s", note.text);
        doctor_advise(ret, "this shell has too few descriptors: ulimit -n");
        return;
    }
    doctor_visiting_open(doctor->visiting);
    if (!doctor->visit.is_open)
        judge_refused(doctor, ret);
    else if (!doctor->visit.is_in)
        judge_closed(doctor, ret);
    else
        judge_accepted(doctor, ret);
}

void doctor_check_token(struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_user *user = &doctor->user;
    doctor_user_make(doctor);
    if (*user->why) {
        doctor_find(ret, user->is_refused ? DOCTOR_FAIL : DOCTOR_SKIP, "%s", user->why);
        doctor_advise(ret, "%s", user->remedy);
    } else if (!doctor->has_clients) {
        doctor_find(ret, doctor->url ? DOCTOR_FAIL : DOCTOR_SKIP, "%s", doctor->clients_why);
        if (doctor->url) doctor_advise(ret, "is the name in --url right, and in the DNS?");
    } else if (!doctor->has_api && !doctor->url) {
        doctor_find(ret, DOCTOR_SKIP, "no server was found");
    } else {
        enter(doctor, ret);
    }
}

/* ---- the delivery ---- */

/* The one that was given, or the first of the configuration that may publish. */
static struct span find_key(const struct doctor *doctor) {
    const struct config_api *api = &doctor->config->api;
    if (doctor->key) return span_str(doctor->key);
    for (size_t i = 0; i < api->keys_count; i++)
        if (api->keys_list[i].scopes & API_SCOPE_PUBLISH) return api->keys_list[i].key;
    return SPAN("");
}

static const char *publish_remedy(int status) {
    switch (status) {
    case 401:
    case 403:
        return "does the running server have this key (--key, TIDINGS_API_KEY, api.keys), with the "
               "scope publish? Reload it";
    case 503: return "see Redis above";
    default: return "journalctl -u tidings -n 50";
    }
}

static void judge_delivery(const struct doctor *doctor, struct doctor_finding *ret) {
    const struct doctor_visit *visit = &doctor->visit;
    const char *api = doctor->api.text;
    if (visit->is_heard) {
        doctor_find(ret, DOCTOR_OK, "published at %s, received after %.1f ms", api,
                    ms_of(visit->heard_ns));
    } else if (*visit->publish_why) {
        doctor_find(ret, DOCTOR_FAIL, "%s does not publish: %s", api, visit->publish_why);
        doctor_advise(ret, "%s", publish_remedy(visit->publish_status));
    } else if (visit->is_ended) {
        doctor_find(ret, DOCTOR_FAIL, "the connection ended with code %u: %s", visit->code,
                    visit->reason);
        doctor_advise(ret, "docs/operating.md, \"Close codes\", says why");
    } else {
        doctor_find(ret, DOCTOR_FAIL, "published at %s, not received within 5 seconds", api);
        doctor_advise(ret,
                      "does %s lead to another server, one that shares no Redis with this one?",
                      doctor->clients.text);
    }
}

void doctor_check_delivery(struct doctor *doctor, struct doctor_finding *ret) {
    if (!doctor->visit.is_in) {
        doctor_find(ret, DOCTOR_SKIP, "there is no connection to receive it");
        return;
    }
    if (!doctor->has_api) {
        doctor_find(ret, DOCTOR_SKIP, "the HTTP API was not found");
        doctor_advise(ret, "run it where the server runs, with its configuration");
        return;
    }
    struct span key = find_key(doctor);
    if (key.len == 0) {
        doctor_find(ret, DOCTOR_SKIP, "there is no API key to publish with");
        doctor_advise(ret, "TIDINGS_API_KEY=... tidings doctor, or api.keys in the configuration");
        return;
    }
    doctor_visiting_publish(doctor->visiting, key);
    judge_delivery(doctor, ret);
}

/* ---- silence ---- */

void doctor_check_idle(struct doctor *doctor, struct doctor_finding *ret) {
    const struct endpoint_options *endpoint = doctor->user.endpoint;
    if (doctor->idle_seconds == 0) {
        doctor_find(ret, DOCTOR_SKIP,
                    "not tested: finding out whether a proxy closes idle connections takes time");
        doctor_advise(ret, "tidings doctor --url wss://NAME-OF-THE-PROXY --idle 310");
        return;
    }
    if (!doctor->visit.is_in || doctor->visit.is_ended) {
        doctor_find(ret, DOCTOR_SKIP, "there is no connection");
        return;
    }
    doctor_visiting_keep_still(doctor->visiting, doctor->idle_seconds);
    const struct doctor_silence silence = {
        .seconds = doctor->idle_seconds,
        .ping_seconds = endpoint->ping_seconds,
        .idle_seconds = endpoint->idle_seconds,
        .endpoint = endpoint->name,
        .visit = doctor->visit,
    };
    doctor_silence_judge(&silence, ret);
}
