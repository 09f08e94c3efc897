/* SPDX-License-Identifier: MIT */
/*
 * session/conn_proxy.c: a connection of a trusted proxy that must begin with the PROXY protocol's
 * header: whose it is. Comes before TLS and HTTP, which find their bytes untouched.
 *
 * Where it is expected it is required: a proxy that is trusted but says nothing would lend its
 * own address to all of its clients. Others are not listened to, or each could be whom he likes.
 */
#include "base/log.h"
#include "base/mem.h"
#include "net/proxy_read.h"
#include "session/conn_priv.h"

enum { SAY_EVERY_SECONDS = 5 };

bool conn_proxy_is_due(const struct session *s, const struct conn *c) {
    const struct session_options *options = &s->rules->options;
    return options->speaks_proxy_protocol && c->door == SESSION_DOOR_PUBLIC &&
           cidr_any_contains(options->trusted_proxies, options->trusted_proxy_count, &c->address);
}

bool conn_proxy_begin(struct conn *c) {
    c->state = CONN_PROXY;
    c->in.proxy = mem_try(sizeof *c->in.proxy);
    if (!c->in.proxy) return false;
    *c->in.proxy = (struct proxy_header){ 0 };
    return true;
}

void conn_proxy_leave(struct conn *c) {
    mem_free(c->in.proxy);
    c->in.proxy = NULL;
}

static void count(struct session *s, enum count_proxy result) {
    counter_add(&s->counts->proxy_headers[result], 1);
}

/* A proxy that is set up wrongly does it with every connection: not each is worth a line. */
static void say(struct session *s, const struct conn *c, const char *problem) {
    s->proxy_failures++;
    bool is_soon = s->proxy_said_s && s->now_s < s->proxy_said_s + SAY_EVERY_SECONDS;
    if (is_soon && !log_is_on(LOG_DEBUG)) return;
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(&c->address, address);
    log_line(is_soon ? LOG_DEBUG : LOG_WARNING, "connection of a proxy refused",
             log_text("address", address), log_text("problem", problem),
             log_uint("times", s->proxy_failures));
    if (is_soon) return;
    s->proxy_said_s = s->now_s;
    s->proxy_failures = 0;
}

static void refuse(struct session *s, uint32_t index, enum count_proxy result,
                   const char *problem) {
    count(s, result);
    say(s, conn_at(s, index), problem);
    conn_drop(s, index, 0, problem);
}

void conn_proxy_overdue(struct session *s, uint32_t index) {
    refuse(s, index, COUNT_PROXY_LATE, "no PROXY header in time");
}

/* Load balancers ask whether a port is open by connecting and leaving: that is no failure. */
static void on_lost(struct session *s, uint32_t index) {
    if (conn_at(s, index)->in.proxy->kept_len > 0) {
        refuse(s, index, COUNT_PROXY_INCOMPLETE, "gone in the midst of its PROXY header");
    } else {
        conn_drop(s, index, 0, "connection lost");
    }
}

static void on_complete(struct session *s, uint32_t index) {
    struct conn *c = conn_at(s, index);
    const struct proxy_header *header = c->in.proxy;
    count(s, header->has_client ? COUNT_PROXY_OK : COUNT_PROXY_LOCAL);
    if (header->has_client) c->address = header->client;
    c->is_proxied = true;
    conn_proxy_leave(c);
    if (conn_greet(s, c)) {
        heartbeat_arm(s, index);
    } else {
        conn_drop(s, index, 0, "out of memory");
    }
}

void conn_proxy_ready(struct session *s, uint32_t index) {
    const struct conn *c = conn_at(s, index);
    const struct proxy_header *header = c->in.proxy;
    switch (proxy_read(c->stream.fd, c->in.proxy)) {
    case ERR_OK: on_complete(s, index); break;
    case ERR_AGAIN: break;
    case ERR_INVALID:
        refuse(s, index, header->is_absent ? COUNT_PROXY_MISSING : COUNT_PROXY_MALFORMED,
               header->problem);
        break;
    default: on_lost(s, index); break;
    }
}
