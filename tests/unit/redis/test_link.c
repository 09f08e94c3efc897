/* SPDX-License-Identifier: MIT */
/*
 * A link to a single redis-server, a real one.
 */
#include "rig.h"

#include "net/listener.h"

static struct redis_process server;
static struct rig rig;

static int begin(void **state) {
    (void)state;
    rig = (struct rig){ 0 };
    if (!server.port) redis_choose_ports(&server);
    if (server.pid <= 0) redis_start(&server);
    return 0;
}

static int stop(void **state) {
    (void)state;
    redis_stop(&server);
    rig_tls_end();
    return 0;
}

static void connect_up(void) {
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, redis_link_is_up(rig.link));
    assert_int_equal(rig.ups, 1);
}

static struct redis_subscription subscription(const char *name) {
    return (struct redis_subscription){ .name = span_str(name) };
}

static void what_is_published_comes_back(void **state) {
    (void)state;
    connect_up();
    struct redis_subscription a = subscription("ws:a"), b = subscription("ws:b");
    redis_subscribe(rig.link, &a);
    redis_subscribe(rig.link, &b);
    assert_false(redis_is_subscribed(&a));
    run_until(&rig, rig.subscribed == 2);
    assert_true(redis_is_subscribed(&a) && redis_is_subscribed(&b));
    struct asked published = { .command.answered = asked_answered };
    assert_int_equal(redis_publish(rig.link, &published.command, a.name, SPAN("{\"n\":1}")),
                     ERR_OK);
    assert_int_equal(published.answers, 0);
    run_until(&rig, rig.messages == 1 && published.answers == 1);
    assert_string_equal(rig.last, "ws:a={\"n\":1}");
    assert_string_equal(published.text, ":1");
    redis_unsubscribe(rig.link, &a);
    redis_say(server.port, "PUBLISH ws:a no");
    redis_say(server.port, "PUBLISH ws:b yes");
    run_until(&rig, rig.messages == 2);
    assert_string_equal(rig.last, "ws:b=yes");
    redis_unsubscribe(rig.link, &b);
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

static void commands_are_answered_in_order(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    connect_up();
    assert_string_equal(answer_to(&rig, "SET counter 0"), "+OK");
    struct asked *asked = calloc(COUNT, sizeof *asked);
    assert_non_null(asked);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(ask(&rig, &asked[i], "INCR counter"), ERR_OK);
    run_until(&rig, asked[COUNT - 1].answers == 1);
    for (int i = 0; i < COUNT; i++) {
        char want[16];
        (void)snprintf(want, sizeof want, ":%d", i + 1);
        assert_string_equal(asked[i].text, want);
        assert_int_equal(asked[i].answers, 1);
    }
    free(asked);
    assert_string_equal(answer_to(&rig, "GET nothing"), "_");
    assert_string_equal(answer_to(&rig, "LRANGE nothing 0 1"), "*0[]");
    assert_string_equal(answer_to(&rig, "INCR"),
                        "-ERR wrong number of arguments for 'incr' command");
    rig_end(&rig);
}

static void a_large_value_goes_out_and_in(void **state) {
    (void)state;
    enum { LEN = 6 << 20 };
    connect_up();
    char *large = malloc(LEN);
    assert_non_null(large);
    memset(large, 'x', LEN);
    struct asked set = { .command.answered = asked_answered }, over = set, get;
    const struct span args[] = { SPAN("SET"), SPAN("large"), span_of(large, LEN) };
    assert_int_equal(redis_send(rig.link, &set.command, args[1], args, 3), ERR_OK);
    /* A second one is more than may wait. */
    assert_int_equal(redis_send(rig.link, &over.command, args[1], args, 3), ERR_LIMIT);
    assert_int_equal(ask(&rig, &get, "GET large"), ERR_OK);
    run_until(&rig, get.answers == 1);
    assert_string_equal(set.text, "+OK");
    assert_int_equal(strlen(get.text), sizeof get.text - 1);
    assert_int_equal(over.answers, 0);
    /* What was answered waits no longer. */
    assert_int_equal(redis_send(rig.link, &over.command, args[1], args, 3), ERR_OK);
    run_until(&rig, over.answers == 1);
    assert_string_equal(answer_to(&rig, "DEL large"), ":1");
    free(large);
    rig_end(&rig);
}

static void databases_are_selected_and_connections_named(void **state) {
    (void)state;
    rig.options.database = 3;
    connect_up();
    assert_string_equal(answer_to(&rig, "SET in-three x"), "+OK");
    char answer[4096];
    assert_string_equal(redis_tell(server.port, "EXISTS in-three", answer, sizeof answer),
                        ":0\r\n");
    (void)redis_tell(server.port, "CLIENT LIST", answer, sizeof answer);
    assert_non_null(strstr(answer, "name=tidings-test"));
    assert_string_equal(answer_to(&rig, "DEL in-three"), ":1");
    rig_end(&rig);
}

static void users_are_let_in_by_their_password(void **state) {
    (void)state;
    redis_say(server.port, "ACL SETUSER ann on >secret ~* &* +@all");
    rig.options.user = "ann";
    rig.options.password = "wrong";
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.said[0]);
    assert_non_null(strstr(rig.said, "it does not accept user and password: WRONGPASS"));
    struct asked asked;
    assert_int_equal(ask(&rig, &asked, "GET a"), ERR_CLOSED);
    rig_end(&rig);
    rig = (struct rig){ .options = { .user = "ann", .password = "secret" } };
    connect_up();
    assert_string_equal(answer_to(&rig, "ACL WHOAMI"), "$ann");
    redis_say(server.port, "ACL SETUSER ann resetchannels");
    /* The server ends what listens to more than it may now; nothing does. */
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.downs == 1);
    assert_non_null(strstr(rig.why, "it refuses subscriptions: NOPERM"));
    redis_say(server.port, "ACL SETUSER ann allchannels");
    run_until(&rig, rig.ups == 2);
    assert_true(redis_is_subscribed(&s));
    rig_end(&rig);
}

static void passwords_alone_are_enough(void **state) {
    (void)state;
    redis_say(server.port, "CONFIG SET requirepass word");
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.said[0]);
    assert_non_null(strstr(rig.said, "it is not at work: NOAUTH"));
    rig_end(&rig);
    rig = (struct rig){ .options.password = "word" };
    connect_up();
    assert_string_equal(answer_to(&rig, "CONFIG SET requirepass "), "+OK");
    rig_end(&rig);
}

static void a_server_that_is_full_says_so(void **state) {
    (void)state;
    redis_say(server.port, "CONFIG SET maxclients 1");
    int other = redis_dial(server.port);
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.said[0]);
    assert_non_null(strstr(rig.said, "it is full: ERR max number of clients reached"));
    (void)close(other);
    redis_pause_ms(20);
    char answer[64];
    for (int i = 0; i < 100; i++) {
        (void)redis_tell(server.port, "CONFIG SET maxclients 1000", answer, sizeof answer);
        if (answer[0] == '+') break;
        redis_pause_ms(10);
    }
    run_until(&rig, rig.ups == 1);
    rig_end(&rig);
}

static void nobody_listens_there(void **state) {
    (void)state;
    rig.options.port = redis_free_port();
    rig_begin(&rig, 0);
    run_until(&rig, rig.said[0]);
    assert_non_null(strstr(rig.said, "no connection: Connection refused (127.0.0.1:"));
    assert_int_equal(rig.ups + rig.downs, 0);
    rig_end(&rig);
}

static void names_are_looked_up(void **state) {
    (void)state;
    rig.options.host = "localhost"; /* perhaps ::1 first, where nobody listens */
    connect_up();
    rig_end(&rig);
    rig = (struct rig){ .options.host = "no.such.name.invalid" };
    rig_begin(&rig, redis_port(&server));
    run_until(&rig, rig.said[0]);
    assert_non_null(strstr(rig.said, "its name "));
    rig_end(&rig);
}

static void a_link_may_end_while_it_looks_a_name_up(void **state) {
    (void)state;
    rig.options.host = "localhost";
    rig_begin(&rig, redis_port(&server));
    rig_end(&rig);
}

/* Accepts the link's connection and says `words` to it. */
static int answer_as_server(int listening, const char *words) {
    int fd = -1;
    run_until(&rig, (fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0);
    assert_int_equal(send(fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    return fd;
}

static void what_is_no_redis_is_recognized(void **state) {
    (void)state;
    const struct {
        const char *words, *said;
    } cases[] = {
        { "HTTP/1.1 400 Bad Request\r\n", "this is not Redis: " },
        { "+OK\r\n+PONG\r\n+MORE\r\n", "it answers what was not asked: MORE" },
        { "+OK\r\n-LOADING Redis is loading\r\n", "it is not at work: LOADING" },
        { "+OK\r\n-MASTERDOWN Link with MASTER\r\n", "it is not at work: MASTERDOWN" },
        { "*1", "it takes connections but does not answer within 200 ms" },
    };
    struct address address;
    assert_true(address_parse(SPAN("127.0.0.1:0"), &address));
    int listening;
    assert_int_equal(listener_bind(&address, 1, 30, &listening, NULL), ERR_OK);
    for (size_t i = 0; i < countof(cases); i++) {
        rig = (struct rig){ .options = { .connect_timeout_ms = 200, .port = address.port } };
        rig_begin(&rig, address.port);
        int fd = answer_as_server(listening, cases[i].words);
        run_until(&rig, rig.said[0]);
        if (!strstr(rig.said, cases[i].said)) {
            fail_msg("%s instead of %s", rig.said, cases[i].said);
        }
        assert_int_equal(rig.ups, 0);
        (void)close(fd);
        rig_end(&rig);
        /* What the link began meanwhile. */
        while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0)
            (void)close(fd);
    }
    (void)close(listening);
}

static void a_replica_that_refuses_writes_is_left(void **state) {
    (void)state;
    connect_up();
    redis_say(server.port, "REPLICAOF 127.0.0.1 1");
    assert_non_null(strstr(answer_to(&rig, "SET a 1"), "-READONLY"));
    run_until(&rig, rig.downs == 1);
    assert_string_equal(rig.why, "it has become a replica");
    redis_say(server.port, "REPLICAOF NO ONE");
    run_until(&rig, rig.ups == 2);
    assert_string_equal(answer_to(&rig, "SET a 1"), "+OK");
    assert_string_equal(answer_to(&rig, "DEL a"), ":1");
    rig_end(&rig);
}

static void a_restart_brings_everything_back(void **state) {
    (void)state;
    enum { COUNT = 250 };
    connect_up();
    static struct redis_subscription all[COUNT];
    static char names[COUNT][16];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:u%d", i);
        all[i] = subscription(names[i]);
        redis_subscribe(rig.link, &all[i]);
    }
    run_until(&rig, rig.subscribed == COUNT);
    struct asked waiting;
    assert_int_equal(ask(&rig, &waiting, "BLPOP nothing 0"), ERR_OK);
    run_for(&rig, 60);
    redis_stop(&server);
    run_until(&rig, rig.downs == 1);
    assert_int_equal(waiting.answers, 1);
    assert_string_equal(waiting.text, "lost");
    assert_false(redis_is_subscribed(&all[0]));
    struct asked refused;
    assert_int_equal(ask(&rig, &refused, "GET a"), ERR_CLOSED);
    redis_unsubscribe(rig.link, &all[0]);
    run_for(&rig, 300);
    assert_int_equal(rig.downs, 1);
    redis_start(&server);
    run_until(&rig, rig.ups == 2);
    assert_int_equal(rig.subscribed, 2 * COUNT - 1);
    redis_say(server.port, "PUBLISH ws:u0 no");
    redis_say(server.port, "PUBLISH ws:u249 back");
    run_until(&rig, rig.messages == 1);
    assert_string_equal(rig.last, "ws:u249=back");
    assert_int_equal(refused.answers, 0);
    rig_end(&rig);
}

static void a_server_that_hangs_is_given_up(void **state) {
    (void)state;
    rig.options.reply_timeout_ms = 400;
    connect_up();
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.subscribed == 1);
    /* Silence alone is no reason. */
    run_for(&rig, 1000);
    assert_int_equal(rig.downs, 0);
    (void)kill(server.pid, SIGSTOP);
    struct asked waiting;
    assert_int_equal(ask(&rig, &waiting, "GET a"), ERR_OK);
    run_until(&rig, rig.downs == 1);
    assert_string_equal(waiting.text, "lost");
    assert_non_null(strstr(rig.why, "owed an answer"));
    (void)kill(server.pid, SIGCONT);
    run_until(&rig, rig.ups == 2 && redis_is_subscribed(&s));
    /* All answer but this. */
    assert_int_equal(ask(&rig, &waiting, "BLPOP nothing 0"), ERR_OK);
    run_until(&rig, rig.downs == 2);
    assert_string_equal(waiting.text, "lost");
    run_until(&rig, rig.ups == 3);
    /* Nobody asks anything: found out all the same. */
    (void)kill(server.pid, SIGSTOP);
    run_until(&rig, rig.downs == 3);
    run_until(&rig, strstr(rig.said, "but does not answer within 1000 ms"));
    (void)kill(server.pid, SIGCONT);
    run_until(&rig, rig.ups == 4);
    rig_end(&rig);
}

static void a_reset_begins_anew(void **state) {
    (void)state;
    connect_up();
    struct asked waiting;
    assert_int_equal(ask(&rig, &waiting, "BLPOP nothing 0"), ERR_OK);
    redis_link_reset(rig.link, "nothing comes");
    struct asked refused;
    assert_int_equal(ask(&rig, &refused, "GET a"), ERR_CLOSED);
    run_until(&rig, rig.downs == 1);
    assert_string_equal(waiting.text, "lost");
    assert_string_equal(rig.why, "nothing comes");
    run_until(&rig, rig.ups == 2);
    rig_end(&rig);
}

static void scripts_are_known_or_sent(void **state) {
    (void)state;
    static struct redis_script script = {
        .text = "redis.call('incrby', KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1], 'done'}"
    };
    connect_up();
    const struct span key = SPAN("scripted"), arg = SPAN("2");
    struct asked runs[4];
    for (int i = 0; i < 3; i++) {
        if (i == 2) assert_string_equal(answer_to(&rig, "SCRIPT FLUSH"), "+OK");
        runs[i] = (struct asked){ .command.answered = asked_answered };
        assert_int_equal(redis_run(rig.link, &runs[i].command, &script, &key, 1, &arg, 1), ERR_OK);
        run_until(&rig, runs[i].answers == 1);
        assert_string_equal(runs[i].text, "*3[$scripted$2$done]");
    }
    assert_int_equal(strlen(script.sha1), 40);
    assert_string_equal(answer_to(&rig, "GET scripted"), "$6");
    runs[3] = (struct asked){ .command.answered = asked_answered };
    assert_int_equal(redis_run(rig.link, &runs[3].command, &script, &key, 1, NULL, 0), ERR_OK);
    run_until(&rig, runs[3].answers == 1);
    assert_int_equal(runs[3].text[0], '-');
    /* In flight when everything ends. */
    assert_int_equal(redis_run(rig.link, &runs[3].command, &script, &key, 1, &arg, 1), ERR_OK);
    rig_end(&rig);
}

static void names_in_flight_end_right(void **state) {
    (void)state;
    connect_up();
    struct redis_subscription first = subscription("ws:x"), second = subscription("ws:x");
    redis_subscribe(rig.link, &first);
    run_for(&rig, 1); /* it is asked for, perhaps answered */
    redis_unsubscribe(rig.link, &first);
    redis_subscribe(rig.link, &second);
    redis_unsubscribe(rig.link, &second);
    redis_subscribe(rig.link, &second);
    run_until(&rig, redis_is_subscribed(&second));
    assert_string_equal(answer_to(&rig, "PUBLISH ws:x one"), ":1");
    run_until(&rig, rig.messages == 1);
    for (int i = 0; i < 1000; i++) {
        /* With and without a turn between, so that what is asked for is on its way or not. */
        struct redis_subscription *one = i % 2 ? &first : &second,
                                  *other = i % 2 ? &second : &first;
        redis_unsubscribe(rig.link, one);
        if (i % 3 == 0) (void)uv_run(loop_uv(rig.loop), UV_RUN_NOWAIT);
        redis_subscribe(rig.link, other);
        if (i % 5 == 0) (void)uv_run(loop_uv(rig.loop), UV_RUN_NOWAIT);
        if (i % 7 == 0) {
            redis_unsubscribe(rig.link, other);
            redis_subscribe(rig.link, other);
        }
    }
    struct redis_subscription *last = &second;
    if (!last->ways[0].at) last = &first;
    run_until(&rig, redis_is_subscribed(last));
    assert_string_equal(answer_to(&rig, "PUBLISH ws:x two"), ":1");
    run_until(&rig, rig.messages == 2);
    redis_unsubscribe(rig.link, last);
    run_for(&rig, 60);
    assert_string_equal(answer_to(&rig, "PUBLISH ws:x three"), ":0");
    rig_end(&rig);
}

static void ask_in_return(struct rig *r, struct redis_subscription *s) {
    assert_int_equal(ask(r, s->owner, "GET a"), ERR_OK);
}

static void commands_are_taken_when_a_subscription_stands(void **state) {
    (void)state;
    struct asked asked = { 0 };
    struct redis_subscription s = subscription("ws:a");
    s.owner = &asked;
    rig.on_subscribed = ask_in_return;
    rig_begin(&rig, redis_port(&server));
    redis_subscribe(rig.link, &s);
    run_until(&rig, asked.answers == 1);
    assert_string_equal(asked.text, "_");
    assert_int_equal(rig.ups, 1);
    rig_end(&rig);
}

static void reading_stops_and_goes_on(void **state) {
    (void)state;
    rig.options.reply_timeout_ms = 300;
    connect_up();
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.subscribed == 1);
    redis_link_read(rig.link, false);
    redis_link_read(rig.link, false);
    for (int i = 0; i < 100; i++)
        assert_string_equal(answer_to(&rig, "PUBLISH ws:a x"), ":1");
    run_for(&rig, 700); /* longer than a silence may be */
    assert_int_equal(rig.messages, 0);
    assert_int_equal(rig.downs, 0);
    redis_link_read(rig.link, true);
    run_until(&rig, rig.messages == 100);
    run_for(&rig, 700);
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

/* Whatever was done in which order, and however often the connections were lost in between: what is
 * subscribed in the end hears everything once, what is not hears nothing. */
static void a_troubled_life_ends_right(void **state) {
    (void)state;
    enum { NAMES = 40, STEPS = 8000 };
    connect_up();
    static struct redis_subscription all[NAMES][2]; /* two for a name, one after the other */
    static char names[NAMES][16];
    int which[NAMES] = { 0 }; /* 0: none, 1 or 2: that one */
    uint32_t seed = 4711;
    for (int i = 0; i < NAMES; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:n%d", i);
        all[i][0] = all[i][1] = subscription(names[i]);
    }
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned name = (seed >> 16) % NAMES, choice = seed >> 8 & 0xff;
        if (which[name]) {
            redis_unsubscribe(rig.link, &all[name][which[name] - 1]);
            which[name] = 0;
        } else {
            which[name] = 1 + (int)(choice & 1);
            redis_subscribe(rig.link, &all[name][which[name] - 1]);
        }
        if (choice > 200) (void)uv_run(loop_uv(rig.loop), UV_RUN_NOWAIT);
        if (step % 1000 == 500) redis_link_reset(rig.link, "trouble");
        if (step % 1000 == 900) run_until(&rig, redis_link_is_up(rig.link));
    }
    run_until(&rig, redis_link_is_up(rig.link));
    unsigned standing = 0;
    for (int i = 0; i < NAMES; i++) {
        if (!which[i]) continue;
        standing++;
        run_until(&rig, redis_is_subscribed(&all[i][which[i] - 1]));
    }
    rig.messages = 0;
    unsigned heard = 0;
    for (int i = 0; i < NAMES; i++) {
        char words[64];
        (void)snprintf(words, sizeof words, "PUBLISH %s x", names[i]);
        const char *answer = answer_to(&rig, words);
        assert_string_equal(answer, which[i] ? ":1" : ":0");
        heard += which[i] != 0;
    }
    run_until(&rig, rig.messages == standing);
    run_for(&rig, 60);
    assert_int_equal(rig.messages, heard);
    rig_end(&rig);
}

static void an_answer_to_a_former_subscription_is_not_taken(void **state) {
    (void)state;
    connect_up();
    struct redis_subscription first = subscription("ws:x"), second = subscription("ws:x");
    redis_link_read(rig.link, false);
    redis_subscribe(rig.link, &first);
    run_for(&rig, 20);
    char answer[64];
    assert_non_null(
        strstr(redis_tell(server.port, "PUBSUB NUMSUB ws:x", answer, sizeof answer), ":1\r\n"));
    (void)kill(server.pid, SIGSTOP);
    redis_unsubscribe(rig.link, &first);
    redis_subscribe(rig.link, &second);
    redis_link_read(rig.link, true);
    run_for(&rig, 100);
    bool is_taken = redis_is_subscribed(&second);
    (void)kill(server.pid, SIGCONT);
    assert_false(is_taken);
    run_until(&rig, redis_is_subscribed(&second));
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

static void stop_reading(struct rig *r) {
    if (r->messages % 10 == 0) redis_link_read(r->link, false);
}

static void reading_may_stop_at_any_message(void **state) {
    (void)state;
    rig.options.reply_timeout_ms = 60000; /* no PING brings what is held back to light */
    connect_up();
    rig.on_message = stop_reading;
    struct redis_subscription s = subscription("ws:a");
    redis_subscribe(rig.link, &s);
    run_until(&rig, rig.subscribed == 1);
    struct asked asked[100];
    for (int i = 0; i < 100; i++)
        assert_int_equal(ask(&rig, &asked[i], "PUBLISH ws:a x"), ERR_OK);
    for (unsigned heard = 10; heard <= 100; heard += 10) {
        run_until(&rig, asked[99].answers && rig.messages >= heard);
        run_for(&rig, 60);
        assert_int_equal(rig.messages, heard);
        redis_link_read(rig.link, true);
    }
    rig_end(&rig);
}

static void many_subscriptions_stand_soon(void **state) {
    (void)state;
    enum { COUNT = 15000 };
    connect_up();
    struct redis_subscription *all = calloc(COUNT, sizeof *all);
    char(*names)[24] = calloc(COUNT, sizeof *names);
    assert_true(all && names);
    uint64_t begun_ns = clock_now_ns();
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:user-%d", i);
        all[i] = subscription(names[i]);
        redis_subscribe(rig.link, &all[i]);
    }
    run_until(&rig, rig.subscribed == COUNT);
    uint64_t first_ns = clock_now_ns() - begun_ns;
    redis_link_reset(rig.link, "once more");
    run_until(&rig, rig.downs == 1);
    begun_ns = clock_now_ns();
    run_until(&rig, rig.ups == 2);
    uint64_t again_ns = clock_now_ns() - begun_ns;
    assert_int_equal(rig.subscribed, 2 * COUNT);
    print_message("15,000 subscriptions: %.1f ms, after a loss %.1f ms with the backoff\n",
                  (double)first_ns / 1e6, (double)again_ns / 1e6);
    assert_true(again_ns < 2 * NS_PER_S);
    for (int i = 0; i < COUNT; i++)
        redis_unsubscribe(rig.link, &all[i]);
    run_for(&rig, 100);
    assert_string_equal(answer_to(&rig, "PUBLISH ws:user-7 x"), ":0");
    rig_end(&rig);
    free(all);
    free(names);
}

#define CASE(name) cmocka_unit_test_setup(name, begin)

/* With an argument all that does not depend on how it is refused goes by TLS. */
int main(int argc, char **argv) {
    (void)argv;
    const struct CMUnitTest tests[] = {
        CASE(what_is_published_comes_back),
        CASE(commands_are_answered_in_order),
        CASE(a_large_value_goes_out_and_in),
        CASE(databases_are_selected_and_connections_named),
        CASE(users_are_let_in_by_their_password),
        CASE(passwords_alone_are_enough),
        CASE(nobody_listens_there),
        CASE(names_are_looked_up),
        CASE(a_link_may_end_while_it_looks_a_name_up),
        CASE(a_replica_that_refuses_writes_is_left),
        CASE(a_restart_brings_everything_back),
        CASE(a_server_that_hangs_is_given_up),
        CASE(a_reset_begins_anew),
        CASE(scripts_are_known_or_sent),
        CASE(names_in_flight_end_right),
        CASE(commands_are_taken_when_a_subscription_stands),
        CASE(reading_stops_and_goes_on),
        CASE(reading_may_stop_at_any_message),
        CASE(an_answer_to_a_former_subscription_is_not_taken),
        CASE(a_troubled_life_ends_right),
        CASE(many_subscriptions_stand_soon),
    };
    const struct CMUnitTest plain_tests[] = {
        CASE(a_server_that_is_full_says_so),
        CASE(what_is_no_redis_is_recognized),
    };
    if (argc > 1) {
        rig_tls_begin();
        return cmocka_run_group_tests_name("over TLS", tests, NULL, stop);
    }
    int failed = cmocka_run_group_tests(plain_tests, NULL, stop);
    return failed + cmocka_run_group_tests(tests, NULL, stop);
}
