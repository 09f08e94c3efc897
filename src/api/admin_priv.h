/* SPDX-License-Identifier: MIT */
/*
 * api/admin_priv.h: the files of the page for operators.
 */
#ifndef TIDINGS_API_ADMIN_PRIV_H
#define TIDINGS_API_ADMIN_PRIV_H

#include "api/api_priv.h"
#include "http/static.h"

/* The page and what it loads: made from web/admin and web/shared by tools/embed. Each is a route.
 */
extern const struct http_static_file admin_files[];
extern const size_t admin_files_count;

void admin_add_routes(struct api *api, struct http_router *router);

#endif
