/* SPDX-License-Identifier: MIT */
/*
 * hub/rule.c: finds the rule of a channel and asks the store.
 */
#include "hub/rule.h"

#include "base/json.h"
#include "hub/channel_priv.h"
#include "ws/frame.h"

static size_t bytes_of(const struct message *message) {
    return message_payload(message).len;
}

/* It was received by another process: how long that took says nothing. */
static struct message *read_again(struct span payload, uint64_t sequence, bool is_last) {
    struct message *message = message_new(payload, 0);
    if (!message) return NULL;
    message->sequence = sequence;
    message->is_last = is_last;
    return message;
}

const struct store_message_ops hub_store_ops = {
    .ref = message_ref,
    .unref = message_unref,
    .bytes = bytes_of,
    .overhead = sizeof(struct message) + WS_HEAD_MAX,
    .payload = message_payload,
    .read = read_again,
};

const struct hub_rule *hub_rule_of(const struct hub *hub, struct span channel) {
    for (size_t i = 0; i < hub->rule_count; i++) {
        const struct hub_rule *rule = &hub->rules[i];
        if (channel.len > rule->prefix.len && span_starts(channel, rule->prefix)) return rule;
    }
    return NULL;
}

bool hub_rule_is_last(const struct hub_rule *rule, struct span payload) {
    if (rule->ends_after.len == 0) return false;
    struct json_value name, value;
    struct json_walk walk = json_walk(payload);
    bool is_last = false;
    /* Of two members with that name clients take the last. */
    while (json_member(&walk, &name, &value) == JSON_ITEM) {
        if (json_text_is(&name, SPAN("type"))) is_last = json_text_is(&value, rule->ends_after);
    }
    return is_last;
}

enum hub_admit hub_admit_listener(struct hub *hub, struct span channel, struct span user) {
    if (!hub_rule_of(hub, channel)) return HUB_ADMIT_OK;
    char room[STORE_OWNER_MAX];
    size_t len;
    if (store_owner(hub->shared->store, channel, room, &len) != ERR_OK) return HUB_ADMIT_NOT_FOUND;
    return len == 0 || span_eq(span_of(room, len), user) ? HUB_ADMIT_OK : HUB_ADMIT_DENIED;
}

enum err hub_check_channel(struct hub *hub, struct span channel, size_t bytes) {
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    if (!rule) return ERR_OK;
    enum err e = store_check(hub->shared->store, channel, bytes);
    if (!e && rule->keeps_history) e = store_accepts(hub->shared->store);
    return e;
}

uint64_t hub_ticket_of(struct hub *hub, struct span channel) {
    const struct hub_rule *rule = hub_rule_of(hub, channel);
    return rule && rule->keeps_history ? store_ticket(hub->shared->store) : 0;
}
