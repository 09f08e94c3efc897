/* SPDX-License-Identifier: MIT */
/*
 * api/publish_later.c: a call is carried out in phases, each for all of its commands at once: have
 * the idempotency keys come before, were the channels declared, send, and tell what became of the
 * keys. A phase asks the broker place by place, in order, with a bounded number of questions under
 * way; what has nothing to ask is skipped, so that a plain publish is one round trip.
 *
 * The client is answered when all nodes know what became of its keys, so that whoever repeats an
 * answered call gets the same answer, wherever; or when the broker could not be told. A key whose
 * publish may have been sent stays taken, so that repeating the call cannot send twice.
 */
#include "api/publish_later_priv.h"

#include "api/publish_answer_priv.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "hub/publish.h"
#include "hub/rule.h"

enum {
    UNDER_WAY_MAX = 128,       /* questions of one call */
    ANSWER_KEPT_MAX = 1 << 20, /* a longer one is not remembered */
    WHY_SHOWN_MAX = 200,
    SMALL_BYTES = 2048, /* of a job, for most calls with one publish */
    SPARE_MAX = 128,    /* such that are kept */
    TARGET_BYTES = 2 * (int)sizeof(struct publish_target), /* in a list, with what finds it */
};

struct command {
    struct span body;
    struct publish_request request;
    struct buf name, key; /* rooms of the request */
    struct buf answer;    /* of a publish with a key: the one to be remembered, or that was */
    struct buf why;       /* the broker's words when it refused */
    bool is_refused;      /* and `problem` says why */
    bool is_again;        /* `answer` is that of the first time */
    bool has_key;         /* which the broker has to be told about in the end */
    bool may_be_sent;     /* to some target */
    struct api_problem problem;
};

/* A question to the broker. */
struct step {
    struct hub_publishing publishing; /* its call serves for other questions too */
    struct publish_job *job;
    struct command *command;
    struct publish_target *target;
    struct step *next;              /* that is spare too */
    char room[PUBLISH_CHANNEL_MAX]; /* of what the question points to */
};
static_assert(PUBLISH_CHANNEL_MAX >= 2 * DIGEST_TEXT_LEN, "a key and its digest fit");

struct publish_job {
    struct api *api;
    struct http_later later;
    struct http_response *response; /* as long as the handler runs */
    unsigned char key_digest[DIGEST_BYTES];
    size_t bytes; /* that are counted for it */
    struct span text;
    struct step *spare;
    size_t under_way;
    unsigned phase;
    size_t command_at, target_at; /* the next place */
    bool is_batch;
    bool is_dropped; /* the server ends */
    bool is_small;   /* has SMALL_BYTES */
    struct step step;
    struct step *own_steps;
    size_t command_count;
    struct command commands[]; /* the text behind them */
};

static bool refuse(struct command *command, enum publish_outcome outcome, struct span channel) {
    if (!command->is_refused) (void)publish_refuse(outcome, channel, &command->problem);
    command->is_refused = true;
    return false;
}

static bool is_over(const struct command *command) {
    return command->is_refused || command->is_again;
}

/* ---- what is asked, and what the answers mean ------------------------------------------------ */

/* Every asker returns false when there is nothing to ask at its place. */

static void came_back(struct step *step);

static void on_call(struct broker_call *call) {
    came_back(container_of(call, struct step, publishing.call));
}

static void on_published(struct hub_publishing *publishing) {
    came_back(container_of(publishing, struct step, publishing));
}

static bool ask(struct step *step, struct broker_call call) {
    call.done = on_call;
    step->publishing.call = call;
    broker_ask(hub_broker(step->job->api->hub), &step->publishing.call);
    return true;
}

/* The name of an idempotency key on all nodes: no two API keys share one. */
static bool name_key(struct step *step, struct span *ret) {
    struct span key = step->command->request.idempotency_key;
    char both[DIGEST_BYTES + IDEMPOTENCY_KEY_MAX];
    memcpy(both, step->job->key_digest, DIGEST_BYTES);
    memcpy(both + DIGEST_BYTES, key.at, key.len);
    *ret = span_of(step->room, DIGEST_TEXT_LEN);
    return digest_text_of(span_of(both, DIGEST_BYTES + key.len), step->room);
}

static bool once_ask(struct step *step) {
    struct command *command = step->command;
    struct span name;
    char *text = step->room + DIGEST_TEXT_LEN;
    if (is_over(command) || command->request.idempotency_key.len == 0) return false;
    if (!name_key(step, &name) || !digest_text_of(command->body, text)) {
        command->is_refused = true;
        return publish_refuse_key(ERR_NOMEM, &command->problem);
    }
    return ask(step, (struct broker_call){ .verb = BROKER_ONCE,
                                           .name = name,
                                           .text = span_of(text, DIGEST_TEXT_LEN) });
}

static void once_answered(struct step *step) {
    struct command *command = step->command;
    struct broker_call *call = &step->publishing.call;
    if (call->err == ERR_OK) {
        command->has_key = true;
    } else if (call->err == ERR_EXISTS && !buf_err(&call->answer)) {
        command->is_again = true;
        command->answer = buf_take(&call->answer);
    } else {
        command->is_refused = true;
        (void)publish_refuse_key(call->err, &command->problem);
    }
}

static struct span channel_of(struct step *step) {
    return publish_channel(&step->command->request, step->target, step->room);
}

static bool find_ask(struct step *step) {
    if (is_over(step->command)) return false;
    struct span channel = channel_of(step);
    const struct hub_rule *rule = hub_rule_of(step->job->api->hub, channel);
    /* An only target that keeps history is judged when it is sent to. */
    if (!rule || (rule->keeps_history && step->command->request.target_count == 1)) return false;
    return ask(step, (struct broker_call){ .verb = BROKER_FIND, .name = channel });
}

static enum publish_outcome outcome_of(enum err e) {
    switch (e) {
    case ERR_OK: return PUBLISH_SENT;
    case ERR_NOT_FOUND: return PUBLISH_NOT_DECLARED;
    case ERR_TOO_BIG: return PUBLISH_HISTORY_FULL;
    case ERR_CLOSED: return PUBLISH_BROKER_DOWN;
    case ERR_IO: return PUBLISH_UNKNOWN;
    default: return PUBLISH_OVERLOADED;
    }
}

static void find_answered(struct step *step) {
    enum publish_outcome outcome = outcome_of(step->publishing.call.err);
    if (outcome == PUBLISH_UNKNOWN) outcome = PUBLISH_BROKER_DOWN; /* nothing was sent yet */
    if (outcome) refuse(step->command, outcome, channel_of(step));
}

static bool send_ask(struct step *step) {
    struct command *command = step->command;
    if (is_over(command)) return false;
    step->publishing.done = on_published;
    hub_publish_later(step->job->api->hub, channel_of(step), command->request.data,
                      &step->publishing);
    return true;
}

static void send_answered(struct step *step) {
    struct command *command = step->command;
    struct broker_call *call = &step->publishing.call;
    enum publish_outcome outcome = outcome_of(call->err);
    step->target->outcome = outcome;
    step->target->receipt = step->publishing.receipt;
    command->may_be_sent |= outcome == PUBLISH_SENT || outcome == PUBLISH_UNKNOWN;
    if (outcome == PUBLISH_BROKER_DOWN && command->why.len == 0) {
        command->why = buf_take(&call->answer);
    }
}

static bool close_ask(struct step *step) {
    struct command *command = step->command;
    struct broker_call call = { .verb = BROKER_ONCE_DROP };
    if (!command->has_key) return false;
    if (command->may_be_sent) {
        /* Not to be remembered, but nothing to be done again either. */
        if (command->is_refused || buf_err(&command->answer)) return false;
        call.verb = BROKER_ONCE_DONE;
        call.payload = buf_span(&command->answer);
    }
    return name_key(step, &call.name) && ask(step, call);
}

static void close_answered(struct step *step) {
    (void)step; /* told or not, what was sent is sent */
}

enum { ONCE, FIND, SEND, CLOSE, PHASES };

static const struct phase {
    bool is_each_target; /* else once each command */
    bool (*ask)(struct step *step);
    void (*answered)(struct step *step);
} phases[PHASES] = {
    [ONCE] = { false, once_ask, once_answered },
    [FIND] = { true, find_ask, find_answered },
    [SEND] = { true, send_ask, send_answered },
    [CLOSE] = { false, close_ask, close_answered },
};

/* ---- answering ------------------------------------------------------------------------------ */

static void write_result(const struct command *command, struct buf *out) {
    if (command->is_refused) {
        api_problem_write(&command->problem, out);
    } else if (command->answer.len > 0) {
        buf_append_span(out, buf_span(&command->answer));
    } else {
        publish_write_targets(&command->request, out);
    }
}

static void write_answer(void *context, struct http_response *response) {
    const struct publish_job *job = context;
    if (!job->is_batch && job->commands[0].is_refused) {
        api_problem_answer(&job->commands[0].problem, response);
        return;
    }
    http_response_start(response, 200);
    struct buf *out = http_response_open(response, HTTP_JSON);
    if (job->is_batch) buf_append_span(out, SPAN("{\"results\":["));
    for (size_t i = 0; i < job->command_count; i++) {
        if (i > 0) buf_append_char(out, ',');
        write_result(&job->commands[i], out);
    }
    if (job->is_batch) buf_append_span(out, SPAN("]}"));
    http_response_close(response);
}

static void settle(struct command *command) {
    if (is_over(command)) return;
    command->is_refused = !publish_settle(&command->request, &command->problem);
    struct span why = buf_span(&command->why);
    if (command->is_refused && why.len > 0 && utf8_is_valid(why)) {
        (void)api_problem(&command->problem, 503, "broker_unavailable",
                          "The broker is not available (%.*s); nothing was sent",
                          (int)utf8_cut(why, WHY_SHOWN_MAX), why.at);
    }
    if (!command->is_refused && command->has_key) {
        publish_write_targets(&command->request, &command->answer);
        if (buf_err(&command->answer)) command->answer.len = 0;
    }
}

/* All that could be sent is. */
static void settle_all(struct publish_job *job) {
    for (size_t i = 0; i < job->command_count; i++)
        settle(&job->commands[i]);
}

static void answer(struct publish_job *job) {
    if (job->response) {
        write_answer(job, job->response);
    } else {
        job->later.answer(job->later.owner, job->later.ticket, write_answer, job);
    }
}

/* ---- the job -------------------------------------------------------------------------------- */

/* A small job is kept for the next call: with many under way malloc has none of their size at hand
 * and would cut and join its free pieces each time. */
struct publish_spare {
    struct publish_spare *next;
};

static void *memory_take(struct api *api, size_t bytes) {
    if (bytes > SMALL_BYTES) return mem_try(bytes);
    struct publish_spare *spare = api->spare_jobs;
    if (!spare) return mem_try(SMALL_BYTES);
    api->spare_jobs = spare->next;
    api->spare_job_count--;
    return spare;
}

static void memory_give(struct publish_job *job) {
    struct api *api = job->api;
    if (!job->is_small || job->is_dropped || api->spare_job_count == SPARE_MAX) {
        mem_free(job);
        return;
    }
    struct publish_spare *spare = (void *)job;
    spare->next = api->spare_jobs;
    api->spare_jobs = spare;
    api->spare_job_count++;
}

void publish_jobs_finish(struct api *api) {
    while (api->spare_jobs)
        mem_free(memory_take(api, 0));
}

/* After the server's end nothing is left to count in. */
static void job_free(struct publish_job *job) {
    for (size_t i = 0; i < job->command_count; i++) {
        struct command *command = &job->commands[i];
        publish_request_finish(&command->request);
        buf_finish(&command->name);
        buf_finish(&command->key);
        buf_finish(&command->answer);
        buf_finish(&command->why);
    }
    if (!job->is_dropped) api_later_give(job->api->shared, job->bytes);
    mem_free(job->own_steps);
    memory_give(job);
}

static void next_command(struct publish_job *job) {
    job->command_at++;
    job->target_at = 0;
}

/* Gives `step` the next place of the phase; false: there is none. */
static bool next_place(struct publish_job *job, struct step *step) {
    const struct phase *phase = &phases[job->phase];
    while (job->command_at < job->command_count) {
        struct command *command = &job->commands[job->command_at];
        size_t count = phase->is_each_target ? command->request.target_count : 1;
        if (job->target_at < count) {
            step->command = command;
            step->target = phase->is_each_target ? &command->request.targets[job->target_at] : NULL;
            if (++job->target_at == count) next_command(job);
            return true;
        }
        next_command(job);
    }
    return false;
}

/* Asks what can be asked now. True: the job was done, and is gone. */
static bool go_on(struct publish_job *job) {
    for (; job->phase < PHASES; job->phase++, job->command_at = job->target_at = 0) {
        while (job->spare && next_place(job, job->spare)) {
            struct step *step = job->spare;
            if (!phases[job->phase].ask(step)) continue;
            job->spare = step->next;
            job->under_way++;
        }
        if (job->under_way > 0) return false;
        if (job->phase == SEND) settle_all(job);
    }
    answer(job);
    job_free(job);
    return true;
}

static void came_back(struct step *step) {
    struct publish_job *job = step->job;
    struct broker_call *call = &step->publishing.call;
    job->is_dropped |= call->is_dropped;
    if (!job->is_dropped) phases[job->phase].answered(step);
    buf_finish(&call->answer);
    step->next = job->spare;
    job->spare = step;
    job->under_way--;
    if (!job->is_dropped) {
        (void)go_on(job);
    } else if (job->under_way == 0) {
        job_free(job);
    }
}

/* ---- its making ----------------------------------------------------------------------------- */

struct publish_job *publish_job_new(struct api *api, struct http_call *call,
                                    const struct api_key *key, struct span text, size_t count) {
    size_t commands_len = count * sizeof(struct command);
    size_t bytes = sizeof(struct publish_job) + commands_len + text.len;
    struct publish_job *job = NULL;
    if (api_later_take(api->shared, bytes)) {
        job = memory_take(api, bytes);
        if (!job) api_later_give(api->shared, bytes);
    }
    if (!job) {
        struct api_problem problem;
        (void)publish_refuse(PUBLISH_OVERLOADED, SPAN(""), &problem);
        api_problem_answer(&problem, call->response);
        return NULL;
    }
    *job = (struct publish_job){ .api = api, .bytes = bytes, .is_small = bytes <= SMALL_BYTES };
    char *copy = (char *)job->commands + commands_len;
    if (text.len > 0) memcpy(copy, text.at, text.len);
    job->text = span_of(copy, text.len);
    memcpy(job->key_digest, key->digest, DIGEST_BYTES);
    return job;
}

struct span publish_job_text(const struct publish_job *job) {
    return job->text;
}

static struct command *add(struct publish_job *job) {
    struct command *command = &job->commands[job->command_count++];
    *command = (struct command){ 0 };
    buf_init(&command->name, job->api->name.max);
    buf_init(&command->key, job->api->key.max);
    buf_init(&command->answer, ANSWER_KEPT_MAX);
    return command;
}

void publish_job_refuse(struct publish_job *job, const struct api_problem *problem) {
    struct command *command = add(job);
    command->is_refused = true;
    command->problem = *problem;
}

/* Counts what a command or the steps take beside the job. */
static bool count_more(struct publish_job *job, size_t bytes) {
    if (!api_later_take(job->api->shared, bytes)) return false;
    job->bytes += bytes;
    return true;
}

void publish_job_add(struct publish_job *job, enum publish_kind kind, struct span body) {
    struct command *command = add(job);
    const struct publish_rooms rooms = { &command->name, &command->key };
    struct publish_request *request = &command->request;
    command->body = body;
    command->is_refused = !publish_request_read(body, kind, job->api->rules->publish_max_bytes,
                                                &rooms, request, &command->problem);
    if (command->is_refused) {
        request->target_count = 0;
    } else if (request->own_list && !count_more(job, request->target_count * TARGET_BYTES)) {
        refuse(command, PUBLISH_OVERLOADED, SPAN(""));
    }
}

static void add_step(struct publish_job *job, struct step *step) {
    step->job = job;
    step->next = job->spare;
    job->spare = step;
}

/* One step there is always; more of them are faster. */
static void make_steps(struct publish_job *job) {
    size_t count = 0;
    for (size_t i = 0; i < job->command_count && count < UNDER_WAY_MAX; i++)
        count += job->commands[i].request.target_count;
    add_step(job, &job->step);
    if (count < 2) return;
    if (count > UNDER_WAY_MAX) count = UNDER_WAY_MAX;
    if (!count_more(job, (count - 1) * sizeof *job->own_steps)) return;
    job->own_steps = mem_try((count - 1) * sizeof *job->own_steps);
    for (size_t i = 0; job->own_steps && i < count - 1; i++)
        add_step(job, &job->own_steps[i]);
}

void publish_job_begin(struct publish_job *job, struct http_call *call, bool is_batch) {
    make_steps(job);
    job->is_batch = is_batch;
    job->later = call->later;
    job->response = call->response;
    if (go_on(job)) return;
    job->response = NULL;
    call->is_later = true;
    /* What is published from now on comes behind what was. */
    call->lets_pass = job->phase == SEND && job->command_at == job->command_count;
}
