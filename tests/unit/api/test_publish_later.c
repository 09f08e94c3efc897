/* SPDX-License-Identifier: MIT */
/*
 * Publishes by way of a broker that nodes share: what is asked in which order, and what every
 * answer comes to.
 */
#include "shared_scene.h"

#define PUBLISH "/api/v1/publish"
#define BATCH   "/api/v1/batch"
#define U1      "{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2}]}"

static int set_up(void **state) {
    (void)state;
    begin_shared();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    end_shared();
    return 0;
}

static void one_round_trip(void **state) {
    (void)state;
    struct reply *reply = post(PUBLISH, "{\"user\":\"u1\",\"data\":{ \"n\" : 1e400 }}");
    assert_true(reply->is_later);
    assert_asked("PUBLISH ws:u1 { \"n\" : 1e400 }");
    turns();
    assert_int_equal(reply->status, 0);
    say(ERR_OK, 7, "");
    turns();
    assert_told(reply, 200, U1);
    reply = post("/api/v1/broadcast", "{\"data\":2}");
    assert_asked("PUBLISH broadcast 2");
    say_all(ERR_OK);
    assert_told(reply, 200, "{\"published\":[{\"channel\":\"broadcast\",\"deliveries\":1}]}");
    reply = post(PUBLISH, "{\"channel\":\"w\\u0073:u1\",\"data\":3}");
    assert_asked("PUBLISH ws:u1 3");
    say_all(ERR_OK);
    assert_told(reply, 200, U1);
    char body[256];
    (void)snprintf(body, sizeof body, "{\"user\":\"u1\",\"data\":\"%099d\"}", 0);
    reply = post(PUBLISH, body);
    say_all(ERR_OK);
    assert_told(reply, 200,
                "{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":0,\"skipped\":2}]}");
}

static void bad_ones_are_answered_at_once(void **state) {
    (void)state;
    static const struct {
        const char *body;
        int status;
        const char *code;
    } cases[] = {
        { "{\"user\":", 400, "malformed_json" },
        { "", 400, "malformed_json" },
        { "{\"data\":1}", 400, "invalid_request" },
        { "{\"user\":\"\",\"data\":1}", 400, "invalid_user" },
        { "{\"users\":[\"a\",\"\"],\"data\":1}", 400, "invalid_user" },
        { "{\"user\":\"a\",\"data\":1,\"idempotency_key\":\"\"}", 400, "invalid_idempotency_key" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reply *reply = post(PUBLISH, cases[i].body);
        assert_false(reply->is_later);
        assert_refused(reply, cases[i].status, cases[i].code);
    }
    assert_refused(request("POST", PUBLISH, "", SPAN("{}")), 401, "unauthorized");
    assert_told(post(BATCH, "{\"commands\":[]}"), 200, "{\"results\":[]}");
    assert_refused(post(BATCH, "{\"commands\":{}}"), 400, "invalid_request");
    struct reply *all_bad = post(BATCH, "{\"commands\":[{\"publish\":[]},7]}");
    assert_int_equal(all_bad->status, 200);
    assert_asked("");
}

/* What the broker can answer to a publish with one target. */
static void outcomes(void **state) {
    (void)state;
    static const struct {
        const char *channel;
        enum err err;
        int status;
        const char *code;
        const char *message;
    } cases[] = {
        { "a", ERR_CLOSED, 503, "broker_unavailable",
          "The broker is not available; nothing was sent" },
        { "a", ERR_IO, 503, "broker_unknown", "The broker did not answer; it may have been sent" },
        { "a", ERR_LIMIT, 503, "overloaded",
          "The server has too much to deliver; nothing was sent" },
        { "a", ERR_NOMEM, 503, "overloaded",
          "The server has too much to deliver; nothing was sent" },
        { "submission:1", ERR_NOT_FOUND, 404, "not_declared",
          "The channel submission:1 was not declared" },
        { "submission:1", ERR_TOO_BIG, 409, "history_full",
          "The history of the channel submission:1 takes no more" },
        { "submission:1", ERR_CLOSED, 503, "broker_unavailable",
          "The broker is not available; nothing was sent" },
        { "submission:1", ERR_IO, 503, "broker_unknown",
          "The broker did not answer; it may have been sent" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        char body[256], expected[256];
        (void)snprintf(body, sizeof body, "{\"channels\":[\"%s\"],\"data\":1}", cases[i].channel);
        struct reply *reply = post(PUBLISH, body);
        assert_int_equal(w.fake.asked_count, 1);
        say_all(cases[i].err);
        (void)snprintf(expected, sizeof expected,
                       "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}", cases[i].code,
                       cases[i].message);
        assert_told(reply, cases[i].status, expected);
        bool has_retry = memmem(reply->bytes.at, reply->bytes.len, "Retry-After: 1\r\n", 16);
        assert_int_equal(has_retry, cases[i].status == 503);
    }
    struct reply *reply = post(PUBLISH, "{\"channel\":\"a\",\"data\":1}");
    say(ERR_CLOSED, 0, "OOM \"command\" not allowed");
    turns();
    assert_told(reply, 503,
                "{\"error\":{\"code\":\"broker_unavailable\",\"message\":\"The broker is not "
                "available (OOM \\\"command\\\" not allowed); nothing was sent\"}}");
    reply = post(PUBLISH, "{\"channel\":\"a\",\"data\":1}");
    say(ERR_CLOSED, 0, "\xff");
    turns();
    assert_refused(reply, 503, "broker_unavailable");
}

static void histories(void **state) {
    (void)state;
    struct reply *reply =
        post(PUBLISH, "{\"channel\":\"submission:1\",\"data\":{\"type\":\"complete\"}}");
    assert_asked("APPEND submission:1 {\"type\":\"complete\"} (last)");
    say_all(ERR_OK);
    assert_told(reply, 200, "{\"published\":[{\"channel\":\"submission:1\",\"deliveries\":0}]}");
    /* Without a history nobody but us asks whether it was declared. */
    reply = post(PUBLISH, "{\"channel\":\"plain:1\",\"data\":1}");
    assert_asked("FIND plain:1");
    say_all(ERR_OK);
    assert_asked("PUBLISH plain:1 1");
    say_all(ERR_OK);
    assert_told(reply, 200, "{\"published\":[{\"channel\":\"plain:1\",\"deliveries\":0}]}");
}

static void nothing_is_sent_before_all_are_found(void **state) {
    (void)state;
    static const char body[] = "{\"channels\":[\"a\",\"submission:1\",\"submission:2\"],"
                               "\"data\":1}";
    struct reply *reply = post(PUBLISH, body);
    assert_asked("FIND submission:1; FIND submission:2");
    say(ERR_OK, 0, "owner");
    turns();
    say(ERR_NOT_FOUND, 0, "");
    turns();
    assert_asked("");
    assert_told(reply, 404,
                "{\"error\":{\"code\":\"not_declared\",\"message\":\"The channel submission:2 was "
                "not declared\"}}");
    static const struct {
        enum err err;
        const char *code;
    } cases[] = { { ERR_CLOSED, "broker_unavailable" },
                  { ERR_IO, "broker_unavailable" },
                  { ERR_NOMEM, "overloaded" } };
    for (size_t i = 0; i < countof(cases); i++) {
        reply = post(PUBLISH, body);
        say_all(cases[i].err);
        assert_refused(reply, 503, cases[i].code);
    }
    reply = post(PUBLISH, body);
    say_all(ERR_OK);
    assert_asked("PUBLISH a 1; APPEND submission:1 1; APPEND submission:2 1");
    say(ERR_IO, 0, "");
    say(ERR_TOO_BIG, 0, "");
    say(ERR_NOT_FOUND, 0, "");
    turns();
    assert_told(reply, 200,
                "{\"published\":["
                "{\"channel\":\"a\",\"error\":{\"code\":\"broker_unknown\",\"message\":"
                "\"The broker did not answer; it may have been sent\"}},"
                "{\"channel\":\"submission:1\",\"error\":{\"code\":\"history_full\",\"message\":"
                "\"Its history takes no more; not sent\"}},"
                "{\"channel\":\"submission:2\",\"error\":{\"code\":\"not_declared\",\"message\":"
                "\"It was not declared; not sent\"}}]}");
}

static void several_targets(void **state) {
    (void)state;
    static const char body[] = "{\"users\":[\"u1\",\"b\",\"u1\"],\"data\":1}";
    static const struct {
        enum err errs[2];
        int status;
        const char *answer; /* its code, when it is an error */
    } cases[] = {
        { { ERR_OK, ERR_OK },
          200,
          "{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2},"
          "{\"channel\":\"ws:b\",\"deliveries\":0}]}" },
        { { ERR_OK, ERR_CLOSED },
          200,
          "{\"published\":[{\"channel\":\"ws:u1\",\"deliveries\":2},{\"channel\":\"ws:b\","
          "\"error\":{\"code\":\"broker_unavailable\",\"message\":\"The broker is not available; "
          "not sent\"}}]}" },
        { { ERR_LIMIT, ERR_IO },
          200,
          "{\"published\":[{\"channel\":\"ws:u1\",\"error\":{\"code\":\"overloaded\",\"message\":"
          "\"The server has too much to deliver; not sent\"}},{\"channel\":\"ws:b\",\"error\":"
          "{\"code\":\"broker_unknown\",\"message\":\"The broker did not answer; it may have been "
          "sent\"}}]}" },
        { { ERR_IO, ERR_IO }, 503, "broker_unknown" },
        { { ERR_CLOSED, ERR_CLOSED }, 503, "broker_unavailable" },
        { { ERR_CLOSED, ERR_LIMIT }, 503, "overloaded" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reply *reply = post(PUBLISH, body);
        assert_asked("PUBLISH ws:u1 1; PUBLISH ws:b 1");
        /* The other way round: the answer is in the order of the body all the same. */
        fake_broker_answer(&w.fake, w.fake.asked[1], cases[i].errs[1], 0);
        turns();
        assert_int_equal(reply->status, 0);
        say_all(cases[i].errs[0]);
        if (cases[i].status == 200) {
            assert_told(reply, 200, cases[i].answer);
        } else {
            assert_refused(reply, 503, cases[i].answer);
        }
    }
}

#define KEYED "{\"user\":\"u1\",\"data\":1,\"idempotency_key\":\"k\"}"

static void a_key_is_judged_first(void **state) {
    (void)state;
    struct reply *reply = post(PUBLISH, KEYED);
    assert_asked("ONCE key");
    assert_int_equal(w.fake.asked[0]->text.len, 64);
    say_all(ERR_OK);
    assert_asked("PUBLISH ws:u1 1");
    say_all(ERR_OK);
    assert_asked("ONCE_DONE key " U1);
    /* Who is answered may repeat it at once, at any node. */
    assert_int_equal(reply->status, 0);
    say_all(ERR_OK);
    assert_told(reply, 200, U1);

    reply = post(PUBLISH, KEYED);
    say(ERR_EXISTS, 0, "{\"published\":[\"as it was\"]}");
    turns();
    assert_told(reply, 200, "{\"published\":[\"as it was\"]}");
    assert_asked("");

    static const struct {
        enum err err;
        int status;
        const char *code;
    } cases[] = {
        { ERR_INVALID, 422, "idempotency_key_reused" },
        { ERR_BUSY, 409, "idempotency_key_in_use" },
        { ERR_CLOSED, 503, "broker_unavailable" },
        { ERR_IO, 503, "broker_unavailable" },
        { ERR_LIMIT, 503, "overloaded" },
        { ERR_NOMEM, 503, "overloaded" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        reply = post(PUBLISH, KEYED);
        say_all(cases[i].err);
        assert_refused(reply, cases[i].status, cases[i].code);
        assert_asked("");
    }
}

/* It was sent: the answer is the same, whether or not it is remembered. */
static void a_key_that_cannot_be_told(void **state) {
    (void)state;
    static const enum err errs[] = { ERR_CLOSED, ERR_IO, ERR_LIMIT, ERR_NOMEM };
    for (size_t i = 0; i < countof(errs); i++) {
        struct reply *reply = post(PUBLISH, KEYED);
        say_all(ERR_OK);
        say_all(ERR_OK);
        assert_asked("ONCE_DONE key " U1);
        say_all(errs[i]);
        assert_told(reply, 200, U1);
        assert_asked("");
    }
}

static void what_becomes_of_a_key(void **state) {
    (void)state;
    static const struct {
        const char *body;
        enum err found, sent;
        const char *after;
    } cases[] = {
        { KEYED, ERR_OK, ERR_CLOSED, "DROP key" },
        { KEYED, ERR_OK, ERR_LIMIT, "DROP key" },
        /* It may have been sent: taken it stays. */
        { KEYED, ERR_OK, ERR_IO, "" },
        { "{\"channel\":\"plain:1\",\"data\":1,\"idempotency_key\":\"k\"}", ERR_NOT_FOUND, ERR_OK,
          "DROP key" },
        { "{\"channel\":\"plain:1\",\"data\":1,\"idempotency_key\":\"k\"}", ERR_IO, ERR_OK,
          "DROP key" },
        { "{\"channel\":\"submission:1\",\"data\":1,\"idempotency_key\":\"k\"}", ERR_OK,
          ERR_TOO_BIG, "DROP key" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct reply *reply = post(PUBLISH, cases[i].body);
        say_all(ERR_OK);
        if (w.fake.asked[0]->verb == BROKER_FIND) say_all(cases[i].found);
        if (!cases[i].found) say_all(cases[i].sent);
        assert_asked(cases[i].after);
        assert_int_equal(reply->status == 0, w.fake.asked_count > 0);
        say_all(ERR_OK);
        assert_true(reply->status > 200);
    }
    /* Some may have it. */
    struct reply *reply =
        post(PUBLISH, "{\"users\":[\"a\",\"b\"],\"data\":1,\"idempotency_key\":\"k\"}");
    say_all(ERR_OK);
    say(ERR_IO, 0, "");
    say_all(ERR_CLOSED);
    assert_asked("ONCE_DONE key {\"published\":["
                 "{\"channel\":\"ws:a\",\"error\":{\"code\":\"broker_unknown\",\"message\":"
                 "\"The broker did not answer; it may have been sent\"}},"
                 "{\"channel\":\"ws:b\",\"error\":{\"code\":\"broker_unavailable\",\"message\":"
                 "\"The broker is not available; not sent\"}}]}");
    assert_int_equal(reply->status, 0);
    struct buf told;
    buf_init(&told, 1024);
    buf_append_span(&told, w.fake.asked[0]->payload);
    say_all(ERR_OK);
    assert_int_equal(reply->status, 200);
    assert_true(span_eq(buf_span(&told), body_of(reply)));
    buf_finish(&told);
}

static void names_of_keys(void **state) {
    (void)state;
    struct {
        char name[64], text[64];
    } asked[5];
    static const char *const bodies[] = {
        KEYED,
        KEYED,
        "{\"user\":\"u1\",\"data\":1,\"idempotency_key\":\"l\"}",
        "{\"user\":\"u1\",\"data\":2,\"idempotency_key\":\"k\"}",
        KEYED,
    };
    for (size_t i = 0; i < countof(bodies); i++) {
        (void)request("POST", PUBLISH,
                      i < 4 ? "X-API-Key: publish-key\r\n" : "X-API-Key: other-key\r\n",
                      span_str(bodies[i]));
        assert_int_equal(w.fake.asked[i]->name.len, 64);
        memcpy(asked[i].name, w.fake.asked[i]->name.at, 64);
        memcpy(asked[i].text, w.fake.asked[i]->text.at, 64);
    }
    /* The same on every node: SHA-256 of the API key's SHA-256 and the idempotency key. */
    assert_memory_equal(asked[0].name,
                        "5a317a6796dc8825b8a9a1023b0ec2dcccd36d0287317f2818dbd7c05865aeeb", 64);
    assert_memory_equal(asked[0].text,
                        "4b50970d91ff22d6a1b3c7bbc3b7dfed66d2b244e200d97e02941ac59fe49625", 64);
    assert_memory_equal(asked[1].name, asked[0].name, 128);
    assert_memory_not_equal(asked[2].name, asked[0].name, 64);
    assert_memory_equal(asked[3].name, asked[0].name, 64);
    assert_memory_not_equal(asked[3].text, asked[0].text, 64);
    assert_memory_not_equal(asked[4].name, asked[0].name, 64);
    assert_memory_equal(asked[4].text, asked[0].text, 64);
    say_all(ERR_BUSY);
}

static void a_batch_of_everything(void **state) {
    (void)state;
    struct reply *reply =
        post(BATCH, "{\"commands\":["
                    "{\"publish\":{\"user\":\"u1\",\"data\":1}},"
                    "{\"publish\":{\"data\":2}},"
                    "{\"broadcast\":{\"data\":3,\"idempotency_key\":\"again\"}},"
                    "{\"publish\":{\"user\":\"u1\",\"data\":4,\"idempotency_key\":\"first\"}},"
                    "{\"publish\":{\"channel\":\"plain:1\",\"data\":5}},"
                    "{\"publish\":{\"channels\":[\"submission:1\",\"ws:u1\"],\"data\":6}},"
                    "7,"
                    "{\"publish\":{\"channel\":\"submission:1\",\"data\":7}},"
                    "{\"broadcast\":{\"data\":8,\"idempotency_key\":\"other\"}},"
                    "{\"publish\":{\"channel\":\"plain:2\",\"data\":9,\"idempotency_key\":\"n\"}}"
                    "]}");
    assert_asked("ONCE key; ONCE key; ONCE key; ONCE key");
    say(ERR_EXISTS, 0, "\"remembered\"");
    say(ERR_OK, 0, "");
    say(ERR_INVALID, 0, "");
    say_all(ERR_OK);
    assert_asked("FIND plain:1; FIND submission:1; FIND plain:2");
    say(ERR_OK, 0, "");
    say(ERR_OK, 0, "");
    say_all(ERR_NOT_FOUND);
    assert_asked("PUBLISH ws:u1 1; PUBLISH ws:u1 4; PUBLISH plain:1 5; APPEND submission:1 6; "
                 "PUBLISH ws:u1 6; APPEND submission:1 7");
    for (enum err e = ERR_OK; w.fake.asked_count > 1; e = ERR_OK)
        say(e, 0, "");
    turns();
    say_all(ERR_IO);
    assert_asked("ONCE_DONE key " U1 "; DROP key");
    assert_int_equal(reply->status, 0);
    say_all(ERR_OK);
    assert_told(reply, 200,
                "{\"results\":[" U1 ","
                "{\"error\":{\"code\":\"invalid_request\",\"message\":\"Exactly one of "
                "\\\"user\\\", \\\"users\\\", \\\"channel\\\" and \\\"channels\\\" must be "
                "given\"}},"
                "\"remembered\"," U1 ","
                "{\"published\":[{\"channel\":\"plain:1\",\"deliveries\":0}]},"
                "{\"published\":[{\"channel\":\"submission:1\",\"deliveries\":0},"
                "{\"channel\":\"ws:u1\",\"deliveries\":2}]},"
                "{\"error\":{\"code\":\"invalid_request\",\"message\":\"A command has one member, "
                "\\\"publish\\\" or \\\"broadcast\\\"\"}},"
                "{\"error\":{\"code\":\"broker_unknown\",\"message\":\"The broker did not answer; "
                "it may have been sent\"}},"
                "{\"error\":{\"code\":\"idempotency_key_reused\",\"message\":\"That idempotency "
                "key came with another body before\"}},"
                "{\"error\":{\"code\":\"not_declared\",\"message\":\"The channel plain:2 was not "
                "declared\"}}]}");
    assert_asked("");
}

/* A thousand commands: all in order, a bounded number at a time. */
static void long_ones_go_in_order(void **state) {
    (void)state;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_append_text(&body, "{\"commands\":[");
    for (int i = 0; i < 1000; i++)
        buf_printf(&body, "%s{\"publish\":{\"users\":[\"a\",\"b\"],\"data\":%d}}", i ? "," : "", i);
    buf_append_text(&body, "]}");
    struct reply *reply = request("POST", BATCH, "X-API-Key: publish-key\r\n", buf_span(&body));
    size_t at_once = w.fake.asked_count;
    assert_in_range(at_once, 2, 256);
    for (size_t i = 0; i < 2000; i++) {
        char data[16];
        const struct broker_call *call = w.fake.asked[0];
        (void)snprintf(data, sizeof data, "%zu", i / 2);
        assert_true(span_eq(call->payload, span_str(data)));
        assert_true(span_eq(call->name, i % 2 ? SPAN("ws:b") : SPAN("ws:a")));
        assert_int_equal(w.fake.asked_count, 2000 - i < at_once ? 2000 - i : at_once);
        assert_int_equal(reply->status, 0);
        say(ERR_OK, 0, "");
        turns();
    }
    assert_int_equal(reply->status, 200);
    buf_finish(&body);
}

static void calls_stay_in_order(void **state) {
    (void)state;
    (void)post(PUBLISH, "{\"user\":\"u1\",\"data\":1}");
    (void)post(BATCH, "{\"commands\":[{\"publish\":{\"user\":\"u1\",\"data\":2}},"
                      "{\"publish\":{\"user\":\"u1\",\"data\":3}}]}");
    (void)post(PUBLISH, "{\"user\":\"u1\",\"data\":4}");
    assert_asked("PUBLISH ws:u1 1; PUBLISH ws:u1 2; PUBLISH ws:u1 3; PUBLISH ws:u1 4");
    say_all(ERR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(w.replies[i].status, 200);
}

static void who_has_gone_is_sent_for(void **state) {
    (void)state;
    struct reply *reply = post(PUBLISH, KEYED);
    reply->is_gone = true;
    say_all(ERR_OK);
    assert_asked("PUBLISH ws:u1 1");
    say_all(ERR_OK);
    assert_asked("ONCE_DONE key " U1);
    say_all(ERR_OK);
    assert_int_equal(reply->bytes.len, 0);
}

/* The server's end in every phase; what is not freed the sanitizer tells. */
static void dropped(void **state) {
    (void)state;
    for (int phase = 0; phase < 4; phase++) {
        if (phase > 0) begin_shared();
        struct reply *reply = post(PUBLISH, "{\"channels\":[\"plain:1\",\"b\",\"c\"],\"data\":1,"
                                            "\"idempotency_key\":\"k\"}");
        for (int i = 0; i < phase; i++)
            say_all(ERR_OK);
        if (phase == 2) {
            say(ERR_OK, 0, ""); /* one came back before the end */
            turns();
        }
        assert_int_equal(reply->status, 0);
        if (phase < 3) end_shared();
    }
}

static void there_is_room_for_so_many(void **state) {
    (void)state;
    w.hub_shared.mailed_bytes_max = 20000;
    size_t taken = 0;
    while (post(PUBLISH, "{\"user\":\"u1\",\"data\":1}")->is_later)
        taken++;
    assert_in_range(taken, 2, 20);
    assert_refused(&w.replies[taken], 503, "overloaded");
    assert_int_equal(w.fake.asked_count, taken);
    say(ERR_OK, 0, "");
    turns();
    assert_true(post(PUBLISH, "{\"user\":\"u1\",\"data\":1}")->is_later);
    assert_refused(post(PUBLISH, "{\"user\":\"u1\",\"data\":1}"), 503, "overloaded");
    say_all(ERR_OK);
    /* All is given back, whatever became of it. */
    for (int i = 0; i < 50; i++) {
        struct reply *reply = post(PUBLISH, KEYED);
        assert_true(reply->is_later);
        say_all(i % 2 ? ERR_OK : ERR_BUSY);
        say_all(ERR_IO);
        say_all(ERR_OK);
        assert_true(reply->status > 0);
    }
    /* A list too long for what is left. */
    struct buf body;
    buf_init(&body, 1 << 16);
    buf_append_text(&body, "{\"users\":[0");
    for (int i = 1; i < 200; i++)
        buf_printf(&body, ",%d", i);
    buf_append_text(&body, "],\"data\":1}");
    struct reply *reply = request("POST", PUBLISH, "X-API-Key: publish-key\r\n", buf_span(&body));
    assert_refused(reply, 503, "overloaded");
    /* For the steps alone there may be none: then it takes longer. */
    w.hub_shared.mailed_bytes_max = 40000;
    size_t before = w.fake.counts[BROKER_PUBLISH];
    reply = request("POST", PUBLISH, "X-API-Key: publish-key\r\n", buf_span(&body));
    assert_int_equal(w.fake.asked_count, 1);
    while (w.fake.asked_count > 0)
        say_all(ERR_OK);
    assert_int_equal(reply->status, 200);
    assert_int_equal(w.fake.counts[BROKER_PUBLISH] - before, 200);
    buf_finish(&body);
}

/* Each allocation fails once: it is refused, or somebody does not get it, and nothing is lost. */
static void failing_allocations(void **state) {
    (void)state;
    static const char body[] =
        "{\"commands\":[{\"publish\":{\"users\":[\"u1\",\"\\u0062\"],\"data\":1,"
        "\"idempotency_key\":\"\\u006b\"}},{\"publish\":{\"channel\":\"submission:1\","
        "\"data\":2}}]}";
    uint64_t tried = UINT64_MAX;
    for (uint64_t nth = 1; nth <= tried; nth++) {
        w.fail_nth = nth;
        struct reply *reply = post(BATCH, body);
        while (w.fake.asked_count > 0)
            say_all(ERR_OK);
        if (mem_tried() < nth) tried = mem_tried();
        mem_fail_nth(0);
        assert_true(reply->status == 200 || reply->status == 503);
        forget_replies();
    }
    assert_in_range(tried, 6, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_round_trip),
        TEST(bad_ones_are_answered_at_once),
        TEST(outcomes),
        TEST(histories),
        TEST(nothing_is_sent_before_all_are_found),
        TEST(several_targets),
        TEST(a_key_is_judged_first),
        TEST(a_key_that_cannot_be_told),
        TEST(what_becomes_of_a_key),
        TEST(names_of_keys),
        TEST(a_batch_of_everything),
        TEST(long_ones_go_in_order),
        TEST(calls_stay_in_order),
        TEST(who_has_gone_is_sent_for),
        TEST(dropped),
        TEST(there_is_room_for_so_many),
        TEST(failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
