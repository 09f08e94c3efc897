/* SPDX-License-Identifier: MIT */
/*
 * cli/publish.c: `tidings publish`: one notification over the HTTP API, or to Redis.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/publish_redis.h"
#include "cli/request.h"
#include "cli/trust.h"
#include "dialect/catalogue.h"
#include "http/reply.h"
#include "load/publisher.h"
#include "load/server.h"
#include "load/url.h"
#include "net/tls.h"
#include "redis/url.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>

static const char usage[] =
    "Usage: tidings publish (--user ID | --channel NAME | --broadcast)\n"
    "                       [--url URL [--key KEY] | --redis URL [--prefix TEXT]]\n"
    "                       [--ca FILE | --insecure] [--cert FILE] [--check] JSON | -\n"
    "\n"
    "Publishes one notification: the given JSON value, or with - the one read from standard "
    "input.\n"
    "Prints each channel with the number of connections for which it was queued, and of those "
    "whose\n"
    "endpoint does not accept notifications of that size.\n"
    "\n"
    "With --redis it is published with PUBLISH in the Redis that the servers share, and no server\n"
    "needs to be running; prints how many subscribers Redis reports (servers, not clients; in a\n"
    "Cluster those of that one node). On a channel that keeps history it reaches current "
    "listeners,\n"
    "but is not kept.\n"
    "\n"
    "  -u, --user ID            to all connections of a user\n"
    "      --channel NAME       to all listeners of a channel\n"
    "      --broadcast          to everybody\n"
    "      --url URL            the server (http://127.0.0.1:8080)\n"
    "      --key KEY            an API key with the scope publish; safer in the variable\n"
    "                           TIDINGS_API_KEY, where other users of the machine cannot see it\n"
    "      --redis URL          redis://user:password@host:port/database\n"
    "      --prefix TEXT        the servers' broker.redis.prefix\n"
    "      --ca FILE            with https:// and rediss://, the authorities to trust, as PEM, "
    "instead\n"
    "                           of the system's\n"
    "      --insecure           with these, trusts any certificate: anybody in between can read\n"
    "                           everything\n"
    "      --cert FILE          with these, a client certificate and its key, as PEM\n"
    "      --check              publishes only a message that conforms to the catalogue; its kind "
    "is\n"
    "                           its member notification_type, event_type, event or type\n"
    "      --help               shows this text\n"
    "\n"
    "Exit codes: 0 published, 1 not published, 2 misused.\n";

enum {
    OPTION_CHANNEL = 256,
    OPTION_BROADCAST,
    OPTION_URL,
    OPTION_KEY,
    OPTION_REDIS,
    OPTION_PREFIX,
    OPTION_CA,
    OPTION_CERT,
    OPTION_INSECURE,
    OPTION_CHECK,
    USER_MAX = 128, /* bytes of a user's id, and of a channel's name */
    CHANNEL_MAX = 200,
    INPUT_MAX = 64 * 1024 * 1024,
    TEXT_MAX = INPUT_MAX + 64 * 1024,
    DEADLINE_MS = 10000,
};

struct publish {
    const char *command;
    const char *user, *channel;
    bool is_broadcast;
    bool is_checked;
    const char *url;
    const char *key;
    const char *redis;  /* NULL: over HTTP */
    const char *prefix; /* of names there */
    struct cli_trust trust;
    const char *json; /* as given; "-": from standard input */
    struct loop *loop;
    int code; /* what the process will end with; -1: not known yet */
};

static bool has_line_break(const char *text) {
    return strpbrk(text, "\r\n") != NULL;
}

/* Whether to go on; else `*ret_code` is how it ended. */
static bool take_options(int argc, char **argv, struct publish *publish, int *ret_code) {
    static const struct option options[] = {
        { "broadcast", no_argument, NULL, OPTION_BROADCAST },
        { "ca", required_argument, NULL, OPTION_CA },
        { "cert", required_argument, NULL, OPTION_CERT },
        { "channel", required_argument, NULL, OPTION_CHANNEL },
        { "check", no_argument, NULL, OPTION_CHECK },
        { "help", no_argument, NULL, 'h' },
        { "insecure", no_argument, NULL, OPTION_INSECURE },
        { "key", required_argument, NULL, OPTION_KEY },
        { "prefix", required_argument, NULL, OPTION_PREFIX },
        { "redis", required_argument, NULL, OPTION_REDIS },
        { "url", required_argument, NULL, OPTION_URL },
        { "user", required_argument, NULL, 'u' },
        { 0 },
    };
    int option;
    while ((option = cli_option(argc, argv, ":hu:", options)) != -1) {
        switch (option) {
        case 'h': *ret_code = cli_print(argv[0], span_str(usage)); return false;
        case 'u': publish->user = optarg; break;
        case OPTION_CHANNEL: publish->channel = optarg; break;
        case OPTION_BROADCAST: publish->is_broadcast = true; break;
        case OPTION_CHECK: publish->is_checked = true; break;
        case OPTION_URL: publish->url = optarg; break;
        case OPTION_KEY: publish->key = optarg; break;
        case OPTION_REDIS: publish->redis = optarg; break;
        case OPTION_PREFIX: publish->prefix = optarg; break;
        case OPTION_CA: publish->trust.ca_file = optarg; break;
        case OPTION_CERT: publish->trust.cert_file = optarg; break;
        case OPTION_INSECURE: publish->trust.is_insecure = true; break;
        default: *ret_code = CLI_MISUSED; return false;
        }
    }
    *ret_code = CLI_DONE;
    int targets = (publish->user != NULL) + (publish->channel != NULL) + publish->is_broadcast;
    if (targets != 1)
        *ret_code = cli_misused(argv[0], "one of --user, --channel and --broadcast expected");
    else if (optind == argc)
        *ret_code = cli_misused(argv[0], "the JSON to publish is missing");
    else if (optind + 1 < argc)
        *ret_code = cli_misused(argv[0], "\"%s\" is too much", argv[optind + 1]);
    else if (publish->redis && (publish->url || publish->key))
        *ret_code = cli_misused(argv[0], "--url and --key are not for --redis");
    else if (publish->prefix && !publish->redis)
        *ret_code = cli_misused(argv[0], "--prefix is for --redis");
    else
        publish->json = argv[optind];
    return *ret_code == CLI_DONE;
}

static int check(const struct publish *publish, struct span data) {
    const struct catalogue_kind *kind;
    struct err_note note = { "" };
    if (catalogue_check(data, &kind, &note) == ERR_OK) return CLI_DONE;
    return cli_failed(publish->command, "%s%s%s", kind ? kind->name.at : "", kind ? ": " : "",
                      note.text);
}

/* The text to publish, judged here because the server's line and column would count the request's
 * other parts too. */
static int read_data(struct publish *publish, struct buf *data, struct span *ret) {
    if (strcmp(publish->json, "-") == 0) {
        for (size_t got = 1; got > 0 && !buf_err(data);) {
            char *room = buf_room(data, 64 * 1024);
            got = room ? fread(room, 1, 64 * 1024, stdin) : 0;
            buf_added(data, got);
        }
        if (ferror(stdin))
            return cli_failed(publish->command, "standard input: %s", strerror(errno));
    } else {
        buf_append_text(data, publish->json);
    }
    if (buf_err(data))
        return cli_failed(publish->command, "more than %d bytes to publish", INPUT_MAX);
    struct json_value value;
    struct json_error error;
    if (json_parse(buf_span(data), &value, &error)) {
        *ret = value.raw;
        return publish->is_checked ? check(publish, value.raw) : CLI_DONE;
    }
    size_t line, column;
    json_position(buf_span(data), error.offset, &line, &column);
    return cli_misused(publish->command, "no JSON: line %zu, column %zu: expected %s", line, column,
                       error.expected);
}

static void write_body(const struct publish *publish, struct span data, struct buf *body) {
    buf_append_char(body, '{');
    const char *target = publish->user ? publish->user : publish->channel;
    if (target) {
        buf_append_text(body, publish->user ? "\"user\":" : "\"channel\":");
        json_append_string(body, span_str(target));
        buf_append_char(body, ',');
    }
    buf_append_text(body, "\"data\":");
    buf_append_span(body, data);
    buf_append_char(body, '}');
}

static int print_published(const char *command, json_t *answer) {
    struct buf out;
    buf_init(&out, TEXT_MAX);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(answer, "published"), i, item) {
        const char *channel = json_string_value(json_object_get(item, "channel"));
        json_int_t deliveries = json_integer_value(json_object_get(item, "deliveries"));
        json_int_t skipped = json_integer_value(json_object_get(item, "skipped"));
        buf_printf(&out, "%s %" JSON_INTEGER_FORMAT, channel ? channel : "?", deliveries);
        if (skipped > 0) buf_printf(&out, ", too large for %" JSON_INTEGER_FORMAT, skipped);
        buf_append_char(&out, '\n');
    }
    int code = cli_print(command, buf_span(&out));
    buf_finish(&out);
    return code;
}

static void on_answered(void *owner, const struct http_reply *reply) {
    struct publish *publish = owner;
    json_t *answer = json_loadb(reply->body.at, reply->body.len, 0, NULL);
    json_t *error = json_object_get(answer, "error");
    const char *message = json_string_value(json_object_get(error, "message"));
    if (reply->status >= 200 && reply->status < 300 && answer) {
        publish->code = print_published(publish->command, answer);
    } else if (message) {
        publish->code = cli_failed(publish->command, "the server refused it with status %d: %s",
                                   reply->status, message);
    } else {
        publish->code = cli_failed(publish->command,
                                   "status %d and no answer such as Tidings gives", reply->status);
    }
    json_decref(answer);
    loop_stop(publish->loop);
}

static void on_ended(void *owner, const char *why) {
    struct publish *publish = owner;
    if (publish->code < 0)
        publish->code = cli_failed(publish->command, "%s: %s", publish->url, why);
    loop_stop(publish->loop);
}

static void on_deadline(void *owner) {
    on_ended(owner, "no answer within 10 seconds");
}

static int post(struct publish *publish, const struct load_url *url, struct tls_context *tls,
                struct span data) {
    struct err_note note = { "" };
    struct load_server server;
    struct buf head, body;
    buf_init(&head, TEXT_MAX);
    buf_init(&body, TEXT_MAX);
    struct load_publisher *publisher = NULL;
    publish->loop = loop_new(&note);
    if (publish->loop && !load_server_find(url, tls, &server, &note)) {
        const struct load_publisher_hooks hooks = { on_answered, on_ended, publish };
        publisher = load_publisher_new(publish->loop, &server, &hooks, &note);
    }
    if (publisher) {
        cli_request_head(&head, "POST", url,
                         publish->is_broadcast ? "/api/v1/broadcast" : "/api/v1/publish",
                         publish->key);
        write_body(publish, data, &body);
        load_publisher_post(publisher, buf_span(&head), buf_span(&body));
        load_publisher_flush(publisher);
        loop_add_tick(publish->loop, DEADLINE_MS, on_deadline, publish);
        if (publish->code < 0) loop_run(publish->loop);
    } else {
        publish->code = cli_failed(publish->command, "%s", note.text);
    }
    load_publisher_free(publisher);
    loop_free(publish->loop);
    buf_finish(&head);
    buf_finish(&body);
    return publish->code;
}

/* Over HTTP. */
static int publish_by_server(struct publish *publish) {
    struct err_note note = { "" };
    struct load_url url;
    struct tls_context *tls = NULL;
    struct buf room;
    struct span data;
    if (!publish->url) publish->url = "http://127.0.0.1:8080";
    if (!publish->key) publish->key = getenv("TIDINGS_API_KEY");
    if (publish->key && has_line_break(publish->key))
        return cli_misused(publish->command, "the key has a line break in it");
    if (load_url_parse(span_str(publish->url), LOAD_HTTP, &url, &note))
        return cli_misused(publish->command, "%s", note.text);
    buf_init(&room, INPUT_MAX);
    int code = cli_trust_open(publish->command, &publish->trust, url.is_secure, &tls);
    if (code == CLI_DONE) code = read_data(publish, &room, &data);
    if (code == CLI_DONE) code = post(publish, &url, tls, data);
    tls_context_unref(tls);
    buf_finish(&room);
    return code;
}

/* The channel as it is called in Redis. What a server would refuse is refused here. */
static int name_channel(const struct publish *publish, struct buf *out) {
    const char *name = publish->user ? publish->user : publish->channel;
    size_t max = publish->user ? USER_MAX : CHANNEL_MAX;
    const char *fault = redis_prefix_fault(span_str(publish->prefix));
    if (fault) return cli_misused(publish->command, "--prefix: %s", fault);
    if (name && !utf8_is_name(span_str(name), max))
        return cli_misused(publish->command,
                           "--%s: 1 to %zu bytes of UTF-8 without control characters expected",
                           publish->user ? "user" : "channel", max);
    if (publish->prefix) buf_append_text(out, publish->prefix);
    if (publish->user) buf_append_text(out, "ws:");
    buf_append_text(out, name ? name : "broadcast");
    return CLI_DONE;
}

static int publish_by_redis(struct publish *publish) {
    struct err_note note = { "" };
    struct redis_url url;
    struct tls_context *tls = NULL;
    struct buf room, channel;
    struct span data;
    if (redis_url_parse(span_str(publish->redis), &url, &note))
        return cli_misused(publish->command, "--redis: %s", note.text);
    buf_init(&room, INPUT_MAX);
    buf_init(&channel, REDIS_PREFIX_MAX + CHANNEL_MAX);
    int code = name_channel(publish, &channel);
    if (code == CLI_DONE)
        code = cli_trust_open(publish->command, &publish->trust, url.is_secure, &tls);
    if (code == CLI_DONE) code = read_data(publish, &room, &data);
    if (code == CLI_DONE)
        code = cli_publish_redis(publish->command, &url, tls, buf_span(&channel), data);
    tls_context_unref(tls);
    buf_finish(&room);
    buf_finish(&channel);
    return code;
}

int cli_publish(int argc, char **argv) {
    struct publish publish = { .command = argv[0], .code = -1 };
    int code;
    if (!take_options(argc, argv, &publish, &code)) return code;
    return publish.redis ? publish_by_redis(&publish) : publish_by_server(&publish);
}
