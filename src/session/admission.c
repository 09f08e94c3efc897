/* SPDX-License-Identifier: MIT */
/*
 * session/admission.c: judges who may connect.
 */
#include "session/admission.h"

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/origin.h"
#include "hub/rule.h"
#include "hub/seat.h"
#include "session/channels.h"
#include "session/cluster.h"
#include "session/token.h"
#include "ws/close.h"

/* One attempt while it is judged. */
struct attempt {
    struct session *s;
    uint32_t index;
    const struct http_request *request;
    const struct http_params *params;
    const struct address *address;
    uint16_t endpoint;
    const struct endpoint_options *options;
    uint64_t now_ms;
    struct known *known; /* NULL: nobody is asked */
    struct seats *seats; /* where they are taken */
    struct admission *admission;
};

/* What a refused client's connection is closed with. */
static uint16_t close_code(const struct endpoint_options *options, enum refusal_kind kind) {
    switch (kind) {
    case REFUSAL_NO_TOKEN:
    case REFUSAL_UNAUTHORIZED:
    case REFUSAL_BAD_USER:
    case REFUSAL_FORBIDDEN_CLIENT:
    case REFUSAL_FORBIDDEN_CHANNEL: return options->unauthorized_code;
    case REFUSAL_NOT_FOUND: return options->not_found_code;
    case REFUSAL_SERVER_FAULT: return WS_CLOSE_FAULT;
    default: return options->limited_code;
    }
}

static bool refuse(const struct attempt *a, enum count_opened result, enum refusal_kind kind,
                   uint64_t left_ms) {
    a->admission->result = result;
    a->admission->refusal = (struct refusal){ .kind = kind,
                                              .code = close_code(a->options, kind),
                                              .retry_after_s = (uint32_t)((left_ms + 999) / 1000) };
    return false;
}

static bool is_fault(const struct attempt *a) {
    return refuse(a, COUNT_OPENED_FAULT, REFUSAL_SERVER_FAULT, 0);
}

/* A question was asked, unless there was no memory for it. */
static bool later(const struct attempt *a, enum err e) {
    if (e) return is_fault(a);
    a->admission->is_later = true;
    return false;
}

/* Counts the connection in; over the maximum it is counted out again. */
static bool has_room(const struct attempt *a) {
    struct session_shared *shared = a->s->shared;
    if (atomic_load_explicit(&shared->refuses_new, memory_order_relaxed)) {
        a->admission->result = COUNT_OPENED_DRAINING;
        return false;
    }
    if (a->seats->is_connection) return true;
    uint64_t before = atomic_fetch_add_explicit(&shared->connections, 1, memory_order_relaxed);
    if (before < a->s->rules->options.max_connections) {
        a->seats->is_connection = true;
        return true;
    }
    atomic_fetch_sub_explicit(&shared->connections, 1, memory_order_relaxed);
    a->admission->result = COUNT_OPENED_FULL;
    return false;
}

static bool has_origin(const struct attempt *a) {
    const struct session_options *options = &a->s->rules->options;
    struct span origin = http_headers_get(a->request->headers, HTTP_FIELD_ORIGIN);
    if (!origin.at || http_origin_is_allowed(origin, options->origins, options->origin_count)) {
        return true;
    }
    a->admission->result = COUNT_OPENED_ORIGIN;
    return false;
}

static bool has_shared_limits(const struct attempt *a) {
    return a->known && cluster_has_limits(a->s, a->options);
}

/* Over all nodes, when this one has nothing against it. A block is remembered here, so that who
 * goes on trying costs no more questions. Without an answer this node's own count must do. */
static bool may_try_anywhere(const struct attempt *a, const struct limits_key *key) {
    const struct answer *answer = &a->known->answers[ASKED_ATTEMPT];
    if (!answer->is_there) {
        return later(a, cluster_ask_attempt(a->s, a->index, a->options, a->address));
    }
    if (answer->err || answer->value == 0) return true;
    limits_block(a->s->shared->limits, key, a->now_ms + answer->value);
    return refuse(a, COUNT_OPENED_ATTEMPTS, REFUSAL_LIMITED_ATTEMPTS, answer->value);
}

static bool may_try(const struct attempt *a) {
    const struct limits_key key = limits_key_address(a->address, a->endpoint);
    if (!a->known || !a->known->has_tried) {
        struct limits *limits = a->s->shared->limits;
        uint64_t left_ms = limits_attempt(limits, &key, a->options->attempts_per_minute,
                                          a->options->block_seconds * 1000ull, a->now_ms);
        if (left_ms > 0) {
            return refuse(a, COUNT_OPENED_ATTEMPTS, REFUSAL_LIMITED_ATTEMPTS, left_ms);
        }
        if (a->known) a->known->has_tried = true;
    }
    return !has_shared_limits(a) || may_try_anywhere(a, &key);
}

static enum jwt_verdict verify(const struct attempt *a, struct span token, int64_t now_s,
                               struct jwt_claims **ret) {
    const struct session_options *options = &a->s->rules->options;
    if (!token.at) return JWT_ABSENT;
    const struct jwt_rules rules = {
        .audience = options->audience,
        .issuer = options->issuer,
        .leeway_s = options->leeway_seconds,
        .required = a->options->required_claims,
        .required_count = a->options->required_claims_count,
    };
    return jwt_verify(options->keys, &rules, token, now_s, ret);
}

/* When a connection with these claims ends by itself, on the session's clock. */
static uint32_t expiry_of(const struct attempt *a, const struct jwt_claims *claims, int64_t now_s) {
    int64_t expiry = jwt_claims_expiry(claims);
    if (a->options->keeps_after_expiry || expiry == JWT_NEVER) return 0;
    int64_t left = expiry - now_s + a->s->rules->options.leeway_seconds;
    if (left < 1) left = 1;
    /* Two centuries on, the clock of seconds would wrap: that is never. */
    return left > INT32_MAX ? 0 : a->s->now_s + (uint32_t)left + 1;
}

/* Was it declared, and for whom? What the broker does not say nobody here knows. */
static bool is_declared_anywhere(const struct attempt *a, struct span channel) {
    const struct answer *answer = &a->known->answers[ASKED_CHANNEL];
    if (!answer->is_there) return later(a, cluster_ask_channel(a->s, a->index, channel));
    switch (answer->err) {
    case ERR_OK: return true;
    case ERR_DENIED: return refuse(a, COUNT_OPENED_UNAUTHORIZED, REFUSAL_FORBIDDEN_CHANNEL, 0);
    case ERR_NOT_FOUND: return refuse(a, COUNT_OPENED_NOT_FOUND, REFUSAL_NOT_FOUND, 0);
    default: return is_fault(a);
    }
}

/* The first channel's name in `first`. Whoever asks for one that cannot be, or was not declared,
 * finds nothing. */
static bool has_channels(const struct attempt *a, struct span user, struct buf *first) {
    const struct endpoint_options *options = a->options;
    for (size_t i = 0; i < options->channels_count; i++) {
        char room[INTEREST_NAME_MAX];
        struct buf other = { .at = room, .cap = sizeof room, .max = sizeof room };
        struct buf *name = i == 0 ? first : &other;
        if (channels_expand(options->channels[i], user, a->params, name) == ERR_INVALID) {
            return refuse(a, COUNT_OPENED_NOT_FOUND, REFUSAL_NOT_FOUND, 0);
        }
    }
    if (!options->is_declared) return true;
    if (a->known) return is_declared_anywhere(a, buf_span(first));
    switch (hub_admit_listener(a->s->hub, buf_span(first), user)) {
    case HUB_ADMIT_OK: return true;
    case HUB_ADMIT_DENIED:
        return refuse(a, COUNT_OPENED_UNAUTHORIZED, REFUSAL_FORBIDDEN_CHANNEL, 0);
    default: return refuse(a, COUNT_OPENED_NOT_FOUND, REFUSAL_NOT_FOUND, 0);
    }
}

static bool is_welcome(const struct attempt *a, struct span user) {
    struct limits *limits = a->s->shared->limits;
    const struct limits_key key = limits_key_user(limits, user, a->endpoint);
    uint64_t left_ms = limits_blocked(limits, &key, a->now_ms);
    return left_ms == 0 || refuse(a, COUNT_OPENED_BLOCKED, REFUSAL_BLOCKED, left_ms);
}

static bool take_seat(const struct attempt *a, struct span name, enum seat_kind kind, uint32_t max,
                      struct interest **ret) {
    struct interest_table *table = &hub_shared_of(a->s->hub)->interest;
    enum err e = seat_take(table, name, kind, a->endpoint, max, ret);
    if (e == ERR_LIMIT) {
        return refuse(a, COUNT_OPENED_CONNECTIONS, REFUSAL_LIMITED_CONNECTIONS, 0);
    }
    return e ? is_fault(a) : true;
}

/* Every user has a seat; where connections are counted on the channel it is without a limit. */
static bool sit_down(const struct attempt *a, struct span user, struct span channel) {
    bool is_per_user = a->options->connections_per == ENDPOINT_PER_USER;
    uint32_t max = a->options->connections;
    if (!is_per_user && !take_seat(a, channel, SEAT_CHANNEL, max, &a->seats->channel)) {
        return false;
    }
    if (user.len == 0) return true;
    char name[sizeof SEAT_USER_CHANNEL + JWT_USER_MAX];
    size_t len = sizeof SEAT_USER_CHANNEL - 1;
    memcpy(name, SEAT_USER_CHANNEL, len);
    memcpy(name + len, user.at, user.len);
    return take_seat(a, span_of(name, len + user.len), SEAT_USER, is_per_user ? max : 0,
                     &a->seats->user);
}

/* On this node, once; and where limits hold for all nodes, on them together. */
static bool sit_down_anywhere(const struct attempt *a, struct span user, struct span channel) {
    struct known *known = a->known;
    if (!known || !known->has_seats) {
        if (!sit_down(a, user, channel)) return false;
        if (known) known->has_seats = true;
    }
    if (!has_shared_limits(a) || (!a->seats->user && !a->seats->channel)) return true;
    const struct answer *answer = &known->answers[ASKED_SEAT];
    if (!answer->is_there) {
        return later(a, cluster_ask_seat(a->s, a->index, a->options, a->seats));
    }
    switch (answer->err) {
    case ERR_EXISTS: return refuse(a, COUNT_OPENED_CONNECTIONS, REFUSAL_LIMITED_CONNECTIONS, 0);
    case ERR_DENIED: {
        struct limits *limits = a->s->shared->limits;
        const struct limits_key key = limits_key_user(limits, user, a->endpoint);
        limits_block(limits, &key, a->now_ms + answer->value);
        return refuse(a, COUNT_OPENED_BLOCKED, REFUSAL_BLOCKED, answer->value);
    }
    default: return true; /* without an answer this node's own limit must do */
    }
}

/* What took a token to find out. */
static void remember_user(const struct attempt *a, struct span user) {
    struct known *known = a->known;
    if (!known || known->has_user) return;
    known->has_user = true;
    known->user_len = (uint8_t)user.len;
    if (user.len) memcpy(known->user, user.at, user.len);
    known->expires_s = a->admission->expires_s;
}

/* Lets in a client that is known by now; `user` is empty for an anonymous one. */
static bool admit(const struct attempt *a, struct span user) {
    char room[INTEREST_NAME_MAX];
    struct buf channel = { .at = room, .cap = sizeof room, .max = sizeof room };
    remember_user(a, user);
    if (!has_channels(a, user, &channel)) return false;
    if (user.len > 0 && !is_welcome(a, user)) return false;
    return sit_down_anywhere(a, user, buf_span(&channel));
}

/* The path may name the user, who then must be this one. */
static bool is_own_path(const struct attempt *a, struct span user) {
    struct span name = span_str(a->options->path_user);
    return name.len == 0 || span_eq(http_params_get(a->params, name), user);
}

static enum refusal_kind kind_of(const struct endpoint_options *options, enum jwt_verdict verdict) {
    switch (verdict) {
    case JWT_ABSENT: return REFUSAL_NO_TOKEN;
    case JWT_BAD_USER:
        /* What is no name at all is no UUID either. */
        return options->user_format == ENDPOINT_USER_UUID ? REFUSAL_BAD_USER : REFUSAL_UNAUTHORIZED;
    case JWT_BAD_USER_FORMAT: return REFUSAL_BAD_USER;
    default: return REFUSAL_UNAUTHORIZED;
    }
}

static bool admit_claims(const struct attempt *a, struct jwt_claims *claims, int64_t now_s) {
    const struct jwt_user_rule rule = {
        .names = a->options->user_claims,
        .name_count = a->options->user_claims_count,
        .format = a->options->user_format == ENDPOINT_USER_UUID ? JWT_USER_UUID : JWT_USER_ANY,
    };
    struct span user;
    enum jwt_verdict verdict = jwt_claims_user(claims, &rule, &user);
    counter_add(&a->s->counts->jwt[verdict], 1);
    if (verdict != JWT_OK) {
        return refuse(a, COUNT_OPENED_UNAUTHORIZED, kind_of(a->options, verdict), 0);
    }
    if (!is_own_path(a, user)) {
        return refuse(a, COUNT_OPENED_UNAUTHORIZED, REFUSAL_FORBIDDEN_CLIENT, 0);
    }
    a->admission->expires_s = expiry_of(a, claims, now_s);
    return admit(a, user);
}

static void log_verdict(const struct attempt *a, enum jwt_verdict verdict) {
    char address[ADDRESS_TEXT_MAX];
    (void)address_format(a->address, address);
    log_line(LOG_DEBUG, "token judged", log_text("endpoint", a->options->name),
             log_text("verdict", jwt_verdict_text(verdict)), log_text("address", address));
}

static bool is_admitted(const struct attempt *a) {
    const struct known *known = a->known;
    if (known && known->has_user) {
        a->admission->expires_s = known->expires_s;
        return admit(a, span_of(known->user, known->user_len));
    }
    int64_t now_s = clock_wall_ms() / 1000;
    char room[JWT_TOKEN_MAX];
    struct span token = token_of(a->request, room, sizeof room);
    if (!token.at && a->options->auth == ENDPOINT_AUTH_OPTIONAL) return admit(a, SPAN(""));
    struct jwt_claims *claims = NULL;
    enum jwt_verdict verdict = verify(a, token, now_s, &claims);
    if (log_is_on(LOG_DEBUG)) log_verdict(a, verdict);
    if (verdict != JWT_OK) {
        counter_add(&a->s->counts->jwt[verdict], 1);
        return refuse(a, COUNT_OPENED_UNAUTHORIZED, kind_of(a->options, verdict), 0);
    }
    bool is_in = admit_claims(a, claims, now_s);
    jwt_claims_free(claims);
    return is_in;
}

/* Does it take a broker that nodes share to judge who comes to this endpoint? */
static bool must_ask(const struct session *s, const struct endpoint_options *options) {
    return hub_is_shared(s->hub) && (options->is_declared || cluster_has_limits(s, options));
}

/* What is known of it so far. After a reload its path may be another endpoint's. */
static enum err find_known(struct attempt *a, struct conn_http *http) {
    if (http->known && http->known->endpoint != a->endpoint) known_forget(a->s, http);
    if (!http->known && must_ask(a->s, a->options)) {
        http->known = mem_try(sizeof *http->known);
        if (!http->known) return ERR_NOMEM;
        *http->known = (struct known){ .endpoint = a->endpoint };
    }
    a->known = http->known;
    if (a->known) a->seats = &a->known->seats;
    return ERR_OK;
}

static bool is_let_in(struct attempt *a, struct conn_http *http) {
    if (find_known(a, http) != ERR_OK || (a->known && a->known->is_given_up)) return is_fault(a);
    return has_room(a) && has_origin(a) && may_try(a) && is_admitted(a);
}

struct admission admission_judge(struct session *s, uint32_t index,
                                 const struct http_request *request,
                                 const struct http_params *params, const struct address *address,
                                 uint16_t endpoint) {
    struct admission admission = { .result = COUNT_OPENED_OK };
    struct conn_http *http = conn_at(s, index)->in.http;
    struct attempt a = {
        .s = s,
        .index = index,
        .request = request,
        .params = params,
        .address = address,
        .endpoint = endpoint,
        .options = s->rules->endpoints[endpoint].options,
        .now_ms = loop_now_ns(s->loop) / NS_PER_MS,
        .seats = &admission.seats,
        .admission = &admission,
    };
    bool is_in = is_let_in(&a, http);
    if (admission.is_later) return admission;
    if (!is_in) {
        admission_leave(s, endpoint, a.seats);
    } else if (a.known) {
        admission.seats = a.known->seats;
    }
    mem_free(http->known);
    http->known = NULL;
    return admission;
}

void admission_leave(struct session *s, uint16_t endpoint, const struct seats *seats) {
    if (seats->is_shared) cluster_leave(s, s->rules->endpoints[endpoint].options, seats);
    struct interest_table *table = &hub_shared_of(s->hub)->interest;
    if (seats->user) seat_leave(table, seats->user, SEAT_USER, endpoint);
    if (seats->channel) seat_leave(table, seats->channel, SEAT_CHANNEL, endpoint);
    if (seats->is_connection) {
        atomic_fetch_sub_explicit(&s->shared->connections, 1, memory_order_relaxed);
    }
}
