/* SPDX-License-Identifier: MIT */
/*
 * A user's connections on all nodes: what the nodes are asked, what one of them answers, and what
 * comes together.
 */
#include "hub/seat.h"
#include "shared_scene.h"

#define PATH "/api/v1/users/al%22ice/connections"

/* The user al"ice has two connections here. */
static struct {
    struct interest *seat;
    char log[512]; /* what was done to them */
    char said[1024];
    int said_count;
} here;

static uint32_t next_of_user(void *owner, const struct interest *user, uint32_t after) {
    (void)owner;
    assert_ptr_equal(user, here.seat);
    return after < 2 ? after + 1 : 0;
}

static void describe(void *owner, uint32_t subscriber, struct subscriber_about *ret) {
    (void)owner;
    *ret = (struct subscriber_about){ .endpoint = 0, .connected_ms = 1000 };
    (void)snprintf(ret->id, sizeof ret->id, "id-%u", subscriber);
    (void)snprintf(ret->address, sizeof ret->address, "192.0.2.%u", subscriber);
}

static void note(const char *format, ...) PRINTF_LIKE(1, 2);
static void note(const char *format, ...) {
    size_t len = strlen(here.log);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(here.log + len, sizeof here.log - len, format, args);
    va_end(args);
}

static void end(void *owner, uint32_t subscriber, uint16_t code, struct span reason) {
    (void)owner;
    note("end %u %u %.*s; ", subscriber, code, SPAN_ARG(reason));
}

static void block_user(void *owner, struct span user, uint32_t seconds) {
    (void)owner;
    note("block %.*s %u; ", SPAN_ARG(user), seconds);
}

static int set_up(void **state) {
    (void)state;
    ops.next_of_user = next_of_user;
    ops.describe = describe;
    ops.end = end;
    ops.block_user = block_user;
    begin_shared();
    memset(&here, 0, sizeof here);
    assert_int_equal(
        seat_take(&w.hub_shared.interest, SPAN("ws:al\"ice"), SEAT_USER, 0, 0, &here.seat), ERR_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    seat_leave(&w.hub_shared.interest, here.seat, SEAT_USER, 0);
    end_shared();
    return 0;
}

static void hear_answer(void *owner, struct span text) {
    assert_ptr_equal(owner, &here);
    here.said_count++;
    (void)snprintf(here.said, sizeof here.said, "%.*s", SPAN_ARG(text));
}

static const char *answer_to(const char *question) {
    int before = here.said_count;
    char *lent = strdup(question);
    api_question(w.api, span_str(lent), hear_answer, &here);
    free(lent);
    turns();
    assert_int_equal(here.said_count, before + 1);
    return here.said;
}

static void questions(void **state) {
    (void)state;
    struct reply *reply = request("GET", PATH, "X-API-Key: publish-key\r\n", SPAN(""));
    assert_true(reply->is_later);
    assert_asked("ASK_NODES  {\"do\":\"user\",\"user\":\"al\\\"ice\"}");
    say(ERR_OK, 0, "");
    turns();
    assert_told(reply, 200, "{\"connections\":[]}");
    reply = request("DELETE", PATH, "X-API-Key: publish-key\r\n",
                    SPAN("{\"code\":4001,\"reason\":\"\\\"bye\\u0041\",\"block_seconds\":7}"));
    assert_asked(
        "ASK_NODES  {\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":4001,\"reason\":"
        "\"\\\"byeA\",\"block_seconds\":7}}");
    /* What is done here is done when this node is asked too. */
    assert_string_equal(here.log, "");
    say(ERR_OK, 0, "0,3,2");
    turns();
    assert_told(reply, 200, "{\"disconnected\":5}");
    (void)request("DELETE", PATH, "X-API-Key: publish-key\r\n", SPAN("{\"id\":\"0-1-2\"}"));
    assert_asked("ASK_NODES  {\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":1008,"
                 "\"reason\":\"Disconnected by the operator\",\"block_seconds\":0,"
                 "\"id\":\"0-1-2\"}}");
    say_all(ERR_OK);
    (void)request("DELETE", PATH, "X-API-Key: publish-key\r\n", SPAN(""));
    assert_asked(
        "ASK_NODES  {\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":1008,\"reason\":"
        "\"Disconnected by the operator\",\"block_seconds\":0}}");
    say_all(ERR_OK);
    /* The longest that there can be, every byte of which is written as six. */
    char path[1024] = "/api/v1/users/", body[1024] = "{\"reason\":\"";
    for (int i = 0; i < 123; i++)
        strncat(body, "\\u0001", sizeof body - strlen(body) - 1);
    strncat(body, "\"}", sizeof body - strlen(body) - 1);
    for (int i = 0; i < 128; i++)
        strncat(path, "%22", sizeof path - strlen(path) - 1);
    strncat(path, "/connections", sizeof path - strlen(path) - 1);
    reply = request("DELETE", path, "X-API-Key: publish-key\r\n", span_str(body));
    assert_true(reply->is_later);
    say_all(ERR_OK);
}

static void coming_together(void **state) {
    (void)state;
    static const struct {
        bool ends;
        enum err err;
        uint64_t missing;
        const char *answer;
        int status;
        const char *told; /* the body, or the code of an error */
    } cases[] = {
        { false, ERR_OK, 0, "{\"id\":\"a\"},{\"id\":\"b\"},{}", 200,
          "{\"connections\":[{\"id\":\"a\"},{\"id\":\"b\"},{}]}" },
        { false, ERR_OK, 1, "{\"id\":\"a\"}", 503, "overloaded" },
        { false, ERR_OK, 0, "{\"id\":\"a\"},null", 503, "overloaded" },
        { false, ERR_OK, 0, "{\"id\":\"a\"},", 503, "overloaded" },
        { false, ERR_OK, 0, "]", 503, "overloaded" },
        { false, ERR_OK, 0, "{\"id\":\"a\"}],[{}", 503, "overloaded" },
        { false, ERR_OK, 0, "7", 503, "overloaded" },
        { false, ERR_CLOSED, 0, "", 503, "broker_unavailable" },
        { false, ERR_IO, 0, "", 503, "broker_unavailable" },
        { false, ERR_LIMIT, 0, "", 503, "overloaded" },
        { true, ERR_OK, 0, "", 200, "{\"disconnected\":0}" },
        { true, ERR_OK, 0, "12", 200, "{\"disconnected\":12}" },
        { true, ERR_OK, 2, "1", 503, "overloaded" },
        { true, ERR_OK, 0, "1,null", 503, "overloaded" },
        { true, ERR_OK, 0, "-1", 503, "overloaded" },
        { true, ERR_OK, 0, "{}", 503, "overloaded" },
        { true, ERR_CLOSED, 0, "", 503, "broker_unavailable" },
        { true, ERR_IO, 0, "", 503, "broker_unknown" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reply *reply =
            request(cases[i].ends ? "DELETE" : "GET", PATH, "X-API-Key: publish-key\r\n", SPAN(""));
        say(cases[i].err, cases[i].missing, cases[i].answer);
        turns();
        if (cases[i].status == 200) {
            assert_told(reply, 200, cases[i].told);
        } else {
            assert_refused(reply, cases[i].status, cases[i].told);
        }
    }
}

#define CONNECTION(id)                                                                             \
    "{\"id\":\"id-" id                                                                             \
    "\",\"endpoint\":\"huleedu\",\"connected_at\":\"1970-01-01T00:00:01.000Z\","                   \
    "\"remote_address\":\"192.0.2." id "\"}"

static void answers(void **state) {
    (void)state;
    assert_string_equal(answer_to("{\"do\":\"user\",\"user\":\"al\\\"ice\"}"),
                        CONNECTION("1") "," CONNECTION("2"));
    assert_string_equal(answer_to("{\"do\":\"user\",\"user\":\"nobody\"}"), "");
    assert_string_equal(here.log, "");
    assert_string_equal(
        answer_to("{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":4001,\"reason\":"
                  "\"\\\"bye\",\"block_seconds\":7}}"),
        "2");
    /* Nobody slips in again between the two. */
    assert_string_equal(here.log, "block al\"ice 7; end 1 4001 \"bye; end 2 4001 \"bye; ");
    assert_string_equal(answer_to("{\"do\":\"user\",\"user\":\"nobody\",\"end\":{}}"), "0");
    *here.log = '\0';
    assert_string_equal(
        answer_to("{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"id\":\"id-2\"}}"), "1");
    assert_string_equal(here.log, "end 2 1008 Disconnected by the operator; ");
    assert_string_equal(
        answer_to("{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"id\":\"id-\"}}"), "0");
}

static void strange_questions(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"do\":\"user\",\"user\":\"\"}",
        "{\"do\":\"user\",\"user\":7}",
        "{\"do\":\"user\",\"user\":\"a\\u0000\"}",
        "{\"end\":{}}",
        "{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":7}",
        "{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":1001}}",
        "{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{\"code\":1000,\"more\":1}}",
        "{\"do\":\"user\",\"user\":\"al\\\"ice\",\"end\":{},\"more\":1}",
        "{\"do\":\"user\",\"user\":\"al\\\"ice\"}x",
    };
    for (size_t i = 0; i < countof(cases); i++)
        assert_string_equal(answer_to(cases[i]), "null");
    char question[512];
    (void)snprintf(question, sizeof question, "{\"do\":\"user\",\"user\":\"%0129d\"}", 0);
    assert_string_equal(answer_to(question), "null");
    assert_string_equal(here.log, "");
}

static void no_room_and_the_end(void **state) {
    (void)state;
    w.hub_shared.mailed_bytes_max = 10;
    assert_refused(request("GET", PATH, "X-API-Key: publish-key\r\n", SPAN("")), 503, "overloaded");
    w.hub_shared.mailed_bytes_max = 1 << 20;
    w.fail_nth = 1;
    assert_refused(request("GET", PATH, "X-API-Key: publish-key\r\n", SPAN("")), 503, "overloaded");
    mem_fail_nth(w.fail_nth = 0);
    struct reply *reply = request("GET", PATH, "X-API-Key: publish-key\r\n", SPAN(""));
    api_question(w.api, SPAN("{\"do\":\"user\",\"user\":\"nobody\"}"), hear_answer, &here);
    assert_int_equal(here.said_count, 0);
    int before = here.said_count;
    (void)tear_down(state);
    assert_int_equal(reply->status, 0);
    assert_int_equal(here.said_count, before + 1);
    assert_string_equal(here.said, "null");
    (void)set_up(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(questions),         TEST(coming_together),     TEST(answers),
        TEST(strange_questions), TEST(no_room_and_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
