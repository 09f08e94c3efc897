/* SPDX-License-Identifier: MIT */
/*
 * support/tls_folder.h: a folder with certificates, made by the program openssl, which we did not
 * write. Each signs itself and so is its own authority.
 */
#ifndef TIDINGS_SUPPORT_TLS_FOLDER_H
#define TIDINGS_SUPPORT_TLS_FOLDER_H

#include "base/base.h"

#include <unistd.h>

struct tls_folder {
    char path[32]; /* empty: not made */
};

enum { TLS_FILE_MAX = 64, TLS_FILE_BYTES = 16 * 1024 };

/* The name of a file there. */
static inline const char *tls_file(const struct tls_folder *folder, const char *name,
                                   char ret[TLS_FILE_MAX]) {
    (void)snprintf(ret, TLS_FILE_MAX, "%s/%s", folder->path, name);
    return ret;
}

/* Makes `name`.pem for 127.0.0.1 and localhost, and its key in `name`.key. */
static inline void tls_folder_add(const struct tls_folder *folder, const char *name) {
    char line[512];
    (void)snprintf(line, sizeof line,
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
                   "-keyout %s/%s.key -out %s/%s.pem -subj /CN=%s "
                   "-addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>/dev/null",
                   folder->path, name, folder->path, name, name);
    if (system(line) != 0) abort();
}

static inline void tls_folder_begin(struct tls_folder *folder) {
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/tidings-tls-XXXXXX");
    if (!mkdtemp(folder->path)) abort();
}

static inline void tls_folder_end(struct tls_folder *folder) {
    char line[64];
    if (!folder->path[0]) return;
    (void)snprintf(line, sizeof line, "rm -r %s", folder->path);
    if (system(line) != 0) abort();
    folder->path[0] = '\0';
}

/* What stands in a file there. */
static inline size_t tls_file_read(const struct tls_folder *folder, const char *name,
                                   char ret[TLS_FILE_BYTES]) {
    char path[TLS_FILE_MAX];
    FILE *file = fopen(tls_file(folder, name, path), "r");
    if (!file) abort();
    size_t len = fread(ret, 1, TLS_FILE_BYTES, file);
    (void)fclose(file);
    return len;
}

#endif
