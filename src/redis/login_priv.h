/* SPDX-License-Identifier: MIT */
/*
 * redis/login_priv.h: what is said to a server first, and what its answers mean. Does no I/O.
 */
#ifndef TIDINGS_REDIS_LOGIN_PRIV_H
#define TIDINGS_REDIS_LOGIN_PRIV_H

#include "redis/conn_priv.h"

enum redis_login_step {
    REDIS_LOGIN_AUTH,
    REDIS_LOGIN_SELECT,
    REDIS_LOGIN_NAME,
    REDIS_LOGIN_PING, /* always, and last: whether the server is at work */
    REDIS_LOGIN_STEPS
};

/* Appends all of it at once; `ret_steps` are the answers to expect, their number is returned. */
size_t redis_login_write(const struct redis_login *login, struct buf *out,
                         uint8_t ret_steps[REDIS_LOGIN_STEPS]);

/* False and a sentence when the server lets nobody in like this. */
bool redis_login_judge(enum redis_login_step step, const struct redis_reply *reply,
                       struct err_note *ret_why);

#endif
