/* SPDX-License-Identifier: MIT */
/*
 * cli/token.c: `tidings token`: a token such as a login service would hand out.
 */
#include "auth/claims.h"
#include "auth/jwt.h"
#include "auth/sign.h"
#include "base/utf8.h"
#include "cli/claims.h"
#include "cli/cli.h"
#include "cli/duration.h"
#include "config/config.h"

#include <getopt.h>
#include <jansson.h>

static const char usage[] =
    "Usage: tidings token --user ID [--claim NAME=VALUE]... [--ttl TIME] [-c FILE]\n"
    "\n"
    "Prints a token for a user, signed with the key in the configuration: its secret, or a "
    "private\n"
    "key in its key set. Its claims are user_id and sub (the user), iat and exp, and aud and iss "
    "if\n"
    "the configuration requires them.\n"
    "\n"
    "  -u, --user ID            the user that the token is for\n"
    "      --claim NAME=VALUE   sets a further claim, or replaces one of the above; VALUE is JSON, "
    "or\n"
    "                           else a string: --claim email=ann@example.com --claim 'n=\"7\"'\n"
    "      --ttl TIME           how long it is valid: 90s, 15m, 1h (the default), 7d\n"
    "  -c, --config FILE        YAML file with the configuration; without it, defaults and the\n"
    "                           environment (JWT_SECRET_KEY)\n"
    "      --help               shows this text\n"
    "\n"
    "Exit codes: 0 done, 1 no key can sign or the configuration is wrong, 2 misused.\n";

enum { OPTION_CLAIM = 256, OPTION_TTL, DEFAULT_TTL_S = 3600 };

struct request {
    const char *user;
    json_t *extra; /* claims that were asked for */
    int64_t ttl_s;
    struct config_source source;
};

/* `text` is "name=value". */
static int take_claim(const char *command, json_t *extra, const char *text) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return cli_misused(command, "--claim %s: NAME=VALUE expected", text);
    size_t name_len = (size_t)(equals - text);
    if (!utf8_is_valid(span_str(text))) return cli_misused(command, "--claim: not UTF-8");
    if (json_object_getn(extra, text, name_len))
        return cli_misused(command, "--claim %.*s is given twice", (int)name_len, text);
    json_t *value = json_loads(equals + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    if (!value) value = json_string(equals + 1);
    json_object_setn_new(extra, text, name_len, value);
    return CLI_DONE;
}

static int print_token(const char *command, const struct request *request,
                       const struct config *config) {
    struct buf out;
    buf_init(&out, JWT_TOKEN_MAX + 1);
    struct err_note note = { 0 };
    json_t *claims = cli_claims(&config->jwt, request->user, request->ttl_s);
    json_object_update(claims, request->extra);
    enum err e = jwt_sign(config->jwt.keys, claims, &out, &note);
    buf_append_char(&out, '\n');
    int code = e ? cli_failed(command, "%s", *note.text ? note.text : err_text(e))
                 : cli_print(command, buf_span(&out));
    json_decref(claims);
    buf_finish(&out);
    return code;
}

/* Whether to go on; else `*ret_code` is how it ended. */
static bool take_options(int argc, char **argv, struct request *request, int *ret_code) {
    static const struct option options[] = { { "claim", required_argument, NULL, OPTION_CLAIM },
                                             { "config", required_argument, NULL, 'c' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "ttl", required_argument, NULL, OPTION_TTL },
                                             { "user", required_argument, NULL, 'u' },
                                             { 0 } };
    int option;
    *ret_code = CLI_DONE;
    while ((option = cli_option(argc, argv, ":c:hu:", options)) != -1) {
        switch (option) {
        case 'c': request->source.path = optarg; break;
        case 'h': *ret_code = cli_print(argv[0], span_str(usage)); return false;
        case 'u': request->user = optarg; break;
        case OPTION_CLAIM: *ret_code = take_claim(argv[0], request->extra, optarg); break;
        case OPTION_TTL:
            if (!cli_duration(span_str(optarg), &request->ttl_s))
                *ret_code = cli_misused(argv[0],
                                        "--ttl %s: a time such as 90s, 15m, 1h or 7d "
                                        "expected",
                                        optarg);
            break;
        default: *ret_code = CLI_MISUSED;
        }
        if (*ret_code) return false;
    }
    if (optind < argc)
        *ret_code = cli_misused(argv[0], "\"%s\" is too much", argv[optind]);
    else if (!request->user)
        *ret_code = cli_misused(argv[0], "--user is missing");
    else if (!utf8_is_name(span_str(request->user), JWT_USER_MAX))
        *ret_code = cli_misused(argv[0],
                                "--user: 1 to %d bytes of UTF-8 without control "
                                "characters expected",
                                JWT_USER_MAX);
    return *ret_code == CLI_DONE;
}

int cli_token(int argc, char **argv) {
    struct request request = { .extra = json_object(), .ttl_s = DEFAULT_TTL_S };
    int code;
    if (take_options(argc, argv, &request, &code)) {
        struct config *config = NULL;
        code = cli_configure(argv[0], &request.source, &config)
                   ? CLI_FAILED
                   : print_token(argv[0], &request, config);
        config_free(config);
    }
    json_decref(request.extra);
    return code;
}
