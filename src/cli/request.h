/* SPDX-License-Identifier: MIT */
/*
 * cli/request.h: the head of a request to the HTTP API.
 */
#ifndef TIDINGS_CLI_REQUEST_H
#define TIDINGS_CLI_REQUEST_H

#include "base/buf.h"
#include "load/url.h"

/* Appends the start of a request for `path` below `url`, and its fields; `key` may be NULL. */
void cli_request_head(struct buf *head, const char *method, const struct load_url *url,
                      const char *path, const char *key);

#endif
