/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/silence.c: who ends a connection on which nothing is said: a proxy, before the server
 * does or pings?
 */
#include "cli/doctor/visit_priv.h"

#include "base/clock.h"
#include "ws/close.h"

enum { MARGIN_S = 10 };

static double seconds_of(uint64_t ns) {
    return (double)ns / (double)NS_PER_S;
}

/* How long a proxy must bear silence at least: until the server says something or gives up. */
static uint32_t silence_max(const struct doctor_silence *s) {
    if (s->ping_seconds == 0) return s->idle_seconds;
    return s->idle_seconds && s->idle_seconds < s->ping_seconds ? s->idle_seconds : s->ping_seconds;
}

static void judge_open(const struct doctor_silence *s, struct doctor_finding *ret) {
    uint32_t needed = silence_max(s);
    if (s->ping_seconds)
        doctor_find(ret, DOCTOR_OK, "still open after %u s; the server pinged %u times, every %u s",
                    s->seconds, s->visit.pings, s->ping_seconds);
    else
        doctor_find(ret, DOCTOR_OK, "still open after %u s of silence", s->seconds);
    if (needed > 0 && s->seconds <= needed) {
        ret->verdict = DOCTOR_WARN;
        doctor_advise(ret, "that was too short, the server can be silent for %u s: --idle %u",
                      needed, needed + MARGIN_S);
    }
}

/* Somebody in between: the server says a code when it ends a connection. */
static void judge_cut(const struct doctor_silence *s, struct doctor_finding *ret) {
    double quiet = seconds_of(s->visit.quiet_ns), lasted = seconds_of(s->visit.ended_ns);
    uint32_t half = quiet >= 4 ? (uint32_t)(quiet + 0.5) / 2 : 1;
    if (s->visit.pings > 0 && quiet + 1 < s->ping_seconds) {
        doctor_find(ret, DOCTOR_FAIL,
                    "closed after %.1f s without a close frame, %.1f s after a ping: a proxy "
                    "limits the whole connection",
                    lasted, quiet);
        doctor_advise(ret, "raise that limit in the proxy; pings do not help");
        return;
    }
    doctor_find(
        ret, DOCTOR_FAIL,
        "closed after %.1f s of silence without a close frame: by a proxy, and clients see 1006",
        quiet);
    doctor_advise(ret,
                  "raise the proxy's idle timeout (nginx: proxy_read_timeout, HAProxy: timeout "
                  "tunnel) above %u s, or set ping_seconds: %u for the endpoint %s",
                  silence_max(s), half, s->endpoint);
}

static void judge_closed(const struct doctor_silence *s, struct doctor_finding *ret) {
    double lasted = seconds_of(s->visit.ended_ns);
    if (s->visit.code == WS_CLOSE_IDLE) {
        doctor_find(
            ret, DOCTOR_OK,
            "the server itself closed it after %.1f s (4008, idle_seconds), no proxy did before",
            lasted);
        return;
    }
    doctor_find(ret, DOCTOR_FAIL, "closed after %.1f s with code %u (%s): %s", lasted,
                s->visit.code, ws_close_name(s->visit.code), s->visit.reason);
    doctor_advise(ret, "docs/operating.md, \"Close codes\", says when the server does that; "
                       "otherwise it was a proxy");
}

void doctor_silence_judge(const struct doctor_silence *s, struct doctor_finding *ret) {
    if (!s->visit.is_ended)
        judge_open(s, ret);
    else if (s->visit.code == WS_CLOSE_ABNORMAL)
        judge_cut(s, ret);
    else
        judge_closed(s, ret);
}
