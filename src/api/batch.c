/* SPDX-License-Identifier: MIT */
/*
 * api/batch.c: POST /api/v1/batch: many publishes in one call, each answered as if it had come
 * alone.
 */
#include "api/publish_later_priv.h"
#include "api/publish_priv.h"

enum { BATCH_COMMANDS_MAX = 1000 };

/* `{"commands":[…]}` and nothing else. */
static bool read_commands(struct span body, struct span *ret, struct api_problem *problem) {
    struct json_walk walk = json_walk(body);
    struct json_value name;
    struct json_value value = { 0 };
    enum json_step step;
    size_t members = 0;
    bool is_named = false;
    while ((step = json_member(&walk, &name, &value)) == JSON_ITEM) {
        members++;
        is_named = json_text_is(&name, SPAN("commands"));
    }
    if (step == JSON_FAIL) return api_problem_json(problem, body, &walk.error);
    if (members != 1 || !is_named || value.kind != JSON_KIND_ARRAY) {
        return api_problem(problem, 400, "invalid_request",
                           "The body has one member, \"commands\", which is a list");
    }
    *ret = value.raw;
    return true;
}

static bool count_commands(struct span commands, size_t *ret, struct api_problem *problem) {
    struct json_walk walk = json_walk(commands);
    struct json_value command;
    size_t count = 0;
    while (json_element(&walk, &command) == JSON_ITEM)
        count++;
    *ret = count;
    if (count <= BATCH_COMMANDS_MAX) return true;
    return api_problem(problem, 400, "too_many_commands", "A batch has at most %d commands",
                       BATCH_COMMANDS_MAX);
}

/* `{"publish":{…}}` or `{"broadcast":{…}}`. */
static bool read_command(const struct json_value *command, enum publish_kind *ret_kind,
                         struct span *ret_body, struct api_problem *problem) {
    struct json_walk walk = json_walk(command->raw);
    struct json_value name;
    struct json_value value = { 0 };
    size_t members = 0;
    bool is_publish = false;
    bool is_broadcast = false;
    while (json_member(&walk, &name, &value) == JSON_ITEM) {
        members++;
        is_publish = json_text_is(&name, SPAN("publish"));
        is_broadcast = json_text_is(&name, SPAN("broadcast"));
    }
    if (members != 1 || !(is_publish || is_broadcast)) {
        return api_problem(problem, 400, "invalid_request",
                           "A command has one member, \"publish\" or \"broadcast\"");
    }
    *ret_kind = is_publish ? PUBLISH_TARGETED : PUBLISH_BROADCAST;
    *ret_body = value.raw;
    return true;
}

/* Returns the command's ticket; see struct publish. */
static uint64_t run_command(struct api *api, const struct api_key *key,
                            const struct json_value *command, struct buf *out) {
    struct publish publish;
    struct api_problem problem;
    enum publish_kind kind = PUBLISH_TARGETED;
    struct span body;
    if (!read_command(command, &kind, &body, &problem)) {
        api_problem_write(&problem, out);
        return 0;
    }
    if (publish_run(api, key, kind, body, &publish)) {
        publish_write(api, &publish, out);
    } else {
        api_problem_write(&publish.problem, out);
    }
    publish_finish(&publish);
    return publish.ticket;
}

static void answer_now(struct api *api, struct http_call *call, const struct api_key *key,
                       struct span commands) {
    http_response_start(call->response, 200);
    struct buf *out = http_response_open(call->response, HTTP_JSON);
    buf_append_span(out, SPAN("{\"results\":["));
    struct json_walk walk = json_walk(commands);
    struct json_value command;
    for (bool is_first = true; json_element(&walk, &command) == JSON_ITEM; is_first = false) {
        if (!is_first) buf_append_char(out, ',');
        uint64_t ticket = run_command(api, key, &command, out);
        if (ticket) call->held_until = ticket; /* they rise */
    }
    buf_append_span(out, SPAN("]}"));
    http_response_close(call->response);
}

/* By way of a broker that nodes share. */
static void answer_later(struct api *api, struct http_call *call, const struct api_key *key,
                         struct span commands, size_t count) {
    struct publish_job *job = publish_job_new(api, call, key, commands, count);
    if (!job) return;
    struct json_walk walk = json_walk(publish_job_text(job));
    struct json_value command;
    while (json_element(&walk, &command) == JSON_ITEM) {
        struct api_problem problem;
        enum publish_kind kind = PUBLISH_TARGETED;
        struct span body;
        if (read_command(&command, &kind, &body, &problem)) {
            publish_job_add(job, kind, body);
        } else {
            publish_job_refuse(job, &problem);
        }
    }
    publish_job_begin(job, call, true);
}

void batch_post(void *context, struct http_call *call) {
    struct api *api = context;
    const struct api_key *key;
    struct api_problem problem;
    struct span commands;
    size_t count;
    if (!api_authorize(api, call, API_SCOPE_PUBLISH, &key)) return;
    if (!read_commands(call->request->body, &commands, &problem) ||
        !count_commands(commands, &count, &problem)) {
        api_problem_answer(&problem, call->response);
        return;
    }
    if (hub_is_shared(api->hub)) {
        answer_later(api, call, key, commands, count);
    } else {
        answer_now(api, call, key, commands);
    }
}
