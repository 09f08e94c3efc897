/* SPDX-License-Identifier: MIT */
/*
 * base/mem_fail.c: makes allocations fail, for tests: one of them, or all from one on.
 */
#include "base/mem.h"
#include "base/mem_priv.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file has for `mem_fail_follow`, in the machine's order of bytes. */
struct failing {
    _Atomic uint64_t tried;
    _Atomic uint64_t from, until; /* those fail, counted from 1; `until` is behind the last */
    _Atomic uint64_t is_counting;
};

static struct failing own;
static struct failing *failing = &own;

bool mem_must_fail(void) {
    if (!atomic_load_explicit(&failing->is_counting, memory_order_relaxed)) return false;
    uint64_t nth = atomic_fetch_add(&failing->tried, 1) + 1;
    return nth >= atomic_load(&failing->from) && nth < atomic_load(&failing->until);
}

static void fail_between(uint64_t from, uint64_t until) {
    atomic_store(&failing->is_counting, 0);
    atomic_store(&failing->tried, 0);
    atomic_store(&failing->from, from);
    atomic_store(&failing->until, until);
    atomic_store(&failing->is_counting, 1);
}

void mem_fail_nth(uint64_t nth) {
    fail_between(nth, nth ? nth + 1 : 0);
}

void mem_fail_from(uint64_t nth) {
    fail_between(nth, UINT64_MAX);
}

uint64_t mem_tried(void) {
    return atomic_load(&failing->tried);
}

bool mem_fail_follow(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    struct stat about;
    bool is_large = fstat(fd, &about) == 0 && (size_t)about.st_size >= sizeof own;
    void *at =
        is_large ? mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    (void)close(fd);
    if (at == MAP_FAILED) return false;
    failing = at;
    return true;
}
