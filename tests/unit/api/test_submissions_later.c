/* SPDX-License-Identifier: MIT */
/*
 * Submissions that a broker keeps for all nodes: declaring them, and how they stand.
 */
#include "auth/keys.h"
#include "shared_scene.h"
#include "token_maker.h"

#define PATH "/api/v1/submissions"

static struct auth_keys *jwt_keys;

static int set_up(void **state) {
    (void)state;
    begin_shared();
    const struct auth_key_options options = { .algorithms = AUTH_BIT(AUTH_HS256),
                                              .secret = SPAN(MAKER_SECRET) };
    assert_int_equal(auth_keys_new(&options, &jwt_keys, NULL), ERR_OK);
    w.rules.jwt_keys = jwt_keys;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    end_shared();
    auth_keys_unref(jwt_keys);
    return 0;
}

static void with_a_number(void **state) {
    (void)state;
    struct reply *reply = post(PATH, "{\"submission_id\":7,\"owner\":\"\\u0061l\"}");
    assert_true(reply->is_later);
    assert_asked("DECLARE submission:7");
    assert_true(span_eq(w.fake.asked[0]->text, SPAN("al")));
    say(ERR_OK, 1, "");
    turns();
    assert_told(reply, 201, "{\"submission_id\":7}");
    reply = post(PATH, "{\"submission_id\":7}");
    assert_int_equal(w.fake.asked[0]->text.len, 0);
    say(ERR_OK, 0, "");
    turns();
    assert_told(reply, 200, "{\"submission_id\":7}");
    static const struct {
        enum err err;
        int status;
        const char *code;
    } cases[] = {
        { ERR_EXISTS, 409, "other_owner" }, { ERR_CLOSED, 503, "broker_unavailable" },
        { ERR_IO, 503, "broker_unknown" },  { ERR_LIMIT, 503, "overloaded" },
        { ERR_NOMEM, 503, "overloaded" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        reply = post(PATH, "{\"submission_id\":7,\"owner\":\"bob\"}");
        say_all(cases[i].err);
        assert_refused(reply, cases[i].status, cases[i].code);
    }
    assert_false(post(PATH, "{\"submission_id\":0}")->is_later);
}

static void with_the_next(void **state) {
    (void)state;
    struct reply *reply = post(PATH, "{\"owner\":\"alice\"}");
    assert_asked("NEXT submissions");
    /* Taken by somebody, by the same owner, and free. */
    static const struct {
        enum err err;
        uint64_t is_new;
    } found[] = { { ERR_EXISTS, 0 }, { ERR_OK, 0 }, { ERR_OK, 1 } };
    for (size_t i = 0; i < countof(found); i++) {
        char asked[64];
        assert_asked("NEXT submissions");
        say(ERR_OK, 40 + i, "");
        turns();
        (void)snprintf(asked, sizeof asked, "DECLARE submission:%zu", 40 + i);
        assert_asked(asked);
        assert_true(span_eq(w.fake.asked[0]->text, SPAN("alice")));
        assert_int_equal(reply->status, 0);
        say(found[i].err, found[i].is_new, "");
        turns();
    }
    assert_told(reply, 201, "{\"submission_id\":42}");
    assert_asked("");
    static const struct {
        enum err next, declared;
        const char *code;
    } cases[] = {
        { ERR_CLOSED, ERR_OK, "broker_unavailable" }, { ERR_IO, ERR_OK, "broker_unavailable" },
        { ERR_NOMEM, ERR_OK, "overloaded" },          { ERR_OK, ERR_CLOSED, "broker_unavailable" },
        { ERR_OK, ERR_IO, "broker_unknown" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        reply = post(PATH, "");
        say(cases[i].next, 1, "");
        turns();
        if (!cases[i].next) say_all(cases[i].declared);
        assert_refused(reply, 503, cases[i].code);
    }
    /* Not for ever. */
    reply = post(PATH, "{}");
    while (w.fake.asked_count > 0) {
        say(w.fake.asked[0]->verb == BROKER_NEXT ? ERR_OK : ERR_EXISTS, 1, "");
        turns();
    }
    assert_refused(reply, 503, "overloaded");
}

static void put(uint64_t sequence, const char *payload) {
    struct message *message = message_new(span_str(payload), 0);
    assert_non_null(message);
    assert_int_equal(
        store_put(w.store, SPAN("submission:7"), message, sequence, false, (uint32_t)0), ERR_OK);
    message_unref(message);
}

static struct reply *get(const char *headers) {
    return request("GET", PATH "/7", headers, SPAN(""));
}

static struct reply *get_as(const char *user) {
    char claims[256], headers[1024];
    (void)snprintf(claims, sizeof claims, "{\"sub\":\"%s\",\"exp\":4102444800}", user);
    char *token = maker_simple(claims);
    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n", token);
    free(token);
    return get(headers);
}

#define STATE                                                                                      \
    "{\"submission_id\":7,\"owner\":\"alice\",\"status\":\"testing\",\"final_status\":null,"       \
    "\"summary\":null,\"tests\":[],\"errors\":[]}"

static void how_it_stands(void **state) {
    (void)state;
    struct reply *reply = get("X-API-Key: publish-key\r\n");
    assert_asked("FETCH submission:7");
    put(1, "{\"type\":\"status_update\",\"status\":\"testing\"}");
    say(ERR_OK, 0, "alice");
    turns();
    assert_told(reply, 200, STATE);
    assert_non_null(
        memmem(reply->bytes.at, reply->bytes.len, "Access-Control-Allow-Origin: *", 30));
    reply = get_as("alice");
    say(ERR_OK, 0, "alice");
    turns();
    assert_told(reply, 200, STATE);
    reply = get_as("bob");
    say(ERR_OK, 0, "alice");
    turns();
    assert_refused(reply, 404, "not_found");
    reply = get_as("bob");
    say(ERR_OK, 0, "");
    turns();
    assert_int_equal(reply->status, 200); /* nobody's */
    static const struct {
        enum err err;
        int status;
        const char *code;
    } cases[] = {
        { ERR_NOT_FOUND, 404, "not_found" },
        { ERR_CLOSED, 503, "broker_unavailable" },
        { ERR_IO, 503, "broker_unavailable" },
        { ERR_LIMIT, 503, "overloaded" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        reply = get_as("alice");
        say_all(cases[i].err);
        assert_refused(reply, cases[i].status, cases[i].code);
        assert_non_null(
            memmem(reply->bytes.at, reply->bytes.len, "Access-Control-Allow-Origin: *", 30));
    }
    assert_int_equal(get("")->status, 401);
    reply = request("GET", PATH "/seven", "X-API-Key: publish-key\r\n", SPAN(""));
    assert_refused(reply, 404, "not_found");
    assert_asked("");
}

/* An owner that could not be taken in is not nobody. */
static void a_lost_owner(void **state) {
    (void)state;
    struct reply *reply = get_as("bob");
    struct broker_call *call = w.fake.asked[0];
    buf_init(&call->answer, 1);
    buf_append_text(&call->answer, "alice");
    fake_broker_answer(&w.fake, call, ERR_OK, 0);
    turns();
    assert_refused(reply, 503, "overloaded");
}

static void dropped_or_no_room(void **state) {
    (void)state;
    w.hub_shared.mailed_bytes_max = 10;
    assert_refused(post(PATH, "{}"), 503, "overloaded");
    assert_refused(get_as("alice"), 503, "overloaded");
    w.hub_shared.mailed_bytes_max = 1 << 20;
    w.fail_nth = 1;
    assert_refused(post(PATH, "{}"), 503, "overloaded");
    mem_fail_nth(w.fail_nth = 0);
    (void)post(PATH, "{}");
    (void)post(PATH, "{\"submission_id\":7}");
    struct reply *reply = post(PATH, "{}");
    fake_broker_answer(&w.fake, w.fake.asked[2], ERR_OK, 9);
    turns();
    (void)get_as("alice");
    assert_asked("NEXT submissions; DECLARE submission:7; DECLARE submission:9; FETCH "
                 "submission:7");
    assert_int_equal(reply->status, 0); /* the end drops them all */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(with_a_number), TEST(with_the_next),      TEST(how_it_stands),
        TEST(a_lost_owner),  TEST(dropped_or_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
