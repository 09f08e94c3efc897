/* SPDX-License-Identifier: MIT */
/*
 * base/mem_priv.h: where a build with tests makes allocations fail. The build picks one of two
 * files: mem_fail.c or, for users, mem_sure.c.
 */
#ifndef TIDINGS_BASE_MEM_PRIV_H
#define TIDINGS_BASE_MEM_PRIV_H

#include "base/base.h"

/* Counts an allocation; true: this one is to fail. */
bool mem_must_fail(void);

#endif
