/* SPDX-License-Identifier: MIT */
/*
 * cli/cli.c: which commands there are, and what all of them share.
 */
#include "cli/cli.h"

#include "base/buf.h"
#include "cli/hide.h"
#include "config/config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <unistd.h>

enum { HELP_MAX = 16 * 1024, REPORT_MAX = 1024 * 1024, WORDS_MAX = 1024 };

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *text;
} commands[] = {
    { "serve", cli_serve, "run the server" },
    { "check", cli_check, "check a configuration and print the result" },
    { "doctor", cli_doctor, "find problems and say what to do" },
    { "token", cli_token, "issue a token that the server accepts" },
    { "publish", cli_publish, "publish one notification" },
    { "listen", cli_listen, "print what a client receives" },
    { "bench", cli_bench, "measure the performance of a server" },
    { "version", cli_version, "print the version" },
};

static int help(const char *command) {
    struct buf out;
    buf_init(&out, HELP_MAX);
    buf_append_text(&out, "Usage: tidings COMMAND [OPTION]...\n\n"
                          "Delivers notifications in real time: backends publish over HTTP, "
                          "browsers and\nservices listen over WebSocket.\n\nCommands:\n");
    for (size_t i = 0; i < countof(commands); i++)
        buf_printf(&out, "  %-9s %s\n", commands[i].name, commands[i].text);
    buf_append_text(&out, "\n`tidings COMMAND --help` says more about each.\n"
                          "Exit codes: 0 done, 1 failed, 2 misused.\n");
    int code = cli_print(command, buf_span(&out));
    buf_finish(&out);
    return code;
}

int cli_main(int argc, char **given) {
    char **argv = cli_hide_secrets(argc, given);
    if (argc < 2) {
        fprintf(stderr, "tidings: a command is missing (see tidings --help)\n");
        return CLI_MISUSED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(argv[1]);
    if (strcmp(argv[1], "--version") == 0) return cli_version(1, argv + 1);
    for (size_t i = 0; i < countof(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "tidings: there is no command \"%s\" (see tidings --help)\n", argv[1]);
    return CLI_MISUSED;
}

int cli_misused(const char *command, const char *format, ...) {
    char text[WORDS_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "tidings %s: %s (see tidings %s --help)\n", command, text, command);
    return CLI_MISUSED;
}

int cli_failed(const char *command, const char *format, ...) {
    char text[WORDS_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "tidings %s: %s\n", command, text);
    return CLI_FAILED;
}

int cli_print(const char *command, struct span text) {
    if (fwrite(text.at, 1, text.len, stdout) == text.len && fflush(stdout) == 0) return CLI_DONE;
    return cli_failed(command, "standard output cannot be written: %s", strerror(errno));
}

int cli_option(int argc, char **argv, const char *letters, const struct option *options) {
    opterr = 0;
    int before = optind;
    int option = getopt_long(argc, argv, letters, options, NULL);
    if (option != '?' && option != ':') return option;
    /* A long option that is wrong has been passed; of letters in a group only the letter is known.
     */
    const char *word = optind > before ? argv[optind - 1] : argv[optind];
    if (option == ':')
        cli_misused(argv[0], "%s needs a value", word);
    else if (optopt != 0 && strncmp(word, "--", 2) != 0)
        cli_misused(argv[0], "there is no option -%c", optopt);
    else if (optopt != 0)
        cli_misused(argv[0], "%s takes no value", word);
    else
        cli_misused(argv[0], "there is no option %s", word);
    return '?';
}

enum err cli_configure(const char *command, struct config_source *source, struct config **ret) {
    source->environ = (const char *const *)environ;
    struct config_report report = { 0 };
    enum err e = config_load(source, &report, ret);
    if (!e) return ERR_OK;
    struct buf out;
    buf_init(&out, REPORT_MAX);
    config_report_show(&report, &out);
    fwrite(out.at, 1, out.len, stderr);
    size_t count = report.count + report.dropped;
    cli_failed(command, "%zu mistake%s in the configuration", count, count == 1 ? "" : "s");
    buf_finish(&out);
    config_report_finish(&report);
    return e;
}
