/* SPDX-License-Identifier: MIT */
/*
 * cli/cli.h: the command line. One function a command, in a file of its own; cli.c has the table.
 *
 * Each takes the arguments from its own name on (`argv[0]` is "serve"), prints what it has to say
 * and returns the exit code of the process.
 */
#ifndef TIDINGS_CLI_CLI_H
#define TIDINGS_CLI_CLI_H

#include "base/err.h"
#include "base/span.h"

enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_MISUSED = 2,
};

/* What main does: finds the command that `argv[1]` names and runs it. Writes over secrets in
 * `argv`.
 */
int cli_main(int argc, char **argv);

int cli_bench(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_listen(int argc, char **argv);
int cli_publish(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_version(int argc, char **argv);

/* One line on standard error, "tidings serve: …", and where help is; gives CLI_MISUSED. */
int cli_misused(const char *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* One line on standard error; gives CLI_FAILED. */
int cli_failed(const char *command, const char *format, ...) PRINTF_LIKE(2, 3);

/* Writes `text` to standard output; gives CLI_DONE, or CLI_FAILED when it does not go, and says
 * why. */
int cli_print(const char *command, struct span text);

struct option; /* getopt.h */

/* getopt_long in the project's words: the `val` of the next option, -1 when there are no more, '?'
 * when something was not understood, which has been said. Options may stand behind operands. */
int cli_option(int argc, char **argv, const char *letters, const struct option *options);

struct config;
struct config_source;

/* Loads a configuration with the process's environment. What is wrong goes to standard error. */
MUST_USE
enum err cli_configure(const char *command, struct config_source *source, struct config **ret);

#endif
