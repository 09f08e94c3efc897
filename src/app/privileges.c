/* SPDX-License-Identifier: MIT */
/*
 * app/privileges.c: from root, who may listen on port 80, to a user who may little.
 */
#include "app/privileges.h"

#include "base/log.h"
#include "base/span.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

enum { ENTRY_MAX = 16384 }; /* bytes of an entry of the user database */

struct identity {
    const char *name; /* in the user database; NULL: a number alone */
    uid_t uid;
    gid_t gid;
    char room[ENTRY_MAX];
};

static enum err find_group(const char *group, gid_t *ret, struct err_note *note) {
    char room[ENTRY_MAX];
    struct group entry, *found = NULL;
    uint64_t number;
    (void)getgrnam_r(group, &entry, room, sizeof room, &found);
    if (found) {
        *ret = found->gr_gid;
    } else if (span_to_uint(span_str(group), UINT32_MAX - 1, &number)) {
        *ret = (gid_t)number;
    } else {
        return err_note(note, ERR_INVALID, "group: there is no group \"%s\"", group);
    }
    return ERR_OK;
}

static enum err find_user(const char *user, const char *group, struct identity *ret,
                          struct err_note *note) {
    struct passwd entry, *found = NULL;
    uint64_t number;
    (void)getpwnam_r(user, &entry, ret->room, sizeof ret->room, &found);
    if (!found && span_to_uint(span_str(user), UINT32_MAX - 1, &number)) {
        ret->uid = (uid_t)number;
        (void)getpwuid_r(ret->uid, &entry, ret->room, sizeof ret->room, &found);
        if (!found && !*group) {
            return err_note(note, ERR_INVALID,
                            "user: %s is in no user database, so `group` must be given too", user);
        }
    } else if (!found) {
        return err_note(note, ERR_INVALID, "user: there is no user \"%s\"", user);
    }
    ret->name = found ? entry.pw_name : NULL;
    if (found) {
        ret->uid = entry.pw_uid;
        ret->gid = entry.pw_gid;
    }
    return *group ? find_group(group, &ret->gid, note) : ERR_OK;
}

static bool is_already(const struct identity *who) {
    uid_t uid[3];
    gid_t gid[3];
    if (getresuid(&uid[0], &uid[1], &uid[2]) || getresgid(&gid[0], &gid[1], &gid[2])) return false;
    for (size_t i = 0; i < 3; i++)
        if (uid[i] != who->uid || gid[i] != who->gid) return false;
    return true;
}

/* The groups first: who is no longer root may not change them. */
static enum err become(const struct identity *who, struct err_note *note) {
    int failed = who->name ? initgroups(who->name, who->gid) : setgroups(1, &who->gid);
    if (!failed) failed = setresgid(who->gid, who->gid, who->gid);
    if (!failed) failed = setresuid(who->uid, who->uid, who->uid);
    if (failed) {
        return err_note(note, ERR_IO, "user: cannot become user %u, group %u: %s",
                        (unsigned)who->uid, (unsigned)who->gid, strerror(errno));
    }
    bool is_way_back = who->uid != 0 && setresuid(0, 0, 0) == 0;
    if (is_way_back || !is_already(who)) {
        return err_note(note, ERR_IO, "user: root's privileges did not go");
    }
    return ERR_OK;
}

enum err privileges_drop(const char *user, const char *group, bool *ret_changed,
                         struct err_note *note) {
    *ret_changed = false;
    if (!*user) {
        if (geteuid() == 0) {
            log_line(LOG_WARNING, "running as root",
                     log_text("remedy", "set `user`, or have the supervisor start another"));
        }
        return ERR_OK;
    }
    struct identity who = { 0 };
    enum err e = find_user(user, group, &who, note);
    if (e || is_already(&who)) return e;
    e = become(&who, note);
    if (e) return e;
    *ret_changed = true;
    log_line(LOG_INFO, "privileges dropped", log_text("user", user), log_uint("uid", who.uid),
             log_uint("gid", who.gid));
    return ERR_OK;
}
