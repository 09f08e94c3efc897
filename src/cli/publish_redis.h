/* SPDX-License-Identifier: MIT */
/*
 * cli/publish_redis.h: `tidings publish --redis`: one notification straight to Redis, as any
 * program that speaks to Redis may publish.
 */
#ifndef TIDINGS_CLI_PUBLISH_REDIS_H
#define TIDINGS_CLI_PUBLISH_REDIS_H

#include "base/span.h"

struct redis_url;
struct tls_context;

/* Publishes `data` to `channel` (with its prefix), and says on behalf of `command` how it went.
 * `tls` is for a URL that is secure, else NULL. */
int cli_publish_redis(const char *command, const struct redis_url *url, struct tls_context *tls,
                      struct span channel, struct span data);

#endif
