/* SPDX-License-Identifier: MIT */
/*
 * config/config.h: the configuration of a server, and how it comes about: defaults, then the YAML
 * file, then the environment, then command line flags, each over what came before.
 *
 * One table (table.c) has a row for each key. A configuration that is in use never changes: a
 * reload makes another one, its successor. Texts and lists are owned by it and live as long as it
 * does. Units stand in the names; what 0 means is said in docs/configuration.md.
 */
#ifndef TIDINGS_CONFIG_CONFIG_H
#define TIDINGS_CONFIG_CONFIG_H

#include "auth/api_key.h"
#include "auth/keys.h"
#include "base/address.h"
#include "base/count.h"
#include "base/log.h"
#include "config/report.h"
#include "net/tls.h"
#include "redis/url.h"
#include "session/endpoint.h"

enum {
    CONFIG_LISTEN_MAX = 16,
    CONFIG_PROXIES_MAX = 256,
    CONFIG_ORIGINS_MAX = 256,
    CONFIG_ENDPOINTS_MAX = COUNT_ENDPOINTS_MAX,
    CONFIG_SENTINELS_MAX = 32,
    CONFIG_TOPICS_MAX = 16,
    CONFIG_RELAY_MAX = 32,
    CONFIG_CERTIFICATES_MAX = 32,
    CONFIG_FILE_MAX = 1024 * 1024, /* bytes of a configuration file */
};

/* Files in PEM: a certificate with those between it and a root, and its key. */
struct config_certificate {
    const char *cert_file;
    const char *key_file;
};

/* What the files came to. */
struct config_identity {
    struct tls_context *context; /* NULL: no TLS */
    struct err_note warning;     /* of a certificate that is served nevertheless; or empty */
    uint64_t state;              /* of the files when they were read: `config_certificates_state` */
};

struct config_tls {
    struct config_certificate first; /* both texts are "" where nothing was given */
    struct config_certificate certificates[CONFIG_CERTIFICATES_MAX]; /* more, behind it */
    size_t certificates_count;
    enum tls_version min_version;
    bool uses_kernel;
    struct address listen[CONFIG_LISTEN_MAX]; /* none: all of `config.listen` speaks TLS */
    size_t listen_count;
    struct config_identity identity; /* made of the above, but by `config_parse` */
};

/* Is there any certificate? */
static inline bool config_has_tls(const struct config_tls *tls) {
    return *tls->first.cert_file || tls->certificates_count > 0;
}

struct config_jwt {
    auth_algorithm_set algorithms;
    const char *secret; /* texts are "" where nothing was given */
    const char *key_file;
    const char *jwks_file;
    const char *jwks_url;
    bool allows_jwks_http;
    const char *jwks_ca_file;
    size_t jwks_max_bytes;
    uint32_t jwks_timeout_seconds;
    uint32_t jwks_refresh_seconds;
    const char *audience;
    const char *issuer;
    uint32_t leeway_seconds;
    bool allows_weak_secret;
    /* What was in the files that they name; empty after `config_parse`. */
    struct span pem, jwks, jwks_ca;
    /* Made of it, without what is at the URL, so that it may be empty; NULL after `config_parse`.
     */
    struct auth_keys *keys;
};

struct config_api {
    struct api_key_options keys_list[API_KEYS_MAX];
    size_t keys_count;
    struct api_keys *keys; /* the same as a set; never NULL */
    size_t max_body_bytes;
    uint32_t idempotency_entries;
    bool has_public_stats;
};

/* Where channels that keep history are. */
enum config_store_kind { CONFIG_STORE_MEMORY, CONFIG_STORE_SQLITE };

/* How what is published reaches listeners: within this process, or by a Redis that nodes share. */
enum config_broker_kind { CONFIG_BROKER_MEMORY, CONFIG_BROKER_REDIS };

struct tls_context;

/* How the servers of a Redis are recognized, and we by them. Texts are "" where nothing was given.
 */
struct config_redis_tls {
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    const char *server_name;
    struct tls_context *context; /* made of the files; NULL: no TLS, and after `config_parse` */
};

struct config_redis {
    struct redis_url url;
    struct config_redis_tls tls;
    enum redis_mode mode;
    const char *sentinels[CONFIG_SENTINELS_MAX]; /* host:port each */
    size_t sentinels_count;
    const char *sentinel_master;
    bool is_sharded;
    const char *prefix; /* before every channel and key; may be empty */
    uint32_t connect_timeout_seconds;
    uint32_t reply_timeout_seconds;
    uint32_t reconnect_max_seconds;
};

/* Kafka's part; off without brokers. Texts are "" where nothing was given. */
struct config_kafka {
    const char *brokers;
    const char *group;
    const char *topics[CONFIG_TOPICS_MAX];
    size_t topics_count;
    const char *properties_file;
    const char *user; /* paths within a record, */
    const char *id;
    const char *payload;
    const char *relay[CONFIG_RELAY_MAX]; /* and name=path each */
    size_t relay_count;
};

struct config {
    struct address listen[CONFIG_LISTEN_MAX]; /* at least one */
    size_t listen_count;
    uint32_t workers; /* 0: one a CPU */
    uint32_t max_connections;
    uint32_t drain_delay_seconds;
    uint32_t drain_seconds;
    uint32_t handshake_seconds;
    uint32_t http_idle_seconds;
    uint32_t keepalive_seconds;
    uint32_t addresses_max;
    size_t max_header_bytes;
    size_t unfinished_bytes_max; /* unfinished inbound messages of all clients together */
    size_t queue_bytes_max;      /* what waits for all clients together */

    const char *takeover_path; /* where the next process takes its sockets over; empty: nowhere */
    const char *user, *group;  /* whom it becomes when root starts it; empty: nobody else */
    bool has_sandbox;

    struct cidr trusted_proxies[CONFIG_PROXIES_MAX];
    size_t trusted_proxies_count;
    bool speaks_proxy_protocol;              /* they begin each connection with its header */
    const char *origins[CONFIG_ORIGINS_MAX]; /* "scheme://host[:port]" or "*.host"; none: any */
    size_t origins_count;

    enum log_level log_level;
    enum log_format log_format;

    struct {
        struct address listen[1];
        size_t listen_count; /* 0: /metrics is served on the addresses above */
    } metrics;

    struct config_tls tls;
    struct config_jwt jwt;
    struct config_api api;

    struct {
        size_t max_bytes;
    } publish;

    struct {
        enum config_store_kind kind;
        const char *path; /* of the file; empty with CONFIG_STORE_MEMORY */
        uint32_t channels;
        uint32_t channel_messages;
        size_t channel_bytes;
        size_t bytes;
        uint32_t keep_seconds;
    } store;

    struct {
        const char *channels; /* ends with {user_id}, or is empty */
        uint32_t entries;
        size_t bytes;
        uint32_t keep_seconds;
    } batches;

    struct {
        enum config_broker_kind kind;
        struct config_redis redis;
    } broker;

    struct config_kafka kafka;

    struct endpoint_options endpoints[CONFIG_ENDPOINTS_MAX]; /* those that are not enabled too */
    size_t endpoints_count;
    bool is_retired[CONFIG_ENDPOINTS_MAX]; /* served before a reload, for nobody new since */
    /* Where the endpoints' texts are, each apart, so that a successor can keep one. */
    struct config_pool *endpoint_pools[CONFIG_ENDPOINTS_MAX];

    bool is_demo;

    struct config_pool *pool; /* where the other texts are */
};

/* One command line flag: `--workers 2` is { "--workers", "workers", "2" }. */
struct config_flag {
    const char *name; /* as it was given, for mistakes */
    const char *key;  /* the key's path in the file */
    const char *value;
};

struct config_source {
    const char *path;           /* the file; NULL: none */
    const char *const *environ; /* NAME=value texts, the last is NULL; NULL: none */
    const struct config_flag *flags;
    size_t flags_count;
    const char *demo_secret; /* what demo mode signs tokens with; NULL: it is not demo mode */
    struct tls_context *tls_before; /* whose tickets stay good; may be NULL */
};

/**
 * Reads everything that `source` names, key files included, and judges it.
 *
 * On success the caller owns `*ret`. Otherwise ERR_INVALID (mistakes) or ERR_IO (the file cannot be
 * read), and `report` has every mistake that was found, at least one.
 */
MUST_USE
enum err config_load(const struct config_source *source, struct config_report *report,
                     struct config **ret);

/**
 * The same for a text in place of the file: `source->path` is only its name. Opens no file, so that
 * key files are not looked into and `jwt.keys` stays NULL.
 */
MUST_USE
enum err config_parse(struct span text, const struct config_source *source,
                      struct config_report *report, struct config **ret);

/**
 * Makes the keys of `jwt` once more, with `fetched`, what is at its URL, in place of what was in
 * its file. On success the caller is the one user of `*ret`. Errors as of `auth_keys_new`.
 */
MUST_USE
enum err config_make_keys(const struct config_jwt *jwt, struct span fetched, struct auth_keys **ret,
                          struct err_note *note);

/**
 * Reads the files of `tls`, once more. The context in `*ret` is the caller's; tickets of `before`,
 * which may be NULL, stay good. On failure `note` says which file is wrong in what.
 */
MUST_USE
enum err config_read_certificates(const struct config_tls *tls, struct tls_context *before,
                                  struct config_identity *ret, struct err_note *note);
/* Differs, but for chance, when one of the files has been written, replaced or removed since. */
uint64_t config_certificates_state(const struct config_tls *tls);

/**
 * Makes `next`, freshly loaded, the successor of `running`: each endpoint gets the number that it
 * had there, by its name, and new ones the numbers after. One that is there no more, or not enabled
 * any more, is retired: it keeps its number and its values, and is not enabled.
 *
 * ERR_LIMIT, with a note, when that makes more than CONFIG_ENDPOINTS_MAX, and ERR_INVALID when the
 * one has TLS and the other has not: sockets that listen stay what they are. `next` is as it was
 * then.
 */
MUST_USE
enum err config_succeed(struct config *next, const struct config *running, struct err_note *note);

/* Told that a key's value changes, both as YAML, lent; `is_put_off`: not before a restart. */
typedef void (*config_changed)(void *owner, const char *key, const char *before, const char *after,
                               bool is_put_off);

/* After `config_succeed`: tells how `next` differs from `running`, secrets apart, and gives `next`
 * the values of `running` for what only a restart can change. */
void config_settle(struct config *next, const struct config *running, config_changed changed,
                   void *owner);

/* Wipes and frees it with all that it owns. NULL is fine. */
void config_free(struct config *config);

/* Appends the whole configuration as YAML, secrets masked: what `tidings check` prints. */
void config_show(const struct config *config, struct buf *out);

/* Appends one entry a key, for `--help`: its name, default, environment name and meaning. */
void config_help(struct buf *out);

/* Appends docs/configuration.md. */
void config_reference(struct buf *out);

#endif
