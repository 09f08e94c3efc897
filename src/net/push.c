/* SPDX-License-Identifier: MIT */
/*
 * net/push.c: see net/push.h.
 */
#include "net/push.h"

enum err stream_push(struct stream *s, struct span bytes, size_t *ret_sent, bool *ret_is_blocked) {
    size_t sent = 0;
    enum err e;
    while ((e = stream_flush(s)) == ERR_OK && sent < bytes.len && !stream_is_shaking(s)) {
        struct span rest = span_skip(bytes, sent);
        const struct iovec piece = { (void *)(uintptr_t)rest.at, rest.len };
        size_t more;
        e = stream_write(s, &piece, 1, &more);
        if (!e && more == 0) e = ERR_AGAIN;
        if (e) break;
        sent += more;
    }
    if (e && e != ERR_AGAIN) return e;
    *ret_sent = sent;
    *ret_is_blocked = e == ERR_AGAIN;
    return ERR_OK;
}

/* Who refuses our certificate says so when we take the connection to stand (RFC 8446 §4.4.2.4), and
 * is gone when we write: what it said is still to be read. */
static void hear_out(struct stream *s) {
    enum { READS = 16 };
    char dropped[STREAM_READ_MIN];
    size_t len;
    for (int i = 0; i < READS && stream_problem(s) == TLS_PROBLEM_CLOSED; i++)
        if (stream_read(s, dropped, sizeof dropped, &len)) return;
}

void stream_explain(struct stream *s, const char *why, struct err_note *ret) {
    hear_out(s);
    const char *text = stream_problem_text(s);
    switch (stream_problem(s)) {
    case TLS_PROBLEM_NONE:
    case TLS_PROBLEM_CLOSED: (void)err_note(ret, ERR_CLOSED, "%s", why); break;
    case TLS_PROBLEM_NOT_TLS:
    case TLS_PROBLEM_PLAIN_HTTP:
        (void)err_note(ret, ERR_CLOSED, "what answers there does not speak TLS");
        break;
    case TLS_PROBLEM_CERTIFICATE:
        (void)err_note(ret, ERR_CLOSED, "its certificate is refused: %s", text);
        break;
    case TLS_PROBLEM_REFUSED:
        (void)err_note(ret, ERR_CLOSED, "it refuses us in TLS: %s", text);
        break;
    default: (void)err_note(ret, ERR_CLOSED, "TLS: %s", text); break;
    }
}
