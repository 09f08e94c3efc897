/* SPDX-License-Identifier: MIT */
/*
 * cli/serve.c: `tidings serve`.
 */
#include "app/app.h"
#include "base/random.h"
#include "cli/cli.h"
#include "config/config.h"

#include <getopt.h>

static const char usage[] =
    "Usage: tidings serve [-c FILE] [--listen ADDRESS:PORT] [--redis URL] [--workers N] [--demo]\n"
    "\n"
    "Runs the server until SIGTERM or SIGINT, then closes its connections and ends. A second "
    "signal\n"
    "ends it at once. On SIGHUP it reads its configuration again. Logs go to standard error.\n"
    "\n"
    "  -c, --config FILE        YAML file with the configuration; without it, defaults and the\n"
    "                           environment\n"
    "      --listen ADDRESS:PORT  where to accept connections (0.0.0.0:8080); a JSON list for\n"
    "                           several\n"
    "      --redis URL          shares a Redis with other nodes: "
    "redis://user:password@host:port/0;\n"
    "                           safer in the variable REDIS_URL, where other users of the machine\n"
    "                           cannot see the password\n"
    "      --workers N          threads that serve connections; 0: one for each CPU\n"
    "      --demo               for trying it out: on 127.0.0.1:8080, with a demo page, no keys, "
    "and\n"
    "                           tokens for whoever asks; only this machine may connect\n"
    "      --help               shows this text\n"
    "\n"
    "Flags override the environment, and the environment overrides the file. Except with --demo, "
    "a\n"
    "key for tokens must be configured, most simply as JWT_SECRET_KEY in the environment. "
    "`tidings\n"
    "check --help` lists every key and variable.\n"
    "\n"
    "Exit codes: 0 ended on request, 1 could not start or continue, 2 misused.\n";

enum {
    OPTION_LISTEN = 256,
    OPTION_REDIS,
    OPTION_WORKERS,
    OPTION_DEMO,
    FLAGS_MAX = 4,
    SECRET_BYTES = 32,
    SECRET_TEXT_BYTES = 2 * SECRET_BYTES + 1,
};

/* A key that is gone with the process. */
static const char *make_secret(char ret[static SECRET_TEXT_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < 2 * SECRET_BYTES; i++)
        ret[i] = digits[random_below(16)];
    ret[2 * SECRET_BYTES] = '\0';
    return ret;
}

int cli_serve(int argc, char **argv) {
    static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                             { "demo", no_argument, NULL, OPTION_DEMO },
                                             { "help", no_argument, NULL, 'h' },
                                             { "listen", required_argument, NULL, OPTION_LISTEN },
                                             { "redis", required_argument, NULL, OPTION_REDIS },
                                             { "workers", required_argument, NULL, OPTION_WORKERS },
                                             { 0 } };
    const char *listen = NULL, *redis = NULL, *workers = NULL;
    char secret[SECRET_TEXT_BYTES];
    struct config_source source = { 0 };
    int option;
    while ((option = cli_option(argc, argv, ":c:h", options)) != -1) {
        switch (option) {
        case 'c': source.path = optarg; break;
        case 'h': return cli_print(argv[0], span_str(usage));
        case OPTION_DEMO: source.demo_secret = make_secret(secret); break;
        case OPTION_LISTEN: listen = optarg; break;
        case OPTION_REDIS: redis = optarg; break;
        case OPTION_WORKERS: workers = optarg; break;
        default: return CLI_MISUSED;
        }
    }
    if (optind < argc) return cli_misused(argv[0], "\"%s\" is too much", argv[optind]);
    struct config_flag flags[FLAGS_MAX];
    size_t *count = &source.flags_count;
    if (listen) flags[(*count)++] = (struct config_flag){ "--listen", "listen", listen };
    if (redis) {
        flags[(*count)++] = (struct config_flag){ "--redis", "broker.kind", "redis" };
        flags[(*count)++] = (struct config_flag){ "--redis", "broker.redis.url", redis };
    }
    if (workers) flags[(*count)++] = (struct config_flag){ "--workers", "workers", workers };
    source.flags = flags;
    struct config *config;
    if (cli_configure(argv[0], &source, &config)) return CLI_FAILED;
    return app_serve(config, &source);
}
