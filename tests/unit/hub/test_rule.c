/* SPDX-License-Identifier: MIT */
/*
 * Channels under a rule: who may listen, what they take, in which order and numbered how.
 */
#include "history_scene.h"

enum { MESSAGES_MAX = 4, BYTES_MAX = 100 };

static const struct hub_rule rules[] = {
    { .prefix = { "task:", 5 }, .keeps_history = true, .ends_after = { "complete", 8 } },
    { .prefix = { "live:", 5 } },
};

static void begin(struct scene *s) {
    const struct store_options options = { .channels_max = 100,
                                           .channel_messages_max = MESSAGES_MAX,
                                           .channel_bytes_max = BYTES_MAX,
                                           .bytes_max = 1 << 20,
                                           .keep_seconds = 3600 };
    scene_begin(s, &options, rules, countof(rules));
}

static void declare(const struct scene *s, const char *channel, const char *owner) {
    bool is_new;
    assert_int_equal(store_declare(s->store, span_str(channel), span_str(owner), 1, &is_new),
                     ERR_OK);
}

static enum err publish(const struct scene *s, const char *channel, const char *payload) {
    struct receipt receipt;
    return crowd_publish(s->crowd, channel, payload, &receipt);
}

static void a_prefix_and_something_behind_it(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    static const struct {
        const char *channel;
        const struct hub_rule *rule;
    } cases[] = {
        { "task:1", &rules[0] }, { "task:x:y", &rules[0] }, { "task:", NULL },  { "task", NULL },
        { "live:1", &rules[1] }, { "atask:1", NULL },       { "Task:1", NULL }, { "", NULL },
        { "broadcast", NULL },
    };
    for (size_t i = 0; i < countof(cases); i++)
        assert_ptr_equal(hub_rule_of(s.crowd->hub, span_str(cases[i].channel)), cases[i].rule);
    scene_end(&s);
}

static void the_last_message_is_known_by_its_type(void **state) {
    (void)state;
    static const struct {
        const char *payload;
        bool is_last;
    } cases[] = {
        { "{\"type\":\"complete\"}", true },
        { " {\n\"a\":[{\"type\":\"no\"}], \"type\" : \"complete\" , \"b\":1 } ", true },
        { "{\"\\u0074ype\":\"c\\u006fmplete\"}", true },
        { "{\"type\":\"x\",\"type\":\"complete\"}", true },
        { "{\"type\":\"complete\",\"type\":\"x\"}", false },
        { "{\"type\":\"Complete\"}", false },
        { "{\"type\":\"complete \"}", false },
        { "{\"type\":\"complet\"}", false },
        { "{\"type\":[\"complete\"]}", false },
        { "{\"type\":null}", false },
        { "{\"Type\":\"complete\"}", false },
        { "{\"payload\":{\"type\":\"complete\"}}", false },
        { "{\"complete\":\"type\"}", false },
        { "{}", false },
        { "[\"type\",\"complete\"]", false },
        { "\"complete\"", false },
        { "7", false },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span payload = span_str(cases[i].payload);
        assert_int_equal(hub_rule_is_last(&rules[0], payload), cases[i].is_last);
        assert_false(hub_rule_is_last(&rules[1], payload)); /* it has no such message */
    }
}

static void who_may_listen(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    declare(&s, "task:1", "anna");
    declare(&s, "task:2", "");
    static const struct {
        const char *channel, *user;
        enum hub_admit verdict;
    } cases[] = {
        { "task:1", "anna", HUB_ADMIT_OK },        { "task:1", "ann", HUB_ADMIT_DENIED },
        { "task:1", "annaa", HUB_ADMIT_DENIED },   { "task:1", "", HUB_ADMIT_DENIED },
        { "task:2", "anna", HUB_ADMIT_OK },        { "task:2", "", HUB_ADMIT_OK },
        { "task:3", "anna", HUB_ADMIT_NOT_FOUND }, { "live:1", "anna", HUB_ADMIT_NOT_FOUND },
        { "anything else", "anna", HUB_ADMIT_OK }, { "task:", "", HUB_ADMIT_OK },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(
            hub_admit_listener(s.crowd->hub, span_str(cases[i].channel), span_str(cases[i].user)),
            cases[i].verdict);
    }
    scene_end(&s);
}

/* What a check promises, a publish holds. */
static void a_check_and_a_publish_agree(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    declare(&s, "task:1", "");
    declare(&s, "live:1", "");
    struct hub *hub = s.crowd->hub;
    assert_int_equal(hub_check_channel(hub, SPAN("task:2"), 1), ERR_NOT_FOUND);
    assert_int_equal(publish(&s, "task:2", "1"), ERR_NOT_FOUND);
    assert_int_equal(hub_check_channel(hub, SPAN("live:2"), 1), ERR_NOT_FOUND);
    assert_int_equal(publish(&s, "live:2", "1"), ERR_NOT_FOUND);
    assert_int_equal(hub_check_channel(hub, SPAN("free"), SIZE_MAX), ERR_OK);
    assert_int_equal(publish(&s, "free", "1"), ERR_OK);

    char payload[BYTES_MAX + 2] = "";
    memset(payload, '7', BYTES_MAX + 1);
    assert_int_equal(hub_check_channel(hub, SPAN("task:1"), BYTES_MAX + 1), ERR_LIMIT);
    assert_int_equal(publish(&s, "task:1", payload), ERR_LIMIT);
    payload[BYTES_MAX] = 0;
    assert_int_equal(hub_check_channel(hub, SPAN("task:1"), BYTES_MAX), ERR_OK);
    assert_int_equal(publish(&s, "task:1", payload), ERR_OK);
    assert_int_equal(hub_check_channel(hub, SPAN("task:1"), 1), ERR_LIMIT);
    assert_int_equal(publish(&s, "task:1", "1"), ERR_LIMIT);
    /* Without a history nothing is ever full. */
    for (int i = 0; i < 2 * MESSAGES_MAX; i++) {
        assert_int_equal(hub_check_channel(hub, SPAN("live:1"), BYTES_MAX), ERR_OK);
        assert_int_equal(publish(&s, "live:1", payload), ERR_OK);
    }
    scene_end(&s);
}

static void a_full_history_is_heard_by_nobody(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    declare(&s, "task:1", "");
    const struct listener *one = &s.crowd->list[1];
    assert_int_equal(
        hub_subscribe(s.crowd->hub, SPAN("task:1"), 1, 0, &s.crowd->list[1].subscriptions[0]),
        ERR_OK);
    for (int i = 0; i < MESSAGES_MAX; i++)
        assert_int_equal(publish(&s, "task:1", "kept"), ERR_OK);
    assert_int_equal(publish(&s, "task:1", "more"), ERR_LIMIT);
    assert_int_equal(one->heard, MESSAGES_MAX);
    assert_string_equal(one->last, "kept");
    struct store_item items[2 * MESSAGES_MAX];
    size_t count = store_read(s.store, SPAN("task:1"), 0, items, countof(items));
    assert_int_equal(count, MESSAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(items[i].sequence, i + 1);
        assert_int_equal(items[i].message->sequence, i + 1);
        assert_false(items[i].is_last);
        message_unref(items[i].message);
    }
    scene_end(&s);
}

/* One message to several channels has a number in each. */
static void each_channel_numbers_for_itself(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    declare(&s, "task:1", "");
    declare(&s, "task:2", "");
    assert_int_equal(publish(&s, "task:1", "first"), ERR_OK);
    struct message *message = message_new(SPAN("{\"type\":\"complete\"}"), 7);
    static const char *const channels[] = { "task:1", "free", "task:2" };
    for (size_t i = 0; i < countof(channels); i++) {
        struct receipt receipt;
        assert_int_equal(hub_publish(s.crowd->hub, span_str(channels[i]), message, &receipt),
                         ERR_OK);
        assert_int_equal(message->sequence, 0);
        assert_false(message->is_last);
    }
    struct store_item item;
    for (uint64_t after = 0; after < 2; after++) {
        const char *channel = after ? "task:1" : "task:2";
        assert_int_equal(store_read(s.store, span_str(channel), after, &item, 1), 1);
        assert_int_equal(item.sequence, after + 1);
        assert_true(item.is_last);
        assert_int_equal(item.message->received_ns, 7);
        message_unref(item.message);
    }
    message_unref(message);
    scene_end(&s);
}

/* A client that is too small for the last message is still to hear that it came. */
static void the_last_message_reaches_those_who_are_spared_it(void **state) {
    (void)state;
    struct scene s;
    begin(&s);
    s.shared->endpoint_max_bytes[0] = 4;
    declare(&s, "task:1", "");
    const struct listener *one = &s.crowd->list[1];
    assert_int_equal(
        hub_subscribe(s.crowd->hub, SPAN("task:1"), 1, 0, &s.crowd->list[1].subscriptions[0]),
        ERR_OK);
    struct receipt receipt;
    assert_int_equal(crowd_publish(s.crowd, "task:1", "large", &receipt), ERR_OK);
    assert_int_equal(one->heard, 0);
    assert_int_equal(crowd_publish(s.crowd, "task:1", "{\"type\":\"complete\"}", &receipt), ERR_OK);
    assert_int_equal(receipt.deliveries, 0);
    assert_int_equal(receipt.skipped, 1);
    assert_int_equal(one->heard, 1); /* the session looks at the size again */
    scene_end(&s);
}

static void without_memory_nothing_is_kept_or_heard(void **state) {
    (void)state;
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct scene s;
        begin(&s);
        declare(&s, "task:1", "");
        mem_fail_nth(nth); /* the message, its copy for the channel, its place there */
        assert_int_equal(publish(&s, "task:1", "x"), ERR_NOMEM);
        mem_fail_nth(0);
        assert_int_equal(store_bytes(s.store), 0);
        assert_int_equal(publish(&s, "task:1", "x"), ERR_OK);
        scene_end(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_and_something_behind_it),
        cmocka_unit_test(the_last_message_is_known_by_its_type),
        cmocka_unit_test(who_may_listen),
        cmocka_unit_test(a_check_and_a_publish_agree),
        cmocka_unit_test(a_full_history_is_heard_by_nobody),
        cmocka_unit_test(each_channel_numbers_for_itself),
        cmocka_unit_test(the_last_message_reaches_those_who_are_spared_it),
        cmocka_unit_test(without_memory_nothing_is_kept_or_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
