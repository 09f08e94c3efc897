/* SPDX-License-Identifier: MIT */
/*
 * session/cluster.c: writes the names, and sees to it that an answer finds its handshake or harms
 * nobody. Each call stands on the heap by itself, because its asker may end first.
 */
#include "session/cluster.h"

#include "base/mem.h"
#include "hub/seat.h"

enum { ADDRESS_ROOM = ADDRESS_TEXT_MAX + 3 };

struct asking {
    struct broker_call call;
    struct session *s;
    uint64_t ticket; /* of the connection that waits for the answer */
    enum asked what;
    char bytes[]; /* what the call's spans point to */
};

/* Of whom a call speaks. */
struct subject {
    const char *endpoint; /* NULL: `who` is the whole name */
    const char *kind;
    struct span who;
};

static size_t name_len(const struct subject *subject) {
    if (!subject->endpoint) return subject->who.len;
    return strlen(subject->endpoint) + strlen(subject->kind) + subject->who.len + 2;
}

static struct span name_write(const struct subject *subject, char *at) {
    size_t len = name_len(subject);
    struct buf name = { .at = at, .cap = len, .max = len };
    if (subject->endpoint) {
        buf_append_text(&name, subject->endpoint);
        buf_append_char(&name, '/');
        buf_append_text(&name, subject->kind);
        buf_append_char(&name, '/');
    }
    buf_append_span(&name, subject->who);
    assert(!buf_err(&name));
    return buf_span(&name);
}

static struct subject user_subject(const struct endpoint_options *options, struct span user) {
    return (struct subject){ options->name, "user", user };
}

/* What the limits count by. */
static struct subject address_subject(const struct endpoint_options *options,
                                      const struct address *address,
                                      char room[static ADDRESS_ROOM]) {
    struct address site = { 0 };
    address_limit_key(address, site.bytes);
    size_t len = address_format(&site, room);
    if (!address_is_v4(&site)) {
        memcpy(room + len, "/64", 3);
        len += 3;
    }
    return (struct subject){ options->name, "address", span_of(room, len) };
}

/* Where connections are counted. */
static struct subject seat_subject(const struct endpoint_options *options,
                                   const struct seats *seats) {
    if (!seats->channel) return user_subject(options, seat_user(seats->user));
    return (struct subject){ options->name, "channel", interest_name(seats->channel) };
}

static void finish(struct broker_call *call) {
    struct asking *asking = container_of(call, struct asking, call);
    buf_finish(&call->answer);
    mem_free(asking);
}

static void on_answer(struct broker_call *call) {
    struct asking *asking = container_of(call, struct asking, call);
    struct session *s = asking->s;
    bool is_dropped = call->is_dropped;
    if (!is_dropped && !known_hear(s, asking->ticket, asking->what, call) &&
        call->verb == BROKER_SIT && !call->err) {
        buf_finish(&call->answer);
        *call = (struct broker_call){ .verb = BROKER_LEAVE, .name = call->name, .done = finish };
        broker_ask(hub_broker(s->hub), call);
        return;
    }
    finish(call);
}

/* `text` may be NULL. */
static enum err ask(struct session *s, uint32_t index, enum asked what,
                    const struct broker_call *call, const struct subject *name,
                    const struct subject *text) {
    size_t len = name_len(name);
    struct asking *asking = mem_try(sizeof *asking + len + (text ? name_len(text) : 0));
    if (!asking) return ERR_NOMEM;
    asking->call = *call;
    asking->call.name = name_write(name, asking->bytes);
    if (text) asking->call.text = name_write(text, asking->bytes + len);
    asking->call.done = on_answer;
    asking->s = s;
    asking->ticket = (uint64_t)index << 32 | ++s->ticket;
    asking->what = what;
    conn_at(s, index)->in.http->ticket = asking->ticket;
    broker_ask(hub_broker(s->hub), &asking->call);
    return ERR_OK;
}

enum err cluster_ask_attempt(struct session *s, uint32_t index,
                             const struct endpoint_options *options,
                             const struct address *address) {
    char room[ADDRESS_ROOM];
    const struct subject name = address_subject(options, address, room);
    const struct broker_call call = { .verb = BROKER_ATTEMPT,
                                      .limit = options->attempts_per_minute,
                                      .number = options->block_seconds * 1000ull };
    return ask(s, index, ASKED_ATTEMPT, &call, &name, NULL);
}

enum err cluster_ask_channel(struct session *s, uint32_t index, struct span channel) {
    const struct subject name = { .who = channel };
    return ask(s, index, ASKED_CHANNEL, &(struct broker_call){ .verb = BROKER_FIND }, &name, NULL);
}

enum err cluster_ask_seat(struct session *s, uint32_t index, const struct endpoint_options *options,
                          const struct seats *seats) {
    const struct subject name = seat_subject(options, seats);
    const struct subject user = user_subject(options, seat_user(seats->user));
    const struct broker_call call = { .verb = BROKER_SIT, .limit = options->connections };
    return ask(s, index, ASKED_SEAT, &call, &name, seats->user ? &user : NULL);
}

/* Nobody waits for what becomes of it. */
static void tell(struct session *s, const struct broker_call *call, const struct subject *name) {
    struct asking *asking = mem_new(sizeof *asking + name_len(name));
    asking->call = *call;
    asking->call.name = name_write(name, asking->bytes);
    asking->call.done = finish;
    broker_ask(hub_broker(s->hub), &asking->call);
}

void cluster_leave(struct session *s, const struct endpoint_options *options,
                   const struct seats *seats) {
    const struct subject name = seat_subject(options, seats);
    tell(s, &(struct broker_call){ .verb = BROKER_LEAVE }, &name);
}

void cluster_block_user(struct session *s, const struct endpoint_options *options, struct span user,
                        uint64_t for_ms) {
    const struct subject name = user_subject(options, user);
    tell(s, &(struct broker_call){ .verb = BROKER_BLOCK, .number = for_ms }, &name);
}

void cluster_block_address(struct session *s, const struct endpoint_options *options,
                           const struct address *address, uint64_t for_ms) {
    char room[ADDRESS_ROOM];
    const struct subject name = address_subject(options, address, room);
    tell(s, &(struct broker_call){ .verb = BROKER_BLOCK, .number = for_ms }, &name);
}
