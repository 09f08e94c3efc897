/* SPDX-License-Identifier: MIT */
/*
 * config/certificates.c: from the files of certificates to what sockets speak TLS with, and whether
 * these files are still what they were.
 */
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "config/draft_priv.h"

#include <sys/stat.h>

enum { PEM_MAX = 256 * 1024, NAME_MAX_BYTES = 4095 + 64 };

/* A certificate, read. */
struct material {
    char name[NAME_MAX_BYTES]; /* for mistakes: the key of the configuration and the file */
    struct buf cert, key;
};

struct materials {
    struct material list[CONFIG_CERTIFICATES_MAX + 1];
    size_t count;
};

static enum err read_pem(const char *row, const char *file, struct buf *out,
                         struct err_note *note) {
    struct err_note why = { "" };
    enum err e = file_read(file, PEM_MAX, out, &why);
    return e ? err_note(note, e, "%s: %s cannot be read: %s", row, file, why.text) : ERR_OK;
}

/* `cert_row` and `key_row` name the places of the configuration that the two files are from. */
static enum err read_pair(struct materials *all, const struct config_certificate *files,
                          const char *cert_row, const char *key_row, struct err_note *note) {
    struct material *material = &all->list[all->count];
    snprintf(material->name, sizeof material->name, "%s: %s", cert_row, files->cert_file);
    enum err e = read_pem(cert_row, files->cert_file, &material->cert, note);
    if (e) return e;
    all->count++; /* from here on there is something to wipe */
    return read_pem(key_row, files->key_file, &material->key, note);
}

static enum err read_all(const struct config_tls *tls, struct materials *ret,
                         struct err_note *note) {
    enum err e = ERR_OK;
    if (*tls->first.cert_file)
        e = read_pair(ret, &tls->first, "tls.cert_file", "tls.key_file", note);
    for (size_t i = 0; i < tls->certificates_count && !e; i++) {
        char row[64];
        snprintf(row, sizeof row, "tls.certificates[%zu]", i);
        e = read_pair(ret, &tls->certificates[i], row, row, note);
    }
    return e;
}

static enum err make(const struct config_tls *tls, const struct materials *materials,
                     struct tls_context *before, struct config_identity *ret,
                     struct err_note *note) {
    struct tls_identity identities[CONFIG_CERTIFICATES_MAX + 1];
    for (size_t i = 0; i < materials->count; i++) {
        const struct material *material = &materials->list[i];
        identities[i] = (struct tls_identity){ material->name, buf_span(&material->cert),
                                               buf_span(&material->key) };
    }
    const struct tls_server_options options = {
        .identities = identities,
        .identity_count = materials->count,
        .min_version = tls->min_version,
        .uses_kernel = tls->uses_kernel,
        .heir_of = before,
    };
    struct err_note said = { "" };
    enum err e = tls_server_new(&options, &ret->context, &said);
    *(e ? note : &ret->warning) = said;
    return e;
}

enum err config_read_certificates(const struct config_tls *tls, struct tls_context *before,
                                  struct config_identity *ret, struct err_note *note) {
    uint64_t state = config_certificates_state(tls); /* before, so that no change is missed */
    struct materials *materials = mem_new(sizeof *materials);
    enum err e = read_all(tls, materials, note);
    if (!e) e = make(tls, materials, before, ret, note);
    if (!e) ret->state = state;
    for (size_t i = 0; i < materials->count; i++) {
        buf_wipe(&materials->list[i].cert);
        buf_wipe(&materials->list[i].key);
    }
    mem_free(materials);
    return e;
}

/* What tells one file of that name from another; where a link leads, and not the link. */
struct file_state {
    uint64_t device, number, size;
    int64_t written_s, written_ns, changed_s, changed_ns;
};

static void add_state(const char *path, struct file_state **at) {
    struct stat found;
    if (*path && stat(path, &found) == 0) {
        **at = (struct file_state){
            .device = found.st_dev,
            .number = found.st_ino,
            .size = (uint64_t)found.st_size,
            .written_s = found.st_mtim.tv_sec,
            .written_ns = found.st_mtim.tv_nsec,
            .changed_s = found.st_ctim.tv_sec,
            .changed_ns = found.st_ctim.tv_nsec,
        };
    }
    ++*at;
}

uint64_t config_certificates_state(const struct config_tls *tls) {
    struct file_state states[2 * (CONFIG_CERTIFICATES_MAX + 1)] = { 0 }, *at = states;
    add_state(tls->first.cert_file, &at);
    add_state(tls->first.key_file, &at);
    for (size_t i = 0; i < tls->certificates_count; i++) {
        add_state(tls->certificates[i].cert_file, &at);
        add_state(tls->certificates[i].key_file, &at);
    }
    return hash_span(span_of((const char *)states, (size_t)((char *)at - (char *)states)));
}
