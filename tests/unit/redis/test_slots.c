/* SPDX-License-Identifier: MIT */
/*
 * What a Cluster says about who has which slot, good and bad.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/reader_priv.h"
#include "redis/slots_priv.h"

static const struct redis_server ASKED = { .host = "10.0.0.9", .port = 7000 };
static struct redis_slots slots;
static struct err_note note;

static enum err read_wire(struct span wire) {
    struct redis_reader *r = redis_reader_new(REDIS_REPLY_BYTES_MAX);
    assert_int_equal(redis_reader_feed(r, wire), ERR_OK);
    const struct redis_reply *reply;
    assert_int_equal(redis_reader_next(r, &reply), ERR_OK);
    note = (struct err_note){ "" };
    enum err e = redis_slots_read(reply, &ASKED, &slots, &note);
    redis_reader_free(r);
    return e;
}

static const char *master_of(unsigned slot) {
    static char text[REDIS_SERVER_TEXT_MAX];
    if (slots.master[slot] == REDIS_NOBODY) return "nobody";
    redis_server_format(&slots.servers[slots.master[slot]], text);
    return text;
}

#define SERVER(host, port) "*3\r\n" host ":" port "\r\n$2\r\nid\r\n"
#define A                  SERVER("$8\r\n10.0.0.1\r\n", "7001")
#define B                  SERVER("$8\r\n10.0.0.2\r\n", "7002")
#define RANGE(first, last) ":" first "\r\n:" last "\r\n"

static void slots_have_masters(void **state) {
    (void)state;
    assert_int_equal(read_wire(SPAN("*3\r\n*4\r\n" RANGE("0", "5460") A B "*3\r\n" RANGE(
                         "5461", "16382") B "*3\r\n" RANGE("16383", "16383") A)),
                     ERR_OK);
    assert_string_equal(master_of(0), "10.0.0.1:7001");
    assert_string_equal(master_of(5460), "10.0.0.1:7001");
    assert_string_equal(master_of(5461), "10.0.0.2:7002");
    assert_string_equal(master_of(16382), "10.0.0.2:7002");
    assert_string_equal(master_of(16383), "10.0.0.1:7001");
    assert_int_equal(slots.server_count, 2);
}

static void not_all_slots_need_be_somebodys(void **state) {
    (void)state;
    assert_int_equal(read_wire(SPAN("*0\r\n")), ERR_OK);
    assert_string_equal(master_of(0), "nobody");
    assert_int_equal(read_wire(SPAN("*1\r\n*3\r\n" RANGE("7", "8") A)), ERR_OK);
    assert_string_equal(master_of(6), "nobody");
    assert_string_equal(master_of(7), "10.0.0.1:7001");
    assert_string_equal(master_of(9), "nobody");
}

static void addresses_may_be_left_out(void **state) {
    (void)state;
    assert_int_equal(read_wire(SPAN("*3\r\n*3\r\n" RANGE("0", "0")
                                        SERVER("$-1\r\n", "1") "*3\r\n" RANGE("1", "1")
                                            SERVER("$0\r\n\r\n", "2") "*3\r\n" RANGE("2", "2")
                                                SERVER("$1\r\n?\r\n", "3"))),
                     ERR_OK);
    assert_string_equal(master_of(0), "10.0.0.9:1");
    assert_string_equal(master_of(1), "10.0.0.9:2");
    assert_string_equal(master_of(2), "nobody");
    /* Newer servers say more of a server than three things; a bad replica is left out. */
    assert_int_equal(
        read_wire(SPAN("*1\r\n*5\r\n" RANGE("0", "0") "*4\r\n$1\r\nh\r\n:5\r\n$2\r\nid\r\n*0\r\n"
                                                      "*1\r\n:3\r\n" B)),
        ERR_OK);
    assert_string_equal(master_of(0), "h:5");
    assert_int_equal(slots.server_count, 2);
}

static void bad_answers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *wire;
        enum err e;
        const char *why;
    } cases[] = {
        { "-NOPERM no\r\n", ERR_DENIED, "it does not say who has which slots: NOPERM no" },
        { "+OK\r\n", ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n:1\r\n", ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n*2\r\n:0\r\n:1\r\n", ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("1", "0") A, ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("-1", "0") A, ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("0", "16384") A, ERR_INVALID,
          "it does not say who has which slots" },
        { "*1\r\n*3\r\n$1\r\n0\r\n:1\r\n" A, ERR_INVALID, "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("0", "1") "*1\r\n$1\r\nh\r\n", ERR_INVALID,
          "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("0", "1") SERVER(":1\r\n", "1"), ERR_INVALID,
          "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("0", "1") SERVER("$1\r\nh\r\n", "0"), ERR_INVALID,
          "it does not say who has which slots" },
        { "*1\r\n*3\r\n" RANGE("0", "1") SERVER("$1\r\nh\r\n", "65536"), ERR_INVALID,
          "it does not say who has which slots" },
        { "*2\r\n*3\r\n" RANGE("0", "5") A "*3\r\n" RANGE("5", "6") B, ERR_INVALID,
          "it names two masters for slot 5" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(read_wire(span_str(cases[i].wire)), cases[i].e);
        assert_string_equal(note.text, cases[i].why);
    }
}

static void there_may_be_too_many_servers(void **state) {
    (void)state;
    struct buf wire;
    for (int more = 0; more <= 1; more++) {
        buf_init(&wire, 1 << 20);
        buf_printf(&wire, "*%d\r\n", REDIS_SERVERS_MAX + more);
        for (int i = 0; i < REDIS_SERVERS_MAX + more; i++)
            buf_printf(&wire, "*3\r\n:%d\r\n:%d\r\n*2\r\n$1\r\nh\r\n:%d\r\n", i, i, i + 1);
        assert_int_equal(read_wire(buf_span(&wire)), more ? ERR_LIMIT : ERR_OK);
        buf_finish(&wire);
    }
    assert_string_equal(note.text, "it names more than 512 servers");
}

static void commands_are_sent_elsewhere(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_good;
        uint16_t slot;
        const char *server;
    } cases[] = {
        { "MOVED 3999 127.0.0.1:6381", true, 3999, "127.0.0.1:6381" },
        { "ASK 0 redis-1.example:1", true, 0, "redis-1.example:1" },
        { "MOVED 16383 ::1:6381", true, 16383, "[::1]:6381" },
        { "MOVED 5 :6381", true, 5, "10.0.0.9:6381" },
        { "MOVED 16384 127.0.0.1:6381", false, 0, NULL },
        { "MOVED 3999 127.0.0.1:0", false, 0, NULL },
        { "MOVED 3999 127.0.0.1:65536", false, 0, NULL },
        { "MOVED 3999 127.0.0.1", false, 0, NULL },
        { "MOVED 3999 ?:6381", false, 0, NULL },
        { "MOVED x 127.0.0.1:6381", false, 0, NULL },
        { "MOVED 3999", false, 0, NULL },
        { "MOVED", false, 0, NULL },
        { "", false, 0, NULL },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        uint16_t slot;
        struct redis_server server;
        bool is_good = redis_redirect_read(span_str(cases[i].text), &ASKED, &slot, &server);
        assert_int_equal(is_good, cases[i].is_good);
        if (!is_good) continue;
        char text[REDIS_SERVER_TEXT_MAX];
        redis_server_format(&server, text);
        assert_int_equal(slot, cases[i].slot);
        assert_string_equal(text, cases[i].server);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_have_masters),
        cmocka_unit_test(not_all_slots_need_be_somebodys),
        cmocka_unit_test(addresses_may_be_left_out),
        cmocka_unit_test(bad_answers_are_refused),
        cmocka_unit_test(there_may_be_too_many_servers),
        cmocka_unit_test(commands_are_sent_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
