/* SPDX-License-Identifier: MIT */
/*
 * api/demo_priv.h: what exists in demo mode only: tokens for anyone, and a page that shows the
 * endpoints at work.
 */
#ifndef TIDINGS_API_DEMO_PRIV_H
#define TIDINGS_API_DEMO_PRIV_H

#include "api/api_priv.h"
#include "http/static.h"

/* The page and what it loads: made from web/demo, web/shared and catalogue by tools/embed. */
extern const struct http_static_file demo_files[];
extern const size_t demo_files_count;

void demo_add_routes(struct api *api, struct http_router *router);

/* The pattern of a route that `demo_add_routes` adds; NULL past the last. */
const char *demo_route(size_t number);

#endif
