/* SPDX-License-Identifier: MIT */
/*
 * base/library.c: dlopen(3) and dlsym(3).
 */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

enum err library_load(struct library *library, struct err_note *note) {
    if (library->is_loaded) return ERR_OK;
    /* Closing would leave threads and exit handlers of the library behind. */
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return err_note(note, ERR_UNSUPPORTED, "not installed: %s", dlerror());
    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->names[i]);
        if (!function) return err_note(note, ERR_UNSUPPORTED, "%s", dlerror());
        memcpy((char *)library->table + i * sizeof function, &function, sizeof function);
    }
    library->is_loaded = true;
    return ERR_OK;
}
