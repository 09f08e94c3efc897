/* SPDX-License-Identifier: MIT */
/*
 * The doors that each library has for another heap.
 */
#include "failing_libraries.h"

#include "base/mem.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

/* ---- OpenSSL ---- */

static void *crypto_alloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return mem_try(size);
}

static void *crypto_resize(void *piece, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return mem_try_resize(piece, size);
}

static void crypto_free(void *piece, const char *file, int line) {
    (void)file, (void)line;
    mem_free(piece);
}

/* ---- cjose ---- */

static void *cjose_alloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return mem_try(size);
}

static void *cjose_resize(void *piece, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return mem_try_resize(piece, size);
}

static void cjose_free(void *piece, const char *file, int line) {
    (void)file, (void)line;
    mem_free(piece);
}

/* ---- SQLite ---- */

static void *sqlite_alloc(int size) {
    return mem_try((size_t)size);
}

static void *sqlite_resize(void *piece, int size) {
    return mem_try_resize(piece, (size_t)size);
}

static int sqlite_size(void *piece) {
    return piece ? (int)malloc_usable_size(piece) : 0;
}

static int sqlite_round(int size) {
    return (size + 7) & ~7;
}

static int sqlite_begin(void *none) {
    (void)none;
    return SQLITE_OK;
}

static void sqlite_end(void *none) {
    (void)none;
}

void failing_libraries(void) {
    static const struct sqlite3_mem_methods sqlite = {
        .xMalloc = sqlite_alloc,
        .xFree = mem_free,
        .xRealloc = sqlite_resize,
        .xSize = sqlite_size,
        .xRoundup = sqlite_round,
        .xInit = sqlite_begin,
        .xShutdown = sqlite_end,
    };
    bool is_good = CRYPTO_set_mem_functions(crypto_alloc, crypto_resize, crypto_free) == 1 &&
                   sqlite3_config(SQLITE_CONFIG_MALLOC, &sqlite) == SQLITE_OK;
    if (!is_good) abort(); /* a library was used before */
    json_set_alloc_funcs(mem_try, mem_free);
    cjose_set_alloc_ex_funcs(cjose_alloc, cjose_resize, cjose_free);
}
