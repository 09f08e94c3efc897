/* SPDX-License-Identifier: MIT */
/*
 * cli/version.c: `tidings version`.
 */
#include "cli/cli.h"

#include <getopt.h>

static const char usage[] = "Usage: tidings version\n"
                            "\n"
                            "Prints the version of this program.\n";

int cli_version(int argc, char **argv) {
    static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
    int option = cli_option(argc, argv, ":h", options);
    if (option == 'h') return cli_print(argv[0], span_str(usage));
    if (option == '?') return CLI_MISUSED;
    if (optind < argc) return cli_misused(argv[0], "\"%s\" is too much", argv[optind]);
    return cli_print(argv[0], span_str("tidings " TIDINGS_VERSION "\n"));
}
