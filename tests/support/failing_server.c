/* SPDX-License-Identifier: MIT */
/*
 * A server whose allocations fail when another process says so: FAIL_ALLOCATIONS in the
 * environment names the file in which it does. Part of builds with tests only.
 */
#include "base/mem.h"
#include "failing_libraries.h"

__attribute__((constructor)) static void follow(void) {
    const char *path = getenv("FAIL_ALLOCATIONS");
    if (!path) return;
    failing_libraries();
    if (!mem_fail_follow(path)) abort();
}
