/* SPDX-License-Identifier: MIT */
/*
 * load/crowd.c: the clients of a bench: opening them a few at a time, judging what they receive,
 * sending their heartbeats.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "load/bench_priv.h"
#include "load/message.h"
#include "net/stream.h"

enum { TOKEN_MAX = 64 * 1024, TARGET_MAX = 128 * 1024 };

void load_user(uint32_t number, char ret[LOAD_USER_LEN]) {
    char text[LOAD_USER_LEN + 1];
    (void)snprintf(text, sizeof text, "%08x-0000-4000-8000-%012x", number, number);
    memcpy(ret, text, LOAD_USER_LEN);
}

static void on_opened(void *owner, uint32_t index) {
    struct bench *bench = owner;
    bench->result->opened++;
    bench->active_ns = clock_now_ns();
    load_histogram_add(&bench->result->handshake_ns,
                       bench->active_ns - bench->crowd.list[index].dialed_ns);
}

static void on_message(void *owner, uint32_t index, struct span payload, uint64_t at_ns) {
    struct bench *bench = owner;
    struct load_result *result = bench->result;
    struct load_mark mark;
    if (!load_message_read(payload, &mark)) return; /* a welcome, the answer to a heartbeat */
    bench->active_ns = at_ns;
    uint64_t doubles = result->tally.duplicates;
    load_sequence_seen(&bench->crowd.list[index].sequence, mark.number, &result->tally);
    if (result->tally.duplicates == doubles) publishing_received(bench, mark.number);
    if (bench->is_measuring) {
        result->delivered++;
        load_histogram_add(&result->latency_ns, at_ns - mark.at_ns);
    }
}

static void on_ended(void *owner, uint32_t index, const struct load_ending *ending) {
    (void)index;
    struct bench *bench = owner;
    const char *what = ending->was_open ? "a connection ended" : "a handshake failed";
    *(ending->was_open ? &bench->result->broken : &bench->result->refused) += 1;
    bench->active_ns = clock_now_ns();
    if (ending->status) {
        bench_complain(bench, "%s: status %d %.*s", what, ending->status, SPAN_ARG(ending->reason));
    } else if (ending->why) {
        bench_complain(bench, "%s: %s", what, ending->why);
    } else {
        bench_complain(bench, "%s: close code %u %.*s", what, ending->code,
                       SPAN_ARG(ending->reason));
    }
}

enum err crowd_init(struct bench *bench, struct err_note *note) {
    const struct load_options *options = bench->options;
    struct crowd *crowd = &bench->crowd;
    buf_init(&crowd->token, TOKEN_MAX);
    buf_init(&crowd->target_text, TARGET_MAX);
    buf_init(&crowd->authorization_text, TARGET_MAX);
    enum err e = load_url_parse(options->url, LOAD_WS, &crowd->url, note);
    if (!e) e = load_server_find(&crowd->url, options->tls, &crowd->server, note);
    if (!e) e = load_template_parse(crowd->url.target, &crowd->target, note);
    if (!e) e = load_template_parse(options->authorization, &crowd->authorization, note);
    if (e) return e;
    const struct load_clients_hooks hooks = { on_opened, on_message, on_ended, bench };
    crowd->clients = load_clients_new(bench->loop, options->connections, &hooks);
    crowd->list = mem_new((options->connections + 1) * sizeof *crowd->list);
    return ERR_OK;
}

void crowd_finish(struct bench *bench) {
    struct crowd *crowd = &bench->crowd;
    load_clients_free(crowd->clients);
    mem_free(crowd->list);
    buf_finish(&crowd->token);
    buf_finish(&crowd->target_text);
    buf_finish(&crowd->authorization_text);
}

static enum err dial_one(struct bench *bench, struct err_note *note) {
    struct crowd *crowd = &bench->crowd;
    const struct load_options *options = bench->options;
    char user[LOAD_USER_LEN];
    load_user(crowd->dialed, user);
    struct load_values values = { .words = { [LOAD_WORD_USER] = { user, sizeof user } } };
    buf_clear(&crowd->token);
    buf_clear(&crowd->target_text);
    buf_clear(&crowd->authorization_text);
    if (options->write_token) {
        enum err e = options->write_token(options->token_owner, values.words[LOAD_WORD_USER],
                                          &crowd->token, note);
        if (e) return e;
        values.words[LOAD_WORD_TOKEN] = buf_span(&crowd->token);
    }
    load_template_write(&crowd->target, &values, &crowd->target_text);
    load_template_write(&crowd->authorization, &values, &crowd->authorization_text);
    uint64_t now_ns = clock_now_ns();
    uint32_t index;
    const struct load_dial dial = { .server = &crowd->server,
                                    .host = crowd->url.authority,
                                    .target = buf_span(&crowd->target_text),
                                    .authorization = buf_span(&crowd->authorization_text),
                                    .protocols = options->protocols };
    enum err e = load_clients_open(crowd->clients, &dial, &index, note);
    if (!e) crowd->list[index].dialed_ns = now_ns;
    return e;
}

void crowd_dial(struct bench *bench) {
    struct crowd *crowd = &bench->crowd;
    while (crowd->dialed < crowd->wanted) {
        uint32_t settled = bench->result->opened + bench->result->refused;
        if (crowd->dialed - settled >= bench->options->opening) return;
        struct err_note note = { "" };
        enum err e = dial_one(bench, &note);
        crowd->dialed++;
        if (!e) continue;
        bench->result->refused++;
        bench_complain(bench, "a client cannot be opened: %s",
                       *note.text ? note.text : err_text(e));
    }
}

bool crowd_is_settled(const struct bench *bench) {
    return bench->result->opened + bench->result->refused >= bench->crowd.wanted;
}

/* The heartbeats of all clients are spread evenly over the time between two of one. */
void crowd_beat(struct bench *bench) {
    struct crowd *crowd = &bench->crowd;
    if (bench->options->heartbeat_seconds == 0 || bench->result->opened == 0) return;
    uint64_t now_ns = clock_now_ns();
    if (crowd->beat_from_ns == 0) crowd->beat_from_ns = now_ns;
    double share = (double)(now_ns - crowd->beat_from_ns) / (double)NS_PER_S /
                   bench->options->heartbeat_seconds;
    uint64_t due = (uint64_t)(share * crowd->dialed);
    for (; crowd->beats < due; crowd->beats++) {
        crowd->beat = crowd->beat % crowd->dialed + 1;
        load_clients_send(crowd->clients, crowd->beat, WS_OP_TEXT, SPAN("{\"type\":\"ping\"}"));
    }
}
