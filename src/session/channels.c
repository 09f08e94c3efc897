/* SPDX-License-Identifier: MIT */
/*
 * session/channels.c: expands channel templates and keeps the subscriptions.
 */
#include "session/channels.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "hub/rule.h"
#include "hub/seat.h"
#include "hub/subscribe.h"

struct subscription *channels_of(struct conn *c, size_t *ret_count) {
    *ret_count = c->channel_count;
    return c->channel_count <= countof(c->subscriptions.few) ? c->subscriptions.few
                                                             : c->subscriptions.many;
}

/* Numbers of submissions are what JavaScript can hold exactly. */
static bool is_submission(struct span value) {
    uint64_t number;
    return span_to_uint(value, (1ull << 53) - 1, &number);
}

static enum err append_value(struct span name, struct span user, const struct http_params *params,
                             struct buf *out) {
    if (span_eq(name, SPAN("user_id"))) {
        if (user.len == 0) return ERR_NOT_FOUND;
        buf_append_span(out, user);
        return ERR_OK;
    }
    struct span value = http_params_get(params, name);
    if (span_eq(name, SPAN("submission_id")) && !is_submission(value)) return ERR_INVALID;
    buf_append_span(out, value);
    return ERR_OK;
}

enum err channels_expand(const char *template, struct span user, const struct http_params *params,
                         struct buf *out) {
    struct span rest = span_str(template);
    while (rest.len > 0) {
        size_t plain = span_find(rest, '{');
        buf_append(out, rest.at, plain);
        rest = span_skip(rest, plain);
        if (rest.len == 0) break;
        size_t end = span_find(rest, '}');
        enum err e = append_value(span_of(rest.at + 1, end - 1), user, params, out);
        if (e) return e;
        rest = span_skip(rest, end + 1);
    }
    if (buf_err(out)) return ERR_INVALID;
    return utf8_is_name(buf_span(out), INTEREST_NAME_MAX) ? ERR_OK : ERR_INVALID;
}

static enum err join_one(struct session *s, uint32_t index, const char *template,
                         const struct http_params *params, struct subscription *ret) {
    const struct conn *c = conn_at(s, index);
    char room[INTEREST_NAME_MAX];
    struct buf name = { .at = room, .cap = sizeof room, .max = sizeof room };
    enum err e = channels_expand(template, seat_user(c->user), params, &name);
    if (e == ERR_NOT_FOUND) return ERR_OK;
    return e ? e : hub_subscribe(s->hub, buf_span(&name), index, c->endpoint, ret);
}

/* Two templates may come to one name, which is heard once. */
static bool is_doubled(const struct subscription *list, size_t at) {
    for (size_t i = 0; i < at; i++) {
        if (list[i].channel && list[i].channel == list[at].channel) return true;
    }
    return false;
}

/* Since admission looked, the first channel may have been forgotten and declared for somebody else;
 * now that it is listened to it stays what it is. */
static bool is_still_admitted(struct session *s, const struct conn *c,
                              const struct subscription *first) {
    if (!conn_endpoint(s, c)->is_declared || hub_is_shared(s->hub)) return true;
    struct span channel = hub_channel_name(s->hub, first);
    return hub_admit_listener(s->hub, channel, seat_user(c->user)) == HUB_ADMIT_OK;
}

enum err channels_join(struct session *s, uint32_t index, const struct http_params *params) {
    struct conn *c = conn_at(s, index);
    const struct endpoint_options *options = conn_endpoint(s, c);
    c->channel_count = (uint8_t)options->channels_count;
    if (options->channels_count > countof(c->subscriptions.few)) {
        c->subscriptions.many = mem_new(options->channels_count * sizeof(struct subscription));
    }
    size_t count;
    struct subscription *list = channels_of(c, &count);
    for (size_t i = 0; i < count; i++) {
        enum err e = join_one(s, index, options->channels[i], params, &list[i]);
        if (e) {
            channels_leave(s, index);
            return e;
        }
        if (is_doubled(list, i)) hub_unsubscribe(s->hub, &list[i], c->endpoint);
    }
    if (!is_still_admitted(s, c, &list[0])) {
        channels_leave(s, index);
        return ERR_NOT_FOUND;
    }
    return ERR_OK;
}

void channels_leave(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    size_t count;
    struct subscription *list = channels_of(c, &count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].channel) hub_unsubscribe(s->hub, &list[i], c->endpoint);
    }
    if (count > countof(c->subscriptions.few)) {
        mem_free(c->subscriptions.many);
        c->subscriptions.many = NULL;
    }
}
