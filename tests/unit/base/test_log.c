/* SPDX-License-Identifier: MIT */
/*
 * Lines as they come out of standard error, which is a pipe in a child process here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What runs in the child. */
typedef void (*scene_run)(void);

/* Runs `scene` with a pipe as standard error; the parent begins to read after `wait_ms`. Returns
 * what came, terminated. */
static struct buf said_by(scene_run scene, unsigned wait_ms) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        if (dup2(ends[1], STDERR_FILENO) < 0) _exit(2);
        (void)close(ends[1]);
        scene();
        _exit(0);
    }
    (void)close(ends[1]);
    (void)usleep(wait_ms * 1000);
    struct buf said;
    buf_init(&said, 16 << 20);
    for (;;) {
        char *room = buf_room(&said, 1 << 16);
        assert_non_null(room);
        ssize_t got = read(ends[0], room, 1 << 16);
        if (got <= 0) break;
        buf_added(&said, (size_t)got);
    }
    buf_append_char(&said, 0);
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return said;
}

/* The next line without its time, which changes: 2026-11-21T08:15:30.123Z. */
static struct span next_line(struct span *said, size_t time_at) {
    struct span line;
    if (!span_next(said, '\n', &line)) fail_msg("no more lines");
    assert_true(line.len > time_at + 24);
    assert_int_equal(line.at[time_at + 10], 'T');
    assert_int_equal(line.at[time_at + 23], 'Z');
    return span_skip(line, time_at + 24);
}

static void expect_line(struct span *said, size_t time_at, const char *expected) {
    struct span line = next_line(said, time_at);
    if (!span_eq(line, span_str(expected))) {
        fail_msg("said\n%.*s\nnot\n%s", SPAN_ARG(line), expected);
    }
}

static void say_all_kinds(void) {
    log_line(LOG_INFO, "listening", log_text("address", "127.0.0.1:80"), log_uint("n", UINT64_MAX));
    log_line(LOG_ERROR, "bad", log_int("least", INT64_MIN), log_int("most", INT64_MAX),
             log_int("zero", 0));
    log_line(LOG_WARNING, "quoted", log_text("empty", ""), log_text("null", NULL),
             log_text("space", "a b"), log_text("equals", "a=b"), log_text("quote", "a\"b"),
             log_text("back", "a\\b"), log_span("line", SPAN("a\nb")),
             log_span("zero", SPAN("a\0b")), log_text("del", "a\x7f"), log_text("utf8", "\xc3\xa4"),
             log_text("broken", "\xc3"), log_text("plain", "a,b;{}"));
    log_line(LOG_DEBUG, "not said", log_uint("n", 1));
}

static void say_logfmt(void) {
    log_set(LOG_INFO, LOG_LOGFMT);
    say_all_kinds();
}

static void say_json(void) {
    log_set(LOG_INFO, LOG_JSON);
    say_all_kinds();
}

static void logfmt_quotes_where_it_must(void **state) {
    (void)state;
    struct buf said = said_by(say_logfmt, 0);
    struct span rest = span_str(said.at);
    expect_line(&rest, 5, " level=info msg=listening address=127.0.0.1:80 n=18446744073709551615");
    expect_line(&rest, 5,
                " level=error msg=bad least=-9223372036854775808 most=9223372036854775807 zero=0");
    expect_line(&rest, 5,
                " level=warning msg=quoted empty=\"\" null=\"\" space=\"a b\" equals=\"a=b\" "
                "quote=\"a\\\"b\" back=\"a\\\\b\" line=\"a\\nb\" zero=\"a\\u0000b\" del=\"a\x7f\" "
                "utf8=\"\xc3\xa4\" broken=\"\xef\xbf\xbd\" plain=a,b;{}");
    assert_int_equal(rest.len, 0);
    buf_finish(&said);
}

static void json_quotes_always(void **state) {
    (void)state;
    struct buf said = said_by(say_json, 0);
    struct span rest = span_str(said.at);
    expect_line(&rest, 9,
                "\",\"level\":\"info\",\"msg\":\"listening\",\"address\":\"127.0.0.1:80\","
                "\"n\":18446744073709551615}");
    expect_line(&rest, 9,
                "\",\"level\":\"error\",\"msg\":\"bad\",\"least\":-9223372036854775808,"
                "\"most\":9223372036854775807,\"zero\":0}");
    expect_line(&rest, 9,
                "\",\"level\":\"warning\",\"msg\":\"quoted\",\"empty\":\"\",\"null\":\"\","
                "\"space\":\"a b\","
                "\"equals\":\"a=b\",\"quote\":\"a\\\"b\",\"back\":\"a\\\\b\",\"line\":\"a\\nb\","
                "\"zero\":\"a\\u0000b\",\"del\":\"a\x7f\",\"utf8\":\"\xc3\xa4\","
                "\"broken\":\"\xef\xbf\xbd\",\"plain\":\"a,b;{}\"}");
    assert_int_equal(rest.len, 0);
    buf_finish(&said);
}

/* Values are cut; fields that no longer fit are left out whole, the line stays a line. */
static void say_too_much(void) {
    char big[2000];
    memset(big, '"', sizeof big);
    for (int is_json = 0; is_json <= 1; is_json++) {
        log_set(LOG_INFO, is_json ? LOG_JSON : LOG_LOGFMT);
        log_line(LOG_INFO, "cut", log_span("value", span_of(big, sizeof big)));
        log_line(LOG_INFO, "full", log_span("a", span_of(big, sizeof big)),
                 log_span("b", span_of(big, sizeof big)), log_span("c", span_of(big, sizeof big)),
                 log_span("d", span_of(big, sizeof big)), log_uint("e", 1));
    }
}

static size_t count_of(struct span s, struct span needle) {
    size_t count = 0;
    for (; s.len >= needle.len; s = span_skip(s, 1))
        count += span_starts(s, needle);
    return count;
}

static void long_values_and_lines_are_cut(void **state) {
    (void)state;
    struct buf said = said_by(say_too_much, 0);
    struct span rest = span_str(said.at);
    for (int is_json = 0; is_json <= 1; is_json++) {
        struct span end = is_json ? SPAN("\\\"\"}") : SPAN("\\\"\"");
        struct span cut = next_line(&rest, is_json ? 9 : 5);
        assert_int_equal(count_of(cut, SPAN("\\\"")), 512);
        assert_true(span_ends(cut, end));
        struct span full = next_line(&rest, is_json ? 9 : 5);
        assert_int_equal(count_of(full, SPAN("\\\"")), 3 * 512); /* a, b, c */
        assert_true(span_ends(full, end));
    }
    assert_int_equal(rest.len, 0);
    buf_finish(&said);
}

enum { LINES = 30000 };

static void flood(void) {
    if (log_start() != ERR_OK) _exit(3);
    for (uint64_t i = 0; i < LINES; i++)
        log_line(LOG_INFO, "one of many", log_uint("number", i));
    (void)usleep(300 * 1000); /* until there is a reader, and room */
    log_line(LOG_INFO, "the last", log_uint("n", 1));
    (void)usleep(300 * 1000);
    log_stop();
    if (log_dropped() == 0) _exit(4);
}

static void flood_in_json(void) {
    log_set(LOG_INFO, LOG_JSON);
    flood();
}

/* Adds up what the lines say was dropped; each other line must be whole and in order. */
static void check_flood(scene_run scene, bool is_json) {
    struct buf said = said_by(scene, 200);
    struct span rest = span_str(said.at), line;
    uint64_t dropped = 0, lines = 0, next = 0;
    bool has_last = false;
    while (span_next(&rest, '\n', &line) && line.len > 0) {
        char text[256];
        assert_true(line.len < sizeof text);
        memcpy(text, line.at, line.len);
        text[line.len] = 0;
        assert_true(span_starts(line, is_json ? SPAN("{\"time\":\"") : SPAN("time=")));
        assert_true(!is_json || span_ends(line, SPAN("}")));
        const char *count = strstr(text, is_json ? "\"lines\":" : " lines=");
        const char *number = strstr(text, is_json ? "\"number\":" : " number=");
        if (number) {
            uint64_t at = strtoull(number + (is_json ? 9 : 8), NULL, 10);
            assert_true(at >= next);
            next = at + 1;
            lines++;
        } else if (count) {
            dropped += strtoull(count + (is_json ? 8 : 7), NULL, 10);
        } else {
            assert_non_null(strstr(text, "the last"));
            has_last = true;
        }
    }
    assert_true(has_last);
    assert_true(dropped > 0);
    assert_int_equal(lines + dropped, LINES);
    buf_finish(&said);
}

static void what_does_not_fit_is_dropped_and_said(void **state) {
    (void)state;
    check_flood(flood, false);
}

static void it_is_said_in_json_too(void **state) {
    (void)state;
    check_flood(flood_in_json, true);
}

/* Nobody takes anything: each line counts as lost, and ending does not hang. */
static void say_to_nobody(void) {
    int nowhere = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) _exit(2);
    if (log_start() != ERR_OK) _exit(3);
    for (uint64_t i = 0; i < 100; i++)
        log_line(LOG_INFO, "unheard", log_uint("number", i));
    (void)usleep(100 * 1000);
    log_stop();
    if (log_dropped() != 100) _exit(4);
}

static void lines_that_nobody_takes_are_counted(void **state) {
    (void)state;
    struct buf said = said_by(say_to_nobody, 0);
    buf_finish(&said);
}

static void say_around_the_thread(void) {
    log_line(LOG_INFO, "before", log_uint("n", 1));
    if (log_start() != ERR_OK) _exit(3);
    log_line(LOG_INFO, "during", log_uint("n", 1));
    log_stop();
    log_line(LOG_INFO, "after", log_uint("n", 1));
    if (log_start() != ERR_OK) _exit(3);
    log_line(LOG_INFO, "again", log_uint("n", 1));
    log_stop();
    log_stop();
}

static void before_and_after_the_thread_lines_go_out_at_once(void **state) {
    (void)state;
    struct buf said = said_by(say_around_the_thread, 0);
    struct span rest = span_str(said.at);
    expect_line(&rest, 5, " level=info msg=before n=1");
    expect_line(&rest, 5, " level=info msg=during n=1");
    expect_line(&rest, 5, " level=info msg=after n=1");
    expect_line(&rest, 5, " level=info msg=again n=1");
    buf_finish(&said);
}

static void levels_have_names(void **state) {
    (void)state;
    enum log_level level = LOG_ERROR;
    assert_true(log_level_parse(SPAN("DeBuG"), &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_true(log_level_parse(SPAN("warning"), &level));
    assert_int_equal(level, LOG_WARNING);
    assert_false(log_level_parse(SPAN("warn"), &level));
    assert_false(log_level_parse(SPAN(""), &level));
    assert_int_equal(level, LOG_WARNING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_where_it_must),
        cmocka_unit_test(json_quotes_always),
        cmocka_unit_test(long_values_and_lines_are_cut),
        cmocka_unit_test(what_does_not_fit_is_dropped_and_said),
        cmocka_unit_test(it_is_said_in_json_too),
        cmocka_unit_test(lines_that_nobody_takes_are_counted),
        cmocka_unit_test(before_and_after_the_thread_lines_go_out_at_once),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
