/* SPDX-License-Identifier: MIT */
/*
 * Handshakes that a broker has a say in: what is asked, in which order, what each answer comes to,
 * and what is left when the client does not wait for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/seat.h"
#include "hub/user.h"
#include "shared_scene.h"

#include <time.h>

enum { USERS, WATCH, LOCAL, OPEN, ENDPOINTS };

static struct endpoint_options endpoints[ENDPOINTS] = {
    [USERS] = { .name = "users",
                .path = "/users",
                .channels = { "ws:{user_id}", "broadcast" },
                .channels_count = 2,
                .connections = 2,
                .attempts_per_minute = 100,
                .messages_per_minute = 2,
                .refuse = ENDPOINT_REFUSE_HTTP,
                .limits_scope = ENDPOINT_SCOPE_CLUSTER },
    [WATCH] = { .name = "watch",
                .path = "/watch/{submission_id}",
                .auth = ENDPOINT_AUTH_OPTIONAL,
                .channels = { "submission:{submission_id}" },
                .channels_count = 1,
                .is_declared = true,
                .connections_per = ENDPOINT_PER_CHANNEL,
                .connections = 10 },
    [LOCAL] = { .name = "local",
                .path = "/local",
                .auth = ENDPOINT_AUTH_OPTIONAL,
                .channels = { "broadcast" },
                .channels_count = 1,
                .attempts_per_minute = 3 },
    [OPEN] = { .name = "open",
               .path = "/open/{room}",
               .auth = ENDPOINT_AUTH_OPTIONAL,
               .channels = { "room:{room}" },
               .channels_count = 1,
               .connections_per = ENDPOINT_PER_CHANNEL,
               .connections = 7,
               .attempts_per_minute = 3,
               .messages_per_minute = 2,
               .refuse = ENDPOINT_REFUSE_HTTP,
               .limits_scope = ENDPOINT_SCOPE_CLUSTER },
};

#define ATTEMPT     "ATTEMPT users/address/192.0.2.1  100/60000"
#define SIT(user)   "SIT users/user/" user " users/user/" user " 2/0"
#define LEAVE(user) "LEAVE users/user/" user "  0/0"

static struct session_options options_of(void) {
    for (size_t i = 0; i < ENDPOINTS; i++) {
        struct endpoint_options *e = &endpoints[i];
        e->is_enabled = true;
        e->dialect = dialect_find(i == WATCH ? SPAN("submissions") : SPAN("huleedu"));
        e->user_claims[0] = "sub";
        e->user_claims_count = 1;
        e->path_user = "";
        e->ends_after = "";
        e->unauthorized_code = 4003;
        e->not_found_code = 4004;
        e->limited_code = 4029;
        e->block_seconds = 60;
        e->max_message_bytes = e->max_notification_bytes = 1000;
        e->max_queue_bytes = 1 << 20;
    }
    return (struct session_options){ .endpoints = endpoints, .endpoint_count = ENDPOINTS };
}

static int set_up(void **state) {
    (void)state;
    shared_begin(options_of());
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    shared_end();
    return 0;
}

static uint64_t connections(void) {
    return session_shared_connections(scene.shared);
}

/* Everybody has gone and has given back what he had. */
static void expect_nobody(void) {
    assert_true(session_is_empty(scene.session));
    assert_int_equal(connections(), 0);
    assert_int_equal(atomic_load(&scene.hub_shared->interest.channels), 0);
    assert_int_equal(atomic_load(&scene.hub_shared->interest.users), 0);
}

/* A user who is let in by all. */
static int enter(const char *user) {
    char call[128];
    int client = scene_connect();
    shake_hands(client, "/users", user);
    expect_asked(ATTEMPT, ERR_OK, 0);
    (void)snprintf(call, sizeof call, "SIT users/user/%s users/user/%s 2/0", user, user);
    expect_asked(call, ERR_OK, 0);
    assert_int_equal(outcome(client), 101);
    return client;
}

static void limits_of_a_node_are_nobody_elses(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/local", NULL);
    assert_int_equal(outcome(client), 101);
    assert_int_equal(fake.asked_count, 0);
    leave(client);
    assert_int_equal(fake.asked_count, 0);
    expect_nobody();
}

static void questions_come_one_after_the_other(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    assert_int_equal(fake.asked_count, 1);
    assert_int_equal(outcome(client), 0);
    assert_int_equal(connections(), 1); /* it has its place while it waits */
    assert_in_range(session_shared_unfinished_bytes(scene.shared), 1, 4096);
    expect_asked(ATTEMPT, ERR_OK, 0);
    assert_int_equal(fake.asked_count, 1);
    assert_int_equal(outcome(client), 0);
    expect_asked(SIT("u1"), ERR_OK, 0);
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(outcome(client), 101);
    assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    assert_int_equal(connections(), 1);
    assert_int_equal(counter_read(&scene.counts->jwt[0]), 1); /* looked at once */
    assert_int_equal(counter_read(&scene.counts->endpoints[USERS].opened[COUNT_OPENED_OK]), 1);
    leave(client);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    expect_nobody();
}

static void a_bad_token_is_not_asked_about(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", NULL);
    expect_asked(ATTEMPT, ERR_OK, 0); /* counted all the same */
    assert_int_equal(outcome(client), 401);
    assert_int_equal(fake.asked_count, 0);
    leave(client);
    expect_nobody();
}

static void what_the_first_answers_come_to(void **state) {
    (void)state;
    static const struct {
        enum err err;
        const char *owner;
        int outcome;
        enum count_opened counted;
    } cases[] = {
        { ERR_OK, "", 101, COUNT_OPENED_OK },
        { ERR_OK, "u1", 101, COUNT_OPENED_OK },
        { ERR_OK, "u2", 4003, COUNT_OPENED_UNAUTHORIZED },
        { ERR_OK, "u", 4003, COUNT_OPENED_UNAUTHORIZED },
        { ERR_NOT_FOUND, NULL, 4004, COUNT_OPENED_NOT_FOUND },
        { ERR_CLOSED, NULL, 1011, COUNT_OPENED_FAULT },
        { ERR_IO, NULL, 1011, COUNT_OPENED_FAULT },
        { ERR_LIMIT, NULL, 1011, COUNT_OPENED_FAULT },
        { ERR_NOMEM, NULL, 1011, COUNT_OPENED_FAULT },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct counter *counter = &scene.counts->endpoints[WATCH].opened[cases[i].counted];
        uint64_t before = counter_read(counter);
        int client = scene_connect();
        shake_hands(client, "/watch/17", "u1");
        struct broker_call *call = fake_broker_expect(&fake, "FIND submission:17  0/0");
        if (cases[i].owner) {
            fake_broker_say(&fake, call, cases[i].owner);
        } else {
            fake_broker_answer(&fake, call, cases[i].err, 0);
        }
        scene_turns(6);
        int got = outcome(client);
        if (got != cases[i].outcome) fail_msg("case %zu: %d", i, got);
        assert_int_equal(counter_read(counter), before + 1);
        leave(client);
        assert_int_equal(fake.asked_count, 0); /* its limits are this node's */
        expect_nobody();
    }
}

static void an_anonymous_client_owns_nothing(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/watch/17", NULL);
    fake_broker_say(&fake, fake_broker_expect(&fake, "FIND submission:17  0/0"), "u1");
    scene_turns(6);
    assert_int_equal(outcome(client), 4003);
    leave(client);
}

static void an_address_shut_out_elsewhere_is_shut_out_here(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 42500);
    assert_int_equal(outcome(client), 429);
    assert_non_null(strstr(heard, "Retry-After: 43\r\n"));
    assert_int_equal(connections(), 0);
    shake_hands(client, "/users", "u1"); /* and costs nobody a question */
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(outcome(client), 429);
    leave(client);
    expect_nobody();
}

static void this_nodes_limit_holds_too(void **state) {
    (void)state;
    int client = scene_connect();
    for (int i = 0; i < 4; i++) {
        shake_hands(client, "/open/%0A", "u1"); /* a name that is none */
        if (i == 3) break;
        expect_asked("ATTEMPT open/address/192.0.2.1  3/60000", i == 1 ? ERR_CLOSED : ERR_OK, 0);
        (void)outcome(client);
    }
    assert_int_equal(fake.asked_count, 0);
    assert_int_equal(outcome(client), 429);
    leave(client);
}

static void seats_are_counted_over_all_nodes(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    expect_asked(SIT("u1"), ERR_EXISTS, 0);
    assert_int_equal(outcome(client), 429);
    assert_int_equal(connections(), 0);
    assert_int_equal(atomic_load(&scene.hub_shared->interest.users), 0);
    assert_int_equal(fake.asked_count, 0); /* nothing to give back */
    int other = enter("u1");
    leave(client);
    leave(other);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
}

static void a_user_shut_out_elsewhere_is_shut_out_here(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    expect_asked(SIT("u1"), ERR_DENIED, 9000);
    assert_int_equal(outcome(client), 429);
    assert_non_null(strstr(heard, "Retry-After: 9\r\n"));
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    assert_int_equal(fake.asked_count, 0); /* known by now */
    assert_int_equal(outcome(client), 429);
    int other = enter("u2");
    leave(other);
    expect_asked(LEAVE("u2"), ERR_OK, 0);
    leave(client);
    expect_nobody();
}

static void without_a_broker_this_nodes_limits_hold(void **state) {
    (void)state;
    static const enum err errors[] = { ERR_CLOSED, ERR_IO, ERR_LIMIT, ERR_NOMEM };
    for (size_t i = 0; i < countof(errors); i++) {
        int clients[3];
        for (int n = 0; n < 3; n++) {
            clients[n] = scene_connect();
            shake_hands(clients[n], "/users", "u1");
            expect_asked(ATTEMPT, errors[i], 0);
            if (n < 2) expect_asked(SIT("u1"), errors[i], 0);
            assert_int_equal(outcome(clients[n]), n < 2 ? 101 : 429);
            assert_int_equal(fake.asked_count, 0);
        }
        for (int n = 0; n < 3; n++)
            leave(clients[n]);
        assert_int_equal(fake.asked_count, 0); /* nobody had a seat anywhere else */
        expect_nobody();
    }
}

static void seats_may_be_the_channels(void **state) {
    (void)state;
    int known = scene_connect(), anonymous = scene_connect();
    shake_hands(known, "/open/a", "u1");
    expect_asked("ATTEMPT open/address/192.0.2.1  3/60000", ERR_OK, 0);
    expect_asked("SIT open/channel/room:a open/user/u1 7/0", ERR_OK, 0);
    shake_hands(anonymous, "/open/a", NULL);
    expect_asked("ATTEMPT open/address/192.0.2.1  3/60000", ERR_OK, 0);
    expect_asked("SIT open/channel/room:a  7/0", ERR_OK, 0);
    assert_int_equal(outcome(known), 101);
    assert_int_equal(outcome(anonymous), 101);
    leave(known);
    expect_asked("LEAVE open/channel/room:a  0/0", ERR_OK, 0);
    leave(anonymous);
    expect_asked("LEAVE open/channel/room:a  0/0", ERR_OK, 0);
    expect_nobody();
}

static void a_site_of_ipv6_is_one_address(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct address address;
    assert_true(address_parse(SPAN("[2001:db8:1:2:3::4]:5"), &address));
    session_accept(scene.session, SESSION_DOOR_PUBLIC, false, ends[1], &address);
    shake_hands(ends[0], "/users", "u1");
    expect_asked("ATTEMPT users/address/2001:db8:1:2::/64  100/60000", ERR_OK, 1);
    leave(ends[0]);
}

static void answers_may_come_in_any_order(void **state) {
    (void)state;
    enum { MANY = 5 };
    int clients[MANY];
    struct broker_call *calls[MANY];
    for (int i = 0; i < MANY; i++) {
        char user[8];
        (void)snprintf(user, sizeof user, "u%d", i);
        clients[i] = scene_connect();
        shake_hands(clients[i], "/users", user);
    }
    assert_int_equal(fake.asked_count, MANY);
    memcpy(calls, fake.asked, sizeof calls);
    for (int i = MANY - 1; i >= 0; i--)
        fake_broker_answer(&fake, calls[i], ERR_OK, i == 2 ? 1000 : 0);
    scene_turns(6);
    assert_int_equal(fake.asked_count, MANY - 1);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(outcome(clients[i]), i == 2 ? 429 : 0);
    expect_asked(SIT("u3"), ERR_OK, 0);
    expect_asked(SIT("u0"), ERR_EXISTS, 0);
    expect_asked(SIT("u4"), ERR_OK, 0);
    expect_asked(SIT("u1"), ERR_DENIED, 1);
    static const int expected[MANY] = { 429, 429, 0, 101, 101 };
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(outcome(clients[i]), expected[i]);
        leave(clients[i]);
    }
    expect_asked(LEAVE("u3"), ERR_OK, 0);
    expect_asked(LEAVE("u4"), ERR_OK, 0);
    expect_nobody();
}

/* Its slot is another's by then, who waits for the same kind of answer. */
static void who_has_gone_gives_everything_back(void **state) {
    (void)state;
    int gone = scene_connect();
    shake_hands(gone, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    struct broker_call *lost = fake_broker_expect(&fake, SIT("u1"));
    assert_int_equal(atomic_load(&scene.hub_shared->interest.users), 1);
    leave(gone);
    expect_nobody();
    int other = scene_connect();
    shake_hands(other, "/users", "u2");
    expect_asked(ATTEMPT, ERR_OK, 0);
    fake_broker_answer(&fake, lost, ERR_OK, 0);
    scene_turns(6);
    assert_int_equal(outcome(other), 0);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    expect_asked(SIT("u2"), ERR_OK, 0);
    assert_int_equal(outcome(other), 101);
    leave(other);
    expect_asked(LEAVE("u2"), ERR_OK, 0);
    assert_int_equal(fake.asked_count, 0);

    /* What was refused, or was no seat, needs nothing. */
    for (int i = 0; i < 2; i++) {
        gone = scene_connect();
        shake_hands(gone, "/users", "u1");
        if (i) expect_asked(ATTEMPT, ERR_OK, 0);
        lost = fake.asked[0];
        leave(gone);
        fake_broker_answer(&fake, lost, i ? ERR_EXISTS : ERR_OK, 0);
        scene_turns(6);
        assert_int_equal(fake.asked_count, 0);
        expect_nobody();
    }
}

static void who_only_stops_speaking_is_let_in(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    (void)shutdown(client, SHUT_WR);
    scene_turns(6);
    expect_asked(ATTEMPT, ERR_OK, 0);
    expect_asked(SIT("u1"), ERR_OK, 0);
    assert_int_equal(outcome(client), 101); /* and then it has ended */
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    leave(client);
    expect_nobody();
}

static void waiting_has_an_end(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    struct broker_call *late = fake_broker_expect(&fake, SIT("u1"));
    for (int i = 0; i < 160 && connections() > 0; i++) {
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        scene_turns(6);
    }
    assert_int_equal(outcome(client), 500);
    assert_int_equal(counter_read(&scene.counts->endpoints[USERS].opened[COUNT_OPENED_FAULT]), 1);
    fake_broker_answer(&fake, late, ERR_OK, 0);
    scene_turns(6);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    assert_int_equal(outcome(client), 0);
    shake_hands(client, "/local", NULL); /* the connection still serves */
    assert_int_equal(outcome(client), 101);
    leave(client);
    expect_nobody();
}

static int set_up_hasty(void **state) {
    (void)state;
    struct session_options options = options_of();
    options.handshake_seconds = 1;
    shared_begin(options);
    return 0;
}

static void who_waits_counts_as_connected(void **state) {
    (void)state;
    enum { MANY = 30, MAX = 20 };
    int clients[MANY];
    for (int i = 0; i < MANY; i++) {
        char user[8];
        (void)snprintf(user, sizeof user, "u%d", i);
        clients[i] = scene_connect();
        shake_hands(clients[i], "/users", user);
        assert_int_equal(outcome(clients[i]), i < MAX ? 0 : 503);
    }
    assert_int_equal(connections(), MAX);
    assert_int_equal(fake.asked_count, MAX);
    while (fake.asked_count > 0)
        fake_broker_answer(&fake, fake.asked[0], ERR_OK, 0);
    scene_turns(20);
    while (fake.asked_count > 0)
        fake_broker_answer(&fake, fake.asked[0], ERR_OK, 0);
    scene_turns(20);
    for (int i = 0; i < MAX; i++)
        assert_int_equal(outcome(clients[i]), 101);
    assert_int_equal(connections(), MAX);
    for (int i = 0; i < MANY; i++)
        leave(clients[i]);
    assert_int_equal(fake.counts[BROKER_LEAVE], MAX);
    expect_nobody();
}

static int set_up_small(void **state) {
    (void)state;
    struct session_options options = options_of();
    options.max_connections = 20;
    shared_begin(options);
    return 0;
}

/* What came behind the handshake waits with it. */
static void every_cut_gives_the_same(void **state) {
    (void)state;
    static const char frames[] = "\x81\x84\0\0\0\0ping\x89\x82\0\0\0\0hi";
    char all[2048];
    int head =
        snprintf(all, sizeof all, "GET /users HTTP/1.1\r\n" HANDSHAKE "%s\r\n", bearer("u1"));
    memcpy(all + head, frames, sizeof frames - 1);
    size_t len = (size_t)head + sizeof frames - 1;
    for (size_t cut = 1; cut <= len; cut += cut < (size_t)head - 8 ? 7 : 1) {
        int client = scene_connect();
        send_bytes(client, all, cut);
        bool is_asked = cut >= (size_t)head;
        assert_int_equal(fake.asked_count, is_asked);
        if (cut < len) send_bytes(client, all + cut, len - cut);
        expect_asked(ATTEMPT, ERR_OK, 0);
        expect_asked(SIT("u1"), ERR_OK, 0);
        assert_int_equal(outcome(client), 101);
        assert_memory_equal(heard, "\x81", 1);
        assert_non_null(strstr(heard, "\"pong\""));
        assert_memory_equal(heard + heard_len - 4, "\x8a\x02hi", 4);
        leave(client);
        expect_asked(LEAVE("u1"), ERR_OK, 0);
        assert_int_equal(session_shared_unfinished_bytes(scene.shared), 0);
    }
    expect_nobody();
}

#define ASK "GET /users HTTP/1.1\r\nHost: h\r\n%s\r\n"

static void asking_first_is_judged_the_same(void **state) {
    (void)state;
    char request[4096];
    const char *field = bearer("u1");
    int client = scene_connect();
    /* Three at once: answered in their order, each when the one before was. */
    int len = snprintf(request, sizeof request, ASK ASK ASK, field, "", field);
    send_bytes(client, request, (size_t)len);
    assert_int_equal(fake.asked_count, 1);
    expect_asked(ATTEMPT, ERR_OK, 0);
    expect_asked(SIT("u1"), ERR_OK, 0);
    assert_int_equal(outcome(client), 426);
    assert_non_null(strstr(heard, "Access-Control-Allow-Origin: *"));
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    expect_asked(ATTEMPT, ERR_OK, 0);
    assert_int_equal(outcome(client), 401);
    expect_asked(ATTEMPT, ERR_OK, 5000);
    assert_int_equal(outcome(client), 429);
    assert_int_equal(fake.asked_count, 0);
    leave(client);
    expect_nobody();
}

static void who_says_too_much_is_shut_out_everywhere(void **state) {
    (void)state;
    static const char flood[] = "\x81\x81\0\0\0\0a\x81\x81\0\0\0\0a\x81\x81\0\0\0\0a";
    int client = enter("u1");
    send_bytes(client, flood, sizeof flood - 1);
    expect_asked("BLOCK users/user/u1  0/60000", ERR_OK, 0);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    leave(client);
    client = scene_connect();
    shake_hands(client, "/open/a", NULL);
    expect_asked("ATTEMPT open/address/192.0.2.1  3/60000", ERR_OK, 0);
    expect_asked("SIT open/channel/room:a  7/0", ERR_OK, 0);
    assert_int_equal(outcome(client), 101);
    send_bytes(client, flood, sizeof flood - 1);
    expect_asked("BLOCK open/address/192.0.2.1  0/60000", ERR_OK, 0);
    expect_asked("LEAVE open/channel/room:a  0/0", ERR_OK, 0);
    leave(client);
    expect_nobody();
}

static void an_operators_block_goes_everywhere(void **state) {
    (void)state;
    hub_user_block(session_hub(scene.session), SPAN("u1"), 7);
    assert_int_equal(fake.asked_count, 2);
    expect_asked("BLOCK users/user/u1  0/7000", ERR_OK, 0);
    expect_asked("BLOCK open/user/u1  0/7000", ERR_IO, 0);
}

static void a_drain_lets_nobody_in_any_more(void **state) {
    (void)state;
    int client = scene_connect();
    shake_hands(client, "/users", "u1");
    expect_asked(ATTEMPT, ERR_OK, 0);
    session_shared_refuse_new(scene.shared);
    session_drain(scene.session, 1);
    scene_turns(6);
    assert_int_equal(outcome(client), 0); /* it is answered yet */
    expect_asked(SIT("u1"), ERR_OK, 0);
    assert_int_equal(outcome(client), 503);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    leave(client);
    expect_nobody();
}

/* The path is another endpoint's when the answer comes. */
static void a_reload_has_it_judged_anew(void **state) {
    (void)state;
    int client = scene_connect(), lost = scene_connect();
    shake_hands(client, "/users", "u1");
    shake_hands(lost, "/open/a", NULL);
    expect_asked(ATTEMPT, ERR_OK, 0);
    static struct endpoint_options changed[ENDPOINTS];
    memcpy(changed, endpoints, sizeof changed);
    changed[USERS].path = "/elsewhere";
    changed[LOCAL].path = "/users";
    changed[OPEN].is_enabled = false;
    struct session_options options = options_of();
    options.endpoints = changed;
    options.max_connections = 1000;
    options.keys = keys;
    struct session_rules *before = scene.rules;
    scene.rules = session_rules_new(&options);
    session_set_rules(scene.session, scene.rules);
    session_rules_free(before);
    expect_asked(SIT("u1"), ERR_OK, 0);
    assert_int_equal(outcome(client), 101);
    expect_asked(LEAVE("u1"), ERR_OK, 0);
    expect_asked("ATTEMPT open/address/192.0.2.1  3/60000", ERR_OK, 0);
    assert_int_equal(outcome(lost), 404);
    leave(lost);
    leave(client);
    assert_int_equal(fake.asked_count, 0);
    expect_nobody();
}

static void what_waits_is_bounded(void **state) {
    (void)state;
    int clients[3];
    session_shared_set_unfinished_max(scene.shared, 700);
    for (int i = 0; i < 3; i++) {
        clients[i] = scene_connect();
        shake_hands(clients[i], "/users", "u1");
    }
    assert_int_equal(outcome(clients[0]), 0);
    assert_int_equal(outcome(clients[2]), 503);
    assert_in_range(session_shared_unfinished_bytes(scene.shared), 1, 700);
    for (int i = 0; i < 3; i++)
        leave(clients[i]);
    /* What came behind it counts too. */
    int client = scene_connect();
    char request[1000];
    int len =
        snprintf(request, sizeof request, "GET /users HTTP/1.1\r\n" HANDSHAKE "\r\n%500s", "");
    send_bytes(client, request, (size_t)len);
    assert_int_equal(outcome(client), 503);
    leave(client);
    expect_nobody();
}

/* The server ends with everything under way. */
static void the_end_drops_what_is_open(void **state) {
    (void)state;
    int open = enter("u1"), seat = scene_connect(), attempt = scene_connect();
    shake_hands(seat, "/users", "u2");
    expect_asked(ATTEMPT, ERR_OK, 0);
    shake_hands(attempt, "/users", "u3");
    assert_int_equal(fake.asked_count, 2);
    fake_broker_answer(&fake, fake_broker_expect(&fake, SIT("u2")), ERR_OK, 0);
    shared_end(); /* one of them answered in that very moment */
    (void)close(open);
    (void)close(seat);
    (void)close(attempt);
}

/* A handshake of each kind, with each allocation failing once. */
static void without_memory_nothing_is_left_behind(void **state) {
    (void)state;
    static const char *const paths[] = { "/users", "/watch/17" };
    for (size_t p = 0; p < countof(paths); p++) {
        bool is_done = false;
        for (uint64_t nth = 1; !is_done; nth++) {
            shared_begin(options_of());
            int client = scene_connect();
            mem_fail_nth(nth);
            shake_hands(client, paths[p], "u1");
            for (int i = 0; i < 2; i++) {
                if (fake.asked_count > 0) fake_broker_answer(&fake, fake.asked[0], ERR_OK, 0);
                scene_turns(6);
            }
            is_done = nth > mem_tried();
            mem_fail_nth(0);
            int got = outcome(client);
            bool is_fine = got == 101 || (!is_done && (got == 0 || got == 401 || got == 4003 ||
                                                       got == 500 || got == 503 || got == 1011));
            if (!is_fine) fail_msg("%s, allocation %d: %d", paths[p], (int)nth, got);
            leave(client);
            size_t granted = fake.counts[BROKER_SIT];
            while (fake.asked_count > 0) {
                fake_broker_answer(&fake, fake.asked[0], ERR_OK, 0);
                scene_turns(2);
            }
            assert_int_equal(fake.counts[BROKER_LEAVE], granted);
            expect_nobody();
            shared_end();
        }
    }
}

#define TEST(name)        cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_IN(name, in) cmocka_unit_test_setup_teardown(name, in, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(limits_of_a_node_are_nobody_elses),
        TEST(questions_come_one_after_the_other),
        TEST(a_bad_token_is_not_asked_about),
        TEST(what_the_first_answers_come_to),
        TEST(an_anonymous_client_owns_nothing),
        TEST(an_address_shut_out_elsewhere_is_shut_out_here),
        TEST(this_nodes_limit_holds_too),
        TEST(seats_are_counted_over_all_nodes),
        TEST(a_user_shut_out_elsewhere_is_shut_out_here),
        TEST(without_a_broker_this_nodes_limits_hold),
        TEST(seats_may_be_the_channels),
        TEST(a_site_of_ipv6_is_one_address),
        TEST(answers_may_come_in_any_order),
        TEST(who_has_gone_gives_everything_back),
        TEST(who_only_stops_speaking_is_let_in),
        TEST_IN(waiting_has_an_end, set_up_hasty),
        TEST_IN(who_waits_counts_as_connected, set_up_small),
        TEST(every_cut_gives_the_same),
        TEST(asking_first_is_judged_the_same),
        TEST(who_says_too_much_is_shut_out_everywhere),
        TEST(an_operators_block_goes_everywhere),
        TEST(a_drain_lets_nobody_in_any_more),
        TEST(a_reload_has_it_judged_anew),
        TEST(what_waits_is_bounded),
        cmocka_unit_test_setup(the_end_drops_what_is_open, set_up),
        cmocka_unit_test(without_memory_nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
