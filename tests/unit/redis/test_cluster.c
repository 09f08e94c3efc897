/* SPDX-License-Identifier: MIT */
/*
 * A link to a Cluster of three masters, real ones, and to what becomes of it when slots and masters
 * move. What becomes of it when masters die is in test_failover.c.
 */
#include "rig.h"

#include "redis_cluster.h"

enum { MASTERS = 3, CHANNELS = 1000 };

static struct cluster cluster;
static struct rig rig;
static char names[10000][32];
static struct redis_subscription subscriptions[10000];

static int start(void **state) {
    (void)state;
    cluster_begin(&cluster, MASTERS, 0);
    return 0;
}

static int stop(void **state) {
    (void)state;
    cluster_end(&cluster);
    return 0;
}

static void connect_up(bool is_sharded) {
    rig = (struct rig){ .options = { .mode = REDIS_CLUSTER, .is_sharded = is_sharded } };
    rig_begin(&rig, cluster.nodes[0].process.port);
    run_until(&rig, redis_link_is_up(rig.link));
    assert_int_equal(rig.ups, 1);
}

static void subscribe_all(size_t count, bool is_plain) {
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "ws:u%zu", i);
        subscriptions[i] =
            (struct redis_subscription){ .name = span_str(names[i]), .is_plain = is_plain };
        redis_subscribe(rig.link, &subscriptions[i]);
    }
    unsigned want = rig.subscribed + (unsigned)count;
    run_until(&rig, rig.subscribed == want);
}

/* Publishes once on each channel; each is heard once. */
static void publish_all(size_t count, const char *answer) {
    struct asked *asked = calloc(count, sizeof *asked);
    assert_non_null(asked);
    unsigned want = rig.messages + (unsigned)count;
    for (size_t i = 0; i < count; i++) {
        asked[i].command.answered = asked_answered;
        assert_int_equal(
            redis_publish(rig.link, &asked[i].command, subscriptions[i].name, SPAN("hello")),
            ERR_OK);
    }
    for (size_t i = 0; i < count; i++) {
        run_until(&rig, asked[i].answers == 1);
        if (answer) assert_string_equal(asked[i].text, answer);
    }
    run_until(&rig, rig.messages >= want);
    run_for(&rig, 100);
    assert_int_equal(rig.messages, want);
    free(asked);
}

static const struct cluster_node *owner_of(struct span name) {
    return &cluster.nodes[cluster_owner(MASTERS, redis_slot(name))];
}

static void what_is_published_comes_back(void **state) {
    (void)state;
    connect_up(true);
    subscribe_all(CHANNELS, true);
    publish_all(CHANNELS, ":1");
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

/* Whatever node it is said to, and however. */
static void what_others_publish_is_heard_once(void **state) {
    (void)state;
    connect_up(true);
    subscribe_all(20, true);
    for (size_t i = 0; i < 20; i++) {
        char line[64];
        for (size_t node = 0; node < MASTERS; node++) {
            (void)snprintf(line, sizeof line, "PUBLISH %.31s plain-%zu", names[i], node);
            redis_say(cluster.nodes[node].process.port, line);
        }
        (void)snprintf(line, sizeof line, "SPUBLISH %.31s sharded", names[i]);
        redis_say(owner_of(subscriptions[i].name)->process.port, line);
    }
    run_until(&rig, rig.messages >= 20 * (MASTERS + 1));
    run_for(&rig, 100);
    assert_int_equal(rig.messages, 20 * (MASTERS + 1));
    rig_end(&rig);
}

static void only_what_is_plain_hears_plain_ones(void **state) {
    (void)state;
    connect_up(true);
    subscribe_all(1, false);
    redis_say(cluster.nodes[0].process.port, "PUBLISH ws:u0 no");
    redis_say(owner_of(SPAN("ws:u0"))->process.port, "SPUBLISH ws:u0 yes");
    run_until(&rig, rig.messages == 1);
    assert_string_equal(rig.last, "ws:u0=yes");
    run_for(&rig, 50);
    assert_int_equal(rig.messages, 1);
    rig_end(&rig);
}

static void it_need_not_be_sharded(void **state) {
    (void)state;
    connect_up(false);
    subscribe_all(CHANNELS, false);
    publish_all(CHANNELS, ":1");
    unsigned before = rig.messages;
    for (size_t node = 0; node < MASTERS; node++)
        redis_say(cluster.nodes[node].process.port, "PUBLISH ws:u0 x");
    run_until(&rig, rig.messages == before + MASTERS);
    redis_unsubscribe(rig.link, &subscriptions[0]);
    redis_say(cluster.nodes[0].process.port, "PUBLISH ws:u0 no");
    redis_say(cluster.nodes[0].process.port, "PUBLISH ws:u1 yes");
    run_until(&rig, rig.messages == before + MASTERS + 1);
    assert_string_equal(rig.last, "ws:u1=yes");
    rig_end(&rig);
}

static void commands_go_to_their_keys(void **state) {
    (void)state;
    static struct redis_script script = { .text = "return redis.call('INCRBY', KEYS[1], ARGV[1])" };
    connect_up(true);
    for (int i = 0; i < 200; i++) {
        char words[64], want[64];
        (void)snprintf(words, sizeof words, "SET k%d %d", i, i);
        assert_string_equal(answer_to(&rig, words), "+OK");
        (void)snprintf(words, sizeof words, "k%d", i);
        struct asked asked = { .command.answered = asked_answered };
        const struct span key = span_str(words), one = SPAN("1");
        assert_int_equal(redis_run(rig.link, &asked.command, &script, &key, 1, &one, 1), ERR_OK);
        run_until(&rig, asked.answers == 1);
        (void)snprintf(want, sizeof want, ":%d", i + 1);
        assert_string_equal(asked.text, want);
    }
    rig_end(&rig);
}

/* ---- slots that move ---- */

enum { AT_ONCE = 10000 }; /* commands under way */

/* A key and a channel in one slot, and the masters that it moves between. */
static const struct span MOVING = { "{moving}", 8 };

struct move {
    unsigned slot;
    const struct cluster_node *from, *to;
};

static struct move move_begin(struct span key) {
    struct move m = { .slot = redis_slot(key) };
    size_t owner = cluster_owner(MASTERS, m.slot);
    m.from = &cluster.nodes[owner];
    m.to = &cluster.nodes[(owner + 1) % MASTERS];
    cluster_migrate_begin(m.from, m.to, m.slot);
    return m;
}

/* And back, so that the next test finds it where it was. */
static void move_back(const struct move *m) {
    cluster_migrate_begin(m->to, m->from, m->slot);
    cluster_migrate_end(m->to, m->from, m->slot);
    cluster_await(&cluster.nodes[0], "CLUSTER INFO", "cluster_slots_ok:16384");
}

static void commands_follow_a_slot_on_its_way(void **state) {
    (void)state;
    static struct redis_script script = { .text = "return redis.call('INCR', KEYS[1])" };
    connect_up(true);
    assert_string_equal(answer_to(&rig, "SET {moving}:here 1"), "+OK");
    struct move m = move_begin(MOVING);
    /* What is still there is answered there, what is not is asked for at the other (ASK). */
    assert_string_equal(answer_to(&rig, "GET {moving}:here"), "$1");
    assert_string_equal(answer_to(&rig, "SET {moving}:there 2"), "+OK");
    assert_true(cluster_says(m.to, "CLUSTER COUNTKEYSINSLOT 2", ":"));
    const struct span key = SPAN("{moving}:counter");
    for (int i = 0; i < 3; i++) {
        struct asked asked = { .command.answered = asked_answered };
        assert_int_equal(redis_run(rig.link, &asked.command, &script, &key, 1, NULL, 0), ERR_OK);
        run_until(&rig, asked.answers == 1);
        assert_string_equal(asked.text, i == 0 ? ":1" : i == 1 ? ":2" : ":3");
    }
    /* One here and one there: again until all are there, or the answer is an error. */
    struct asked both;
    assert_int_equal(ask(&rig, &both, "MGET {moving}:here {moving}:there"), ERR_OK);
    run_for(&rig, 250);
    assert_int_equal(both.answers, 0);
    cluster_order(m.from, "MIGRATE 127.0.0.1 %u {moving}:here 0 1000",
                  (unsigned)m.to->process.port);
    run_until(&rig, both.answers == 1);
    assert_string_equal(both.text, "*2[$1$2]");
    cluster_migrate_end(m.from, m.to, m.slot);
    assert_string_equal(answer_to(&rig, "GET {moving}:here"), "$1");
    assert_string_equal(answer_to(&rig, "DEL {moving}:here {moving}:there {moving}:counter"), ":3");
    move_back(&m);
    assert_string_equal(answer_to(&rig, "GET {moving}:here"), "_");
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

/* What the key {moving} counts, as a master has it; 0: it has not. */
static long long counted_at(const struct cluster_node *node) {
    char answer[64];
    const char *line =
        strchr(redis_tell(node->process.port, "GET {moving}", answer, sizeof answer), '\n');
    return line ? strtoll(line, NULL, 10) : 0;
}

/* Moves the slot to another master and back, again and again, keys and all. What was under way to
 * the one that had it is through before it comes back: nobody could keep that in order. */
static void move_to_and_fro(unsigned slot, const struct cluster_node *a,
                            const struct cluster_node *b, int times) {
    for (int i = 0; i < times; i++) {
        const struct cluster_node *from = i % 2 == 0 ? a : b, *to = i % 2 == 0 ? b : a;
        cluster_migrate_begin(from, to, slot);
        redis_pause_ms(5);
        cluster_order(from, "MIGRATE 127.0.0.1 %u {moving} 0 1000", (unsigned)to->process.port);
        redis_pause_ms(5);
        cluster_migrate_end(from, to, slot);
        long long enough = counted_at(to) + 2 * AT_ONCE;
        for (int tries = 0; tries < 10000 && counted_at(to) < enough; tries++)
            redis_pause_ms(1);
    }
}

/* One of many INCR of one key: the n-th is answered with n, unless another overtook it. */
struct counted {
    struct redis_command command;
    int64_t n;
    bool is_under_way;
};

static unsigned overtaken;

static void on_counted(struct redis_command *command, const struct redis_reply *reply) {
    struct counted *counted = container_of(command, struct counted, command);
    counted->is_under_way = false;
    if (reply && reply->kind == REDIS_INTEGER && reply->integer == counted->n) return;
    if (overtaken++ > 0) return;
    struct buf text;
    buf_init(&text, 1 << 16);
    if (reply) reply_write(&text, reply);
    print_message("%d was answered with %.*s\n", (int)counted->n, SPAN_ARG(buf_span(&text)));
    buf_finish(&text);
}

static void count_once(struct counted *counted, int64_t n) {
    static const struct span args[] = { { "INCR", 4 }, { "{moving}", 8 } };
    run_until(&rig, !counted->is_under_way);
    *counted = (struct counted){ .command.answered = on_counted, .n = n, .is_under_way = true };
    assert_int_equal(redis_send(rig.link, &counted->command, MOVING, args, 2), ERR_OK);
}

static void commands_keep_their_order(void **state) {
    (void)state;
    enum { TIMES = 20 };
    static struct counted counted[AT_ONCE];
    connect_up(true);
    unsigned slot = redis_slot(MOVING);
    size_t owner = cluster_owner(MASTERS, slot);
    overtaken = 0;
    /* From the first key on: one that is not there yet would be made at either of the two. */
    count_once(&counted[1], 1);
    run_until(&rig, !counted[1].is_under_way);
    pid_t mover = fork();
    assert_true(mover >= 0);
    if (mover == 0) {
        move_to_and_fro(slot, &cluster.nodes[owner], &cluster.nodes[(owner + 1) % MASTERS], TIMES);
        _exit(0);
    }
    int64_t n = 1;
    while (waitpid(mover, NULL, WNOHANG) == 0) {
        n++;
        count_once(&counted[n % AT_ONCE], n);
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        run_until(&rig, !counted[i].is_under_way);
    print_message("%d commands while a slot moved %d times\n", (int)n, TIMES);
    assert_int_equal(overtaken, 0);
    assert_string_equal(answer_to(&rig, "DEL {moving}"), ":1");
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

static void what_cannot_be_done_is_said_in_the_end(void **state) {
    (void)state;
    connect_up(true);
    assert_string_equal(answer_to(&rig, "SET {moving}:here 1"), "+OK");
    struct move m = move_begin(MOVING);
    assert_string_equal(answer_to(&rig, "SET {moving}:there 2"), "+OK");
    struct asked both;
    assert_int_equal(ask(&rig, &both, "DEL {moving}:here {moving}:there"), ERR_OK);
    run_until(&rig, both.answers == 1);
    assert_string_equal(both.text, "-TRYAGAIN Multiple keys request during rehashing of slot");
    cluster_order(m.from, "MIGRATE 127.0.0.1 %u {moving}:here 0 1000",
                  (unsigned)m.to->process.port);
    cluster_migrate_end(m.from, m.to, m.slot);
    assert_string_equal(answer_to(&rig, "DEL {moving}:here {moving}:there"), ":2");
    move_back(&m);
    rig_end(&rig);
}

static void subscriptions_follow_their_slot(void **state) {
    (void)state;
    connect_up(true);
    subscribe_all(CHANNELS, true);
    struct redis_subscription s = { .name = MOVING };
    redis_subscribe(rig.link, &s);
    run_until(&rig, redis_is_subscribed(&s));
    for (int round = 0; round < 3; round++) {
        struct move m = move_begin(MOVING);
        unsigned before = rig.subscribed, messages = rig.messages;
        cluster_migrate_end(m.from, m.to, m.slot);
        run_until(&rig, rig.subscribed == before + 1 && redis_is_subscribed(&s));
        redis_say(m.to->process.port, "SPUBLISH {moving} there");
        run_until(&rig, rig.messages == messages + 1);
        assert_string_equal(rig.last, "{moving}=there");
        struct asked asked = { .command.answered = asked_answered };
        assert_int_equal(redis_publish(rig.link, &asked.command, s.name, SPAN("x")), ERR_OK);
        run_until(&rig, asked.answers == 1 && rig.messages == messages + 2);
        assert_string_equal(asked.text, ":1");
        move_back(&m);
        run_until(&rig, rig.subscribed == before + 2 && redis_is_subscribed(&s));
        redis_say(m.from->process.port, "SPUBLISH {moving} here");
        run_until(&rig, rig.messages == messages + 3);
    }
    publish_all(CHANNELS, NULL);
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

/* Subscribed and left while the slot goes to and fro, where every answer may be a refusal. */
static void coming_and_going_goes_on_meanwhile(void **state) {
    (void)state;
    connect_up(true);
    struct redis_subscription s[50];
    char name[50][32];
    for (int i = 0; i < 50; i++) {
        (void)snprintf(name[i], sizeof name[i], "{moving}:%d", i);
        s[i] = (struct redis_subscription){ .name = span_str(name[i]), .is_plain = i % 2 };
        redis_subscribe(rig.link, &s[i]);
    }
    for (int round = 0; round < 10; round++) {
        struct move m = move_begin(MOVING);
        cluster_migrate_end(m.from, m.to, m.slot);
        for (int i = 0; i < 50; i++) {
            redis_unsubscribe(rig.link, &s[i]);
            if (i % 3 == round % 3) run_for(&rig, 1);
            redis_subscribe(rig.link, &s[i]);
        }
        move_back(&m);
    }
    for (int i = 0; i < 50; i++)
        run_until(&rig, redis_is_subscribed(&s[i]));
    run_for(&rig, 300);
    unsigned messages = rig.messages;
    for (int i = 0; i < 50; i++) {
        char line[64];
        assert_true(redis_is_subscribed(&s[i]));
        (void)snprintf(line, sizeof line, "SPUBLISH {moving}:%d x", i);
        redis_say(owner_of(MOVING)->process.port, line);
    }
    run_until(&rig, rig.messages == messages + 50);
    assert_int_equal(rig.downs, 0);
    rig_end(&rig);
}

static void slots_that_are_nobodys_are_missed(void **state) {
    (void)state;
    connect_up(true);
    struct redis_subscription s = { .name = MOVING, .is_plain = true };
    redis_subscribe(rig.link, &s);
    run_until(&rig, redis_is_subscribed(&s));
    unsigned slot = redis_slot(MOVING);
    for (size_t i = 0; i < MASTERS; i++) {
        cluster_order(&cluster.nodes[i], "CONFIG SET cluster-require-full-coverage no");
        cluster_order(&cluster.nodes[i], "CLUSTER DELSLOTS %u", slot);
    }
    run_until(&rig, rig.downs == 1);
    assert_string_equal(rig.why, "1 of 16384 slots are nobody's");
    assert_false(redis_is_subscribed(&s));
    assert_string_equal(answer_to(&rig, "SET elsewhere x"), "+OK");
    struct asked asked;
    assert_int_equal(ask(&rig, &asked, "GET {moving}"), ERR_CLOSED);
    cluster_order(owner_of(MOVING), "CLUSTER ADDSLOTS %u", slot);
    run_until(&rig, rig.ups == 2);
    assert_true(redis_is_subscribed(&s));
    redis_say(cluster.nodes[1].process.port, "PUBLISH {moving} again");
    run_until(&rig, rig.messages == 1);
    for (size_t i = 0; i < MASTERS; i++)
        cluster_order(&cluster.nodes[i], "CONFIG SET cluster-require-full-coverage yes");
    rig_end(&rig);
}

/* ---- all at once ---- */

static void many_come_back(void **state) {
    (void)state;
    connect_up(true);
    uint64_t from_ns = clock_now_ns();
    subscribe_all(countof(subscriptions), true);
    print_message("%zu channels, plain and sharded: %.0f ms\n", countof(subscriptions),
                  (double)(clock_now_ns() - from_ns) / 1e6);
    unsigned before = rig.subscribed;
    from_ns = clock_now_ns();
    redis_link_reset(rig.link, "a test");
    run_until(&rig, rig.downs == 1);
    run_until(&rig, rig.ups == 2);
    print_message("and again after a reset: %.0f ms\n", (double)(clock_now_ns() - from_ns) / 1e6);
    assert_int_equal(rig.subscribed, before + countof(subscriptions));
    publish_all(CHANNELS, ":1");
    rig_end(&rig);
}

static void a_server_without_a_cluster_is_said(void **state) {
    (void)state;
    struct redis_process alone = { .port = redis_free_port() };
    redis_start(&alone);
    rig = (struct rig){ .options = { .mode = REDIS_CLUSTER, .is_sharded = true } };
    rig_begin(&rig, alone.port);
    run_until(&rig, strstr(rig.said, "cluster support disabled"));
    assert_false(redis_link_is_up(rig.link));
    rig_end(&rig);
    redis_stop(&alone);
}

static void what_waits_is_answered_at_the_end(void **state) {
    (void)state;
    connect_up(true);
    assert_string_equal(answer_to(&rig, "SET {moving}:here 1"), "+OK");
    struct move m = move_begin(MOVING);
    assert_string_equal(answer_to(&rig, "SET {moving}:there 2"), "+OK");
    struct asked both;
    assert_int_equal(ask(&rig, &both, "DEL {moving}:here {moving}:there"), ERR_OK);
    run_for(&rig, 50);
    rig_end(&rig);
    assert_int_equal(both.answers, 1);
    assert_string_equal(both.text, "lost");
    cluster_order(m.from, "DEL {moving}:here");
    cluster_migrate_end(m.from, m.to, m.slot);
    cluster_order(m.to, "DEL {moving}:there");
    move_back(&m);
}

/* ---- masters that come and go ---- */

/* Last: the masters are others then. */
static void masters_join_and_leave(void **state) {
    (void)state;
    connect_up(true);
    subscribe_all(CHANNELS, true);
    struct cluster_node *from = &cluster.nodes[2], *joining = cluster_add(&cluster);
    cluster_meet(joining, &cluster.nodes[0]);
    cluster_await_all(&cluster);
    cluster_order(from, "FLUSHALL");
    /* All that one has goes to the new one, slot by slot, while others publish. */
    for (unsigned slot = CLUSTER_SLOTS * 2 / 3; slot < CLUSTER_SLOTS; slot++) {
        if (cluster_owner(MASTERS, slot) != 2) continue;
        /* The first makes its word count most; then the one that loses a slot hears of it. */
        if (slot == CLUSTER_SLOTS * 2 / 3 + 1) {
            cluster_migrate_begin(from, joining, slot);
            cluster_migrate_end(from, joining, slot);
        } else {
            cluster_order(joining, "CLUSTER SETSLOT %u NODE %s", slot, joining->id);
        }
        if (slot % 16 == 0) run_for(&rig, 1);
    }
    run_until(&rig, cluster_says(&cluster.nodes[0], "CLUSTER INFO", "cluster_size:3"));
    for (size_t i = 0; i < CHANNELS; i++)
        run_until(&rig, redis_is_subscribed(&subscriptions[i]));
    run_until(&rig, is_left_alone(from));
    for (size_t i = 0; i < cluster.count; i++) {
        if (&cluster.nodes[i] != from)
            cluster_order(&cluster.nodes[i], "CLUSTER FORGET %s", from->id);
    }
    redis_stop(&from->process);
    run_for(&rig, 300);
    for (size_t i = 0; i < CHANNELS; i++)
        run_until(&rig, redis_is_subscribed(&subscriptions[i]));
    publish_all(CHANNELS, ":1");
    if (rig.downs > 0) fail_msg("%s", rig.why);
    rig_end(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_comes_back),
        cmocka_unit_test(what_others_publish_is_heard_once),
        cmocka_unit_test(only_what_is_plain_hears_plain_ones),
        cmocka_unit_test(it_need_not_be_sharded),
        cmocka_unit_test(commands_go_to_their_keys),
        cmocka_unit_test(commands_follow_a_slot_on_its_way),
        cmocka_unit_test(commands_keep_their_order),
        cmocka_unit_test(what_cannot_be_done_is_said_in_the_end),
        cmocka_unit_test(subscriptions_follow_their_slot),
        cmocka_unit_test(coming_and_going_goes_on_meanwhile),
        cmocka_unit_test(slots_that_are_nobodys_are_missed),
        cmocka_unit_test(many_come_back),
        cmocka_unit_test(a_server_without_a_cluster_is_said),
        cmocka_unit_test(what_waits_is_answered_at_the_end),
        cmocka_unit_test(masters_join_and_leave),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
