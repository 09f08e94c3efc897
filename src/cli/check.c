/* SPDX-License-Identifier: MIT */
/*
 * cli/check.c: `tidings check`.
 */
#include "cli/cli.h"
#include "config/config.h"

#include <getopt.h>

static const char usage[] =
    "Usage: tidings check [-c FILE]\n"
    "\n"
    "Checks the configuration that `tidings serve -c FILE` would run with in this environment.\n"
    "Prints it as YAML, with the resulting value of every key and with secrets masked; or else "
    "every\n"
    "mistake with its file, line and column, or its variable. Key files and certificates are read "
    "as\n"
    "well. It does not listen on any address.\n"
    "\n"
    "  -c, --config FILE   YAML file with the configuration; without it, defaults and the\n"
    "                      environment\n"
    "      --help          shows this text\n"
    "\n"
    "Exit codes: 0 no mistakes, 1 mistakes, 2 misused.\n"
    "\n"
    "Keys, their defaults and variables. Lists in variables are JSON. <NAME> is an endpoint's "
    "name\n"
    "in capitals, with _ for a dash.\n"
    "\n";

enum { OUTPUT_MAX = 16 * 1024 * 1024 };

static int print_help(const char *command) {
    struct buf out;
    buf_init(&out, OUTPUT_MAX);
    buf_append_text(&out, usage);
    config_help(&out);
    int code = cli_print(command, buf_span(&out));
    buf_finish(&out);
    return code;
}

static int print_config(const char *command, const struct config *config) {
    struct buf out;
    buf_init(&out, OUTPUT_MAX);
    config_show(config, &out);
    int code = buf_err(&out) ? cli_failed(command, "%s", err_text(buf_err(&out)))
                             : cli_print(command, buf_span(&out));
    buf_finish(&out);
    return code;
}

int cli_check(int argc, char **argv) {
    static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                             { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    struct config_source source = { 0 };
    int option;
    while ((option = cli_option(argc, argv, ":c:h", options)) != -1) {
        switch (option) {
        case 'c': source.path = optarg; break;
        case 'h': return print_help(argv[0]);
        default: return CLI_MISUSED;
        }
    }
    if (optind < argc)
        return cli_misused(argv[0], "\"%s\" is too much; a file is given with -c", argv[optind]);
    struct config *config;
    if (cli_configure(argv[0], &source, &config)) return CLI_FAILED;
    const char *warning = config->tls.identity.warning.text;
    if (*warning) (void)fprintf(stderr, "tidings check: warning: %s\n", warning);
    int code = print_config(argv[0], config);
    config_free(config);
    return code;
}
