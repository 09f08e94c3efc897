/* SPDX-License-Identifier: MIT */
/*
 * fetch/fetch.h: one outgoing HTTP request at a time, for a document that somebody else serves.
 *
 * It runs on a thread's event loop and never holds it up: names are resolved on a thread of their
 * own. It is bounded in time, in size and in redirects; it is not repeated, and nothing is kept: no
 * connection, no cookie, no document. Certificates are always checked.
 */
#ifndef TIDINGS_FETCH_FETCH_H
#define TIDINGS_FETCH_FETCH_H

#include "base/count.h"
#include "base/span.h"
#include "net/loop.h"

/* What to ask for, and within what bounds. All is borrowed for the call of `fetch_begin`. */
struct fetch_options {
    const char *url; /* that `fetch_url_check` accepts */
    /* Certificates, in PEM, of who may vouch for the server; empty: those that the system has. */
    struct span trusted;
    size_t max_bytes;    /* of the document */
    uint32_t timeout_ms; /* for all of it, redirects too */
};

enum { FETCH_REDIRECTS_MAX = 3, FETCH_HEADERS_MAX = 64 * 1024 };

#define FETCH_NO_AGE (-1)

/* What became of it. All is lent until `fetch_done` returns. */
struct fetch_result {
    enum count_fetch end; /* COUNT_FETCH_OK: status 200 and the whole document */
    struct span document; /* then */
    int64_t max_age_s;    /* then: how long it may be kept; FETCH_NO_AGE: it does not say */
    const char *problem;  /* else: for a person; no user, password or query of the URL is in it */
};

/* Called once for each `fetch_begin`, on the loop; another may be begun in it. */
typedef void (*fetch_done)(void *owner, const struct fetch_result *result);

struct fetch;

/* For requests on `loop`, of which it takes a kind of socket and an alarm. Never NULL. */
struct fetch *fetch_new(struct loop *loop, fetch_done done, void *owner);
/* Breaks off what is under way. Before `loop_free`. NULL is fine. */
void fetch_free(struct fetch *fetch);

/* Asks. What was under way is broken off, and nobody hears of it. An https URL is never redirected
 * to plain http. */
void fetch_begin(struct fetch *fetch, const struct fetch_options *options);
/* Breaks off what is under way, if anything is. Nobody hears of it. */
void fetch_stop(struct fetch *fetch);
bool fetch_is_busy(const struct fetch *fetch);

#endif
