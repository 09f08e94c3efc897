/* SPDX-License-Identifier: MIT */
/*
 * api/users_priv.h: what is done with a user's connections, on all workers of this process or on
 * all nodes.
 */
#ifndef TIDINGS_API_USERS_PRIV_H
#define TIDINGS_API_USERS_PRIV_H

#include "api/disconnect_request_priv.h"
#include "hub/ask.h"
#include "hub/user.h"

/* Either listing them, or ending them with the words of `request`. */
struct users_task {
    struct span user;
    bool ends;
    struct disconnect_request request;
};

enum { USERS_LISTED_BYTES_MAX = 32 << 20 }; /* of all workers together, and of all nodes */

/* A task that all workers are asked to do. */
struct users_question {
    struct hub_ask ask; /* first: the one is the other's address */
    /* Who asks, and what is called with the answers, before the question is freed. */
    union {
        struct http_later later;
        struct {
            void (*answer)(void *owner, struct span text);
            void *owner;
        };
    };
    void (*done)(struct users_question *question, enum hub_answered how);

    const struct api_shared *shared;
    char user[USER_ID_MAX];
    size_t user_len;
    bool ends;
    char id[SUBSCRIBER_ID_MAX];
    uint16_t code;
    char reason[DISCONNECT_REASON_MAX];
    size_t reason_len;
    size_t part_count;
    struct users_part {
        struct buf listed; /* a worker's connections as JSON objects with commas between them */
        uint64_t ended;
    } parts[]; /* one a worker, which alone writes to it */
};

/* Copies the task. Never NULL. */
struct users_question *users_question_new(struct api *api, const struct users_task *task);
/* Blocks the user, if the task says so, then asks. False: it could not be asked and is freed. */
MUST_USE bool users_question_ask(struct api *api, const struct users_task *task,
                                 struct users_question *own_question);
/* Every worker's answer is there. */
bool users_question_is_whole(const struct users_question *question, enum hub_answered how);
/* The connections of all workers, with commas between them. */
void users_question_list(const struct users_question *question, struct buf *out);
uint64_t users_question_ended(const struct users_question *question);

/* `{"connections":[…]}`: between the two the connections are appended. */
struct buf *users_begin_list(struct http_response *response);
void users_end_list(struct http_response *response);
void users_write_ended(struct http_response *response, uint64_t ended);

/* Has all nodes do it, by way of the broker that they share. */
void users_ask_nodes(struct api *api, struct http_call *call, const struct users_task *task);

#endif
