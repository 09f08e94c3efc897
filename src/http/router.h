/* SPDX-License-Identifier: MIT */
/*
 * http/router.h: which function answers which request.
 *
 * The upper floors register routes once, at the start; the floor that owns connections dispatches.
 * A router does not change afterwards and may be read by all threads.
 */
#ifndef TIDINGS_HTTP_ROUTER_H
#define TIDINGS_HTTP_ROUTER_H

#include "base/address.h"
#include "http/pattern.h"
#include "http/request.h"
#include "http/response.h"

enum { HTTP_ROUTES_MAX = 96 };

/* A method as one bit of a set. */
#define HTTP_BIT(method) (1u << HTTP_METHOD_##method)

/* Who asks. */
struct http_peer {
    struct address address;      /* of the client, behind trusted proxies too */
    char text[ADDRESS_TEXT_MAX]; /* the same without port, for logs and answers */
    bool is_proxied;             /* came through a trusted proxy */
};

struct http_route;

/* Writes an answer as a handler would, with `response` prepared for its request. */
typedef void (*http_writer)(void *context, struct http_response *response);

/* What it takes to answer a call when its handler has long returned. Filled in by the connection's
 * floor; on the thread of the call, once. `answer` has the answer written by `writer`, or does
 * nothing when the client has gone meanwhile. */
struct http_later {
    void (*answer)(void *owner, uint64_t ticket, http_writer writer, void *context);
    void *owner;
    uint64_t ticket; /* which request it is */
};

/* One request being answered. */
struct http_call {
    const struct http_request *request;
    const struct http_peer *peer;
    struct http_response *response;
    /* Set by the handler: the answer, and what follows it on the connection, leaves when what it
     * tells of is durable (`store_durable`); 0: at once. */
    uint64_t held_until;
    const struct http_route *route; /* filled by the dispatch; NULL: no route has this path */
    struct http_params params;      /* filled by the dispatch; only its `count` first are set */
    struct http_later later;
    bool has_key;   /* set by the handler: who asks has shown a key of this server */
    bool is_later;  /* set by the handler: it has copied `later` and answers through that. Nothing
                     * else of the call is there any more by then, `response->common` neither. */
    bool lets_pass; /* set with it: what comes behind on the connection may be handled before it is
                     * answered; the answers keep their order all the same */
};

/* Answers through `call->response` before it returns, or sets `call->is_later`. `context` is the
 * one of the route. */
typedef void (*http_handler)(void *context, struct http_call *call);

/* Judges who asks when the body has still to come: false, and the call is answered. */
typedef bool (*http_guard)(void *context, struct http_call *call);

struct http_route {
    struct http_pattern pattern; /* `pattern.text` is the label for metrics */
    unsigned methods;            /* set of HTTP_BIT */
    http_handler handler;
    http_guard guard; /* NULL: it does not look at a body */
    void *context;
    uint8_t number; /* counts patterns in the order of adding, from 0; for metrics */
};

struct http_router;

/* Never NULL. */
struct http_router *http_router_new(void);
/* NULL is fine. */
void http_router_free(struct http_router *router);

/* Routes with one pattern and different methods go together. GET serves HEAD too. A literal path
 * goes before one with placeholders. A pattern that cannot be parsed, a method given twice for a
 * pattern or a route too many is a mistake of the programmer and aborts. */
void http_router_add(struct http_router *router, unsigned methods, const char *pattern,
                     http_handler handler, void *context);

/* Who may send a body to a route that was added with that pattern. */
void http_router_add_guard(struct http_router *router, const char *pattern, http_guard guard);

/* With the head of a request there: what its body may be. */
enum http_body_wanted {
    HTTP_BODY_WANTED,
    HTTP_BODY_UNREAD,  /* it will not be looked at */
    HTTP_BODY_REFUSED, /* the call is answered, as by `http_router_dispatch` */
};
enum http_body_wanted http_router_judge_body(const struct http_router *router,
                                             struct http_call *call);

/* The text of the pattern of that number; NULL past the last. */
const char *http_router_pattern(const struct http_router *router, size_t number);

/* Calls the handler for `call->request`, or answers 404, or 405 with Allow. `call->route` is set
 * for a 405 too, so that it is counted for its pattern. A handler that answers nothing is a 500. */
void http_router_dispatch(const struct http_router *router, struct http_call *call);

#endif
