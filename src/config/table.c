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
    { "", "Settings of the whole process." },
    { "metrics", "Where Prometheus finds the metrics." },
    { "tls",
      "TLS, for `wss://` and `https://`, is on as soon as there is a certificate. The files are "
      "read again on SIGHUP and whenever they change; open connections are not affected." },
    { "jwt", "How clients' tokens are verified. At least one of `secret`, `key_file`, `jwks_file` "
             "and `jwks_url` is required, with a key for each of the algorithms. Keys from several "
             "of them are used together, except `jwks_file` beside `jwks_url`." },
    { "api", "The HTTP API that backends call." },
    { "publish", "Limits on what is published." },
    { "store", "The history of channels that keep one (submissions). With `broker.kind: redis` it "
               "is kept in Redis, within `channel_messages`, `channel_bytes` and `keep_seconds`." },
    { "batches", "The state of batches, as notifications report it, for `GET "
                 "/api/v1/batches/{id}/status`. With `store.kind: sqlite` it is kept in that file "
                 "as well; with `broker.kind: redis` in Redis instead, for `keep_seconds`." },
    { "kafka", "Notifications that backends write to Kafka, as JSON records of which a user's "
               "connections receive a part." },
    { "broker", "How published messages reach listeners: within this process, or through a Redis "
                "shared by several nodes. The variable `REDIS_URL` selects Redis unless the file "
                "or `TIDINGS_BROKER_KIND` says otherwise." },
    { "broker.redis", "The Redis that nodes share. Used with `broker.kind: redis` only." },
    { "broker.redis.tls", "For URLs that begin with rediss://: how Redis servers and Sentinels "
                          "prove who they are to the node, and the node to them." },
};
const size_t config_sections_count = countof(config_sections);

const struct config_row config_rows[] = {
    { "listen", LIST(addresses, 1, CONFIG_LISTEN_MAX), AT(listen), COUNT_AT(listen_count),
      .standard = "0.0.0.0:8080", .allows_one = true, AFTER_RESTART,
      .text =
          "Where connections are accepted: an IP address with a port, or a list of them. Port 0 "
          "takes any free one." },
    { "workers", NUMBER(0, 64), AT(workers), .standard = "0", AFTER_RESTART,
      .text = "Threads that serve connections; 0: one for each CPU." },
    { "max_connections", NUMBER(0, 10 * MILLION), AT(max_connections), .standard = "0",
      .text = "The most connections that the process holds; further ones are answered 503. 0: as "
              "many as its descriptor limit allows." },
    { "drain_delay_seconds", SECONDS(0, DAY), AT(drain_delay_seconds), .standard = "0",
      .text = "On SIGTERM, how long everything is still served while /readyz already answers 503, "
              "so that load balancers can take the node out first." },
    { "drain_seconds", SECONDS(0, DAY), AT(drain_seconds), .standard = "5",
      .text = "The time after that over which connections are closed, one after another, so that "
              "clients do not all reconnect at once; 0: all at once." },
    { "handshake_seconds", SECONDS(1, 3600), AT(handshake_seconds), .standard = "10",
      .text = "Time allowed for a request's head to arrive, and then for its body." },
    { "http_idle_seconds", SECONDS(1, DAY), AT(http_idle_seconds), .standard = "75",
      .text = "An HTTP connection is closed after this time without a request." },
    { "keepalive_seconds", SECONDS(1, 7200), AT(keepalive_seconds), .standard = "30", AFTER_RESTART,
      .text = "After this time of silence TCP probes whether the peer is still there; it gives up "
              "after about twice as long." },
    { "addresses_max", NUMBER(1024, 16 * MILLION), AT(addresses_max), .standard = "200000",
      AFTER_RESTART,
      .text = "Client addresses remembered for limits and blocks; when full, the one that has been "
              "silent for longest is forgotten." },
    { "max_header_bytes", BYTES(1 * KIB, 256 * KIB), AT(max_header_bytes), .standard = "16384",
      FOR_NEW, .text = "A request line and its headers together; larger ones are answered 431." },
    { "unfinished_bytes_max", BYTES(1 * MIB, TIB), AT(unfinished_bytes_max),
      .standard = "268435456",
      .text = "Partly received messages of all clients together; beyond it, clients that send more "
              "are disconnected." },
    { "queue_bytes_max", BYTES(1 * MIB, TIB), AT(queue_bytes_max), .standard = "1073741824",
      .text = "Notifications queued for slow clients, all together; beyond it, slow clients are "
              "disconnected." },
    { "takeover_path", TEXT(0, SOCKET_PATH_MAX), AT(takeover_path), .standard = "", AFTER_RESTART,
      .text = "A Unix socket for upgrades: a server started with the same path as a running one "
              "takes over its listening sockets, and the old one drains. Empty: none." },
    { "user", TEXT(0, USER_TEXT_MAX), AT(user), .standard = "", AFTER_RESTART,
      .text = "The user, by name or number, that a server started as root switches to once it is "
              "listening. Empty: it does not switch." },
    { "group", TEXT(0, USER_TEXT_MAX), AT(group), .standard = "", AFTER_RESTART,
      .text = "The group that goes with `user`. Empty: the user's own." },
    { "sandbox", FLAG, AT(has_sandbox), .standard = "true", AFTER_RESTART,
      .text =
          "Whether the server, once started, gives up what it does not need: most system calls, "
          "starting programs, gaining privileges, and having its memory read or dumped." },
    { "trusted_proxies", LIST(networks, 0, CONFIG_PROXIES_MAX), AT(trusted_proxies),
      COUNT_AT(trusted_proxies_count), .standard = "[]",
      .text = "Networks (10.0.0.0/8) or addresses of reverse proxies whose X-Forwarded-For is "
              "trusted." },
    { "proxy_protocol", FLAG, AT(speaks_proxy_protocol), .standard = "false", FOR_NEW,
      .text = "Whether connections from `trusted_proxies`, except to `metrics.listen`, begin with "
              "a PROXY protocol header, version 1 or 2. Those without one are closed; everybody "
              "else connects without." },
    { "origins", LIST(origins, 0, CONFIG_ORIGINS_MAX), AT(origins), COUNT_AT(origins_count),
      .standard = "[]",
      .text =
          "Web origins that may connect: scheme://host[:port] exactly, or *.example.com for every "
          "subdomain. Empty: any. Requests without an Origin header are always allowed." },
    { "log_level", .type = &config_type_level, .words = levels, AT(log_level), .standard = "info",
      .text = "The least severe level that is logged: error, warning, info or debug." },
    { "log_format", WORD(formats), AT(log_format), .standard = "logfmt",
      .text = "logfmt or json: one line per event, on standard error." },

    { "metrics.listen", LIST(addresses, 0, 1), AT(metrics.listen), COUNT_AT(metrics.listen_count),
      .standard = "", .allows_one = true, AFTER_RESTART,
      .text = "An address and port that serves only /metrics. Empty: served on the addresses of "
              "`listen`, but not to requests that come through a trusted proxy." },

    { "tls.cert_file", TEXT(0, PATH_TEXT_MAX), AT(tls.first.cert_file), .standard = "", FOR_NEW,
      .text = "A PEM file with the certificate, followed by any intermediate certificates. It is "
              "used for clients that name no host, or one that is in none of the certificates." },
    { "tls.key_file", TEXT(0, PATH_TEXT_MAX), AT(tls.first.key_file), .standard = "", FOR_NEW,
      .text = "A PEM file with its private key, not encrypted." },
    { "tls.certificates", LIST(certificates, 0, CONFIG_CERTIFICATES_MAX), AT(tls.certificates),
      COUNT_AT(tls.certificates_count), .standard = "[]", FOR_NEW,
      .text = "Further certificates, each {cert_file, key_file}, for clients that name (SNI) a "
              "host in that certificate." },
    { "tls.min_version", WORD(tls_versions), AT(tls.min_version), .standard = "1.2", FOR_NEW,
      .text = "The oldest version that is accepted." },
    { "tls.kernel", FLAG, AT(tls.uses_kernel), .standard = "false", FOR_NEW,
      .text = "Whether the kernel encrypts what is sent with TLS 1.3, if it offers that (`modprobe "
              "tls`). The server encrypts as usual if it does not, and with TLS 1.2. Not faster by "
              "itself: read [operating.md](operating.md#kernel-tls) first." },
    { "tls.listen", LIST(addresses, 0, CONFIG_LISTEN_MAX), AT(tls.listen),
      COUNT_AT(tls.listen_count), .standard = "", .allows_one = true, AFTER_RESTART,
      .text = "Addresses and ports that speak TLS, in addition to those of `listen`, which then do "
              "not. Empty: all of `listen` speaks TLS." },

    { "jwt.algorithms", LIST(algorithms, 1, AUTH_ALGORITHM_COUNT), AT(jwt.algorithms),
      .standard = "[\"HS256\"]",
      .text = "Signature algorithms that are accepted: HS, RS, PS or ES with 256, 384 or 512." },
    { "jwt.secret", .type = &config_type_secret, BOUNDS(0, 64 * KIB), AT(jwt.secret),
      .standard = "", .is_secret = true,
      .text = "The secret for the HS algorithms, at least 32 bytes long. Better set from the "
              "environment than in the file." },
    { "jwt.key_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.key_file), .standard = "",
      .text = "A PEM file with the public key for the RS and PS algorithms, or for the ES ones." },
    { "jwt.jwks_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.jwks_file), .standard = "",
      .text = "A JSON Web Key Set, in which the token's `kid` selects the key. Beside `jwks_url` "
              "it is used only until the first answer from there." },
    { "jwt.jwks_url", .type = &config_type_url, AT(jwt.jwks_url), .standard = "", .is_secret = true,
      .text = "The URL of such a set: https://issuer/.well-known/jwks.json. It is fetched at the "
              "start, on SIGHUP, before the current set grows old, and at most once a minute for a "
              "token with an unknown `kid`. Secrets (`kty: oct`) in it are ignored." },
    { "jwt.jwks_allow_http", FLAG, AT(jwt.allows_jwks_http), .standard = "false",
      .text = "Accept http:// there, for a source on this machine: anybody on the path could "
              "insert keys." },
    { "jwt.jwks_ca_file", TEXT(0, PATH_TEXT_MAX), AT(jwt.jwks_ca_file), .standard = "",
      .text = "A PEM file with the authorities trusted for that server's certificate. Empty: those "
              "of the system." },
    { "jwt.jwks_max_bytes", BYTES(1 * KIB, AUTH_SOURCE_MAX), AT(jwt.jwks_max_bytes),
      .standard = "262144", .text = "The largest set that is accepted." },
    { "jwt.jwks_timeout_seconds", SECONDS(1, 300), AT(jwt.jwks_timeout_seconds), .standard = "10",
      .text = "Time allowed for the whole answer." },
    { "jwt.jwks_refresh_seconds", SECONDS(1, 7 * DAY), AT(jwt.jwks_refresh_seconds),
      .standard = "600",
      .text = "The longest time between two fetches, and so how long a withdrawn key may still be "
              "accepted. A shorter `max-age` in the answer's Cache-Control is followed, down to a "
              "minute. While the source is down the last good set stays in use." },
    { "jwt.audience", TEXT(0, TEXT_MAX), AT(jwt.audience), .standard = "",
      .text = "What a token's `aud` must be or contain. Empty: not checked." },
    { "jwt.issuer", TEXT(0, TEXT_MAX), AT(jwt.issuer), .standard = "",
      .text = "What a token's `iss` must be. Empty: not checked." },
    { "jwt.leeway_seconds", SECONDS(0, 3600), AT(jwt.leeway_seconds), .standard = "5",
      .text = "How far the issuer's clock may differ from the server's." },
    { "jwt.allow_weak_secret", FLAG, AT(jwt.allows_weak_secret), .standard = "false",
      .text = "Accept a secret shorter than 32 bytes, which can be guessed." },

    { "api.keys", LIST(api_keys, 0, API_KEYS_MAX), AT(api.keys_list), COUNT_AT(api.keys_count),
      .standard = "[]", .is_secret = true,
      .text = "Keys of the backends that may call: a string, which allows everything, or {name, "
              "key, scopes} with scopes from publish, admin, read. Empty: routes that need a key "
              "answer 403." },
    { "api.max_body_bytes", BYTES(1 * KIB, 256 * MIB), AT(api.max_body_bytes),
      .standard = "1048576", FOR_NEW,
      .text = "The largest request body; larger ones are answered 413." },
    { "api.idempotency_entries", NUMBER(1, 10 * MILLION), AT(api.idempotency_entries),
      .standard = "100000", AFTER_RESTART,
      .text = "The number of idempotency keys remembered at a time." },
    { "api.public_stats", FLAG, AT(api.has_public_stats), .standard = "true",
      .text = "Whether /api/v1/ws/stats is open to anyone." },

    { "publish.max_bytes", BYTES(1, 64 * MIB), AT(publish.max_bytes), .standard = "524288",
      .text = "The largest notification; larger ones are answered 413." },

    { "store.kind", WORD(stores), AT(store.kind), .standard = "memory", AFTER_RESTART,
      .text = "Where histories are kept. memory: until the process ends; sqlite: in the file "
              "`store.path`, where whatever was confirmed to a publisher survives even a crash." },
    { "store.path", TEXT(0, PATH_TEXT_MAX), AT(store.path), .standard = "", AFTER_RESTART,
      .text =
          "The SQLite file, created if it does not exist. Only one process at a time can use it." },
    { "store.channels", NUMBER(1, 100 * MILLION), AT(store.channels), .standard = "100000",
      AFTER_RESTART, .text = "The number of declared channels kept at a time." },
    { "store.channel_messages", NUMBER(1, 10 * MILLION), AT(store.channel_messages),
      .standard = "10000", AFTER_RESTART,
      .text = "Messages kept of one channel; when full, further ones are answered 409, and none is "
              "trimmed." },
    { "store.channel_bytes", BYTES(1 * KIB, TIB), AT(store.channel_bytes), .standard = "4194304",
      AFTER_RESTART, .text = "Bytes kept of one channel, likewise." },
    { "store.bytes", BYTES(1 * MIB, TIB), AT(store.bytes), .standard = "1073741824", AFTER_RESTART,
      .text = "Bytes kept of all channels together." },
    { "store.keep_seconds", SECONDS(1, 366 * DAY), AT(store.keep_seconds), .standard = "86400",
      AFTER_RESTART,
      .text = "A channel is forgotten after this time without a message or a listener." },

    { "batches.channels", TEXT(0, TEXT_MAX), AT(batches.channels), .standard = "ws:{user_id}",
      AFTER_RESTART,
      .text = "The users' channels whose notifications are followed: a name that ends with "
              "`{user_id}`. Empty: none, so that every batch is unknown." },
    { "batches.entries", NUMBER(2, 100 * MILLION), AT(batches.entries), .standard = "100000",
      AFTER_RESTART,
      .text = "The number of entries kept; a batch takes one for each user who was told of it and "
              "one for all. The least recently updated is forgotten first." },
    { "batches.bytes", BYTES(1 * MIB, TIB), AT(batches.bytes), .standard = "134217728",
      AFTER_RESTART, .text = "Memory for all entries; one takes at most 256 KiB." },
    { "batches.keep_seconds", SECONDS(1, 366 * DAY), AT(batches.keep_seconds), .standard = "604800",
      AFTER_RESTART,
      .text = "A batch is forgotten after this time without a notification about it." },

    { "broker.kind", WORD(brokers), AT(broker.kind), .standard = "memory", AFTER_RESTART,
      .text = "memory: this process alone; redis: all nodes that share a Redis act as one." },
    { "broker.redis.url", .type = &config_type_redis_url, AT(broker.redis.url),
      .standard = "redis://127.0.0.1:6379/0", .is_secret = true, AFTER_RESTART,
      .text = "redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; characters "
              "such as @ and / in user and password are percent-encoded (%40, %2F). With mode: "
              "sentinel only user, password and database are used; with mode: cluster it is the "
              "node that is asked first." },
    { "broker.redis.mode", WORD(modes), AT(broker.redis.mode), .standard = "single", AFTER_RESTART,
      .text = "single: one server; sentinel: the master that the Sentinels name; cluster: a Redis "
              "Cluster." },
    { "broker.redis.sentinels", LIST(servers, 0, CONFIG_SENTINELS_MAX), AT(broker.redis.sentinels),
      COUNT_AT(broker.redis.sentinels_count), .standard = "[]", AFTER_RESTART,
      .text = "With mode: sentinel, the addresses of the Sentinels, host:port each." },
    { "broker.redis.sentinel_master", TEXT(1, 128), AT(broker.redis.sentinel_master),
      .standard = "mymaster", AFTER_RESTART,
      .text = "The name of the master as the Sentinels know it." },
    { "broker.redis.sharded", FLAG, AT(broker.redis.is_sharded), .standard = "true", AFTER_RESTART,
      .text = "With mode: cluster, whether to publish with SPUBLISH, so that a message stays on "
              "the servers that hold its channel; needs Redis 7. A plain PUBLISH by others arrives "
              "either way." },
    { "broker.redis.prefix", .type = &config_type_prefix, BOUNDS(0, REDIS_PREFIX_MAX),
      AT(broker.redis.prefix), .standard = "", AFTER_RESTART,
      .text = "Put before the name of every channel and key, so that several systems can share a "
              "Redis." },
    { "broker.redis.connect_timeout_seconds", SECONDS(1, 300),
      AT(broker.redis.connect_timeout_seconds), .standard = "5", AFTER_RESTART,
      .text = "Time allowed for connecting to Redis and logging in." },
    { "broker.redis.reply_timeout_seconds", SECONDS(1, 300), AT(broker.redis.reply_timeout_seconds),
      .standard = "5", AFTER_RESTART,
      .text = "A Redis server that owes a reply for longer than this is considered down." },
    { "broker.redis.reconnect_max_seconds", SECONDS(1, 3600),
      AT(broker.redis.reconnect_max_seconds), .standard = "10", AFTER_RESTART,
      .text = "The longest time between two attempts to connect; the first ones follow sooner, "
              "each after a random delay." },

    { "broker.redis.tls.ca_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.ca_file),
      .standard = "", FOR_NEW,
      .text = "A PEM file with the authorities whose certificates are accepted. Empty: those of "
              "the system." },
    { "broker.redis.tls.cert_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.cert_file),
      .standard = "", FOR_NEW,
      .text = "A PEM file with the certificate presented to a Redis that asks for one (mutual "
              "TLS), followed by any intermediate certificates." },
    { "broker.redis.tls.key_file", TEXT(0, PATH_TEXT_MAX), AT(broker.redis.tls.key_file),
      .standard = "", FOR_NEW, .text = "A PEM file with its private key." },
    { "broker.redis.tls.server_name", TEXT(0, 253), AT(broker.redis.tls.server_name),
      .standard = "", AFTER_RESTART,
      .text = "The name or IP address that the servers' certificates must be for. Empty: the host "
              "that is connected to; with Sentinels and in a Cluster that is what they announce, "
              "an address unless configured otherwise." },

    { "kafka.brokers", TEXT(0, TEXT_MAX), AT(kafka.brokers), .standard = "", AFTER_RESTART,
      .text = "The Kafka brokers, host:port, separated by commas. Empty: nothing is consumed." },
    { "kafka.group", TEXT(1, 128), AT(kafka.group), .standard = "tidings", AFTER_RESTART,
      .text = "The consumer group. Nodes that share a Redis use the same one, so that each record "
              "is consumed once; a node by itself needs its own." },
    { "kafka.topics", LIST(names, 0, CONFIG_TOPICS_MAX), AT(kafka.topics),
      COUNT_AT(kafka.topics_count), .standard = "[]", AFTER_RESTART,
      .text = "The topics, or patterns for topics, which begin with ^." },
    { "kafka.user", TEXT(1, TEXT_MAX), AT(kafka.user), .standard = "data.teacher_id", AFTER_RESTART,
      .text = "The path of the user's id in a record: member names separated by dots. Records "
              "without one are skipped." },
    { "kafka.id", TEXT(0, TEXT_MAX), AT(kafka.id), .standard = "event_id", AFTER_RESTART,
      .text = "The path of the id by which a repeated record is recognized. Empty: repeats are not "
              "recognized." },
    { "kafka.relay", LIST(names, 0, CONFIG_RELAY_MAX), AT(kafka.relay), COUNT_AT(kafka.relay_count),
      .standard = "[\"notification_type=data.notification_type\", \"timestamp=data.timestamp\", "
                  "\"category=data.category\", \"priority=data.priority\", "
                  "\"action_required=data.action_required\", \"payload=data.payload\", "
                  "\"correlation_id=data.correlation_id\"]",
      AFTER_RESTART,
      .text = "What the user's connections receive: an object with these members, each name=path; "
              "members that the record does not have are left out." },
    { "kafka.payload", TEXT(0, TEXT_MAX), AT(kafka.payload), .standard = "", AFTER_RESTART,
      .text = "With an empty `relay`: the path of what is relayed unchanged. Empty: the whole "
              "record." },
    { "kafka.properties_file", TEXT(0, PATH_TEXT_MAX), AT(kafka.properties_file), .standard = "",
      AFTER_RESTART,
      .text = "A file with further librdkafka properties, one name=value per line, such as "
              "security.protocol and sasl.password." },
};
const size_t config_rows_count = countof(config_rows);

const struct config_row config_endpoint_rows[] = {
    { "path", .type = &config_type_path, BOUNDS(1, HTTP_PATTERN_MAX), OF(path), .standard = "/ws",
      FOR_NEW,
      .text = "The path that clients connect to. A segment {name} stands for any one; "
              "{submission_id} for a whole number up to 2^53 - 1." },
    { "dialect", .type = &config_type_dialect, OF(dialect), .standard = "huleedu",
      .text = "The wording of the server's own messages: refusals, replies to application pings." },
    { "enabled", FLAG, OF(is_enabled), .standard = "true", FOR_NEW,
      .text = "false: the endpoint is switched off." },
    { "auth", WORD(auths), OF(auth), .standard = "required", FOR_NEW,
      .text = "Whether a token is required, or optional: then a client without one is anonymous." },
    { "user_claims", LIST(names, 1, ENDPOINT_CLAIMS_MAX), OF(user_claims),
      COUNT_OF(user_claims_count), .standard = "[\"user_id\", \"sub\"]", FOR_NEW,
      .text = "Claims that may name the user; the first one present in the token is used." },
    { "user_format", WORD(user_formats), OF(user_format), .standard = "any", FOR_NEW,
      .text = "uuid: the user id must be a UUID." },
    { "required_claims", LIST(names, 0, ENDPOINT_CLAIMS_MAX), OF(required_claims),
      COUNT_OF(required_claims_count), .standard = "[\"exp\"]", FOR_NEW,
      .text = "Claims that a token must have." },
    { "path_user", TEXT(0, HTTP_PATTERN_MAX), OF(path_user), .standard = "", FOR_NEW,
      .text = "The placeholder in the path, without braces, that must equal the user id." },
    { "channels", LIST(channels, 1, ENDPOINT_CHANNELS_MAX), OF(channels), COUNT_OF(channels_count),
      .standard = "[\"ws:{user_id}\", \"broadcast\"]", FOR_NEW,
      .text =
          "Channels that a client hears; {user_id} and the placeholders of the path are filled in. "
          "Anonymous clients hear those without {user_id}. Other keys refer to the first one." },
    { "declared", FLAG, OF(is_declared), .standard = "false", FOR_NEW,
      .text = "Whether the first channel must have been declared (POST /api/v1/submissions) before "
              "anybody may listen to it." },
    { "replay", WORD(replays), OF(replay), .standard = "none",
      .text =
          "all: a client first receives everything that the first channel has carried so far." },
    { "ends_after", TEXT(0, TEXT_MAX), OF(ends_after), .standard = "",
      .text = "The `type` of the message after which the connection is closed with 1000. Empty: "
              "there is no such message." },
    { "refuse", WORD(refusals), OF(refuse), .standard = "close",
      .text = "How a client is refused. close: the handshake succeeds and the connection is then "
              "closed with a code that browsers can read; http: the handshake is answered with an "
              "HTTP status." },
    { "explain", FLAG, OF(explains), .standard = "true",
      .text =
          "With refuse: close, whether the reason is sent as a JSON message before the close." },
    { "unauthorized_code", .type = &config_type_close_code, OF(unauthorized_code),
      .standard = "1008", FOR_NEW, .text = "The close code for a refused token." },
    { "not_found_code", .type = &config_type_close_code, OF(not_found_code), .standard = "4004",
      FOR_NEW, .text = "The close code for a channel that does not exist." },
    { "limited_code", .type = &config_type_close_code, OF(limited_code), .standard = "4000",
      .text = "The close code for a reached limit." },
    { "connections_per", WORD(pers), OF(connections_per), .standard = "user", FOR_NEW,
      .text = "Whether connections are counted per user, or per first channel." },
    { "connections", NUMBER(0, MILLION), OF(connections), .standard = "5", FOR_NEW,
      .text = "Connections that a user, or the first channel, may have on this endpoint at a time; "
              "0: no limit." },
    { "attempts_per_minute", NUMBER(0, MILLION), OF(attempts_per_minute), .standard = "10", FOR_NEW,
      .text = "Connection attempts per client address, failed ones included; 0: no limit." },
    { "messages_per_minute", NUMBER(0, MILLION), OF(messages_per_minute), .standard = "100",
      .text = "Messages that a client may send on one connection; 0: no limit." },
    { "block_seconds", SECONDS(1, DAY), OF(block_seconds), .standard = "60",
      .text = "How long a client that exceeds one of these two limits is refused." },
    { "limits_scope", WORD(scopes), OF(limits_scope), .standard = "node",
      .text = "Where connections, attempts and blocks are counted. node: in this process; cluster: "
              "over all nodes that share a Redis, at the cost of two round trips to it per "
              "handshake. While Redis is down, as with node." },
    { "ping_seconds", SECONDS(0, DAY), OF(ping_seconds), .standard = "0",
      .text = "Time between pings sent by the server; 0: none are sent." },
    { "idle_seconds", SECONDS(0, 7 * DAY), OF(idle_seconds), .standard = "300",
      .text = "A client that has sent nothing, not even a pong, for this time is disconnected; 0: "
              "never." },
    { "write_seconds", SECONDS(1, 3600), OF(write_seconds), .standard = "10",
      .text = "A client that accepts nothing of what is queued for it within this time is "
              "disconnected." },
    { "unfinished_seconds", SECONDS(0, DAY), OF(unfinished_seconds), .standard = "30",
      .text = "Time allowed for a message from a client to be complete, however its parts arrive; "
              "otherwise the client is disconnected. 0: no limit." },
    { "max_message_bytes", BYTES(1, 256 * MIB), OF(max_message_bytes), .standard = "65536",
      .text = "The largest message from a client; a larger one ends the connection with 1009." },
    { "max_notification_bytes", BYTES(1, 64 * MIB), OF(max_notification_bytes), .standard = "65536",
      .text = "The largest notification for a client; larger ones are not sent on this endpoint." },
    { "max_queue_bytes", BYTES(1, 1024 * MIB), OF(max_queue_bytes), .standard = "1048576",
      .text = "What may be queued for one client that reads too slowly; beyond it the client is "
              "disconnected." },
    { "inbound", WORD(inbounds), OF(inbound), .standard = "ignore",
      .text = "What happens to messages from clients other than pings. echo: they are sent back." },
    { "compression", FLAG, OF(compresses), .standard = "true", FOR_NEW,
      .text = "Whether messages are compressed for clients that offer permessage-deflate." },
    { "keep_after_expiry", FLAG, OF(keeps_after_expiry), .standard = "false", FOR_NEW,
      .text =
          "Whether a connection stays open after the token that it was opened with has expired." },
};
const size_t config_endpoint_rows_count = countof(config_endpoint_rows);

_Static_assert(countof(config_rows) <= CONFIG_ROWS_MAX, "CONFIG_ROWS_MAX is too small");
_Static_assert(countof(config_endpoint_rows) <= CONFIG_ROWS_MAX, "CONFIG_ROWS_MAX is too small");
