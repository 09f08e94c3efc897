/* SPDX-License-Identifier: MIT */
/*
 * What of a record goes to whom, and which ids were seen.
 */
#include "broker/kafka/mapping.h"
#include "broker/kafka/seen.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct buffers {
    struct buf user, id, relayed;
    struct err_note why;
};

static enum err map(const struct kafka_mapping *mapping, const char *record, struct buffers *b) {
    buf_init(&b->user, 256);
    buf_init(&b->id, 256);
    buf_init(&b->relayed, 1 << 16);
    return kafka_map(mapping, span_str(record), &b->user, &b->id, &b->relayed, &b->why);
}

static void finish(struct buffers *b) {
    buf_finish(&b->user);
    buf_finish(&b->id);
    buf_finish(&b->relayed);
}

static struct kafka_mapping mapping_of(const char *user, const char *id, const char *whole) {
    return (struct kafka_mapping){ .user_path = span_str(user),
                                   .id_path = span_str(id),
                                   .whole_path = span_str(whole) };
}

static const struct {
    const char *record, *user, *id, *relayed;
} good[] = {
    { "{\"i\":\"e1\",\"d\":{\"u\":\"anna\",\"a\":1.0,\"b\":{\"c\": [1]}}}", "anna", "e1",
      "{\"x\":1.0,\"y\":[1]}" },
    { "{\"d\":{\"u\":-7,\"a\":null,\"b\":{\"c\":\"\\u00e9\"}}}", "-7", "", "{\"y\":\"\\u00e9\"}" },
    { " {\"i\":7,\"d\":{\"u\":\"\\u0061\",\"a\":false}} ", "a", "7", "{\"x\":false}" },
    { "{\"i\":\"\",\"d\":{\"u\":\"a\",\"a\":1,\"u\":\"b\",\"a\":2}}", "b", "", "{\"x\":2}" },
};

static void members_are_picked(void **state) {
    (void)state;
    struct kafka_mapping mapping = mapping_of("d.u", "i", "");
    assert_true(kafka_mapping_add(&mapping, SPAN("x=d.a")));
    assert_true(kafka_mapping_add(&mapping, SPAN("y=d.b.c")));
    for (size_t i = 0; i < countof(good); i++) {
        struct buffers b = { 0 };
        assert_int_equal(map(&mapping, good[i].record, &b), ERR_OK);
        assert_true(span_eq(buf_span(&b.user), span_str(good[i].user)));
        assert_true(span_eq(buf_span(&b.id), span_str(good[i].id)));
        assert_true(span_eq(buf_span(&b.relayed), span_str(good[i].relayed)));
        finish(&b);
    }
}

static void a_part_or_the_whole_is_relayed(void **state) {
    (void)state;
    struct kafka_mapping part = mapping_of("u", "", "d.e"), whole = mapping_of("u", "", "");
    struct buffers b = { 0 };
    assert_int_equal(map(&part, "{\"u\":\"a\",\"d\":{\"e\":[ 1 ]}}", &b), ERR_OK);
    assert_true(span_eq(buf_span(&b.relayed), SPAN("[ 1 ]")));
    finish(&b);
    assert_int_equal(map(&whole, "{\"u\":\"a\"}", &b), ERR_OK);
    assert_true(span_eq(buf_span(&b.relayed), SPAN("{\"u\":\"a\"}")));
    finish(&b);
}

static const struct {
    const char *record;
    enum err err;
} bad[] = {
    { "", ERR_INVALID },
    { "{", ERR_INVALID },
    { "[]", ERR_INVALID },
    { "\"\xff\"", ERR_INVALID },
    { "{}", ERR_NOT_FOUND },
    { "{\"d\":[]}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":null}}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":\"\"}}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":\"a\\n\"}}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":1.5}}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":{}}}", ERR_NOT_FOUND },
    { "{\"d\":{\"u\":\"a\"}}", ERR_INVALID }, /* nothing to relay */
};

static void what_cannot_be_relayed_is_said(void **state) {
    (void)state;
    struct kafka_mapping mapping = mapping_of("d.u", "i", "");
    assert_true(kafka_mapping_add(&mapping, SPAN("x=d.a")));
    for (size_t i = 0; i < countof(bad); i++) {
        struct buffers b = { 0 };
        if (map(&mapping, bad[i].record, &b) != bad[i].err) fail_msg("%s", bad[i].record);
        assert_true(strlen(b.why.text) > 0);
        finish(&b);
    }
}

static void members_are_name_and_path(void **state) {
    (void)state;
    static const char *const none[] = { "", "a", "=b", "a=" };
    struct kafka_mapping mapping = { 0 };
    for (size_t i = 0; i < countof(none); i++)
        assert_false(kafka_mapping_add(&mapping, span_str(none[i])));
    for (int i = 0; i < KAFKA_MEMBERS_MAX; i++)
        assert_true(kafka_mapping_add(&mapping, SPAN("a=b=c")));
    assert_false(kafka_mapping_add(&mapping, SPAN("a=b")));
}

static void ids_are_known_for_a_while(void **state) {
    (void)state;
    struct seen seen = { 0 };
    char text[24];
    for (int i = 0; i <= SEEN_MAX; i++) {
        int len = snprintf(text, sizeof text, "id-%d", i);
        assert_true(seen_add(&seen, span_of(text, (size_t)len)));
        assert_false(seen_add(&seen, span_of(text, (size_t)len)));
    }
    assert_true(seen_add(&seen, SPAN("id-0"))); /* the oldest has made room */
    assert_false(seen_add(&seen, SPAN("id-2")));
    seen_forget(&seen, SPAN("id-2"));
    seen_forget(&seen, SPAN("never"));
    assert_true(seen_add(&seen, SPAN("id-2")));
    seen_finish(&seen);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_picked),
        cmocka_unit_test(a_part_or_the_whole_is_relayed),
        cmocka_unit_test(what_cannot_be_relayed_is_said),
        cmocka_unit_test(members_are_name_and_path),
        cmocka_unit_test(ids_are_known_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
