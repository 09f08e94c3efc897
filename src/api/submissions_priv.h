/* SPDX-License-Identifier: MIT */
/*
 * api/submissions_priv.h: what declaring and asking about submissions come to, whoever keeps them:
 * this process's store, or a broker that nodes share.
 */
#ifndef TIDINGS_API_SUBMISSIONS_PRIV_H
#define TIDINGS_API_SUBMISSIONS_PRIV_H

#include "api/caller_priv.h"

#define SUBMISSION_CHANNEL "submission:"

enum { SUBMISSION_NAME_MAX = sizeof SUBMISSION_CHANNEL + 20 };

struct span submission_channel(uint64_t number, char room[static SUBMISSION_NAME_MAX]);

/* What POST asks for. */
struct declaration {
    uint64_t number;   /* 0: any free one */
    struct span owner; /* empty: nobody's */
};

void submission_write_declared(uint64_t number, bool is_new, struct http_response *response);
/* It has another owner. Returns false. */
bool submission_refuse_owner(struct api_problem *problem);

/* How the submission stands that belongs to `owner`, from what `store` has of it; 404 for a caller
 * whom it is none of the business. */
void submission_write_state(struct store *store, const struct caller *caller, uint64_t number,
                            struct span owner, struct http_response *response);
void submission_write_not_found(struct http_response *response);

/* With a broker that nodes share. */
void submission_declare_later(struct api *api, struct http_call *call,
                              const struct declaration *declaration);
/* Takes over the caller. */
void submission_state_later(struct api *api, struct http_call *call, struct caller *own_caller,
                            uint64_t number);

#endif
