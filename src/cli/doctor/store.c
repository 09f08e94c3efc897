/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/store.c: the folder of the store: is there room, and may the server write there? The
 * file itself is left alone: a server may have it open.
 */
#include "cli/doctor/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LITTLE_BYTES = 16 * 1024 * 1024 };

void doctor_store_judge(const struct doctor_store *store, struct doctor_finding *ret) {
    char free_text[DOCTOR_FIGURE_MAX], max[DOCTOR_FIGURE_MAX];
    uint64_t growth =
        store->max_bytes > store->file_bytes ? store->max_bytes - store->file_bytes : 0;
    (void)doctor_bytes(store->free_bytes, free_text);
    (void)doctor_bytes(store->max_bytes, max);
    if (!store->is_writable) {
        doctor_find(ret, DOCTOR_FAIL, "%s has no permission to write in %s, as SQLite must",
                    store->user, store->folder);
        doctor_advise(
            ret, "chown %s %s, or run this as the server's user: sudo -u tidings tidings doctor",
            store->user, store->folder);
    } else if (store->free_bytes < LITTLE_BYTES) {
        doctor_find(ret, DOCTOR_FAIL, "only %s free in %s: submissions get 503", free_text,
                    store->folder);
        doctor_advise(ret, "free space there; what is pending is then written");
    } else if (store->free_bytes < growth) {
        doctor_find(ret, DOCTOR_WARN, "%s free in %s, but the store may grow to %s", free_text,
                    store->folder, max);
        doctor_advise(ret, "free space there, or lower store.bytes");
    } else {
        doctor_find(ret, DOCTOR_OK, "%s free in %s; the store may grow to %s", free_text,
                    store->folder, max);
    }
}

/* The user that the server is or becomes, and whether that one may write in `folder`. */
static void look_at_rights(const struct config *config, struct doctor_store *ret) {
    struct stat found;
    const struct passwd *user =
        *config->user && geteuid() == 0 ? getpwnam(config->user) : getpwuid(geteuid());
    (void)snprintf(ret->user, sizeof ret->user, "%s", user ? user->pw_name : "the user");
    if (geteuid() == 0 && user && user->pw_uid != 0)
        ret->is_writable = stat(ret->folder, &found) == 0 && found.st_uid == user->pw_uid &&
                           (found.st_mode & S_IWUSR);
    else
        ret->is_writable = faccessat(AT_FDCWD, ret->folder, W_OK | X_OK, AT_EACCESS) == 0;
}

static void look(const struct config *config, struct doctor_finding *ret) {
    char path[PATH_MAX];
    struct statvfs space;
    struct stat file;
    struct doctor_store store = { .max_bytes = config->store.bytes };
    (void)snprintf(path, sizeof path, "%s", config->store.path);
    (void)snprintf(store.folder, sizeof store.folder, "%s", dirname(path));
    if (statvfs(store.folder, &space) != 0) {
        doctor_find(ret, DOCTOR_FAIL, "%s: %s", store.folder, strerror(errno));
        doctor_advise(ret, "create the folder for the server's user, or change store.path");
        return;
    }
    store.free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    if (stat(config->store.path, &file) == 0) store.file_bytes = (uint64_t)file.st_size;
    look_at_rights(config, &store);
    doctor_store_judge(&store, ret);
}

void doctor_check_store(struct doctor *doctor, struct doctor_finding *ret) {
    const struct config *config = doctor->config;
    if (!config || config->store.kind != CONFIG_STORE_SQLITE)
        doctor_find(ret, DOCTOR_SKIP, "%s",
                    config ? "store.kind is memory" : "there is no configuration");
    else
        look(config, ret);
}
