/* SPDX-License-Identifier: MIT */
/*
 * What is known of batches: how it is shown, to whom, how much of it is kept, and for how long.
 */
#include "base/mem.h"
#include "dialect/batch.h"
#include "store/batch_record.h"
#include "store/batch_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct batch_table_options roomy = { .entries_max = 100,
                                                  .bytes_max = 1 << 20,
                                                  .keep_seconds = 60 };

static void assert_shown(const struct batch_record *record, const char *shown) {
    struct buf out;
    buf_init(&out, 1 << 20);
    batch_record_write(record, SPAN("b1"), &out);
    if (!span_eq(buf_span(&out), span_str(shown)))
        fail_msg("%.*s is not %s", SPAN_ARG(buf_span(&out)), shown);
    buf_finish(&out);
}

static void shows_what_was_told(void **state) {
    (void)state;
    struct batch_record record = { 0 };
    assert_shown(&record, "{\"batch_id\":\"b1\",\"details\":{\"status\":\"processing\"},"
                          "\"essays\":[]}");
    assert_int_equal(
        batch_record_apply(&record,
                           SPAN("{\"essays.z.slot_index\":1,\"essays.z.file_upload_id\":\"f1\","
                                "\"essays.a.b.slot_index\":10,\"essays.a.b.filename\":\"n\","
                                "\"essays.a.b.file_upload_id\":\"f2\",\"essays.c.cj_rank\":3,"
                                "\"details.status\":\"failed\",\"details.b\":[1, 2]}")),
        ERR_OK);
    assert_int_equal(batch_record_apply(&record, SPAN("{\"details.status\":\"completed\","
                                                      "\"spellcheck_status\":\"completed\","
                                                      "\"essays.z.cj_score\":85.5}")),
                     ERR_OK);
    assert_shown(
        &record,
        "{\"batch_id\":\"b1\",\"details\":{\"status\":\"completed\",\"b\":[1, 2]},\"essays\":["
        "{\"essay_id\":\"z\",\"file_upload_id\":\"f1\",\"filename\":null,\"spellcheck_status\":"
        "\"completed\",\"cj_assessment_status\":null,\"cj_rank\":null,\"cj_score\":85.5},"
        "{\"essay_id\":\"a.b\",\"file_upload_id\":\"f2\",\"filename\":\"n\",\"spellcheck_status\":"
        "\"completed\",\"cj_assessment_status\":null,\"cj_rank\":null,\"cj_score\":null}]}");
    batch_record_finish(&record);
}

static void refuses_what_is_none(void **state) {
    (void)state;
    static const char *const bad[] = { "", "[]", "{", "{\"\":1}", "{\"a\":1,}", "{\"a\":\xff}" };
    for (size_t i = 0; i < countof(bad); i++) {
        struct batch_record record = { 0 };
        assert_int_equal(batch_record_apply(&record, span_str(bad[i])), ERR_INVALID);
        batch_record_finish(&record);
    }
}

static void a_record_has_a_maximum(void **state) {
    (void)state;
    struct batch_record record = { 0 };
    enum err e = ERR_OK;
    for (int i = 0; !e && i < 100000; i++) {
        char delta[64];
        (void)snprintf(delta, sizeof delta, "{\"essays.%d.file_upload_id\":\"f%d\"}", i, i);
        e = batch_record_apply(&record, span_str(delta));
    }
    assert_int_equal(e, ERR_TOO_BIG);
    assert_true(record.bytes <= BATCH_DELTA_MAX + 256);
    batch_record_finish(&record);
}

static void tell(struct batch_table *table, const char *user, const char *batch, const char *status,
                 uint32_t now_s) {
    char payload[256];
    (void)snprintf(
        payload, sizeof payload,
        "{\"event_type\":\"batch.status.updated\",\"batch_id\":\"%s\",\"status\":\"%s\"}", batch,
        status);
    batch_table_tell(table, span_str(user), span_str(payload), now_s);
}

/* The status that is shown; empty: nothing is known. */
static bool is_told(struct batch_table *table, const char *user, const char *batch,
                    const char *status) {
    struct buf out;
    buf_init(&out, 1 << 20);
    bool is_known = batch_table_write(table, span_str(user), span_str(batch), &out);
    char want[64];
    (void)snprintf(want, sizeof want, "\"status\":\"%s\"", status);
    bool is_so = is_known && memmem(out.at, out.len, want, strlen(want)) != NULL;
    buf_finish(&out);
    return *status ? is_so : !is_known;
}

static void a_user_sees_its_own(void **state) {
    (void)state;
    struct batch_table *table = batch_table_new(&roomy);
    tell(table, "u1", "b", "one", 1);
    tell(table, "u2", "b", "two", 1);
    tell(table, "u2", "c", "three", 1);
    assert_true(is_told(table, "u1", "b", "one"));
    assert_true(is_told(table, "u2", "b", "two"));
    assert_true(is_told(table, "", "b", "two")); /* the last that anybody was told */
    assert_true(is_told(table, "u1", "c", ""));
    assert_true(is_told(table, "", "c", "three"));
    assert_int_equal(batch_table_entries(table), 5);
    batch_table_free(table);
}

static void what_is_old_goes(void **state) {
    (void)state;
    struct batch_table *table = batch_table_new(&roomy);
    tell(table, "u", "old", "x", 1);
    tell(table, "u", "new", "x", 2);
    tell(table, "u", "old", "y", 30);
    batch_table_sweep(table, 61);
    assert_true(is_told(table, "u", "new", "x"));
    batch_table_sweep(table, 62);
    assert_true(is_told(table, "u", "new", ""));
    assert_true(is_told(table, "u", "old", "y"));
    batch_table_sweep(table, 90);
    assert_int_equal(batch_table_entries(table), 0);
    assert_int_equal(batch_table_bytes(table), 0);
    batch_table_free(table);
}

static void what_was_told_longest_ago_makes_room(void **state) {
    (void)state;
    const struct batch_table_options narrow = { 6, 1 << 20, 60 };
    struct batch_table *table = batch_table_new(&narrow);
    tell(table, "u", "1", "x", 1);
    tell(table, "u", "2", "x", 1);
    tell(table, "u", "1", "y", 1);
    tell(table, "u", "3", "x", 1);
    tell(table, "u", "4", "x", 1);
    assert_int_equal(batch_table_entries(table), 6);
    assert_true(is_told(table, "u", "2", ""));
    assert_true(is_told(table, "", "2", ""));
    assert_true(is_told(table, "u", "1", "y"));
    batch_table_free(table);
}

/* Whichever allocation fails, what is kept is whole. */
static void without_memory_it_goes_on(void **state) {
    (void)state;
    for (uint64_t nth = 1;; nth++) {
        struct batch_table *table = batch_table_new(&roomy);
        mem_fail_nth(nth);
        tell(table, "u", "b", "one", 1);
        bool is_over = mem_tried() < nth;
        mem_fail_nth(0);
        tell(table, "u", "b", "two", 2);
        assert_true(is_told(table, "u", "b", "two"));
        assert_true(is_told(table, "", "b", "two"));
        batch_table_free(table);
        if (is_over) break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_was_told),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(a_record_has_a_maximum),
        cmocka_unit_test(a_user_sees_its_own),
        cmocka_unit_test(what_is_old_goes),
        cmocka_unit_test(what_was_told_longest_ago_makes_room),
        cmocka_unit_test(without_memory_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
