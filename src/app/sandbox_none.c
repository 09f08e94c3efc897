/* SPDX-License-Identifier: MIT */
/*
 * app/sandbox_none.c: no sandbox, in place of sandbox.c in builds with sanitizers: these read their
 * own memory as a debugger does, run a symbolizer and map memory as they like.
 */
#include "app/sandbox.h"

#include "base/log.h"

void sandbox_enter(void) {
    log_line(LOG_DEBUG, "no sandbox", log_text("problem", "built with sanitizers"));
}
