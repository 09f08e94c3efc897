/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/server.c: is the server there, is it ready, how full is it?
 *
 * It is looked for at the address that the configuration has it listen on, past any proxy, and then
 * at the URL that was given.
 */
#include "cli/doctor/ask_priv.h"
#include "cli/doctor/place_priv.h"

#include "base/json.h"

/* The addresses of the configuration that clients, and the HTTP API, are served on. */
static const struct address *client_address(const struct config *config) {
    return config->tls.listen_count > 0 ? config->tls.listen : config->listen;
}

static bool api_is_secure(const struct config *config) {
    return config_has_tls(&config->tls) && config->tls.listen_count == 0;
}

static bool find_clients(struct doctor *doctor, struct err_note *note) {
    const struct config *config = doctor->config;
    if (doctor->url) return !doctor_place_open(doctor->url, doctor->trust, &doctor->clients, note);
    if (config && doctor_place_own(doctor, client_address(config), "ws",
                                   config_has_tls(&config->tls), &doctor->clients))
        return true;
    (void)err_note(note, ERR_NOT_FOUND, "where the server listens is not known");
    return false;
}

static bool text_is(struct span body, struct span name, struct span text) {
    struct json_value value;
    return json_find(body, name, &value) && json_text_is(&value, text);
}

/* Only a server of ours says that of itself. */
static bool is_tidings(const struct doctor_answer *answer) {
    return (answer->status == 200 || answer->status == 503) &&
           text_is(buf_span(&answer->body), SPAN("service"), SPAN("tidings"));
}

static void judge_ready(const struct doctor_place *place, const struct doctor_answer *answer,
                        struct doctor_finding *ret) {
    struct json_value value;
    struct buf room;
    struct span problem = SPAN("it is starting or draining");
    if (answer->status == 200) {
        doctor_find(ret, DOCTOR_OK, "%s is ready (%.1f ms)", place->text,
                    (double)answer->took_ns / 1e6);
        return;
    }
    buf_init(&room, DOCTOR_TEXT_MAX);
    if (json_find(buf_span(&answer->body), SPAN("problem"), &value))
        (void)!json_text(&value, &room, &problem);
    doctor_find(ret, DOCTOR_FAIL, "%s is not ready: %.*s", place->text, SPAN_ARG(problem));
    doctor_advise(ret,
                  "load balancers send it no clients; see below, and journalctl -u tidings -n 50");
    buf_finish(&room);
}

static void judge_absent(const struct doctor *doctor, const struct doctor_place *place,
                         const struct doctor_answer *answer, struct doctor_finding *ret) {
    const struct config *config = doctor->config;
    if (answer->status) {
        doctor_find(ret, DOCTOR_FAIL,
                    "%s answers /readyz with %d, which Tidings does not: another program?",
                    place->text, answer->status);
        doctor_advise(ret, "find out what listens there: ss -ltnp");
    } else if (place->is_own && config->speaks_proxy_protocol) {
        doctor_find(ret, DOCTOR_FAIL,
                    "%s: %s; with proxy_protocol it may be waiting for a proxy's header",
                    place->text, answer->why);
        doctor_advise(ret, "tidings doctor --url with the URL of the proxy");
    } else {
        doctor_find(ret, DOCTOR_FAIL, "%s: %s", place->text, answer->why);
        doctor_advise(ret, "systemctl status tidings; journalctl -u tidings -n 50");
    }
}

/* True: the server is there, and what it said is judged. */
static bool look_at(struct doctor *doctor, const struct doctor_place *place,
                    struct doctor_finding *ret) {
    struct doctor_answer answer;
    doctor_ask(place, "/readyz", &answer);
    doctor->has_api = is_tidings(&answer);
    if (doctor->has_api) {
        doctor_place_copy(place, &doctor->api);
        judge_ready(place, &answer, ret);
    } else if (!*ret->found) {
        judge_absent(doctor, place, &answer, ret);
    }
    doctor_answer_finish(&answer);
    return doctor->has_api;
}

/* The figure of a metric without labels. */
static bool read_metric(struct span text, const char *name, uint64_t *ret) {
    struct span line;
    while (span_next(&text, '\n', &line)) {
        if (!span_starts(line, span_str(name)) || line.len <= strlen(name) ||
            line.at[strlen(name)] != ' ')
            continue;
        return span_to_uint(span_skip(line, strlen(name) + 1), UINT64_MAX, ret);
    }
    return false;
}

static void read_figures(struct doctor *doctor, const struct doctor_place *place) {
    struct doctor_answer answer;
    struct doctor_figures *figures = &doctor->figures;
    doctor_ask(place, "/metrics", &answer);
    struct span text = buf_span(&answer.body);
    doctor->has_figures =
        answer.status == 200 &&
        read_metric(text, "websocket_connections_total", &figures->connections) &&
        read_metric(text, "websocket_max_connections", &figures->connections_max) &&
        read_metric(text, "process_open_fds", &figures->descriptors) &&
        read_metric(text, "process_max_fds", &figures->descriptors_max);
    doctor_answer_finish(&answer);
}

static void look_at_metrics(struct doctor *doctor) {
    struct doctor_place place;
    const struct config *config = doctor->config;
    if (!config || config->metrics.listen_count == 0) {
        read_figures(doctor, &doctor->api);
    } else if (doctor_place_own(doctor, config->metrics.listen, "http", false, &place)) {
        read_figures(doctor, &place);
    }
}

void doctor_check_server(struct doctor *doctor, struct doctor_finding *ret) {
    struct err_note note = { "" };
    struct doctor_place own;
    const struct config *config = doctor->config;
    doctor->has_clients = find_clients(doctor, &note);
    (void)snprintf(doctor->clients_why, sizeof doctor->clients_why, "%s", note.text);
    bool has_own =
        config && doctor_place_own(doctor, config->listen, "http", api_is_secure(config), &own);
    bool is_found = has_own && look_at(doctor, &own, ret);
    if (!is_found && doctor->url && doctor->has_clients)
        is_found = look_at(doctor, &doctor->clients, ret);
    if (is_found)
        look_at_metrics(doctor);
    else if (!*ret->found)
        doctor_find(ret, doctor->url ? DOCTOR_FAIL : DOCTOR_SKIP, "%s", note.text);
    if (!is_found && !*ret->remedy)
        doctor_advise(ret,
                      "tidings doctor --url, with a URL that leads to it: ws://127.0.0.1:8080");
}
