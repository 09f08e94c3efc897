/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of a process that we know: this one, and a child of it.
 */
#include "load/usage.h"

#include "base/clock.h"
#include "base/mem.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t own_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void time_is_that_of_the_clock(void **state) {
    (void)state;
    struct load_processes p = { 0 };
    assert_int_equal(load_processes_add(&p, getpid()), ERR_OK);
    uint64_t before, after, clock_before = own_cpu_ns();
    assert_int_equal(load_usage_cpu(&p, &before, NULL), ERR_OK);
    while (own_cpu_ns() - clock_before < 50 * NS_PER_MS) {
    }
    assert_int_equal(load_usage_cpu(&p, &after, NULL), ERR_OK);
    uint64_t spent = own_cpu_ns() - clock_before;
    assert_true(after - before > spent / 2 && after - before <= spent + 20 * NS_PER_MS);
}

static void memory_grows_with_what_is_taken(void **state) {
    (void)state;
    enum { TAKEN = 32 * 1024 * 1024 };
    struct load_processes p = { 0 };
    struct load_usage before, after;
    assert_int_equal(load_processes_add(&p, getpid()), ERR_OK);
    assert_int_equal(load_usage_read(&p, &before, NULL), ERR_OK);
    assert_true(before.rss_bytes > 0 && before.pss_bytes <= before.rss_bytes);
    volatile char *taken = mem_new(TAKEN);
    for (size_t i = 0; i < TAKEN; i += 1024)
        taken[i] = 1;
    assert_int_equal(load_usage_read(&p, &after, NULL), ERR_OK);
    mem_free((void *)(uintptr_t)taken);
    assert_true(after.rss_bytes - before.rss_bytes > TAKEN / 2);
    assert_true(after.pss_bytes - before.pss_bytes > TAKEN / 2);
}

static void children_are_found(void **state) {
    (void)state;
    struct load_processes p = { 0 };
    assert_int_equal(load_processes_add(&p, getpid()), ERR_OK);
    assert_int_equal(load_processes_add(&p, getpid()), ERR_OK);
    assert_int_equal(p.count, 1);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    assert_true(child > 0);
    enum err e = load_processes_add_children(&p);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.pids[1], child);
    /* It is gone now: asking for it says so. */
    uint64_t ns;
    struct err_note note = { "" };
    assert_int_equal(load_usage_cpu(&p, &ns, &note), ERR_NOT_FOUND);
    assert_true(*note.text);
}

static void nobody_uses_nothing(void **state) {
    (void)state;
    const struct load_processes p = { 0 };
    struct load_usage usage = { 1, 1, 1 };
    assert_int_equal(load_usage_read(&p, &usage, NULL), ERR_OK);
    assert_true(usage.cpu_ns == 0 && usage.pss_bytes == 0 && usage.rss_bytes == 0);
}

static void there_is_a_limit(void **state) {
    (void)state;
    struct load_processes p = { 0 };
    for (pid_t pid = 1; pid <= LOAD_PROCESSES_MAX; pid++)
        assert_int_equal(load_processes_add(&p, pid), ERR_OK);
    assert_int_equal(load_processes_add(&p, LOAD_PROCESSES_MAX), ERR_OK);
    assert_int_equal(load_processes_add(&p, LOAD_PROCESSES_MAX + 1), ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_that_of_the_clock),
        cmocka_unit_test(memory_grows_with_what_is_taken),
        cmocka_unit_test(children_are_found),
        cmocka_unit_test(nobody_uses_nothing),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
