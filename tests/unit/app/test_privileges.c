/* SPDX-License-Identifier: MIT */
/*
 * Whom the process becomes: each case in a child of its own, for there is no way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/privileges.h"
#include "base/span.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, STRANGER = 54321 };

struct sample {
    const char *user, *group;
    uid_t from; /* who starts it */
    enum err e;
    const char *problem; /* how it begins */
    uid_t uid;           /* what it is then */
    gid_t gid;
    bool is_changed;
};

/* 0, or the number of the claim that does not hold. */
static int check(const struct sample *sample) {
    if (sample->from &&
        (setgroups(0, NULL) || setresgid(sample->from, sample->from, sample->from) ||
         setresuid(sample->from, sample->from, sample->from))) {
        return 1;
    }
    bool is_changed = true;
    struct err_note note = { "" };
    enum err e = privileges_drop(sample->user, sample->group, &is_changed, &note);
    if (e != sample->e) return 2;
    if (e) return strstr(note.text, sample->problem) == note.text ? 0 : 3;
    uid_t uid[3];
    gid_t gid[3];
    gid_t groups[64];
    int count = getgroups(64, groups);
    if (getresuid(&uid[0], &uid[1], &uid[2]) || getresgid(&gid[0], &gid[1], &gid[2])) return 4;
    for (size_t i = 0; i < 3; i++)
        if (uid[i] != sample->uid || gid[i] != sample->gid) return 5;
    if (is_changed != sample->is_changed) return 6;
    if (!is_changed) return 0;
    for (int i = 0; i < count; i++)
        if (groups[i] == 0) return 7; /* root's */
    return setresuid(0, 0, 0) == 0 || setgroups(0, NULL) == 0 ? 8 : 0;
}

static void it_becomes_whom_it_is_told(void **state) {
    (void)state;
    if (geteuid() != 0) skip();
    static const struct sample SAMPLES[] = {
        { "", "", 0, ERR_OK, "", 0, 0, false },
        { "root", "", 0, ERR_OK, "", 0, 0, false },
        { "nobody", "", 0, ERR_OK, "", NOBODY, NOBODY, true },
        { "65534", "", 0, ERR_OK, "", NOBODY, NOBODY, true },
        { "nobody", "daemon", 0, ERR_OK, "", NOBODY, 1, true },
        { "nobody", "54321", 0, ERR_OK, "", NOBODY, STRANGER, true },
        { "54321", "54322", 0, ERR_OK, "", STRANGER, STRANGER + 1, true },
        { "54321", "", 0, ERR_INVALID, "user: 54321 is in no user database", 0, 0, false },
        { "no-such-user", "", 0, ERR_INVALID, "user: there is no user \"no-such-user\"", 0, 0,
          false },
        { "nobody", "no-such-group", 0, ERR_INVALID, "group: there is no group \"no-such-group\"",
          0, 0, false },
        { "4294967295", "1", 0, ERR_INVALID, "user: there is no user", 0, 0, false },
        { "-1", "1", 0, ERR_INVALID, "user: there is no user", 0, 0, false },
        /* Not as root. */
        { "", "", NOBODY, ERR_OK, "", NOBODY, NOBODY, false },
        { "nobody", "", NOBODY, ERR_OK, "", NOBODY, NOBODY, false },
        { "daemon", "", NOBODY, ERR_IO, "user: cannot become user 1, group 1: ", 0, 0, false },
        { "nobody", "daemon", NOBODY, ERR_IO, "user: cannot become user 65534, group 1: ", 0, 0,
          false },
    };
    for (size_t i = 0; i < countof(SAMPLES); i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(check(&SAMPLES[i]));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0) {
            fail_msg("%s:%s, claim %d", SAMPLES[i].user, SAMPLES[i].group, WEXITSTATUS(status));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_becomes_whom_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
