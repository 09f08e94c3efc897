/* SPDX-License-Identifier: MIT */
/*
 * cli/bench.c: `tidings bench`: what a server on this machine carries.
 */
#include "load/bench.h"
#include "auth/sign.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/trust.h"
#include "load/message.h"
#include "load/report.h"
#include "load/url.h"
#include "net/tls.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <sys/resource.h>

static const char usage[] =
    "Usage: tidings bench connect|idle|fan-out|unicast URL [OPTION]...\n"
    "\n"
    "Puts load on a WebSocket server (ws://host:port/path, or wss:// for TLS) and prints how it\n"
    "performed:\n"
    "  connect   opens connections as fast as the server accepts them\n"
    "  idle      opens connections and keeps them open\n"
    "  fan-out   publishes to all connections\n"
    "  unicast   publishes to one connection at a time, at random\n"
    "Every connection belongs to a different user (a UUID). Messages are numbered, so that lost,\n"
    "duplicated and reordered ones are counted.\n"
    "\n"
    "  -n, --connections N      how many (1000)\n"
    "      --base N             idle: the number of connections from which memory is measured (0)\n"
    "      --opening N          handshakes in progress at a time (64)\n"
    "  -w, --window N           publishes in flight at a time, each until it was answered and\n"
    "                           received by all (1)\n"
    "  -r, --rate N             publishes per second, instead of a window\n"
    "  -s, --seconds N          how long to measure (5)\n"
    "      --warmup N           how long to publish before that, in seconds (1)\n"
    "      --size BYTES         of a message (200)\n"
    "      --heartbeat SECONDS  how often each client sends {\"type\":\"ping\"} (never)\n"
    "  -p, --pid PID            a process of the server, whose CPU and memory are reported;\n"
    "                           repeatable\n"
    "      --children           their child processes too\n"
    "      --json               prints one JSON object instead of a table\n"
    "\n"
    "Who the clients are; {user} and {token} in the URL are filled in:\n"
    "      --secret TEXT        signs a token for each with HS256; safer in the variable\n"
    "                           JWT_SECRET_KEY, where other users cannot see it\n"
    "      --token TOKEN        uses one token for all instead\n"
    "      --protocol NAME      a subprotocol to offer\n"
    "  Unless the URL has {token}, tokens are sent as `Authorization: Bearer`.\n"
    "\n"
    "How to publish; the defaults suit Tidings:\n"
    "      --key KEY            sent as X-API-Key; also from TIDINGS_API_KEY\n"
    "      --publish-url URL    where to POST, may contain {user}\n"
    "      --publish-header TEXT  a further header field, \"Name: value\"; repeatable\n"
    "      --publish-body TEXT  what to POST, contains {data} and may contain {user}\n"
    "\n"
    "With wss:// and https://; unless told otherwise, publishing uses TLS if the URL does:\n"
    "      --ca FILE            the authorities to trust, as PEM, instead of the system's\n"
    "      --insecure           trusts any certificate\n"
    "      --help               shows this text\n"
    "\n"
    "Exit codes: 0 all messages arrived, 1 something was refused, lost, duplicated or out of "
    "order, 2\n"
    "misused.\n";

enum {
    OPTION_BASE = 256,
    OPTION_OPENING,
    OPTION_WARMUP,
    OPTION_SIZE,
    OPTION_HEARTBEAT,
    OPTION_CHILDREN,
    OPTION_JSON,
    OPTION_SECRET,
    OPTION_TOKEN,
    OPTION_PROTOCOL,
    OPTION_KEY,
    OPTION_PUBLISH_URL,
    OPTION_PUBLISH_HEADER,
    OPTION_PUBLISH_BODY,
    OPTION_CA,
    OPTION_INSECURE,
    TEXT_MAX = 1024 * 1024,
    DESCRIPTORS_SPARE = 64, /* beside the clients' */
    TOKEN_TTL_S = 24 * 3600,
};

struct bench {
    struct load_options options;
    struct auth_keys *keys;
    const char *secret, *token, *key;
    struct cli_trust trust;
    bool is_json, has_children;
    struct buf headers, publish_url;
};

static enum err write_token(void *owner, struct span user, struct buf *out, struct err_note *note) {
    const struct bench *bench = owner;
    if (bench->token) {
        buf_append_text(out, bench->token);
        return buf_err(out);
    }
    json_int_t now_s = clock_wall_ms() / 1000;
    json_t *claims =
        json_pack("{s:s%, s:s%, s:s, s:I, s:I}", "user_id", user.at, user.len, "sub", user.at,
                  user.len, "email", "bench@example.com", "iat", now_s, "exp", now_s + TOKEN_TTL_S);
    enum err e = jwt_sign(bench->keys, claims, out, note);
    json_decref(claims);
    return e;
}

/* A number from `min` to `max`, or the complaint. */
static int take_number(const char *command, const char *option, uint64_t min, uint64_t max,
                       uint64_t *ret) {
    uint64_t value;
    if (!span_to_uint(span_str(optarg), max, &value) || value < min)
        return cli_misused(command, "%s %s: a number from %llu to %llu expected", option, optarg,
                           (unsigned long long)min, (unsigned long long)max);
    *ret = value;
    return CLI_DONE;
}

static int take_count(const char *command, const char *option, uint32_t min, uint32_t max,
                      uint32_t *ret) {
    uint64_t value = *ret;
    int code = take_number(command, option, min, max, &value);
    *ret = (uint32_t)value;
    return code;
}

static int take_pid(const char *command, struct bench *bench) {
    uint64_t pid = 0;
    int code = take_number(command, "--pid", 1, INT32_MAX, &pid);
    if (code == CLI_DONE && load_processes_add(&bench->options.processes, (pid_t)pid))
        code = cli_misused(command, "--pid: at most %d processes", LOAD_PROCESSES_MAX);
    return code;
}

static int take_header(const char *command, struct buf *headers) {
    if (!strchr(optarg, ':') || strpbrk(optarg, "\r\n"))
        return cli_misused(command, "--publish-header %s: \"Name: value\" expected", optarg);
    buf_append_text(headers, optarg);
    buf_append_text(headers, "\r\n");
    return CLI_DONE;
}

static int take_option(const char *command, int option, struct bench *bench) {
    struct load_options *o = &bench->options;
    switch (option) {
    case 'n': return take_count(command, "--connections", 1, 1000000, &o->connections);
    case 'w': return take_count(command, "--window", 1, LOAD_WINDOW_MAX, &o->window);
    case 'r': return take_count(command, "--rate", 1, 1000000, &o->rate);
    case 's': return take_count(command, "--seconds", 1, 86400, &o->seconds);
    case 'p': return take_pid(command, bench);
    case OPTION_BASE: return take_count(command, "--base", 0, 1000000, &o->base_connections);
    case OPTION_OPENING: return take_count(command, "--opening", 1, 1000000, &o->opening);
    case OPTION_WARMUP: return take_count(command, "--warmup", 0, 86400, &o->warmup_seconds);
    case OPTION_SIZE:
        return take_number(command, "--size", LOAD_MESSAGE_MIN, 16 * 1024 * 1024,
                           &o->message_bytes);
    case OPTION_HEARTBEAT:
        return take_count(command, "--heartbeat", 1, 86400, &o->heartbeat_seconds);
    case OPTION_CHILDREN: bench->has_children = true; return CLI_DONE;
    case OPTION_JSON: bench->is_json = true; return CLI_DONE;
    case OPTION_SECRET: bench->secret = optarg; return CLI_DONE;
    case OPTION_TOKEN: bench->token = optarg; return CLI_DONE;
    case OPTION_PROTOCOL: o->protocols = span_str(optarg); return CLI_DONE;
    case OPTION_KEY: bench->key = optarg; return CLI_DONE;
    case OPTION_PUBLISH_URL: o->publish_url = span_str(optarg); return CLI_DONE;
    case OPTION_PUBLISH_HEADER: return take_header(command, &bench->headers);
    case OPTION_CA: bench->trust.ca_file = optarg; return CLI_DONE;
    case OPTION_INSECURE: bench->trust.is_insecure = true; return CLI_DONE;
    case OPTION_PUBLISH_BODY: o->publish_body = span_str(optarg); return CLI_DONE;
    default: return CLI_MISUSED;
    }
}

/* Whether to go on; else `*ret_code` is how it ended. */
static bool take_options(int argc, char **argv, struct bench *bench, int *ret_code) {
    static const struct option options[] = {
        { "base", required_argument, NULL, OPTION_BASE },
        { "ca", required_argument, NULL, OPTION_CA },
        { "children", no_argument, NULL, OPTION_CHILDREN },
        { "connections", required_argument, NULL, 'n' },
        { "heartbeat", required_argument, NULL, OPTION_HEARTBEAT },
        { "help", no_argument, NULL, 'h' },
        { "insecure", no_argument, NULL, OPTION_INSECURE },
        { "json", no_argument, NULL, OPTION_JSON },
        { "key", required_argument, NULL, OPTION_KEY },
        { "opening", required_argument, NULL, OPTION_OPENING },
        { "pid", required_argument, NULL, 'p' },
        { "protocol", required_argument, NULL, OPTION_PROTOCOL },
        { "publish-body", required_argument, NULL, OPTION_PUBLISH_BODY },
        { "publish-header", required_argument, NULL, OPTION_PUBLISH_HEADER },
        { "publish-url", required_argument, NULL, OPTION_PUBLISH_URL },
        { "rate", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' },
        { "secret", required_argument, NULL, OPTION_SECRET },
        { "size", required_argument, NULL, OPTION_SIZE },
        { "token", required_argument, NULL, OPTION_TOKEN },
        { "warmup", required_argument, NULL, OPTION_WARMUP },
        { "window", required_argument, NULL, 'w' },
        { 0 },
    };
    int option;
    *ret_code = CLI_DONE;
    while (*ret_code == CLI_DONE &&
           (option = cli_option(argc, argv, ":hn:p:r:s:w:", options)) != -1) {
        if (option == 'h') {
            *ret_code = cli_print(argv[0], span_str(usage));
            return false;
        }
        *ret_code = take_option(argv[0], option, bench);
    }
    return *ret_code == CLI_DONE;
}

/* The two words: what to do, and to whom. */
static int take_operands(int argc, char **argv, struct load_options *options) {
    if (argc - optind < 2) return cli_misused(argv[0], "a workload and a URL expected");
    if (argc - optind > 2) return cli_misused(argv[0], "\"%s\" is too much", argv[optind + 2]);
    options->url = span_str(argv[optind + 1]);
    for (enum load_workload w = LOAD_CONNECT; w <= LOAD_UNICAST; w++) {
        if (strcmp(argv[optind], load_workload_name(w)) == 0) {
            options->workload = w;
            return CLI_DONE;
        }
    }
    return cli_misused(argv[0], "there is no workload \"%s\"", argv[optind]);
}

/* How to publish, where it was not said. */
static void default_publishing(struct bench *bench, const struct load_url *url) {
    struct load_options *o = &bench->options;
    bool is_unicast = o->workload == LOAD_UNICAST;
    buf_append_text(&bench->headers, "Content-Type: application/json\r\n");
    if (bench->key) {
        buf_append_text(&bench->headers, "X-API-Key: ");
        buf_append_text(&bench->headers, bench->key);
        buf_append_text(&bench->headers, "\r\n");
    }
    o->publish_headers = buf_span(&bench->headers);
    buf_append_text(&bench->publish_url, url->is_secure ? "https://" : "http://");
    buf_append_span(&bench->publish_url, url->authority);
    buf_append_text(&bench->publish_url, is_unicast ? "/api/v1/publish" : "/api/v1/broadcast");
    if (!o->publish_url.len) o->publish_url = buf_span(&bench->publish_url);
    if (!o->publish_body.len)
        o->publish_body =
            is_unicast ? SPAN("{\"user\":\"{user}\",\"data\":{data}}") : SPAN("{\"data\":{data}}");
}

static bool holds(struct span text, const char *word) {
    return text.len && memmem(text.at, text.len, word, strlen(word));
}

/* Where tokens come from and how they are sent. */
static int prepare_tokens(const char *command, struct bench *bench) {
    struct load_options *o = &bench->options;
    if (!bench->secret && !bench->token) return CLI_DONE;
    if (!bench->token) {
        const struct auth_key_options keys = { .algorithms = AUTH_BIT(AUTH_HS256),
                                               .secret = span_str(bench->secret),
                                               .allow_weak_secret = true };
        struct err_note note = { "" };
        if (auth_keys_new(&keys, &bench->keys, &note)) return cli_misused(command, "%s", note.text);
    }
    o->write_token = write_token;
    o->token_owner = bench;
    if (!holds(o->url, "{token}")) o->authorization = SPAN("Bearer {token}");
    return CLI_DONE;
}

static int raise_descriptors(const char *command, uint32_t connections) {
    struct rlimit limit = { 0 };
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < (rlim_t)connections + DESCRIPTORS_SPARE)
        return cli_failed(command, "%u connections need %u descriptors, the limit is %llu",
                          connections, connections + DESCRIPTORS_SPARE,
                          (unsigned long long)limit.rlim_max);
    return CLI_DONE;
}

static int judge(const char *command, struct bench *bench, const struct load_url *url) {
    struct load_options *o = &bench->options;
    struct err_note note = { "" };
    struct load_url publish_url;
    if (load_url_parse(o->publish_url, LOAD_HTTP, &publish_url, &note))
        return cli_misused(command, "--publish-url: %s", note.text);
    if (o->workload == LOAD_IDLE && o->base_connections >= o->connections)
        return cli_misused(command, "--base must be below --connections");
    if (o->workload >= LOAD_FAN_OUT && !holds(o->publish_body, "{data}"))
        return cli_misused(command, "--publish-body must hold {data}");
    if ((bench->key && strpbrk(bench->key, "\r\n")) ||
        (bench->token && strpbrk(bench->token, "\r\n")))
        return cli_misused(command, "a key or token has a line break in it");
    int code =
        cli_trust_open(command, &bench->trust, url->is_secure || publish_url.is_secure, &o->tls);
    return code ? code : raise_descriptors(command, o->connections);
}

static int run(const char *command, struct bench *bench) {
    struct load_result *result = mem_new(sizeof *result);
    struct err_note note = { "" };
    struct buf out;
    buf_init(&out, TEXT_MAX);
    int code = CLI_FAILED;
    enum err e = bench->has_children ? load_processes_add_children(&bench->options.processes) : 0;
    if (!e) e = load_run(&bench->options, result, &note);
    if (e) {
        code = cli_failed(command, "%s", *note.text ? note.text : err_text(e));
    } else {
        struct load_report *report = mem_new(sizeof *report);
        load_report_make(&bench->options, result, report);
        (bench->is_json ? load_report_json : load_report_table)(report, &out);
        code = cli_print(command, buf_span(&out));
        if (!report->is_clean) code = CLI_FAILED;
        mem_free(report);
    }
    buf_finish(&out);
    mem_free(result);
    return code;
}

int cli_bench(int argc, char **argv) {
    struct bench bench = { .options = { .connections = 1000,
                                        .opening = 64,
                                        .window = 1,
                                        .seconds = 5,
                                        .warmup_seconds = 1,
                                        .message_bytes = 200 },
                           .secret = getenv("JWT_SECRET_KEY"),
                           .key = getenv("TIDINGS_API_KEY") };
    buf_init(&bench.headers, TEXT_MAX);
    buf_init(&bench.publish_url, TEXT_MAX);
    struct err_note note = { "" };
    struct load_url url;
    int code;
    if (take_options(argc, argv, &bench, &code)) {
        code = take_operands(argc, argv, &bench.options);
        if (!code && load_url_parse(bench.options.url, LOAD_WS, &url, &note))
            code = cli_misused(argv[0], "%s", note.text);
        if (!code) default_publishing(&bench, &url);
        if (!code) code = judge(argv[0], &bench, &url);
        if (!code) code = prepare_tokens(argv[0], &bench);
        if (!code) code = run(argv[0], &bench);
    }
    tls_context_unref(bench.options.tls);
    auth_keys_unref(bench.keys);
    buf_finish(&bench.headers);
    buf_finish(&bench.publish_url);
    return code;
}
