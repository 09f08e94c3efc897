/* SPDX-License-Identifier: MIT */
/*
 * What the doctor thinks of figures: verdicts, and a word that must be in what it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/doctor/certificates_priv.h"
#include "cli/doctor/host_priv.h"
#include "cli/doctor/redis_priv.h"
#include "cli/doctor/store_priv.h"
#include "cli/doctor/visit_priv.h"

#include "base/clock.h"

#define NONE DOCTOR_UNKNOWN
#define MIB  (1024ull * 1024)
#define DAY  86400

/* What is not well has a remedy; what is well needs none. */
static void expect(const struct doctor_finding *finding, enum doctor_verdict verdict,
                   const char *words) {
    if (finding->verdict != verdict || !strstr(finding->found, words))
        fail_msg("%d, not %d: %s (%s)", finding->verdict, verdict, finding->found, words);
    bool has_remedy = *finding->remedy != '\0';
    if (verdict != DOCTOR_SKIP && has_remedy != (verdict != DOCTOR_OK))
        fail_msg("%s -> %s", finding->found, finding->remedy);
}

static void connections(void **state) {
    (void)state;
    static const struct {
        uint64_t open, max;
        enum doctor_verdict verdict;
    } cases[] = { { 0, 100, DOCTOR_OK },    { 79, 100, DOCTOR_OK },   { 80, 100, DOCTOR_WARN },
                  { 96, 100, DOCTOR_WARN }, { 97, 100, DOCTOR_FAIL }, { 100, 100, DOCTOR_FAIL } };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        doctor_connections_judge(&(struct doctor_figures){ .connections = cases[i].open,
                                                           .connections_max = cases[i].max },
                                 &finding);
        expect(&finding, cases[i].verdict, "of at most 100");
    }
}

static void descriptors(void **state) {
    (void)state;
    static const struct {
        uint64_t connections, limit, open, nr_open;
        enum doctor_verdict verdict;
        const char *found, *remedy;
    } cases[] = {
        { 0, NONE, NONE, NONE, DOCTOR_SKIP, "cannot be read", "" },
        { 0, 332, NONE, 1048576, DOCTOR_FAIL, "room for 0", "LimitNOFILE=4332" },
        { 0, 4331, NONE, 1048576, DOCTOR_WARN, "only 3999 connections", "LimitNOFILE=65536" },
        { 0, 4332, NONE, 1048576, DOCTOR_OK, "room for 4000", "" },
        { 50, 382, NONE, 1048576, DOCTOR_OK, "room for 50", "" },
        { 51, 382, NONE, 1048576, DOCTOR_FAIL, "max_connections is higher", "LimitNOFILE=383" },
        { 2000000, 1024, NONE, 1048576, DOCTOR_FAIL, "higher", "fs.nr_open=2000332; then LimitNO" },
        { 0, 10000, 7999, 1048576, DOCTOR_OK, "10000", "" },
        { 0, 10000, 8000, 1048576, DOCTOR_WARN, "8000 are open", "LimitNOFILE=20000" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct doctor_needs needs = { .connections = cases[i].connections, .beside = 332 };
        const struct doctor_descriptors have = { .limit = cases[i].limit,
                                                 .open = cases[i].open,
                                                 .nr_open = cases[i].nr_open };
        doctor_descriptors_judge(&needs, &have, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
        assert_non_null(strstr(finding.remedy, cases[i].remedy));
    }
}

static void files(void **state) {
    (void)state;
    const struct doctor_needs needs = { .connections = 500, .beside = 100 };
    static const struct {
        uint64_t open, max;
        enum doctor_verdict verdict;
    } cases[] = { { 400, 1000, DOCTOR_OK },
                  { 401, 1000, DOCTOR_WARN },
                  { 79999, 100000, DOCTOR_OK },
                  { 80000, 100000, DOCTOR_WARN },
                  { NONE, 1, DOCTOR_SKIP } };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        doctor_files_judge(&needs, cases[i].open, cases[i].max, &finding);
        expect(&finding, cases[i].verdict, "");
    }
}

static void queues(void **state) {
    (void)state;
    static const struct {
        uint64_t somaxconn, cookies, backlog;
        enum doctor_verdict accept, syn;
    } cases[] = {
        { 4096, 1, 128, DOCTOR_OK, DOCTOR_OK },         { 65535, 2, 128, DOCTOR_OK, DOCTOR_OK },
        { 4095, 0, 4095, DOCTOR_WARN, DOCTOR_WARN },    { 128, 0, 4096, DOCTOR_WARN, DOCTOR_OK },
        { NONE, NONE, 4096, DOCTOR_SKIP, DOCTOR_SKIP },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding accept = { 0 }, syn = { 0 };
        doctor_accept_queue_judge(cases[i].somaxconn, 4096, &accept);
        doctor_syn_queue_judge(cases[i].cookies, cases[i].backlog, 4096, &syn);
        expect(&accept, cases[i].accept, "");
        expect(&syn, cases[i].syn, "");
        if (cases[i].accept == DOCTOR_WARN)
            assert_non_null(strstr(accept.remedy, "net.core.somaxconn=4096"));
    }
}

static void ports(void **state) {
    (void)state;
    static const struct {
        bool has_proxy;
        uint64_t connections, addresses, first, last;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { false, 99999, 1, 32768, 60999, DOCTOR_SKIP, "no proxy on this machine" },
        { true, 0, 1, 32768, 60999, DOCTOR_OK, "28232" },
        { true, 28232, 1, 32768, 60999, DOCTOR_OK, "28232" },
        { true, 28233, 1, 32768, 60999, DOCTOR_WARN, "fewer than max_connections" },
        { true, 28233, 2, 32768, 60999, DOCTOR_OK, "56464" },
        { true, 0, 1, NONE, NONE, DOCTOR_SKIP, "cannot be read" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct doctor_needs needs = { .connections = cases[i].connections,
                                            .addresses = cases[i].addresses,
                                            .has_local_proxy = cases[i].has_proxy };
        doctor_ports_judge(&needs, cases[i].first, cases[i].last, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void tracking(void **state) {
    (void)state;
    static const struct {
        uint64_t connections, count, max;
        enum doctor_verdict verdict;
    } cases[] = { { 0, NONE, NONE, DOCTOR_SKIP },
                  { 0, 10, 100, DOCTOR_OK },
                  { 101, 10, 100, DOCTOR_WARN },
                  { 0, 80, 100, DOCTOR_WARN },
                  { 0, 97, 100, DOCTOR_FAIL } };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        doctor_tracking_judge(&(struct doctor_needs){ .connections = cases[i].connections },
                              cases[i].count, cases[i].max, &finding);
        expect(&finding, cases[i].verdict, "");
    }
}

static void socket_memory(void **state) {
    (void)state;
    static const struct {
        uint64_t connections, used, max;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { 0, 0, 300, DOCTOR_OK, "1.2 MiB" },
        { 300, 99, 300, DOCTOR_OK, "at most" },
        { 301, 99, 300, DOCTOR_WARN, "less than a page" },
        { 0, 200, 300, DOCTOR_WARN, "too slowly" },
        { 0, 300, 300, DOCTOR_FAIL, "too slowly" },
        { 0, NONE, 300, DOCTOR_SKIP, "cannot be read" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct doctor_tcp_memory have = {
            .page_bytes = 4096, .used = cases[i].used, .pressure = 200, .max = cases[i].max
        };
        doctor_tcp_memory_judge(&(struct doctor_needs){ .connections = cases[i].connections },
                                &have, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void memory(void **state) {
    (void)state;
    static const struct {
        uint64_t total, unused, group;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { 2048 * MIB, 1024 * MIB, NONE, DOCTOR_OK, "the machine has 2.0 GiB" },
        { 1000 * MIB, 900 * MIB, NONE, DOCTOR_WARN, "the machine has only 1000 MiB" },
        { 4096 * MIB, 900 * MIB, 512 * MIB, DOCTOR_WARN, "the control group has only 512 MiB" },
        { 4096 * MIB, 200 * MIB, NONE, DOCTOR_FAIL, "only 200 MiB" },
        { NONE, NONE, NONE, DOCTOR_SKIP, "cannot be read" },
    };
    const struct doctor_needs needs = { .connections = 1000,
                                        .connection_bytes = 4096,
                                        .waiting_bytes = 1000 * MIB };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct doctor_memory have = { cases[i].total, cases[i].unused, cases[i].group };
        doctor_memory_judge(&needs, &have, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void certificates(void **state) {
    (void)state;
    static const struct {
        int64_t begins_s, expires_s;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { 0, 1000 * DAY + 14 * DAY, DOCTOR_OK, "f: a.example expires in 14 days" },
        { 0, 1000 * DAY + 14 * DAY - 1, DOCTOR_WARN, "expires in 13 days" },
        { 0, 1000 * DAY + 1, DOCTOR_WARN, "expires in 1 second" },
        { 0, 1000 * DAY, DOCTOR_FAIL, "expired 0 seconds ago" },
        { 0, 1000 * DAY - 7200, DOCTOR_FAIL, "expired 2 hours ago" },
        { 1000 * DAY + 60, 2000 * DAY, DOCTOR_FAIL, "not valid yet, for another 60 seconds" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct certificate certificate = { .begins_s = cases[i].begins_s,
                                                 .expires_s = cases[i].expires_s,
                                                 .names = "a.example" };
        doctor_certificate_judge(&certificate, 1000 * DAY, "f", &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void redis(void **state) {
    (void)state;
    static const struct {
        struct doctor_redis said;
        void (*judge)(const struct doctor_redis *redis, struct doctor_finding *ret);
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { { .why = "h:1: refused" }, doctor_redis_judge, DOCTOR_FAIL, "h:1: refused" },
        { { .is_up = false }, doctor_redis_judge, DOCTOR_FAIL, "no answer" },
        { { .is_up = true, .role = "slave" }, doctor_redis_judge, DOCTOR_FAIL, "the role slave" },
        { { .is_up = true, .version = "7.0.15", .role = "master", .ping_ns = 500000 },
          doctor_redis_judge,
          DOCTOR_OK,
          "Redis 7.0.15 answers in 0.50 ms" },
        { { .is_up = true, .ping_ns = 30000000 }, doctor_redis_judge, DOCTOR_WARN, "takes 30 ms" },
        { { .used_bytes = NONE, .max_bytes = 1, .refused = "INFO: NOPERM" },
          doctor_redis_memory_judge,
          DOCTOR_SKIP,
          "NOPERM" },
        { { .used_bytes = MIB }, doctor_redis_memory_judge, DOCTOR_OK, "without a maximum" },
        { { .used_bytes = 1, .max_bytes = 10, .policy = "allkeys-lru" },
          doctor_redis_memory_judge,
          DOCTOR_WARN,
          "with maxmemory-policy allkeys-lru" },
        { { .used_bytes = 89, .max_bytes = 100, .policy = "noeviction" },
          doctor_redis_memory_judge,
          DOCTOR_OK,
          "nothing is evicted" },
        { { .used_bytes = 90, .max_bytes = 100, .policy = "noeviction" },
          doctor_redis_memory_judge,
          DOCTOR_WARN,
          "get 503" },
        { { .buffer_bytes = NONE }, doctor_redis_buffers_judge, DOCTOR_SKIP, "does not tell" },
        { { .buffer_bytes = 0 }, doctor_redis_buffers_judge, DOCTOR_OK, "any amount" },
        { { .buffer_bytes = 32 * MIB }, doctor_redis_buffers_judge, DOCTOR_OK, "32 MiB" },
        { { .buffer_bytes = 8 * MIB }, doctor_redis_buffers_judge, DOCTOR_WARN, "a burst" },
        { { .echo_ns = 1000000 }, doctor_redis_echo_judge, DOCTOR_OK, "took 1.00 ms" },
        { { .echo_ns = 2500000000 }, doctor_redis_echo_judge, DOCTOR_WARN, "2500.00 ms" },
        { { .echo_ns = NONE, .refused = "PUBLISH: NOPERM" },
          doctor_redis_echo_judge,
          DOCTOR_FAIL,
          "NOPERM" },
        { { .nodes = 0, .refused = "CLUSTER: NOPERM" },
          doctor_cluster_judge,
          DOCTOR_SKIP,
          "NOPERM" },
        { { .nodes = 6 }, doctor_cluster_judge, DOCTOR_OK, "all 6 nodes" },
        { { .nodes = 6, .nodes_bad = 1, .nodes_why = "h:7: master,fail" },
          doctor_cluster_judge,
          DOCTOR_WARN,
          "1 of 6 nodes of the Cluster have failed: h:7" },
        { { .nodes = 6, .nodes_bad = 2, .is_cluster_down = true },
          doctor_cluster_judge,
          DOCTOR_FAIL,
          "2 of 6 nodes of the Cluster have failed, and some slots have no master" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        cases[i].judge(&cases[i].said, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void clocks(void **state) {
    (void)state;
    static const struct {
        struct doctor_clock clock;
        bool has_redis;
        int64_t ahead_us;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { { true, true, 12000 }, false, 0, DOCTOR_OK, "at most 0.012 s off" },
        { { true, true, 0 }, true, -900000, DOCTOR_OK, "the clock of Redis is 0.900 s behind" },
        { { true, true, 0 }, true, 1500000, DOCTOR_WARN, "1.500 s ahead" },
        { { true, false, 0 }, false, 0, DOCTOR_WARN, "not synchronised" },
        { { false, false, 0 }, true, 1, DOCTOR_SKIP, "does not say" },
        { { false, false, 0 }, true, 3000000, DOCTOR_WARN, "3.000 s ahead" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        const struct doctor_redis said = { .has_clock = cases[i].has_redis,
                                           .ahead_us = cases[i].ahead_us };
        doctor_clock_judge(&cases[i].clock, &said, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

static void stores(void **state) {
    (void)state;
    static const struct {
        struct doctor_store store;
        enum doctor_verdict verdict;
        const char *found;
    } cases[] = {
        { { "/s", "u", true, 500 * MIB, 0, 500 * MIB }, DOCTOR_OK, "500 MiB free in /s" },
        { { "/s", "u", true, 400 * MIB, 100 * MIB, 500 * MIB }, DOCTOR_OK, "" },
        { { "/s", "u", true, 399 * MIB, 100 * MIB, 500 * MIB }, DOCTOR_WARN, "may grow" },
        { { "/s", "u", true, 15 * MIB, 500 * MIB, 500 * MIB }, DOCTOR_FAIL, "only 15 MiB" },
        { { "/s", "u", false, 500 * MIB, 0, 1 },
          DOCTOR_FAIL,
          "u has no permission to write in /s" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        doctor_store_judge(&cases[i].store, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
    }
}

#define S(seconds) ((uint64_t)(seconds)*NS_PER_S)

/* What is seen of a connection on which nobody says anything. */
static void silence(void **state) {
    (void)state;
    static const struct {
        struct doctor_silence silence;
        enum doctor_verdict verdict;
        const char *found, *remedy;
    } cases[] = {
        { { 310, 0, 300, "e", { .is_ended = false } }, DOCTOR_OK, "after 310 s of silence", "" },
        { { 60, 0, 300, "e", { .is_ended = false } }, DOCTOR_WARN, "silence", "--idle 310" },
        { { 60, 0, 0, "e", { .is_ended = false } }, DOCTOR_OK, "still open", "" },
        { { 60, 30, 300, "e", { .pings = 2 } }, DOCTOR_OK, "pinged 2 times, every 30 s", "" },
        { { 30, 30, 300, "e", { .pings = 1 } }, DOCTOR_WARN, "pinged", "--idle 40" },
        { { 310,
            0,
            300,
            "e",
            { .is_ended = true, .code = 1006, .ended_ns = S(60), .quiet_ns = S(60) } },
          DOCTOR_FAIL,
          "after 60.0 s of silence without a close frame",
          "above 300 s, or set ping_seconds: 30 for the endpoint e" },
        { { 90,
            30,
            300,
            "e",
            { .is_ended = true, .code = 1006, .ended_ns = S(20), .quiet_ns = S(20) } },
          DOCTOR_FAIL,
          "20.0 s of silence",
          "above 30 s, or set ping_seconds: 10" },
        { { 90,
            10,
            300,
            "e",
            { .is_ended = true, .code = 1006, .ended_ns = S(35), .quiet_ns = S(5), .pings = 3 } },
          DOCTOR_FAIL,
          "a proxy limits the whole connection",
          "pings do not help" },
        { { 90,
            10,
            300,
            "e",
            { .is_ended = true, .code = 1006, .ended_ns = S(20), .quiet_ns = S(10), .pings = 1 } },
          DOCTOR_FAIL,
          "10.0 s of silence",
          "ping_seconds: 5" },
        { { 310,
            0,
            300,
            "e",
            { .is_ended = true, .code = 4008, .ended_ns = S(300), .quiet_ns = S(300) } },
          DOCTOR_OK,
          "the server itself closed it",
          "" },
        { { 310, 0, 300, "e", { .is_ended = true, .code = 1012, .reason = "bye" } },
          DOCTOR_FAIL,
          "code 1012 (restart): bye",
          "Close codes" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct doctor_finding finding = { 0 };
        doctor_silence_judge(&cases[i].silence, &finding);
        expect(&finding, cases[i].verdict, cases[i].found);
        assert_non_null(strstr(finding.remedy, cases[i].remedy));
    }
}

static void a_line_stays_one(void **state) {
    (void)state;
    struct doctor_finding finding = { 0 };
    struct buf out;
    buf_init(&out, 4096);
    doctor_find(&finding, DOCTOR_WARN, "a\nb\x1b[31m%s", "\x7f");
    doctor_advise(&finding, "do");
    doctor_show("name", &finding, &out);
    buf_append_char(&out, '\0');
    assert_string_equal(out.at, "warn  name            a?b?[31m?\n"
                                "                      -> do\n");
    buf_finish(&out);
}

static void figures(void **state) {
    (void)state;
    char room[DOCTOR_FIGURE_MAX];
    static const struct {
        uint64_t bytes;
        const char *text;
    } bytes[] = { { 0, "0 bytes" },       { 1023, "1023 bytes" },    { 1024, "1.0 KiB" },
                  { 10 * MIB, "10 MiB" }, { 1536 * MIB, "1.5 GiB" }, { UINT64_MAX, "16 EiB" } };
    for (size_t i = 0; i < countof(bytes); i++)
        assert_string_equal(doctor_bytes(bytes[i].bytes, room), bytes[i].text);
    static const struct {
        int64_t seconds;
        const char *text;
    } spans[] = { { 0, "0 seconds" },    { 1, "1 second" },       { 119, "119 seconds" },
                  { 120, "2 minutes" },  { 7199, "119 minutes" }, { 7200, "2 hours" },
                  { 2 * DAY, "2 days" }, { 61 * DAY, "61 days" } };
    for (size_t i = 0; i < countof(spans); i++)
        assert_string_equal(doctor_span(spans[i].seconds, room), spans[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections),   cmocka_unit_test(descriptors),
        cmocka_unit_test(files),         cmocka_unit_test(queues),
        cmocka_unit_test(ports),         cmocka_unit_test(tracking),
        cmocka_unit_test(socket_memory), cmocka_unit_test(memory),
        cmocka_unit_test(certificates),  cmocka_unit_test(redis),
        cmocka_unit_test(clocks),        cmocka_unit_test(stores),
        cmocka_unit_test(silence),       cmocka_unit_test(a_line_stays_one),
        cmocka_unit_test(figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
