/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/doctor.c: `tidings doctor`: what is wrong, and what to do about it.
 */
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/doctor/certificates_priv.h"
#include "cli/doctor/visit_priv.h"
#include "net/tls.h"

#include <getopt.h>
#include <signal.h>

static const char usage[] =
    "Usage: tidings doctor [-c FILE] [--url URL [--ca FILE | --insecure]] [--idle SECONDS]\n"
    "                      [--key KEY]\n"
    "\n"
    "Finds problems, on the machine where Tidings runs and with its configuration: checks\n"
    "descriptors, kernel settings, memory, clock, certificates, keys, Redis and the store, then\n"
    "connects with a token for a user of its own, publishes to that user and waits for the "
    "message.\n"
    "Prints a line for each, with ok, warn, FAIL or skip, and below it what to do. Nothing is\n"
    "changed or left behind.\n"
    "\n"
    "  -c, --config FILE   YAML file with the configuration; without one, defaults and the\n"
    "                      environment\n"
    "      --url URL       where clients connect (wss://app.example.com), such as a proxy; may\n"
    "                      contain the path of an endpoint. Without it, the server's own address\n"
    "      --idle SECONDS  then sends nothing on that connection for so long, to find out whether "
    "a\n"
    "                      proxy closes it\n"
    "      --key KEY       an API key with the scope publish; better from the environment's\n"
    "                      TIDINGS_API_KEY. Without one, the first of the configuration\n"
    "      --ca FILE       with wss://, the authorities to trust, as PEM; without it, the "
    "system's\n"
    "      --insecure      with wss://, trusts any certificate: the token can be intercepted\n"
    "      --help          this text\n"
    "\n"
    "Where no key of the configuration can sign (key_file, jwks_url), set TIDINGS_TOKEN in the\n"
    "environment to a token of a test user; all connections of that user receive the message.\n"
    "\n"
    "Exit codes: 0 nothing failed, 1 something failed, 2 misused.\n";

enum { OPTION_URL = 256, OPTION_IDLE, OPTION_KEY, OPTION_CA, OPTION_INSECURE };
enum { OUTPUT_MAX = 64 * 1024, IDLE_MAX = 86400 };

/* In an order in which the later ones can use what the earlier ones have found. */
static const struct {
    const char *name;
    void (*check)(struct doctor *doctor, struct doctor_finding *ret);
} checks[] = {
    { "configuration", doctor_check_configuration },
    { "server", doctor_check_server },
    { "connections", doctor_check_connections },
    { "descriptors", doctor_check_descriptors },
    { "open files", doctor_check_files },
    { "accept queue", doctor_check_accept_queue },
    { "SYN queue", doctor_check_syn_queue },
    { "proxy ports", doctor_check_ports },
    { "firewall", doctor_check_tracking },
    { "socket memory", doctor_check_tcp_memory },
    { "memory", doctor_check_memory },
    { "certificates", doctor_check_certificates },
    { "TLS", doctor_check_shown },
    { "key set", doctor_check_key_set },
    { "redis", doctor_check_redis },
    { "redis nodes", doctor_check_redis_nodes },
    { "redis memory", doctor_check_redis_memory },
    { "redis buffers", doctor_check_redis_buffers },
    { "redis pub/sub", doctor_check_redis_echo },
    { "clock", doctor_check_clock },
    { "store", doctor_check_store },
    { "token", doctor_check_token },
    { "delivery", doctor_check_delivery },
    { "idle timeout", doctor_check_idle },
};

void doctor_check_configuration(struct doctor *doctor, struct doctor_finding *ret) {
    const char *file = doctor->file ? doctor->file : "the environment";
    if (!doctor->config) {
        doctor_find(ret, DOCTOR_FAIL, "%s: mistakes, see above; the server does not start with it",
                    file);
        doctor_advise(ret,
                      "correct it until tidings check%s%s succeeds, or run this as the server's "
                      "user, with its environment",
                      doctor->file ? " -c " : "", doctor->file ? doctor->file : "");
    } else if (!doctor_trust_own(doctor)) {
        doctor_find(ret, DOCTOR_FAIL, "%s: its certificate could not be read a second time", file);
        doctor_advise(ret, "is somebody replacing it? Try again");
    } else {
        doctor_find(ret, DOCTOR_OK, "%s", file);
    }
}

/* ---- options ---- */

struct request {
    struct config_source source;
    struct cli_trust trust;
    struct doctor doctor;
};

static int take_idle(const char *command, const char *text, uint32_t *ret) {
    uint64_t seconds;
    if (!span_to_uint(span_str(text), IDLE_MAX, &seconds) || seconds == 0)
        return cli_misused(command, "--idle %s: seconds, from 1 to %d, expected", text, IDLE_MAX);
    *ret = (uint32_t)seconds;
    return CLI_DONE;
}

/* What may come from the environment. */
static int take_secrets(struct doctor *doctor) {
    const char *token = getenv("TIDINGS_TOKEN"), *key = getenv("TIDINGS_API_KEY");
    if (!doctor->key && key && *key) doctor->key = key;
    if (token && *token) doctor->token = token;
    if (doctor->key && (strlen(doctor->key) > API_KEY_MAX || strpbrk(doctor->key, "\r\n")))
        return cli_misused(doctor->command, "the key is too long or has a line break in it");
    if (doctor->token && (strlen(doctor->token) > 8192 || strpbrk(doctor->token, "\r\n")))
        return cli_misused(doctor->command, "the token is too long or has a line break in it");
    return CLI_DONE;
}

/* Also opens what is to be trusted at the URL. */
static int take_url(struct request *request) {
    struct doctor *doctor = &request->doctor;
    struct load_url url = { .is_secure = false };
    struct err_note note = { "" };
    struct span text = span_str(doctor->url);
    bool is_web = span_starts(text, SPAN("http"));
    if (doctor->url && load_url_parse(text, is_web ? LOAD_HTTP : LOAD_WS, &url, &note))
        return cli_misused(doctor->command, "--url: %s", note.text);
    if (text.len >= DOCTOR_URL_MAX) return cli_misused(doctor->command, "--url: too long");
    doctor->is_insecure = request->trust.is_insecure;
    return cli_trust_open(doctor->command, &request->trust, url.is_secure, &doctor->trust);
}

/* Whether to go on; else `*ret_code` is how it ended. */
static bool take_options(int argc, char **argv, struct request *request, int *ret_code) {
    static const struct option options[] = { { "ca", required_argument, NULL, OPTION_CA },
                                             { "config", required_argument, NULL, 'c' },
                                             { "help", no_argument, NULL, 'h' },
                                             { "idle", required_argument, NULL, OPTION_IDLE },
                                             { "insecure", no_argument, NULL, OPTION_INSECURE },
                                             { "key", required_argument, NULL, OPTION_KEY },
                                             { "url", required_argument, NULL, OPTION_URL },
                                             { 0 } };
    struct doctor *doctor = &request->doctor;
    int option;
    *ret_code = CLI_DONE;
    while ((option = cli_option(argc, argv, ":c:h", options)) != -1) {
        switch (option) {
        case 'c': request->source.path = doctor->file = optarg; break;
        case 'h': *ret_code = cli_print(argv[0], span_str(usage)); return false;
        case OPTION_CA: request->trust.ca_file = optarg; break;
        case OPTION_IDLE: *ret_code = take_idle(argv[0], optarg, &doctor->idle_seconds); break;
        case OPTION_INSECURE: request->trust.is_insecure = true; break;
        case OPTION_KEY: doctor->key = optarg; break;
        case OPTION_URL: doctor->url = optarg; break;
        default: *ret_code = CLI_MISUSED;
        }
        if (*ret_code) return false;
    }
    if (optind < argc)
        *ret_code =
            cli_misused(argv[0], "\"%s\" is too much; a file is given with -c", argv[optind]);
    if (!*ret_code) *ret_code = take_secrets(doctor);
    if (!*ret_code) *ret_code = take_url(request);
    return *ret_code == CLI_DONE;
}

/* ---- all of them ---- */

static int print(struct doctor *doctor, struct buf *out) {
    int code = cli_print(doctor->command, buf_span(out));
    buf_clear(out);
    return code;
}

static int run_checks(struct doctor *doctor) {
    unsigned counts[DOCTOR_VERDICTS] = { 0 };
    struct buf out;
    int code = CLI_DONE;
    buf_init(&out, OUTPUT_MAX);
    for (size_t i = 0; i < countof(checks) && code == CLI_DONE; i++) {
        struct doctor_finding finding = { .verdict = DOCTOR_SKIP };
        checks[i].check(doctor, &finding);
        counts[finding.verdict]++;
        doctor_show(checks[i].name, &finding, &out);
        code = print(doctor, &out);
    }
    buf_printf(&out, "\n%u ok, %u warned, %u failed, %u skipped\n", counts[DOCTOR_OK],
               counts[DOCTOR_WARN], counts[DOCTOR_FAIL], counts[DOCTOR_SKIP]);
    if (code == CLI_DONE) code = print(doctor, &out);
    buf_finish(&out);
    return code == CLI_DONE && counts[DOCTOR_FAIL] > 0 ? CLI_FAILED : code;
}

static void finish(struct doctor *doctor) {
    doctor_visiting_free(doctor->visiting);
    auth_keys_unref(doctor->keys);
    tls_context_unref(doctor->trust);
    tls_context_unref(doctor->own_trust);
    buf_wipe(&doctor->user.token);
}

int cli_doctor(int argc, char **argv) {
    struct request *request = mem_new(sizeof *request);
    struct doctor *doctor = &request->doctor;
    struct config *config = NULL;
    int code;
    doctor->command = argv[0];
    if (take_options(argc, argv, request, &code)) {
        (void)signal(SIGPIPE, SIG_IGN); /* a server that leaves is one of the findings */
        /* A name server that is silent is another, and to be told of soon; resolv.conf(5). */
        (void)setenv("RES_OPTIONS", "timeout:2 attempts:1", 0);
        if (!cli_configure(argv[0], &request->source, &config)) doctor->config = config;
        code = run_checks(doctor);
    }
    finish(doctor);
    config_free(config);
    mem_free(request);
    return code;
}
