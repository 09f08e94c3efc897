/* SPDX-License-Identifier: MIT */
/*
 * Channels with history over a real Redis: what one node adds every node tells, from the beginning,
 * in order, once; also when Redis was away, forgot its scripts, or the last that it was told.
 */
#include "shared.h"

/* What the hubs of `node` were told, without numbers; and these rise by one each. */
static bool was_told(struct node *node, const char *text) {
    static char plain[1 << 20];
    size_t len = 0;
    uint64_t last = 0;
    pthread_mutex_lock(&node->lock);
    struct span left = buf_span(&node->told), line;
    while (left.len > 0 && span_next(&left, '\n', &line)) {
        size_t number = span_find(line, '#'), end = number + 1;
        while (end < line.len && line.at[end] >= '0' && line.at[end] <= '9')
            end++;
        if (number < line.len) {
            uint64_t is = 0;
            assert_true(
                span_to_uint(span_of(line.at + number + 1, end - number - 1), UINT64_MAX, &is));
            if (last > 0) assert_int_equal(is, last + 1);
            last = is;
        }
        len += (size_t)snprintf(plain + len, sizeof plain - len, "%.*s%.*s\n", (int)number, line.at,
                                (int)(line.len - size_min(end, line.len)),
                                line.at + size_min(end, line.len));
    }
    pthread_mutex_unlock(&node->lock);
    plain[len] = 0;
    return strcmp(plain, text) == 0;
}

static void test_declare(void **state) {
    (void)state;
    start(&one);
    start(&two);
    assert_int_equal(append(&one, "s:1", "x", false), ERR_NOT_FOUND);
    assert_int_equal(ask_name(&one, BROKER_FIND, "s:1"), ERR_NOT_FOUND);
    assert_int_equal(ask_name(&one, BROKER_FETCH, "s:1"), ERR_NOT_FOUND);
    assert_int_equal(declare(&one, "s:1", "u1"), ERR_OK);
    assert_int_equal(value, 1);
    assert_int_equal(declare(&two, "s:1", "u1"), ERR_OK);
    assert_int_equal(value, 0);
    assert_int_equal(declare(&two, "s:1", "u2"), ERR_EXISTS);
    assert_int_equal(declare(&two, "s:1", ""), ERR_EXISTS);
    assert_int_equal(declare(&two, "s:2", ""), ERR_OK);
    assert_int_equal(ask_name(&two, BROKER_FIND, "s:1"), ERR_OK);
    assert_string_equal(said, "u1");
    assert_int_equal(ask_name(&two, BROKER_FIND, "s:2"), ERR_OK);
    assert_string_equal(said, "");
    assert_true(server_says("TTL tidings:{s:1}:meta", ":60"));
    /* Names that are written in other ways than they are called. */
    assert_int_equal(declare(&one, "s:{x} y\"", "\r\n"), ERR_OK);
    assert_int_equal(append(&one, "s:{x} y\"", "z", false), ERR_OK);
    assert_int_equal(ask_name(&two, BROKER_FIND, "s:{x} y\""), ERR_OK);
    assert_string_equal(said, "\r\n");
    node_end(&one);
    node_end(&two);
}

static void test_all_tell_all(void **state) {
    (void)state;
    start(&one);
    start(&two);
    assert_int_equal(declare(&one, "s:1", ""), ERR_OK);
    assert_int_equal(append(&one, "s:1", "a", false), ERR_OK);
    assert_int_equal(append(&two, "s:1", "b c\xc3\xa9", false), ERR_OK);
    node_listen(&one, "s:1", true);
    assert_true(was_told(&one, "s:1=a\ns:1=b c\xc3\xa9\n"));
    assert_int_equal(append(&two, "s:1", "", false), ERR_OK);
    assert_int_equal(append(&one, "s:1", "e", true), ERR_OK);
    node_listen(&two, "s:1", true);
    WAIT_FOR(5, was_told(&one, "s:1=a\ns:1=b c\xc3\xa9\ns:1=\ns:1!e\n"));
    WAIT_FOR(5, was_told(&two, "s:1=a\ns:1=b c\xc3\xa9\ns:1=\ns:1!e\n"));
    /* What others publish there is told, but not part of the history. */
    server_say("PUBLISH s:1 raw");
    WAIT_FOR(5, was_told(&two, "s:1=a\ns:1=b c\xc3\xa9\ns:1=\ns:1!e\ns:1=raw\n"));
    assert_true(server_says("XLEN tidings:{s:1}:log", ":4"));
    node_end(&one);
    node_end(&two);
}

static void test_limits(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s:1", ""), ERR_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(append(&one, "s:1", "", false), ERR_OK);
    assert_int_equal(append(&one, "s:1", "", false), ERR_TOO_BIG);
    static char big[(1 << 20) + 1];
    memset(big, 'x', sizeof big - 1);
    assert_int_equal(declare(&one, "s:2", ""), ERR_OK);
    assert_int_equal(append(&one, "s:2", "y", false), ERR_OK);
    assert_int_equal(append(&one, "s:2", big, false), ERR_TOO_BIG);
    big[sizeof big - 2] = 0;
    assert_int_equal(append(&one, "s:2", big, false), ERR_OK);
    assert_int_equal(append(&one, "s:2", "y", false), ERR_TOO_BIG);
    node_end(&one);
}

/* A thousand messages come in several pages, with others being added meanwhile. */
static void test_pages(void **state) {
    (void)state;
    enum { MESSAGES = 1000, LATE = 300 };
    static struct asking askings[MESSAGES];
    static char texts[MESSAGES][8], wanted[MESSAGES * 16];
    size_t len = 0;
    start(&one);
    start(&two);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    for (int i = 0; i < MESSAGES; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%d", i);
        len += (size_t)snprintf(wanted + len, sizeof wanted - len, "s=%d\n", i);
        askings[i] = (struct asking){
            .call = { .verb = BROKER_APPEND, .name = SPAN("s"), .payload = span_str(texts[i]) }
        };
    }
    for (int i = 0; i < MESSAGES - LATE; i++) {
        node_ask(&one, &askings[i]);
    }
    WAIT_FOR(10, (node_take(&one), askings[MESSAGES - LATE - 1].is_done));
    uint64_t ticket;
    assert_int_equal(broker_listen(two.broker, SPAN("s"), true, &ticket), ERR_OK);
    for (int i = MESSAGES - LATE; i < MESSAGES; i++)
        node_ask(&one, &askings[i]);
    WAIT_FOR(10, (node_take(&one), askings[MESSAGES - 1].is_done));
    WAIT_FOR(10, was_told(&two, wanted));
    for (int i = 0; i < MESSAGES; i++)
        assert_int_equal(askings[i].call.err, ERR_OK);
    node_end(&one);
    node_end(&two);
}

static void test_fetch(void **state) {
    (void)state;
    start(&one);
    start(&two);
    assert_int_equal(declare(&one, "s:1", "u1"), ERR_OK);
    assert_int_equal(append(&one, "s:1", "a", false), ERR_OK);
    assert_int_equal(ask_name(&two, BROKER_FETCH, "s:1"), ERR_OK);
    assert_string_equal(said, "u1");
    assert_true(was_told(&two, "s:1=a\n"));
    assert_int_equal(append(&one, "s:1", "b", false), ERR_OK);
    WAIT_FOR(5, was_told(&two, "s:1=a\ns:1=b\n"));
    assert_int_equal(ask_name(&two, BROKER_FETCH, "s:1"), ERR_OK); /* it is there */
    assert_true(was_told(&two, "s:1=a\ns:1=b\n"));
    assert_int_equal(ask_name(&one, BROKER_FETCH, "s:1"), ERR_OK);
    /* It stays for some seconds, and is there anew when it is wanted again. */
    WAIT_FOR(15, node_has(&two, &two.forgotten, "s:1\n"));
    node_forget_told(&two);
    node_listen(&two, "s:1", true);
    assert_true(was_told(&two, "s:1=a\ns:1=b\n"));
    node_end(&one);
    node_end(&two);
}

/* The server ends with all that it knew, or with what it had written last. */
static void server_restart(bool is_kept) {
    if (is_kept) server_say("SAVE");
    redis_stop(&server);
    const char *const kept[] = { "--dbfilename", "tidings-test-history.rdb", NULL };
    redis_start_with(&server, kept);
}

static void test_server_comes_back(void **state) {
    (void)state;
    const char *const kept[] = { "--dbfilename", "tidings-test-history.rdb", NULL };
    redis_stop(&server);
    (void)unlink("/tmp/tidings-test-history.rdb");
    redis_start_with(&server, kept);
    start(&one);
    start(&two);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    node_listen(&two, "s", true);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    assert_int_equal(append(&one, "s", "b", false), ERR_OK);
    server_say("SAVE");
    assert_int_equal(append(&one, "s", "lost", false), ERR_OK);
    WAIT_FOR(5, was_told(&two, "s=a\ns=b\ns=lost\n"));
    server_restart(false);
    WAIT_FOR(10, node_is_up(&one) && node_is_up(&two));
    /* The number of what was lost is not given to something else. */
    WAIT_FOR(10, append(&one, "s", "c", false) == ERR_OK);
    WAIT_FOR(5, was_told(&two, "s=a\ns=b\ns=lost\ns=c\n"));
    /* Another node is told what the server has. */
    node_listen(&one, "s", true);
    assert_true(was_told(&one, "s=a\ns=b\ns=c\n"));
    for (int i = 0; i < 3; i++) {
        server_restart(true);
        WAIT_FOR(10, node_is_up(&one) && node_is_up(&two));
        char text[2] = { (char)('d' + i), 0 };
        assert_int_equal(append(&two, "s", text, false), ERR_OK);
    }
    WAIT_FOR(5, was_told(&one, "s=a\ns=b\ns=c\ns=d\ns=e\ns=f\n"));
    WAIT_FOR(5, was_told(&two, "s=a\ns=b\ns=lost\ns=c\ns=d\ns=e\ns=f\n"));
    (void)unlink("/tmp/tidings-test-history.rdb");
    node_end(&one);
    node_end(&two);
}

/* One node's connections are cut again and again while another adds; it has all of it in the end.
 */
static void test_cut_midway(void **state) {
    (void)state;
    enum { MESSAGES = 900 };
    static char wanted[MESSAGES * 16], lines[MESSAGES][256];
    size_t len = 0;
    start(&two);
    assert_int_equal(declare(&two, "s", ""), ERR_OK);
    node_listen(&two, "s", true);
    static struct asking askings[MESSAGES];
    int done = 0, tries = 0;
    while (done < MESSAGES) {
        (void)snprintf(lines[done], sizeof lines[done], "%d", done);
        askings[done] = (struct asking){
            .call = { .verb = BROKER_APPEND, .name = SPAN("s"), .payload = span_str(lines[done]) }
        };
        enum err e = node_ask_now(&two, &askings[done]);
        buf_finish(&askings[done].call.answer);
        assert_true(++tries < 100000);
        /* Lost midway: it may have been added, so this text is not tried again. */
        if (e == ERR_CLOSED) {
            redis_pause_ms(1);
            continue;
        }
        done++;
        if (done % 100 == 50) server_say("CLIENT KILL TYPE pubsub");
        if (done % 100 == 80) server_say("CLIENT KILL TYPE normal SKIPME yes");
    }
    WAIT_FOR(10, node_is_up(&two));
    assert_int_equal(append(&two, "s", "end", true), ERR_OK);
    /* What the server has is what was told. */
    start(&one);
    node_listen(&one, "s", true);
    pthread_mutex_lock(&one.lock);
    struct span all = buf_span(&one.told), line;
    while (all.len > 0 && span_next(&all, '\n', &line)) {
        size_t number = span_find(line, '#');
        size_t rest = number + 1;
        while (line.at[rest] >= '0' && line.at[rest] <= '9')
            rest++;
        len += (size_t)snprintf(wanted + len, sizeof wanted - len, "s%.*s\n",
                                (int)(line.len - rest), line.at + rest);
    }
    pthread_mutex_unlock(&one.lock);
    WAIT_FOR(10, was_told(&two, wanted));
    assert_non_null(strstr(wanted, "s!end\n"));
    assert_non_null(strstr(wanted, "s=0\n"));
    node_end(&one);
    node_end(&two);
}

static void test_scripts_forgotten(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    node_listen(&one, "s", true);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    server_say("SCRIPT FLUSH");
    assert_int_equal(append(&one, "s", "b", false), ERR_OK);
    server_say("SCRIPT FLUSH");
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    assert_int_equal(append(&one, "s", "c", false), ERR_OK);
    WAIT_FOR(5, was_told(&one, "s=a\ns=b\ns=c\n"));
    node_end(&one);
}

/* A server that refuses has done nothing. */
static void test_refused(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    node_listen(&one, "s", true);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    server_say("CONFIG SET maxmemory 1");
    assert_int_equal(append(&one, "s", "b", false), ERR_CLOSED);
    assert_non_null(strstr(said, "OOM"));
    assert_int_equal(declare(&one, "t", ""), ERR_CLOSED);
    assert_int_equal(ask_name(&one, BROKER_NEXT, "n"), ERR_CLOSED);
    server_say("CONFIG SET maxmemory 0");
    assert_true(server_says("XLEN tidings:{s}:log", ":1"));
    assert_true(server_says("EXISTS tidings:{t}:meta", ":0"));
    assert_int_equal(append(&one, "s", "c", false), ERR_OK);
    server_say("CONFIG SET min-replicas-to-write 1");
    assert_int_equal(append(&one, "s", "d", false), ERR_CLOSED);
    assert_non_null(strstr(said, "NOREPLICAS"));
    server_say("CONFIG SET min-replicas-to-write 0");
    assert_int_equal(append(&one, "s", "e", false), ERR_OK);
    /* A user who may not publish there. */
    assert_int_equal(declare(&one, "t", ""), ERR_OK);
    server_say("ACL SETUSER default resetchannels &tidings:node* &s &tidings:{s}:live");
    assert_int_equal(append(&one, "t", "f", false), ERR_CLOSED);
    assert_true(server_says("XLEN tidings:{t}:log", ":0"));
    server_say("ACL SETUSER default allchannels");
    assert_int_equal(append(&one, "t", "g", false), ERR_OK);
    WAIT_FOR(5, was_told(&one, "s=a\ns=c\ns=e\n"));
    node_end(&one);
}

/* What is no entry is passed over and counted. */
static void test_strangers(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    for (int i = 0; i < 20; i++)
        server_say("XADD tidings:{s}:log * what is");
    assert_int_equal(append(&one, "s", "b", false), ERR_OK);
    node_listen(&one, "s", true);
    assert_true(was_told(&one, "s=a\ns=b\n"));
    server_say("PUBLISH tidings:{s}:live \"9007199254740990 9007199254740989 0 gap\"");
    server_say("PUBLISH tidings:{s}:live \"1 0 0 old\"");
    server_say("PUBLISH tidings:{s}:live what");
    server_say("PUBLISH tidings:{s}:live \"\"");
    assert_int_equal(append(&one, "s", "c", false), ERR_OK);
    WAIT_FOR(5, was_told(&one, "s=a\ns=b\ns=c\n"));
    assert_int_equal(counter_read(&one.counts.dropped[COUNT_DROP_MALFORMED]), 22);
    /* More than a page of them, with numbers that might be ours. */
    server_say("HSET tidings:{t}:meta owner \"\" last 300 count 0 bytes 0");
    for (int i = 1; i <= 300; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "XADD tidings:{t}:log %d-0 what is", i);
        server_say(line);
    }
    node_forget_told(&one);
    assert_int_equal(append(&one, "t", "a", false), ERR_OK);
    node_listen(&one, "t", true);
    assert_true(was_told(&one, "t=a\n"));
    node_end(&one);
}

/* A channel that was forgotten and declared anew goes on, with a gap in the numbers. */
static void test_declared_anew(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s", "u1"), ERR_OK);
    node_listen(&one, "s", true);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    WAIT_FOR(5, was_told(&one, "s=a\n"));
    pthread_mutex_lock(&one.lock);
    uint64_t before = strtoull(one.told.at + 2, NULL, 10);
    buf_clear(&one.told);
    pthread_mutex_unlock(&one.lock);
    server_say("DEL tidings:{s}:meta");
    assert_int_equal(append(&one, "s", "b", false), ERR_NOT_FOUND);
    assert_int_equal(declare(&one, "s", "u2"), ERR_OK);
    assert_int_equal(value, 1);
    assert_true(server_says("EXISTS tidings:{s}:log", ":0"));
    assert_int_equal(append(&one, "s", "c", false), ERR_OK);
    WAIT_FOR(5, was_told(&one, "s=c\n"));
    assert_true(strtoull(one.told.at + 2, NULL, 10) > before + 1);
    node_end(&one);
}

/* What somebody listens to does not expire. */
static void test_kept_alive(void **state) {
    (void)state;
    start(&one);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    node_listen(&one, "s", true);
    server_say("EXPIRE tidings:{s}:meta 30");
    server_say("EXPIRE tidings:{s}:log 30");
    WAIT_FOR(25, server_says("TTL tidings:{s}:log", ":60"));
    assert_true(server_says("TTL tidings:{s}:meta", ":60"));
    node_end(&one);
}

/* Hubs that take nothing for a while are told all the same. */
static void test_full_hubs(void **state) {
    (void)state;
    start(&one);
    start(&two);
    assert_int_equal(declare(&one, "s", ""), ERR_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(append(&one, "s", "a", false), ERR_OK);
    atomic_store(&two.is_full, true);
    uint64_t ticket;
    assert_int_equal(broker_listen(two.broker, SPAN("s"), true, &ticket), ERR_OK);
    WAIT_FOR(5, atomic_load(&two.refused) > 0);
    assert_true(broker_heard(two.broker) < ticket);
    assert_int_equal(append(&one, "s", "b", false), ERR_OK);
    atomic_store(&two.is_full, false);
    WAIT_FOR(5, broker_heard(two.broker) >= ticket);
    WAIT_FOR(5, was_told(&two, "s=a\ns=a\ns=a\ns=b\n"));
    node_end(&one);
    node_end(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_declare, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_all_tell_all, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_limits, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_pages, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_fetch, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_server_comes_back, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_cut_midway, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_scripts_forgotten, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_refused, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_strangers, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_declared_anew, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_kept_alive, server_start, server_stop),
        cmocka_unit_test_setup_teardown(test_full_hubs, server_start, server_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
