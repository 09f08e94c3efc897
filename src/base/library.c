/* SPDX-License-Identifier: MIT */
/*
 * base/library.c: dlopen(3) and dlsym(3).
 */
#include "base/library.h"

#include "base/base.h"

#include <dlfcn.h>
#include <string.h>

enum err library_load(const char *file, const char *const names[], size_t count, void *table,
                      struct err_note *note) {
    /* Closing would leave threads and exit handlers of the library behind. */
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) return err_note(note, ERR_UNSUPPORTED, "not installed: %s", dlerror());
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(library, names[i]);
        if (!function) return err_note(note, ERR_UNSUPPORTED, "%s", dlerror());
        memcpy((char *)table + i * sizeof function, &function, sizeof function);
    }
    return ERR_OK;
}
