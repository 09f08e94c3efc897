/* SPDX-License-Identifier: MIT */
/*
 * The shared table of channels and users.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/interest.h"

static struct listening record(uint32_t number) {
    return (struct listening){ (uint16_t)number, 1, number, number, number };
}

/* Adds `count` records, takes them away in an order given by `step`, compares with a plain list. */
static void check_listening(struct interest *entry, size_t count, size_t step) {
    uint32_t plain[40];
    size_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_true(interest_add_listening(entry, record(i)));
        plain[left++] = i;
        assert_int_equal(entry->listening_count, left);
    }
    while (left > 0) {
        size_t at = (left * 7 + step) % left;
        at = size_min(at + step % left, left - 1);
        interest_remove_listening(entry, at);
        plain[at] = plain[--left];
        assert_int_equal(entry->listening_count, left);
        const struct listening *records = interest_listening(entry);
        for (size_t i = 0; i < left; i++) {
            struct listening expected = record(plain[i]);
            assert_memory_equal(&records[i], &expected, sizeof expected);
        }
    }
}

static void records_of_listeners_come_and_go(void **state) {
    (void)state;
    struct interest entry = { 0 };
    for (size_t count = 0; count <= 40; count++) {
        for (size_t step = 0; step < 5; step++)
            check_listening(&entry, count, step);
    }
}

static void seats_come_and_go(void **state) {
    (void)state;
    struct interest entry = { 0 };
    for (uint16_t round = 0; round < 3; round++) {
        for (uint16_t i = 0; i < 5; i++)
            assert_true(
                interest_add_seat(&entry, (struct seat){ .connections = 10, .endpoint = i }));
        interest_remove_seat(&entry, 0); /* 4 1 2 3 */
        interest_remove_seat(&entry, 1); /* 4 3 2 */
        assert_int_equal(interest_seats(&entry)[0].endpoint, 4);
        assert_int_equal(interest_seats(&entry)[1].endpoint, 3);
        assert_int_equal(interest_seats(&entry)[2].endpoint, 2);
        interest_remove_seat(&entry, 0); /* 2 3 */
        interest_remove_seat(&entry, 1); /* 2 */
        assert_int_equal(entry.seat_count, 1);
        assert_int_equal(interest_seats(&entry)[0].endpoint, 2);
        interest_remove_seat(&entry, 0);
        assert_int_equal(entry.seat_count, 0);
    }
}

static void without_memory_records_stay_as_they_were(void **state) {
    (void)state;
    struct interest entry = { 0 };
    assert_true(interest_add_listening(&entry, record(0))); /* needs none */
    assert_true(interest_add_seat(&entry, (struct seat){ .connections = 1, .endpoint = 0 }));
    for (uint32_t i = 1; i < 4; i++) {
        mem_fail_nth(1);
        assert_false(interest_add_listening(&entry, record(i)));
        mem_fail_nth(1);
        assert_false(
            interest_add_seat(&entry, (struct seat){ .connections = 1, .endpoint = (uint16_t)i }));
        mem_fail_nth(0);
        assert_int_equal(entry.listening_count, i);
        assert_int_equal(entry.seat_count, i);
        assert_true(interest_add_listening(&entry, record(i)));
        assert_true(
            interest_add_seat(&entry, (struct seat){ .connections = 1, .endpoint = (uint16_t)i }));
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(interest_listening(&entry)[i].channel, i);
        assert_int_equal(interest_seats(&entry)[i].endpoint, i);
    }
    while (entry.listening_count)
        interest_remove_listening(&entry, 0);
    while (entry.seat_count)
        interest_remove_seat(&entry, 0);
}

enum { NAMES = 20000 };

static struct span name_of(uint32_t number, char room[32]) {
    int len = snprintf(room, 32, "channel:%u", number);
    return span_of(room, (size_t)len);
}

static struct interest *find(struct interest_table *table, struct span name) {
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, name, &hash);
    struct interest *entry = interest_find(stripe, name, hash);
    interest_unlock(stripe);
    return entry;
}

static struct interest *add(struct interest_table *table, struct span name) {
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, name, &hash);
    struct interest *entry = interest_obtain(stripe, name, hash);
    if (entry && entry->listening_count == 0) {
        assert_true(interest_add_listening(entry, record(1)));
    }
    interest_unlock(stripe);
    return entry;
}

static void settle(struct interest_table *table, struct span name, bool is_last) {
    uint32_t hash;
    struct interest_stripe *stripe = interest_lock(table, name, &hash);
    struct interest *entry = interest_find(stripe, name, hash);
    assert_non_null(entry);
    if (is_last) interest_remove_listening(entry, 0);
    interest_settle(stripe, entry);
    interest_unlock(stripe);
}

static void many_names_are_found_again(void **state) {
    (void)state;
    struct interest_table *table = mem_new(sizeof *table);
    interest_table_init(table);
    struct interest **entries = mem_new(NAMES * sizeof(struct interest *));
    char room[32];
    for (uint32_t i = 0; i < NAMES; i++) {
        struct span name = name_of(i, room);
        assert_null(find(table, name));
        entries[i] = add(table, name);
        assert_true(span_eq(interest_name(entries[i]), name));
    }
    for (uint32_t i = 0; i < NAMES; i++) {
        struct span name = name_of(i, room);
        assert_ptr_equal(find(table, name), entries[i]);
        assert_ptr_equal(add(table, name), entries[i]);
        settle(table, name, false); /* somebody listens: it stays */
        assert_ptr_equal(find(table, name), entries[i]);
        if (i % 3) settle(table, name, true);
    }
    for (uint32_t i = 0; i < NAMES; i++)
        assert_ptr_equal(find(table, name_of(i, room)), i % 3 ? NULL : entries[i]);
    mem_free(entries);
    interest_table_finish(table); /* with what is left in it */
    mem_free(table);
}

static void names_are_bytes(void **state) {
    (void)state;
    struct interest_table *table = mem_new(sizeof *table);
    interest_table_init(table);
    char longest[INTEREST_NAME_MAX + 1];
    memset(longest, 'x', sizeof longest);
    struct interest *entry = add(table, span_of(longest, INTEREST_NAME_MAX));
    assert_non_null(entry);
    assert_int_equal(interest_name(entry).len, INTEREST_NAME_MAX);
    assert_null(find(table, span_of(longest, INTEREST_NAME_MAX - 1)));
    assert_null(find(table, span_of(longest, INTEREST_NAME_MAX + 1)));
    assert_ptr_not_equal(add(table, SPAN("a\0b")), add(table, SPAN("a\0c")));
    interest_table_finish(table);
    mem_free(table);
}

/* Two users of a table without memory: nothing is there afterwards that was not before. */
static void without_memory_there_is_no_entry(void **state) {
    (void)state;
    struct interest_table *table = mem_new(sizeof *table);
    interest_table_init(table);
    char room[32];
    for (uint32_t i = 0; i < 3000; i++) {
        struct span name = name_of(i, room);
        mem_fail_nth(1 + i % 2);
        struct interest *entry = add(table, name);
        mem_fail_nth(0);
        assert_ptr_equal(find(table, name), entry);
        if (!entry) assert_non_null(add(table, name));
    }
    for (uint32_t i = 0; i < 3000; i++)
        assert_non_null(find(table, name_of(i, room)));
    interest_table_finish(table);
    mem_free(table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_listeners_come_and_go),
        cmocka_unit_test(seats_come_and_go),
        cmocka_unit_test(without_memory_records_stay_as_they_were),
        cmocka_unit_test(many_names_are_found_again),
        cmocka_unit_test(names_are_bytes),
        cmocka_unit_test(without_memory_there_is_no_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
