/* SPDX-License-Identifier: MIT */
/*
 * broker/redis/asking.c: questions to all nodes. A question is published to all, this one too; each
 * answers on the asker's own channel. It is done when all that live have answered, or after a
 * while.
 */
#include "broker/redis/asking_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/redis/node_text_priv.h"
#include "broker/redis/nodes_priv.h"
#include "broker/redis/script_priv.h"

enum {
    PATIENCE_MS = 2000,
    ASKINGS_MAX = 256,
    QUESTION_BYTES_MAX = 1 << 16,
    ANSWER_BYTES_MAX = 1 << 20, /* of one node */
    TEXT_BYTES_MAX = ANSWER_BYTES_MAX + 128,
    OPEN_MAX = 1024, /* questions that this node has not answered */
};

/* This node asks. */
struct asking {
    struct asking *next;
    struct broker_call *call;
    uint64_t number;
    uint64_t until_ns;
    bool is_published; /* the call's command is done */
    uint64_t reached;  /* subscribers that the question went to, */
    uint64_t answers;  /* and what has come of that */
    uint64_t missing;  /* those that said that they cannot answer */
    size_t awaited;
    char names[NODES_MAX][NODE_NAME_LEN]; /* of those awaited */
};

/* This node is asked. */
struct broker_question {
    struct broker_question *next, *before;
    struct broker_redis *redis;
    struct redis_command command;
    char asker[NODE_NAME_LEN];
    uint64_t number;
    struct buf answer; /* as it is published */
};

struct askings {
    struct broker_redis *redis;
    struct listener questions;
    char key[KEY_MAX];
    struct asking *first;
    size_t count;
    uint64_t number;

    pthread_mutex_t lock;
    struct broker_question *open;     /* under it: not answered yet, */
    struct broker_question *answered; /* and what is to be sent */
    size_t open_count;
};

/* ---- asking ---- */

static void finish(struct broker_redis *redis, struct asking *asking, enum err e) {
    struct askings *askings = redis->askings;
    struct asking **link = &askings->first;
    while (*link != asking)
        link = &(*link)->next;
    *link = asking->next;
    askings->count--;
    struct broker_call *call = asking->call;
    uint64_t unheard = asking->reached > asking->answers ? asking->reached - asking->answers : 0;
    call->value = asking->missing + (asking->awaited > unheard ? asking->awaited : unheard);
    mem_free(asking);
    if (!e) e = buf_err(&call->answer) ? ERR_NOMEM : ERR_OK;
    redis_finish(redis, call, e);
}

static void finish_if_done(struct broker_redis *redis, struct asking *asking) {
    bool have_all = asking->awaited == 0 && asking->answers >= asking->reached;
    bool is_over = have_all || clock_now_ns() >= asking->until_ns;
    if (asking->is_published && is_over) finish(redis, asking, ERR_OK);
}

static void on_published(struct redis_command *command, const struct redis_reply *reply) {
    struct broker_call *call = call_of(command);
    struct asking *asking = (struct asking *)(uintptr_t)asked_of(call)->more[0];
    enum err e = redis_reply_err(call, reply);
    asking->is_published = true;
    /* Nodes that came to life just now are not known of yet, but they were reached. (In a Cluster
     * only those are counted whose subscription is with the same server.) */
    if (!e && reply->kind == REDIS_INTEGER) asking->reached = (uint64_t)reply->integer;
    if (e) {
        finish(asked_of(call)->redis, asking, e);
    } else {
        finish_if_done(asked_of(call)->redis, asking);
    }
}

static struct asking *asking_new(struct broker_redis *redis, struct broker_call *call) {
    struct askings *askings = redis->askings;
    struct asking *asking = mem_new(sizeof *asking);
    struct span names[NODES_MAX];
    asking->call = call;
    asking->number = ++askings->number;
    asking->until_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    (void)nodes_living(redis->nodes, names, &asking->awaited);
    for (size_t i = 0; i < asking->awaited; i++)
        memcpy(asking->names[i], names[i].at, NODE_NAME_LEN);
    asking->next = askings->first;
    askings->first = asking;
    askings->count++;
    return asking;
}

static enum err publish_text(struct broker_redis *redis, struct redis_command *command,
                             const char *channel, struct span text) {
    char room[KEY_MAX];
    struct span key;
    if (!key_plain(redis, room, span_str(channel), &key)) return ERR_TOO_BIG;
    return redis_publish(redis->link, command, key, text);
}

static enum err ask(struct broker_redis *redis, struct broker_call *call) {
    if (!redis_is_up(redis)) return ERR_CLOSED;
    if (call->payload.len > QUESTION_BYTES_MAX) return ERR_LIMIT;
    if (redis->askings->count >= ASKINGS_MAX) return ERR_LIMIT;
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    const struct node_text question = { .node = span_str(redis->node),
                                        .number = redis->askings->number + 1,
                                        .body = call->payload };
    node_text_write_ask(&text, &question);
    asked_of(call)->command.answered = on_published;
    enum err e = buf_err(&text);
    if (!e) e = publish_text(redis, &asked_of(call)->command, "tidings:nodes", buf_span(&text));
    if (!e) asked_of(call)->more[0] = (uint64_t)(uintptr_t)asking_new(redis, call);
    buf_finish(&text);
    return e;
}

void ask_nodes_ask(struct broker_redis *redis, struct broker_call *call) {
    enum err e = ask(redis, call);
    if (e) script_refuse(redis, call, e);
}

/* A node that is not awaited came to life just now. */
static void strike_out(struct asking *asking, struct span name) {
    for (size_t i = 0; i < asking->awaited; i++) {
        if (!span_eq(span_of(asking->names[i], NODE_NAME_LEN), name)) continue;
        memcpy(asking->names[i], asking->names[--asking->awaited], NODE_NAME_LEN);
        return;
    }
}

void askings_answer(struct broker_redis *redis, struct span payload) {
    struct node_text answer;
    if (!node_text_read_answer(payload, &answer)) return;
    struct asking *asking = redis->askings->first;
    while (asking && asking->number != answer.number)
        asking = asking->next;
    if (!asking) return; /* it took too long */
    asking->answers++;
    strike_out(asking, answer.node);
    if (!answer.is_whole) {
        asking->missing++;
    } else if (answer.body.len > 0) {
        struct buf *all = &asking->call->answer;
        if (all->len > 0) buf_append_char(all, ',');
        buf_append_span(all, answer.body);
    }
    finish_if_done(redis, asking);
}

void askings_tick(struct broker_redis *redis) {
    for (struct asking *asking = redis->askings->first, *next; asking; asking = next) {
        next = asking->next;
        finish_if_done(redis, asking);
    }
}

void askings_end(struct broker_redis *redis) {
    struct askings *askings = redis->askings;
    while (askings->first)
        finish(redis, askings->first, ERR_CLOSED);
}

/* ---- being asked ---- */

static void unlink_open(struct askings *askings, struct broker_question *question) {
    *(question->before ? &question->before->next : &askings->open) = question->next;
    if (question->next) question->next->before = question->before;
    askings->open_count--;
}

static void link_open(struct askings *askings, struct broker_question *question) {
    question->next = askings->open;
    if (question->next) question->next->before = question;
    askings->open = question;
    askings->open_count++;
}

/* One that is too long, or for which there is no memory, is no answer. */
static void write_answer(struct broker_question *question, struct span body, bool is_whole) {
    const struct node_text text = { .node = span_str(question->redis->node),
                                    .number = question->number,
                                    .is_whole = is_whole,
                                    .body = body };
    node_text_write_answer(&question->answer, &text);
    if (!is_whole || !buf_err(&question->answer)) return;
    buf_clear(&question->answer);
    write_answer(question, SPAN(""), false);
}

static void answer(struct broker_question *question, struct span body, bool is_whole) {
    struct askings *askings = question->redis->askings;
    write_answer(question, body, is_whole);
    pthread_mutex_lock(&askings->lock);
    unlink_open(askings, question);
    question->next = askings->answered;
    askings->answered = question;
    pthread_mutex_unlock(&askings->lock);
    loop_wake(askings->redis->loop);
}

void broker_question_answer(struct broker_question *question, struct span text) {
    answer(question, text, text.len <= ANSWER_BYTES_MAX);
}

static void on_question(struct broker_redis *redis, struct listener *listener,
                        struct span payload) {
    struct askings *askings = container_of(listener, struct askings, questions);
    struct node_text asked;
    if (!node_text_read_ask(payload, &asked)) return;
    struct broker_question *question = mem_new(sizeof *question);
    question->redis = redis;
    question->number = asked.number;
    memcpy(question->asker, asked.node.at, NODE_NAME_LEN);
    buf_init(&question->answer, TEXT_BYTES_MAX);
    pthread_mutex_lock(&askings->lock);
    bool is_one_too_many = askings->open_count >= OPEN_MAX;
    link_open(askings, question);
    pthread_mutex_unlock(&askings->lock);
    if (is_one_too_many) {
        answer(question, SPAN(""), false);
    } else {
        redis->hooks->question(redis->owner, question, asked.body);
    }
}

static void question_free(struct broker_question *question) {
    buf_finish(&question->answer);
    mem_free(question);
}

static void on_sent(struct redis_command *command, const struct redis_reply *reply) {
    (void)reply; /* the asker does not wait for ever */
    question_free(container_of(command, struct broker_question, command));
}

static void send_answer(struct broker_redis *redis, struct broker_question *question) {
    char channel[sizeof "tidings:node:" + NODE_NAME_LEN];
    (void)snprintf(channel, sizeof channel, "tidings:node:%.*s", NODE_NAME_LEN, question->asker);
    question->command.answered = on_sent;
    if (buf_err(&question->answer) ||
        publish_text(redis, &question->command, channel, buf_span(&question->answer)) != ERR_OK) {
        question_free(question);
    }
}

void askings_turn(struct broker_redis *redis) {
    struct askings *askings = redis->askings;
    pthread_mutex_lock(&askings->lock);
    struct broker_question *question = askings->answered;
    askings->answered = NULL;
    pthread_mutex_unlock(&askings->lock);
    while (question) {
        struct broker_question *next = question->next;
        send_answer(redis, question);
        question = next;
    }
}

/* ---- the whole ---- */

struct askings *askings_new(struct broker_redis *redis) {
    struct askings *askings = mem_new(sizeof *askings);
    askings->redis = redis;
    (void)pthread_mutex_init(&askings->lock, NULL);
    return askings;
}

static void free_all(struct broker_question *question) {
    while (question) {
        struct broker_question *next = question->next;
        question_free(question);
        question = next;
    }
}

void askings_free(struct askings *askings) {
    if (!askings) return;
    free_all(askings->open);
    free_all(askings->answered);
    pthread_mutex_destroy(&askings->lock);
    mem_free(askings);
}

void askings_begin(struct broker_redis *redis) {
    static const struct listener_kind kind = { on_question, NULL, false };
    struct askings *askings = redis->askings;
    struct span key;
    bool fits = key_plain(redis, askings->key, SPAN("tidings:nodes"), &key);
    assert(fits); /* a prefix has a maximum */
    (void)fits;
    listener_begin(redis, &askings->questions, &kind, key);
}
