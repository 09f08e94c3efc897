/* SPDX-License-Identifier: MIT */
/*
 * cli/request.c: see cli/request.h.
 */
#include "cli/request.h"

void cli_request_head(struct buf *head, const char *method, const struct load_url *url,
                      const char *path, const char *key) {
    struct span base = url->target;
    if (span_ends(base, SPAN("/"))) base.len--;
    buf_append_text(head, method);
    buf_append_char(head, ' ');
    buf_append_span(head, base);
    buf_append_text(head, path);
    buf_append_text(head, " HTTP/1.1\r\nHost: ");
    buf_append_span(head, url->authority);
    buf_append_text(head, "\r\nContent-Type: application/json\r\n");
    if (!key) return;
    buf_append_text(head, "X-API-Key: ");
    buf_append_text(head, key);
    buf_append_text(head, "\r\n");
}
