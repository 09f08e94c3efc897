/* SPDX-License-Identifier: MIT */
/*
 * config/table.c: every key of the configuration, one row each.
 */
#include "config/config.h"
#include "config/row_priv.h"
#include "http/pattern.h"

/* Where a value goes, in struct config or in struct endpoint_options. */
#define IN(type, member)      .offset = offsetof(type, member), .bytes = sizeof(((type *)0)->member)
#define AT(member)            IN(struct config, member)
#define OF(member)            IN(struct endpoint_options, member)
#define COUNT_AT(member)      .count_offset = offsetof(struct config, member)
#define COUNT_OF(member)      .count_offset = offsetof(struct endpoint_options, member)

#define BOUNDS(least, most)   .min = (least), .max = (most)
#define NUMBER(least, most)   .type = &config_type_number, BOUNDS(least, most)
#define SECONDS(least, most)  NUMBER(least, most), .unit = "seconds"
#define BYTES(least, most)    NUMBER(least, most), .unit = "bytes"
#define FLAG                  .type = &config_type_bool
#define WORD(list)            .type = &config_type_word, .words = (list)
#define TEXT(least, most)     .type = &config_type_text, BOUNDS(least, most)
#define LIST(of, least, most) .type = &config_type_##of, BOUNDS(least, most)

#define FOR_NEW               .effect = CONFIG_FOR_NEW
#define AFTER_RESTART         .effect = CONFIG_AFTER_RESTART

#define KIB                   1024ull
#define MIB                   (1024 * KIB)
#define TIB                   (MIB * MIB)
#define DAY                   86400
#define MILLION               1000000
#define TEXT_MAX              1024
#define SOCKET_PATH_MAX       107
#define USER_TEXT_MAX         32   /* of a user's or group's name */
#define PATH_TEXT_MAX         4095 /* of a file's name */

static const char *const formats[] = { [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json", NULL };
static const char *const levels[] = { [LOG_ERROR] = "error",
                                      [LOG_WARNING] = "warning",
                                      [LOG_INFO] = "info",
                                      [LOG_DEBUG] = "debug",
                                      NULL };
static const char *const tls_versions[] = { [TLS_1_2] = "1.2", [TLS_1_3] = "1.3", NULL };
static const char *const stores[] = {
    [CONFIG_STORE_MEMORY] = "memory", [CONFIG_STORE_SQLITE] = "sqlite", NULL
};
static const char *const brokers[] = {
    [CONFIG_BROKER_MEMORY] = "memory", [CONFIG_BROKER_REDIS] = "redis", NULL
};
static const char *const modes[] = {
    [REDIS_SINGLE] = "single", [REDIS_SENTINEL] = "sentinel", [REDIS_CLUSTER] = "cluster", NULL
};
static const char *const auths[] = {
    [ENDPOINT_AUTH_REQUIRED] = "required", [ENDPOINT_AUTH_OPTIONAL] = "optional", NULL
};
static const char *const user_formats[] = {
    [ENDPOINT_USER_ANY] = "any", [ENDPOINT_USER_UUID] = "uuid", NULL
};
static const char *const replays[] = {
    [ENDPOINT_REPLAY_NONE] = "none", [ENDPOINT_REPLAY_ALL] = "all", NULL
};
static const char *const pers[] = {
    [ENDPOINT_PER_USER] = "user", [ENDPOINT_PER_CHANNEL] = "channel", NULL
};
static const char *const scopes[] = {
    [ENDPOINT_SCOPE_NODE] = "node", [ENDPOINT_SCOPE_CLUSTER] = "cluster", NULL
};
static const char *const refusals[] = {
    [ENDPOINT_REFUSE_CLOSE] = "close", [ENDPOINT_REFUSE_HTTP] = "http", NULL
};
static const char *const inbounds[] = {
    [ENDPOINT_INBOUND_IGNORE] = "ignore", [ENDPOINT_INBOUND_ECHO] = "echo", NULL
};

const struct config_section config_sections[] = {
    { "", "What holds for the whole process." },
    { "metrics", "Where Prometheus finds the metrics." },
    { "tls", "TLS, for `wss://` and `https://`, as soon as there is a certificate. The files are "
             "read again on SIGHUP and when they change; nobody's connection is touched." },
    { "jwt", "How the tokens of clients are judged. At least one of `secret`, `key_file`, "
             "`jwks_file` and `jwks_url` must be given, and something for each algorithm. Keys "
             "from several of them hold together, but for `jwks_file` beside `jwks_url`." },
    { "api", "The HTTP API that backends call." },
    { "publish", "What may be published." },
    { "store", "What channels that keep history (submissions) carried. With `broker.kind: redis` "
               "it lies in Redis, within `channel_messages`, `channel_bytes` and `keep_seconds`." },
    { "batches", "What notifications tell of batches, for `GET /api/v1/batches/{id}/status`. With "
                 "`store.kind: sqlite` it is in that file too, with `broker.kind: redis` in Redis "
                 "instead, within `keep_seconds`." },
    { "kafka", "Notifications that backends write to Kafka: records of JSON, of which a user's "
               "connections get a part." },
    { "broker",
      "How what is published reaches listeners: within this process, or by a Redis that "
      "several nodes share. The environment's `REDIS_URL` switches to Redis where neither "
      "the file nor `TIDINGS_BROKER_KIND` says otherwise." },
    { "broker.redis", "Where that Redis is. Used with `broker.kind: redis` only." },
    { "broker.redis.tls", "With a URL that begins with rediss://: how its servers, Sentinels too, "
                          "are recognized, and we by them." },
};
const size_t config_sections_count = countof(config_sections);

const struct config_row config_rows[] = {
    { "listen", LIST(addresses, 1, CONFIG_LISTEN_MAX), AT(listen), COUNT_AT(listen_count),
      .standard = "0.0.0.0:8080", .allows_one = true, AFTER_RESTART,
      .text =
          "Where connections are accepted: an IP address with a port, or a list of them. Port 0 "
          "takes any free one." },
    { "workers", NUMBER(0, 64), AT(workers), .standard = "0", AFTER_RESTART,
      .text = "Threads that hold connections; 0: one for each CPU." },
    { "max_connections", NUMBER(0, 10 * MILLION), AT(max_connections), .standard = "0",
      .text = "Connections that the process holds at most, the next is answered 503; 0: as many as "
              "its descriptor limit allows." },
    { "drain_delay_seconds", SECONDS(0, DAY), AT(drain_delay_seconds), .standard = "0",
      .text = "On SIGTERM, how long everything is still served while /readyz already says 503, so "
              "that a load balancer looks elsewhere first." },
    { "drain_seconds", SECONDS(0, DAY), AT(drain_seconds), .standard = "5",
      .text = "After that, the time over which connections are closed one after the other, so that "
              "clients do not all return at once; 0: at once." },
    { "handshake_seconds", SECONDS(1, 3600), AT(handshake_seconds), .standard = "10",
      .text = "A request's head, and then its body, must have arrived within this time." },
    { "http_idle_seconds", SECONDS(1, DAY), AT(http_idle_seconds), .standard = "75",
      .text = "An HTTP connection is closed when no request has come for so long." },
    { "keepalive_seconds", SECONDS(1, 7200), AT(keepalive_seconds), .standard = "30", AFTER_RESTART,
      .text = "TCP asks a silent peer after this time whether it is still there, and gives it up "
              "after about twice as long." },
    { "addresses_max", NUMBER(1024, 16 * MILLION), AT(addresses_max), .standard = "200000",
      AFTER_RESTART,
      .text = "Client addresses remembered for limits and blocks; the one not heard of for longest "
              "is forgotten first." },
    { "max_header_bytes", BYTES(1 * KIB, 256 * KIB), AT(max_header_bytes), .standard = "16384",
      FOR_NEW, .text = "A request's first line and headers together; larger is answered 431." },
    { "unfinished_bytes_max", BYTES(1 * MIB, TIB), AT(unfinished_bytes_max),
      .standard = "268435456",
      .text = "Messages from clients that have arrived in part, all together; past it the clients "
              "that send more are disconnected." },
    { "queue_bytes_max", BYTES(1 * MIB, TIB), AT(queue_bytes_max), .standard = "1073741824",
      .text = "Notifications that wait for slow clients, all together; past it the slow ones are "
              "disconnected." },
    { "takeover_path", TEXT(0, SOCKET_PATH_MAX), AT(takeover_path), .standard = "", AFTER_RESTART,
      .text = "A Unix socket for upgrades: a server that is started with the path of one that runs "
              "takes its listening sockets over, and the old one drains. Empty: none." },
    { "user", TEXT(0, USER_TEXT_MAX), AT(user), .standard = "", AFTER_RESTART,
      .text = "Whom the server becomes when root starts it, as soon as it listens: the name or "
              "number of a user. Empty: it stays who it is." },
    { "group", TEXT(0, USER_TEXT_MAX), AT(group), .standard = "", AFTER_RESTART,
      .text = "The group that goes with `user`. Empty: the user's own." },
    { "sandbox", FLAG, AT(has_sandbox), .standard = "true", AFTER_RESTART,
      .text = "Whether the server, once started, gives up what it does not need: other system "
              "calls, other programs, new privileges, and having its memory read or dumped." },
    { "trusted_proxies", LIST(networks, 0, CONFIG_PROXIES_MAX), AT(trusted_proxies),
      COUNT_AT(trusted_proxies_count), .standard = "[]",
      .text = "Networks (10.0.0.0/8) or addresses of reverse proxies whose X-Forwarded-For is "
              "believed." },
    { "proxy_protocol", FLAG, AT(speaks_proxy_protocol), .standard = "false", FOR_NEW,
      .text = "Whether these reverse proxies begin each connection, but to `metrics.listen`, with "
              "a header of the "
              "PROXY protocol, version 1 or 2. One without is closed then; everybody else connects "
              "without." },
    { "origins", LIST(origins, 0, CONFIG_ORIGINS_MAX), AT(origins), COUNT_AT(origins_count),
      .standard = "[]",
      .text = "Web origins that may connect: scheme://host[:port] exactly, or *.example.com for "
              "every subdomain. Empty: any. Requests without Origin always may." },
    { "log_level", .type = &config_type_level, .words = levels, AT(log_level), .standard = "info",
      .text = "error, warning, info or debug: what is at least as grave is logged." },
    { "log_format", WORD(formats), AT(log_format), .standard = "logfmt",
      .text = "logfmt or json: one line an event on standard error." },

    { "metrics.listen", LIST(addresses, 0, 1), AT(metrics.listen), COUNT_AT(metrics.listen_count),
      .standard = "", .allows_one = true, AFTER_RESTART,
      .text = "An address with a port for /metrics alone. Empty: on the addresses of `listen`, but "
              "not for requests that come through a trusted proxy." },

    { "tls.cert_file", TEXT(0, PATH_TEXT_MAX), AT(tls.first.cert_file), .standard = "", FOR_NEW,
      .text = "A PEM file with the certificate, and behind it those between it and a root. Clients "
              "that name no host, or one that no certificate has, get this one." },
    { "tls.key_file", TEXT(0, PATH_TEXT_MAX), AT(tls.first.key_file), .standard = "", FOR_NEW,
      .text = "The PEM file with its key, not encrypted." },
    { "tls.certificates", LIST(certificates, 0, CONFIG_CERTIFICATES_MAX), AT(tls.certificates),
      COUNT_AT(tls.certificates_count), .standard = "[]", FOR_NEW,
      .text =
          "More of them, {cert_file, key_file} each, for clients that name a host (SNI) that is "
          "in the certificate." },
    { "tls.min_version", WORD(tls_versions), AT(tls.min_version), .standard = "1.2", FOR_NEW,
      .text = "The oldest version that is spoken." },
    { "tls.listen", LIST(addresses, 0, CONFIG_LISTEN_MAX), AT(tls.listen),
      COUNT_AT(tls.listen_count), .standard = "", .allows_one = true, AFTER_RESTART,
      .text = "Addresses with a port that speak TLS, beside those of `listen`, which then do not. "
              "Empty: all of `listen` speaks TLS." },

    { "jwt.algorithms", LIST(algorithms, 1, AUTH_ALGORITHM_COUNT), AT(jwt.algorithms),
      .standard = "[\"HS256\"]",
      .text = "Signature algorithms that are accepted: HS, RS, PS or ES with 256, 384 or 512." },
    { "jwt.secret", .type = &config_type_secret, BOUNDS(0, 64 * KIB), AT(jwt.secret),
      .standard = "", .is_secret = true,
      .text = "The secret for the HS algorithms, 32 bytes or longer. Better given by the "
              "environment than in the file." },
    { "jwt.key_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.key_file), .standard = "",
      .text = "A PEM file with the public key for the RS and PS, or the ES algorithms." },
    { "jwt.jwks_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.jwks_file), .standard = "",
      .text = "A JSON Web Key Set; the token's `kid` names the key in it. Beside `jwks_url` it "
              "holds only until the first answer from there." },
    { "jwt.jwks_url", .type = &config_type_url, AT(jwt.jwks_url), .standard = "", .is_secret = true,
      .text =
          "Where such a set is published: https://issuer/.well-known/jwks.json. It is asked for "
          "at the start, on SIGHUP, before what came grows old, and at most once a minute for "
          "a token with an unknown `kid`. Secrets (`kty: oct`) in it are passed over." },
    { "jwt.jwks_allow_http", FLAG, AT(jwt.allows_jwks_http), .standard = "false",
      .text = "Accept http:// there, for a source on this machine: anybody on the way can put in "
              "keys." },
    { "jwt.jwks_ca_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.jwks_ca_file), .standard = "",
      .text = "A PEM file with the certificates that may vouch for that server. Empty: those that "
              "the system has." },
    { "jwt.jwks_max_bytes", BYTES(1 * KIB, AUTH_SOURCE_MAX), AT(jwt.jwks_max_bytes),
      .standard = "262144", .text = "A larger set is refused." },
    { "jwt.jwks_timeout_seconds", SECONDS(1, 300), AT(jwt.jwks_timeout_seconds), .standard = "10",
      .text = "The whole answer must be there within this time." },
    { "jwt.jwks_refresh_seconds", SECONDS(1, 7 * DAY), AT(jwt.jwks_refresh_seconds),
      .standard = "600",
      .text = "The longest time between two requests, and so until a key that was withdrawn holds "
              "no more; a shorter `max-age` in the answer's Cache-Control is followed down to a "
              "minute. While the source is down the last good set holds." },
    { "jwt.audience", TEXT(0, TEXT_MAX), AT(jwt.audience), .standard = "",
      .text = "What a token's `aud` must be or contain. Empty: not checked." },
    { "jwt.issuer", TEXT(0, TEXT_MAX), AT(jwt.issuer), .standard = "",
      .text = "What a token's `iss` must be. Empty: not checked." },
    { "jwt.leeway_seconds", SECONDS(0, 3600), AT(jwt.leeway_seconds), .standard = "5",
      .text = "By how much the clocks of those who make tokens may differ from ours." },
    { "jwt.allow_weak_secret", FLAG, AT(jwt.allows_weak_secret), .standard = "false",
      .text = "Accept a secret shorter than 32 bytes, which can be guessed." },

    { "api.keys", LIST(api_keys, 0, API_KEYS_MAX), AT(api.keys_list), COUNT_AT(api.keys_count),
      .standard = "[]", .is_secret = true,
      .text = "Keys of the backends that may call: a text, which may do everything, or "
              "{name, key, scopes} with scopes out of publish, admin, read. Empty: those routes "
              "answer 403." },
    { "api.max_body_bytes", BYTES(1 * KIB, 256 * MIB), AT(api.max_body_bytes),
      .standard = "1048576", FOR_NEW, .text = "A request's body; larger is answered 413." },
    { "api.idempotency_entries", NUMBER(1, 10 * MILLION), AT(api.idempotency_entries),
      .standard = "100000", AFTER_RESTART, .text = "Idempotency keys remembered at a time." },
    { "api.public_stats", FLAG, AT(api.has_public_stats), .standard = "true",
      .text = "Whether /api/v1/ws/stats answers anyone." },

    { "publish.max_bytes", BYTES(1, 64 * MIB), AT(publish.max_bytes), .standard = "524288",
      .text = "One notification; larger is answered 413." },

    { "store.kind", WORD(stores), AT(store.kind), .standard = "memory", AFTER_RESTART,
      .text = "Where they are kept. memory: until the process ends; sqlite: in the file "
              "`store.path`, and what a publisher was told is accepted survives even a crash." },
    { "store.path", TEXT(0, PATH_TEXT_MAX), AT(store.path), .standard = "", AFTER_RESTART,
      .text = "The file for sqlite, made if it is not there. One process at a time uses it." },
    { "store.channels", NUMBER(1, 100 * MILLION), AT(store.channels), .standard = "100000",
      AFTER_RESTART, .text = "Declared channels kept at a time." },
    { "store.channel_messages", NUMBER(1, 10 * MILLION), AT(store.channel_messages),
      .standard = "10000", AFTER_RESTART,
      .text =
          "Messages of one channel; publishing more there is answered 409, nothing is trimmed." },
    { "store.channel_bytes", BYTES(1 * KIB, TIB), AT(store.channel_bytes), .standard = "4194304",
      AFTER_RESTART, .text = "The same in bytes." },
    { "store.bytes", BYTES(1 * MIB, TIB), AT(store.bytes), .standard = "1073741824", AFTER_RESTART,
      .text = "What all channels may hold together." },
    { "store.keep_seconds", SECONDS(1, 366 * DAY), AT(store.keep_seconds), .standard = "86400",
      AFTER_RESTART,
      .text = "A channel to which nothing has happened and nobody has listened for so long is "
              "forgotten." },

    { "batches.channels", TEXT(0, TEXT_MAX), AT(batches.channels), .standard = "ws:{user_id}",
      AFTER_RESTART,
      .text = "The channels of users whose notifications are followed: a name that ends with "
              "`{user_id}`. Empty: none, and all batches are unknown." },
    { "batches.entries", NUMBER(2, 100 * MILLION), AT(batches.entries), .standard = "100000",
      AFTER_RESTART,
      .text = "How many are known; each counts once for its user and once for all. What was told "
              "longest ago is forgotten first." },
    { "batches.bytes", BYTES(1 * MIB, TIB), AT(batches.bytes), .standard = "134217728",
      AFTER_RESTART, .text = "The same in bytes of memory; one takes 256 KiB at most." },
    { "batches.keep_seconds", SECONDS(1, 366 * DAY), AT(batches.keep_seconds), .standard = "604800",
      AFTER_RESTART, .text = "A batch of which nothing was told for so long is forgotten." },

    { "broker.kind", WORD(brokers), AT(broker.kind), .standard = "memory", AFTER_RESTART,
      .text = "memory: this process is all there is; redis: all nodes that share a Redis act as "
              "one." },
    { "broker.redis.url", .type = &config_type_redis_url, AT(broker.redis.url),
      .standard = "redis://127.0.0.1:6379/0", .is_secret = true, AFTER_RESTART,
      .text = "redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; in user and "
              "password @, / and the like are written as escapes (%40, %2F). With mode: sentinel "
              "only user, password and "
              "database count; with mode: cluster it is the node to ask first." },
    { "broker.redis.mode", WORD(modes), AT(broker.redis.mode), .standard = "single", AFTER_RESTART,
      .text = "single: one server; sentinel: the master that Sentinels name; cluster: a Redis "
              "Cluster." },
    { "broker.redis.sentinels", LIST(servers, 0, CONFIG_SENTINELS_MAX), AT(broker.redis.sentinels),
      COUNT_AT(broker.redis.sentinels_count), .standard = "[]", AFTER_RESTART,
      .text = "With mode: sentinel, where the Sentinels are: host:port each." },
    { "broker.redis.sentinel_master", TEXT(1, 128), AT(broker.redis.sentinel_master),
      .standard = "mymaster", AFTER_RESTART, .text = "What the Sentinels call the master." },
    { "broker.redis.sharded", FLAG, AT(broker.redis.is_sharded), .standard = "true", AFTER_RESTART,
      .text = "With mode: cluster, whether to publish by SPUBLISH, so that a message stays on the "
              "servers that have its channel; needs Redis 7. Plain PUBLISH of others arrives "
              "either way." },
    { "broker.redis.prefix", .type = &config_type_prefix, BOUNDS(0, REDIS_PREFIX_MAX),
      AT(broker.redis.prefix), .standard = "", AFTER_RESTART,
      .text = "Stands before the name of every channel and key, so that several systems can share "
              "a Redis." },
    { "broker.redis.connect_timeout_seconds", SECONDS(1, 300),
      AT(broker.redis.connect_timeout_seconds), .standard = "5", AFTER_RESTART,
      .text = "A connection to Redis must stand and be logged in within this time." },
    { "broker.redis.reply_timeout_seconds", SECONDS(1, 300), AT(broker.redis.reply_timeout_seconds),
      .standard = "5", AFTER_RESTART,
      .text = "A server that owes an answer for longer is taken for dead." },
    { "broker.redis.reconnect_max_seconds", SECONDS(1, 3600),
      AT(broker.redis.reconnect_max_seconds), .standard = "10", AFTER_RESTART,
      .text =
          "The longest time between two attempts to connect; the first ones follow sooner, each "
          "at a random moment." },

    { "broker.redis.tls.ca_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.ca_file),
      .standard = "", FOR_NEW,
      .text = "A PEM file with the authorities whose certificates are accepted. Empty: those that "
              "the system trusts." },
    { "broker.redis.tls.cert_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.cert_file),
      .standard = "", FOR_NEW,
      .text = "A PEM file with the certificate that is shown to a Redis that asks for one (mutual "
              "TLS), and those between it and its authority." },
    { "broker.redis.tls.key_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.key_file),
      .standard = "", FOR_NEW, .text = "A PEM file with its key." },
    { "broker.redis.tls.server_name", TEXT(0, 253), AT(broker.redis.tls.server_name),
      .standard = "", AFTER_RESTART,
      .text = "The name, or IP address, that the certificates must be for. Empty: the host that is "
              "connected to, which with Sentinels and in a Cluster is what these announce, an "
              "address unless they are told otherwise." },

    { "kafka.brokers", TEXT(0, TEXT_MAX), AT(kafka.brokers), .standard = "", AFTER_RESTART,
      .text =
          "Where Kafka is: host:port, several with commas between. Empty: nothing is consumed." },
    { "kafka.group", TEXT(1, 128), AT(kafka.group), .standard = "tidings", AFTER_RESTART,
      .text = "The consumer group. Nodes that share a Redis share one, so that each record is "
              "consumed once; a node by itself needs one of its own." },
    { "kafka.topics", LIST(names, 0, CONFIG_TOPICS_MAX), AT(kafka.topics),
      COUNT_AT(kafka.topics_count), .standard = "[]", AFTER_RESTART,
      .text = "The topics, or patterns of topics that begin with ^." },
    { "kafka.user", TEXT(1, TEXT_MAX), AT(kafka.user), .standard = "data.teacher_id", AFTER_RESTART,
      .text = "Where in a record the user's id stands: the names of members with dots between. A "
              "record without one is skipped." },
    { "kafka.id", TEXT(0, TEXT_MAX), AT(kafka.id), .standard = "event_id", AFTER_RESTART,
      .text = "Where the id stands by which a record that comes again is known. Empty: nowhere." },
    { "kafka.relay", LIST(names, 0, CONFIG_RELAY_MAX), AT(kafka.relay), COUNT_AT(kafka.relay_count),
      .standard = "[\"notification_type=data.notification_type\", \"timestamp=data.timestamp\", "
                  "\"category=data.category\", \"priority=data.priority\", "
                  "\"action_required=data.action_required\", \"payload=data.payload\", "
                  "\"correlation_id=data.correlation_id\"]",
      AFTER_RESTART,
      .text = "What the user's connections get: an object of members, name=path each; those that "
              "the record has not are left out." },
    { "kafka.payload", TEXT(0, TEXT_MAX), AT(kafka.payload), .standard = "", AFTER_RESTART,
      .text = "With an empty `relay`: the path of what is relayed as it stands. Empty: the whole "
              "record." },
    { "kafka.properties_file", TEXT(0, PATH_TEXT_MAX), AT(kafka.properties_file), .standard = "",
      AFTER_RESTART,
      .text = "A file with further properties of librdkafka, a line name=value each, such as "
              "security.protocol and sasl.password." },
};
const size_t config_rows_count = countof(config_rows);

const struct config_row config_endpoint_rows[] = {
    { "path", .type = &config_type_path, BOUNDS(1, HTTP_PATTERN_MAX), OF(path), .standard = "/ws",
      FOR_NEW,
      .text = "The path that clients connect to. A segment {name} stands for any one; "
              "{submission_id} for a whole number up to 2^53 - 1." },
    { "dialect", .type = &config_type_dialect, OF(dialect), .standard = "huleedu",
      .text = "How the server's own words look: refusals, answers to application pings." },
    { "enabled", FLAG, OF(is_enabled), .standard = "true", FOR_NEW,
      .text = "false: nobody is served there." },
    { "auth", WORD(auths), OF(auth), .standard = "required", FOR_NEW,
      .text = "Whether a token is required, or optional: then who brings none is anonymous." },
    { "user_claims", LIST(names, 1, ENDPOINT_CLAIMS_MAX), OF(user_claims),
      COUNT_OF(user_claims_count), .standard = "[\"user_id\", \"sub\"]", FOR_NEW,
      .text = "Claims that may name the user; the first that the token has does." },
    { "user_format", WORD(user_formats), OF(user_format), .standard = "any", FOR_NEW,
      .text = "uuid: the user's name must be one." },
    { "required_claims", LIST(names, 0, ENDPOINT_CLAIMS_MAX), OF(required_claims),
      COUNT_OF(required_claims_count), .standard = "[\"exp\"]", FOR_NEW,
      .text = "Claims that a token must have." },
    { "path_user", TEXT(0, HTTP_PATTERN_MAX), OF(path_user), .standard = "", FOR_NEW,
      .text = "The path's placeholder, without braces, that must be the user's name." },
    { "channels", LIST(channels, 1, ENDPOINT_CHANNELS_MAX), OF(channels), COUNT_OF(channels_count),
      .standard = "[\"ws:{user_id}\", \"broadcast\"]", FOR_NEW,
      .text = "Channels that a client hears; {user_id} and the placeholders of the path are put "
              "in. Anonymous clients hear those without {user_id}. The first is the one of which "
              "other keys speak." },
    { "declared", FLAG, OF(is_declared), .standard = "false", FOR_NEW,
      .text = "Whether the first channel must have been declared (POST /api/v1/submissions) before "
              "anybody may listen to it." },
    { "replay", WORD(replays), OF(replay), .standard = "none",
      .text = "all: a client first gets everything that the first channel has carried so far." },
    { "ends_after", TEXT(0, TEXT_MAX), OF(ends_after), .standard = "",
      .text = "The `type` of the message after which the connection is closed with 1000. Empty: it "
              "never ends by itself." },
    { "refuse", WORD(refusals), OF(refuse), .standard = "close",
      .text = "How a client is refused. close: the handshake is completed and the connection "
              "closed with a code, which browsers can read; http: the handshake is answered with a "
              "status." },
    { "explain", FLAG, OF(explains), .standard = "true",
      .text = "With refuse: close, the reason goes out as a JSON message before the close." },
    { "unauthorized_code", .type = &config_type_close_code, OF(unauthorized_code),
      .standard = "1008", FOR_NEW, .text = "Close code when the token is refused." },
    { "not_found_code", .type = &config_type_close_code, OF(not_found_code), .standard = "4004",
      FOR_NEW, .text = "Close code when there is no such channel." },
    { "limited_code", .type = &config_type_close_code, OF(limited_code), .standard = "4000",
      .text = "Close code when a limit is reached." },
    { "connections_per", WORD(pers), OF(connections_per), .standard = "user", FOR_NEW,
      .text = "Whether connections are counted by user, or on the first channel." },
    { "connections", NUMBER(0, MILLION), OF(connections), .standard = "5", FOR_NEW,
      .text = "Connections that a user, or the first channel, may have here at a time; 0: no "
              "limit." },
    { "attempts_per_minute", NUMBER(0, MILLION), OF(attempts_per_minute), .standard = "10", FOR_NEW,
      .text = "Attempts to connect from one client address, failed ones included; 0: no limit." },
    { "messages_per_minute", NUMBER(0, MILLION), OF(messages_per_minute), .standard = "100",
      .text = "Messages that a client may send on a connection; 0: no limit." },
    { "block_seconds", SECONDS(1, DAY), OF(block_seconds), .standard = "60",
      .text = "How long who went over one of these two limits is refused." },
    { "limits_scope", WORD(scopes), OF(limits_scope), .standard = "node",
      .text = "Where connections, attempts and those who are refused for a while are counted. "
              "node: in this process; cluster: over all that share a Redis, which costs each "
              "handshake two questions to it. While Redis is down it is as with node." },
    { "ping_seconds", SECONDS(0, DAY), OF(ping_seconds), .standard = "0",
      .text = "Time between the server's pings; 0: none are sent." },
    { "idle_seconds", SECONDS(0, 7 * DAY), OF(idle_seconds), .standard = "300",
      .text = "A client that has not been heard of for so long, pongs included, is disconnected; "
              "0: never." },
    { "write_seconds", SECONDS(1, 3600), OF(write_seconds), .standard = "10",
      .text = "What is sent to a client must have been taken within this time." },
    { "unfinished_seconds", SECONDS(0, DAY), OF(unfinished_seconds), .standard = "30",
      .text = "A message that a client has begun must be there within this time, however it comes "
              "and whatever else does meanwhile, or the client is disconnected; 0: no limit." },
    { "max_message_bytes", BYTES(1, 256 * MIB), OF(max_message_bytes), .standard = "65536",
      .text = "One message from a client; larger ends the connection with 1009." },
    { "max_notification_bytes", BYTES(1, 64 * MIB), OF(max_notification_bytes), .standard = "65536",
      .text = "One notification to a client; larger is not sent here." },
    { "max_queue_bytes", BYTES(1, 1024 * MIB), OF(max_queue_bytes), .standard = "1048576",
      .text = "What may wait for one client that reads too slowly; past it the client is "
              "disconnected." },
    { "inbound", WORD(inbounds), OF(inbound), .standard = "ignore",
      .text = "What becomes of messages from clients other than pings. echo: they are sent back." },
    { "compression", FLAG, OF(compresses), .standard = "true", FOR_NEW,
      .text = "Whether messages are compressed for clients that offer permessage-deflate." },
    { "keep_after_expiry", FLAG, OF(keeps_after_expiry), .standard = "false", FOR_NEW,
      .text = "Whether a connection outlives the token that it was opened with." },
};
const size_t config_endpoint_rows_count = countof(config_endpoint_rows);

_Static_assert(countof(config_rows) <= CONFIG_ROWS_MAX, "CONFIG_ROWS_MAX is too small");
_Static_assert(countof(config_endpoint_rows) <= CONFIG_ROWS_MAX, "CONFIG_ROWS_MAX is too small");
