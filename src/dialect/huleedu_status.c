/* SPDX-License-Identifier: MIT */
/*
 * dialect/huleedu_status.c: the words of HuleEdu's status endpoint, which refuses and answers pings
 * as its notification endpoint does.
 */
#include "base/json.h"
#include "dialect/dialect_priv.h"

static void write_notice(bool is_degraded, struct span channel, int64_t unix_ms, struct buf *out) {
    (void)channel;
    struct span status = is_degraded ? SPAN("degraded") : SPAN("recovered");
    buf_append_text(out, "{\"event_type\":\"service.");
    buf_append_span(out, status);
    buf_append_text(out, "\",\"status\":");
    json_append_string(out, status);
    buf_append_text(out, ",\"message\":");
    json_append_string(out, dialect_notice_text(is_degraded));
    buf_append_text(out, ",\"timestamp\":");
    dialect_time(unix_ms, out);
    buf_append_char(out, '}');
}

const struct dialect dialect_huleedu_status = {
    .name = "huleedu-status",
    .refusal_reason = huleedu_refusal_reason,
    .refusal = huleedu_refusal,
    .pong = dialect_pong,
    .notice = write_notice,
};
