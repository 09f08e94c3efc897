/* SPDX-License-Identifier: MIT */
/*
 * base/mem_sure.c: allocations fail when there is no memory, and only then.
 */
#include "base/mem_priv.h"

bool mem_must_fail(void) {
    return false;
}
