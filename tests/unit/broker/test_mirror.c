/* SPDX-License-Identifier: MIT */
/*
 * The copy of a history on a node, with a Redis that answers when the test says so: what comes live
 * before, while and after a page is under way, pages that cannot be delivered, links that are lost.
 */
#include "broker/redis/mirror_priv.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PAGE = 256, SENT_MAX = 8 };

static struct broker_redis redis;
static struct counts counts;
static struct channel *channel;
static struct redis_command *sent[SENT_MAX]; /* not answered yet */
static char first[32];                       /* from where the last page was asked for */
static size_t sent_count;
static int loaded;
static struct buf told; /* payloads */
static uint64_t sequence;
static int takes; /* how much more the hubs take */
static enum err finished;

/* ---- what the mirror stands on ---- */

enum err redis_send(struct redis_link *link, struct redis_command *command, struct span key,
                    const struct span *args, size_t count) {
    (void)link;
    assert_true(span_eq(key, SPAN("tidings:{c}:log")));
    assert_true(count == 6 && span_eq(args[0], SPAN("XRANGE")));
    (void)snprintf(first, sizeof first, "%.*s", SPAN_ARG(args[2]));
    assert_true(sent_count < SENT_MAX);
    sent[sent_count++] = command;
    return ERR_OK;
}

enum err redis_run(struct redis_link *link, struct redis_command *command,
                   struct redis_script *script, const struct span *keys, size_t key_count,
                   const struct span *args, size_t arg_count) {
    (void)link;
    (void)command;
    (void)script;
    (void)keys;
    (void)key_count;
    (void)args;
    (void)arg_count;
    fail_msg("no script is run so early");
    return ERR_CLOSED;
}

void redis_finish(struct broker_redis *r, struct broker_call *call, enum err err) {
    (void)r;
    (void)call;
    finished = err;
}

void redis_refuse(struct broker_redis *r, struct broker_call *call, enum err err, const char *why) {
    (void)why;
    redis_finish(r, call, err);
}

struct channel *channel_hold(struct broker_redis *r, struct span name) {
    (void)r;
    assert_true(span_eq(name, SPAN("c")));
    return channel;
}

void channel_is_loaded(struct broker_redis *r, struct channel *which) {
    (void)r;
    assert_ptr_equal(which, channel);
    loaded++;
}

enum err deliver(struct broker_redis *r, struct broker_arrival *arrival) {
    (void)r;
    if (takes == 0) return ERR_LIMIT;
    takes--;
    if (sequence && arrival->sequence != sequence + 1) buf_append_char(&told, '/');
    sequence = arrival->sequence;
    buf_append_span(&told, arrival->payload);
    return ERR_OK;
}

bool delivery_is_behind(const struct broker_redis *r) {
    (void)r;
    return false;
}

/* ---- what the test says ---- */

static int begin(void **state) {
    (void)state;
    memset(&redis, 0, sizeof redis);
    redis.counts = &counts;
    redis.health.is_up = redis.health.is_link_up = true;
    redis.options.keep_seconds = 1000;
    redis.prefix = SPAN("");
    redis.mirror = mirror_new(&redis);
    channel = mem_new(sizeof *channel + 1);
    channel->name = SPAN("c");
    sent_count = 0;
    loaded = 0;
    sequence = 0;
    takes = 100000;
    buf_init(&told, 1 << 20);
    return 0;
}

static int end(void **state) {
    (void)state;
    history_end(&redis, channel);
    redis.is_dropping = true;
    for (size_t i = 0; i < sent_count; i++)
        sent[i]->answered(sent[i], NULL);
    mirror_free(redis.mirror);
    mem_free(channel);
    buf_finish(&told);
    return 0;
}

static void answer(const struct redis_reply *reply) {
    assert_true(sent_count > 0);
    struct redis_command *command = sent[0];
    memmove(sent, sent + 1, --sent_count * sizeof sent[0]);
    command->answered(command, reply);
}

/* Answers with the messages `from` to `to`, whose payloads are letters, a being 1. */
static void answer_page(uint64_t from, uint64_t to) {
    static char texts[PAGE][3][24];
    static struct redis_reply fields[PAGE][6], ids[PAGE][2], items[PAGE];
    size_t count = 0;
    for (uint64_t n = from; n <= to; n++, count++) {
        (void)snprintf(texts[count][0], 24, "%llu-0", (unsigned long long)n);
        (void)snprintf(texts[count][1], 24, "%c", (char)('a' + (n - 1) % 26));
        (void)snprintf(texts[count][2], 24, "%llu", (unsigned long long)n - 1);
        const struct span parts[6] = { SPAN("payload"), span_str(texts[count][1]),
                                       SPAN("last"),    SPAN("0"),
                                       SPAN("before"),  span_str(texts[count][2]) };
        for (size_t i = 0; i < 6; i++)
            fields[count][i] = (struct redis_reply){ .kind = REDIS_STRING, .text = parts[i] };
        ids[count][0] =
            (struct redis_reply){ .kind = REDIS_STRING, .text = span_str(texts[count][0]) };
        ids[count][1] =
            (struct redis_reply){ .kind = REDIS_ARRAY, .items = fields[count], .count = 6 };
        items[count] = (struct redis_reply){ .kind = REDIS_ARRAY, .items = ids[count], .count = 2 };
    }
    answer(&(struct redis_reply){ .kind = REDIS_ARRAY, .items = items, .count = count });
}

static void live(unsigned number) {
    char text[64];
    int len = snprintf(text, sizeof text, "%u %u 0 %c", number, number - 1,
                       (char)('a' + (number - 1) % 26));
    history_live(&redis, channel, span_of(text, (size_t)len));
}

static void assert_told(const char *text) {
    if (!span_eq(buf_span(&told), span_str(text))) {
        fail_msg("told %.*s, not %s", SPAN_ARG(buf_span(&told)), text);
    }
}

/* ---- tests ---- */

static void test_live_before_page(void **state) {
    (void)state;
    history_begin(&redis, channel);
    assert_string_equal(first, "1");
    live(2); /* added after the page was made, and overtook it */
    live(3);
    assert_told("");
    answer_page(1, 1);
    assert_int_equal(loaded, 1);
    assert_told("a");
    assert_int_equal(sent_count, 1);
    assert_string_equal(first, "2");
    live(4);
    answer_page(2, 4); /* the last of which is in the page */
    assert_told("abcd");
    assert_int_equal(sent_count, 0);
    live(4);
    live(5);
    assert_told("abcde");
}

static void test_gap(void **state) {
    (void)state;
    history_begin(&redis, channel);
    answer_page(1, 0);
    assert_int_equal(loaded, 1);
    live(1);
    live(4);
    assert_told("a");
    assert_string_equal(first, "2");
    live(5);
    answer_page(2, 5);
    assert_told("abcde");
    assert_int_equal(sent_count, 0);
    /* What is not there does not lead to reading for ever. */
    live(9);
    live(19);
    answer_page(6, 5);
    assert_int_equal(sent_count, 1);
    answer_page(6, 5);
    assert_int_equal(sent_count, 0);
    live(6);
    assert_told("abcdef");
}

static void test_pages(void **state) {
    (void)state;
    history_begin(&redis, channel);
    answer_page(1, PAGE);
    assert_int_equal(loaded, 0);
    assert_string_equal(first, "257");
    answer_page(PAGE + 1, 2 * PAGE);
    assert_int_equal(loaded, 0);
    answer_page(1, 0);
    assert_int_equal(loaded, 1);
    assert_int_equal(told.len, 2 * PAGE);
    assert_int_equal(sent_count, 0);
}

/* What was not taken is read again, a tick later. */
static void test_not_taken(void **state) {
    (void)state;
    history_begin(&redis, channel);
    takes = 2;
    answer_page(1, 5);
    assert_told("ab");
    assert_int_equal(loaded, 0);
    assert_int_equal(sent_count, 0);
    live(6);
    takes = 100;
    assert_told("ab");
    mirror_tick(&redis);
    assert_string_equal(first, "3");
    answer_page(3, 6);
    assert_told("abcdef");
    assert_int_equal(loaded, 1);
    takes = 0;
    live(7);
    assert_string_equal(first, "7"); /* it may be taken by then */
    takes = 100;
    answer_page(7, 7);
    assert_told("abcdefg");
}

static void test_lost_link(void **state) {
    (void)state;
    struct broker_call call = { .name = SPAN("c") };
    buf_init(&call.answer, 100);
    history_begin(&redis, channel);
    finished = ERR_OK;
    mirror_fetch(&redis, &call);
    answer(NULL);
    assert_int_equal(finished, ERR_CLOSED);
    redis.health.is_link_up = false;
    mirror_link_down(&redis);
    mirror_tick(&redis);
    assert_int_equal(sent_count, 0);
    history_begin(&redis, channel);
    assert_int_equal(sent_count, 0);
    redis.health.is_link_up = true;
    mirror_tick(&redis);
    assert_int_equal(sent_count, 1);
    finished = ERR_BUSY;
    mirror_fetch(&redis, &call);
    assert_int_equal(finished, ERR_BUSY);
    answer_page(1, 3);
    assert_int_equal(finished, ERR_OK);
    assert_told("abc");
    /* Begun again while a page is under way, which may be of before. */
    live(5);
    assert_string_equal(first, "4");
    history_begin(&redis, channel);
    assert_int_equal(sent_count, 2);
    answer_page(4, 4);
    assert_told("abc");
    answer_page(4, 6);
    assert_told("abcdef");
    assert_int_equal(sent_count, 0);
    finished = ERR_BUSY;
    mirror_fetch(&redis, &call);
    assert_int_equal(finished, ERR_OK);
    mirror_link_down(&redis);
    finished = ERR_BUSY;
    mirror_fetch(&redis, &call);
    assert_int_equal(finished, ERR_BUSY);
    history_end(&redis, channel);
    assert_int_equal(finished, ERR_CLOSED);
}

static void test_refused(void **state) {
    (void)state;
    history_begin(&redis, channel);
    answer(&(struct redis_reply){ .kind = REDIS_ERROR, .text = SPAN("LOADING") });
    assert_int_equal(loaded, 1); /* nobody waits for the next try, */
    assert_int_equal(sent_count, 0);
    mirror_tick(&redis); /* which there is */
    answer_page(1, 2);
    assert_told("ab");
    /* The channel goes while a page is under way. */
    live(4);
    history_end(&redis, channel);
    answer_page(3, 4);
    assert_told("ab");
}

static void test_anew(void **state) {
    (void)state;
    history_begin(&redis, channel);
    answer_page(1, 2);
    history_live(&redis, channel, SPAN("90 0 0 x")); /* the first of another life */
    history_live(&redis, channel, SPAN("91 90 1 y"));
    /* The server knew less than we do when it went on. */
    history_live(&redis, channel, SPAN("99 2 0 z"));
    assert_told("ab/xyz");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_live_before_page, begin, end),
        cmocka_unit_test_setup_teardown(test_gap, begin, end),
        cmocka_unit_test_setup_teardown(test_pages, begin, end),
        cmocka_unit_test_setup_teardown(test_not_taken, begin, end),
        cmocka_unit_test_setup_teardown(test_lost_link, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_anew, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
