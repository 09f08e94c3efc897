/* SPDX-License-Identifier: MIT */
/*
 * redis/login.c: see redis/login_priv.h.
 */
#include "redis/login_priv.h"

#include "redis/wire_priv.h"

static bool is_given(const char *text) {
    return text && *text;
}

size_t redis_login_write(const struct redis_login *login, struct buf *out,
                         uint8_t ret_steps[REDIS_LOGIN_STEPS]) {
    size_t count = 0;
    if (is_given(login->password)) {
        const struct span args[] = { SPAN("AUTH"), span_str(login->user),
                                     span_str(login->password) };
        const struct span by_password[] = { args[0], args[2] };
        if (is_given(login->user)) {
            redis_write_command(out, args, countof(args));
        } else {
            redis_write_command(out, by_password, countof(by_password));
        }
        ret_steps[count++] = REDIS_LOGIN_AUTH;
    }
    if (login->database > 0) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", login->database);
        const struct span args[] = { SPAN("SELECT"), span_str(number) };
        redis_write_command(out, args, countof(args));
        ret_steps[count++] = REDIS_LOGIN_SELECT;
    }
    if (is_given(login->name)) {
        const struct span args[] = { SPAN("CLIENT"), SPAN("SETNAME"), span_str(login->name) };
        redis_write_command(out, args, countof(args));
        ret_steps[count++] = REDIS_LOGIN_NAME;
    }
    redis_write_command(out, &SPAN("PING"), 1);
    ret_steps[count++] = REDIS_LOGIN_PING;
    return count;
}

bool redis_login_judge(enum redis_login_step step, const struct redis_reply *reply,
                       struct err_note *ret_why) {
    static const char *const WHAT[] = {
        [REDIS_LOGIN_AUTH] = "it does not accept user and password",
        [REDIS_LOGIN_SELECT] = "it does not give the database",
        [REDIS_LOGIN_NAME] = "",
        [REDIS_LOGIN_PING] = "it is not at work",
    };
    if (reply->kind != REDIS_ERROR) return true;
    /* Said to whatever was asked first, before it was read. */
    bool is_full = span_starts(reply->text, SPAN("ERR max number of clients"));
    /* A user who may not name connections may do all that matters. */
    if (step == REDIS_LOGIN_NAME && !is_full) return true;
    (void)err_note(ret_why, ERR_DENIED, "%s: %.*s", is_full ? "it is full" : WHAT[step],
                   SPAN_ARG(reply->text));
    return false;
}
