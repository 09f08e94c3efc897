/* SPDX-License-Identifier: MIT */
/*
 * broker/kafka/handover.c: records that go to listeners, in their order.
 *
 * Without other nodes a record is delivered and that is all. With a broker that nodes share a batch
 * takes three steps, each with all its records at once: was it handed over before, by a node that
 * had this partition then? publish it; note that it was. What fails is tried again until it works.
 */
#include "broker/kafka/intake_priv.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"

#include <time.h>

enum { RETRY_MS = 20, SAY_EVERY_S = 5 };

static void count(struct kafka_intake *intake, enum count_kafka what) {
    counter_add(&intake->counts->kafka[what], 1);
}

/* A topic full of them must not fill the log. */
static void say(struct kafka_intake *intake, const rd_kafka_message_t *message, const char *why) {
    uint64_t now_ns = clock_now_ns();
    intake->unsaid++;
    if (intake->said_ns > 0 && now_ns - intake->said_ns < SAY_EVERY_S * NS_PER_S) return;
    char text[256];
    (void)snprintf(text, sizeof text, "%s/%d offset %lld: %s (%llu since this was last said)",
                   rdkafka.topic_name(message->rkt), message->partition, (long long)message->offset,
                   why, (unsigned long long)intake->unsaid);
    intake->hooks->said(intake->owner, LOG_WARNING, "record skipped", text);
    intake->said_ns = now_ns;
    intake->unsaid = 0;
}

/* ---- a record ---- */

static struct span append(struct buf *texts, struct span first, struct span second) {
    size_t at = texts->len;
    buf_append_span(texts, first);
    buf_append_span(texts, second);
    return span_of(NULL, texts->len - at);
}

/* Its texts, in a buffer that does not move any more. */
static bool keep(struct kafka_intake *intake, struct item *item) {
    char digest[DIGEST_TEXT_LEN];
    struct span id = buf_span(&intake->id);
    bool has_name = intake->broker && id.len > 0 && digest_text_of(id, digest);
    struct span *parts[] = { &item->channel, &item->relayed, &item->id, &item->name };
    buf_init(&item->texts, RELAYED_MAX + KEPT_TEXT_MAX);
    item->channel =
        append(&item->texts, span_str(intake->options.user_channels), buf_span(&intake->user));
    item->relayed = append(&item->texts, buf_span(&intake->relayed), SPAN(""));
    item->id = append(&item->texts, id, SPAN(""));
    item->name =
        has_name ? append(&item->texts, SPAN("kafka:"), span_of(digest, sizeof digest)) : SPAN("");
    const char *at = item->texts.at;
    for (size_t i = 0; i < countof(parts); i++) {
        parts[i]->at = at;
        at += parts[i]->len;
    }
    return !buf_err(&item->texts);
}

/* What becomes of it, unless it is to be handed over; `why` for the log. */
static enum err judge(struct kafka_intake *intake, const rd_kafka_message_t *message,
                      struct err_note *why) {
    if (!message->payload) return err_note(why, ERR_INVALID, "it is empty");
    enum err e = kafka_map(&intake->options.mapping, span_of(message->payload, message->len),
                           &intake->user, &intake->id, &intake->relayed, why);
    if (e == ERR_TOO_BIG || (!e && intake->relayed.len > intake->options.message_bytes_max))
        return err_note(why, ERR_TOO_BIG, "larger than publish.max_bytes");
    return e;
}

void handover_begin(struct kafka_intake *intake, struct item *item,
                    const rd_kafka_message_t *message) {
    struct err_note why = { "" };
    *item = (struct item){ .intake = intake, .state = ITEM_DONE };
    enum err e = judge(intake, message, &why);
    if (e) {
        count(intake, e == ERR_NOT_FOUND ? COUNT_KAFKA_NO_USER : COUNT_KAFKA_POISON);
        say(intake, message, *why.text ? why.text : err_text(e));
    } else if (intake->id.len > 0 && !seen_add(&intake->seen, buf_span(&intake->id))) {
        count(intake, COUNT_KAFKA_DUPLICATE);
    } else if (!keep(intake, item)) {
        count(intake, COUNT_KAFKA_POISON);
        say(intake, message, "out of memory");
    } else {
        item->state = item->name.len > 0 ? ITEM_MAPPED : ITEM_NEW;
    }
}

void handover_finish(struct item *item) {
    /* It was not handed over, and will come again. */
    if (item->state != ITEM_DONE && item->id.len > 0) seen_forget(&item->intake->seen, item->id);
    buf_finish(&item->texts);
    buf_finish(&item->call.answer);
}

/* ---- to this process's listeners ---- */

static void pause_some(void) {
    const struct timespec time = { 0, RETRY_MS * 1000000l };
    (void)nanosleep(&time, NULL);
}

static bool deliver(struct kafka_intake *intake, struct item *item) {
    enum err e;
    while ((e = intake->hooks->deliver(intake->owner, item->channel, item->relayed)) == ERR_LIMIT) {
        intake->hooks->delivered(intake->owner);
        if (atomic_load(&intake->is_stopping)) return false;
        pause_some();
    }
    count(intake, e ? COUNT_KAFKA_POISON : COUNT_KAFKA_RELAYED);
    item->state = ITEM_DONE;
    return true;
}

static bool deliver_all(struct kafka_intake *intake) {
    bool is_whole = true;
    for (size_t i = 0; i < intake->count && is_whole; i++) {
        if (intake->items[i].state == ITEM_NEW) is_whole = deliver(intake, &intake->items[i]);
    }
    intake->hooks->delivered(intake->owner);
    return is_whole;
}

/* ---- by the broker that nodes share ---- */

/* Where an answer leads. A key that is taken belongs to a node that is gone, since one alone has a
 * partition: at least once means that it is published. */
static void step_on(struct item *item) {
    struct kafka_intake *intake = item->intake;
    enum err e = item->call.err;
    item->state = item->before;
    switch (item->before) {
    case ITEM_MAPPED:
        if (e == ERR_EXISTS) count(intake, COUNT_KAFKA_DUPLICATE);
        if (e == ERR_EXISTS) item->state = ITEM_DONE;
        if (!e || e == ERR_BUSY || e == ERR_INVALID) item->state = ITEM_NEW;
        break;
    case ITEM_NEW:
        if (e) break;
        count(intake, COUNT_KAFKA_RELAYED);
        item->state = item->name.len > 0 ? ITEM_SENT : ITEM_DONE;
        break;
    default: item->state = ITEM_DONE; break; /* noted, or it will be published twice at worst */
    }
}

static void on_answered(struct broker_call *call) {
    struct item *item = container_of(call, struct item, call);
    step_on(item);
    buf_finish(&call->answer);
    if (--item->intake->outstanding == 0) loop_stop(item->intake->loop);
}

static void ask(struct item *item) {
    static const enum broker_verb verbs[] = {
        [ITEM_MAPPED] = BROKER_ONCE,
        [ITEM_NEW] = BROKER_PUBLISH,
        [ITEM_SENT] = BROKER_ONCE_DONE,
    };
    bool is_publish = item->state == ITEM_NEW;
    item->call = (struct broker_call){
        .verb = verbs[item->state],
        .name = is_publish ? item->channel : item->name,
        .text = SPAN("kafka"),
        .payload = is_publish ? item->relayed : SPAN("1"),
        .done = on_answered,
    };
    item->before = item->state;
    item->state = ITEM_WAITING;
    item->intake->outstanding++;
    broker_ask(item->intake->broker, &item->call);
}

/* One step for those that are at it; true: some were. */
static bool ask_those(struct kafka_intake *intake, enum item_state state) {
    bool is_any = false;
    for (size_t i = 0; i < intake->count; i++) {
        if (intake->items[i].state != state) continue;
        ask(&intake->items[i]);
        is_any = true;
    }
    if (is_any) loop_run(intake->loop); /* until all are answered */
    return is_any;
}

/* Does a record still wait for this step, because it failed? */
static bool is_left(const struct kafka_intake *intake, enum item_state state) {
    for (size_t i = 0; i < intake->count; i++) {
        if (intake->items[i].state == state) return true;
    }
    return false;
}

static bool repeat(struct kafka_intake *intake, enum item_state state) {
    while (ask_those(intake, state) && is_left(intake, state)) {
        if (atomic_load(&intake->is_stopping)) return false;
        pause_some();
    }
    return true;
}

bool handover_all(struct kafka_intake *intake) {
    if (!intake->broker) return deliver_all(intake);
    return repeat(intake, ITEM_MAPPED) && repeat(intake, ITEM_NEW) && repeat(intake, ITEM_SENT);
}
