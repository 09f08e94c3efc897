/* SPDX-License-Identifier: MIT */
/*
 * cli/listen.c: `tidings listen`: shows what a client would receive.
 */
#include "base/buf.h"
#include "cli/cli.h"
#include "cli/trust.h"
#include "load/clients.h"
#include "load/server.h"
#include "load/url.h"
#include "net/tls.h"
#include "ws/close.h"

#include <getopt.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char usage[] =
    "Usage: tidings listen URL [--token TOKEN] [--ca FILE | --insecure]\n"
    "\n"
    "Connects to a WebSocket endpoint (ws://host:port/path, or wss:// for TLS) and prints each\n"
    "message on a line of its own, until the server closes the connection or on SIGINT or "
    "SIGTERM.\n"
    "Reports on standard error how the connection was closed.\n"
    "\n"
    "      --token TOKEN        sent as `Authorization: Bearer TOKEN`; a token can also be part "
    "of\n"
    "                           the URL\n"
    "      --ca FILE            with wss://, the authorities to trust, as PEM, instead of the "
    "system's\n"
    "      --insecure           with wss://, trusts any certificate: anybody in between can read "
    "the\n"
    "                           token\n"
    "      --help               shows this text\n"
    "\n"
    "Exit codes: 0 closed normally or interrupted, 1 refused or connection lost, 2 misused.\n";

enum {
    OPTION_TOKEN = 256,
    OPTION_CA,
    OPTION_INSECURE,
    HANDSHAKE_MS = 10000, /* to be let in */
    GOODBYE_TICKS = 2,    /* for the server's own close frame after ours */
    TICK_MS = 1000,
};

struct listen {
    const char *command;
    struct loop *loop;
    struct load_clients *clients;
    uint32_t index;
    int signals; /* a signalfd */
    bool is_open;
    bool is_leaving; /* a signal came */
    int ticks;
    int code; /* what the process will end with; -1: not known yet */
};

static void finish(struct listen *listen, int code) {
    if (listen->code < 0) listen->code = code;
    loop_stop(listen->loop);
}

static void on_opened(void *owner, uint32_t index) {
    (void)index;
    struct listen *listen = owner;
    listen->is_open = true;
}

static void on_message(void *owner, uint32_t index, struct span payload, uint64_t at_ns) {
    (void)index;
    (void)at_ns;
    struct listen *listen = owner;
    (void)fwrite(payload.at, 1, payload.len, stdout);
    if (cli_print(listen->command, SPAN("\n"))) finish(listen, CLI_FAILED);
}

static void on_ended(void *owner, uint32_t index, const struct load_ending *ending) {
    (void)index;
    struct listen *listen = owner;
    bool is_normal = ending->code == WS_CLOSE_NORMAL || ending->code == WS_CLOSE_NO_CODE;
    if (ending->status) {
        cli_failed(listen->command, "refused with status %d: %.*s", ending->status,
                   SPAN_ARG(ending->reason));
    } else if (ending->why) {
        cli_failed(listen->command, "%s", ending->why);
    } else {
        cli_failed(listen->command, "closed with %u %s: %.*s", ending->code,
                   ws_close_name(ending->code), SPAN_ARG(ending->reason));
    }
    finish(listen, is_normal || listen->is_leaving ? CLI_DONE : CLI_FAILED);
}

static void on_signal(void *owner, uint32_t index, uint32_t events) {
    (void)index;
    (void)events;
    struct listen *listen = owner;
    struct signalfd_siginfo info;
    (void)!read(listen->signals, &info, sizeof info);
    if (!listen->is_open || listen->is_leaving) {
        finish(listen, CLI_DONE);
        return;
    }
    char payload[WS_CONTROL_MAX];
    size_t len = ws_close_encode(payload, WS_CLOSE_NORMAL, SPAN(""));
    listen->is_leaving = true;
    listen->ticks = 0;
    load_clients_send(listen->clients, listen->index, WS_OP_CLOSE, span_of(payload, len));
}

static void on_tick(void *owner) {
    struct listen *listen = owner;
    listen->ticks++;
    if (listen->is_leaving && listen->ticks >= GOODBYE_TICKS) {
        finish(listen, CLI_DONE);
    } else if (!listen->is_open && listen->ticks * TICK_MS >= HANDSHAKE_MS) {
        finish(listen, cli_failed(listen->command, "no answer to the handshake within 10 seconds"));
    }
}

static void watch_signals(struct listen *listen) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    listen->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    uint32_t kind = loop_add_kind(listen->loop, on_signal, listen);
    if (listen->signals < 0 || loop_watch(listen->loop, listen->signals, kind, 0, EPOLLIN))
        sigprocmask(SIG_UNBLOCK, &set, NULL); /* then a signal ends us as it always does */
}

static int run(struct listen *listen, const struct load_url *url, struct tls_context *tls,
               struct span authorization, struct err_note *note) {
    struct load_server server;
    if (load_server_find(url, tls, &server, note))
        return cli_failed(listen->command, "%s", note->text);
    const struct load_clients_hooks hooks = { on_opened, on_message, on_ended, listen };
    listen->clients = load_clients_new(listen->loop, 1, &hooks);
    watch_signals(listen);
    loop_add_tick(listen->loop, TICK_MS, on_tick, listen);
    const struct load_dial dial = { .server = &server,
                                    .host = url->authority,
                                    .target = url->target,
                                    .authorization = authorization };
    if (load_clients_open(listen->clients, &dial, &listen->index, note))
        return cli_failed(listen->command, "%s", note->text);
    loop_run(listen->loop);
    return listen->code;
}

static int listen_to(const char *command, const struct load_url *url, struct tls_context *tls,
                     const char *token) {
    struct err_note note = { "" };
    struct listen listen = { .command = command, .signals = -1, .code = -1 };
    struct buf authorization;
    buf_init(&authorization, 64 * 1024);
    if (token) {
        buf_append_text(&authorization, "Bearer ");
        buf_append_text(&authorization, token);
    }
    listen.loop = loop_new(&note);
    int code = listen.loop ? run(&listen, url, tls, buf_span(&authorization), &note)
                           : cli_failed(command, "%s", note.text);
    load_clients_free(listen.clients);
    if (listen.signals >= 0) (void)close(listen.signals);
    loop_free(listen.loop);
    buf_finish(&authorization);
    return code;
}

int cli_listen(int argc, char **argv) {
    static const struct option options[] = { { "ca", required_argument, NULL, OPTION_CA },
                                             { "help", no_argument, NULL, 'h' },
                                             { "insecure", no_argument, NULL, OPTION_INSECURE },
                                             { "token", required_argument, NULL, OPTION_TOKEN },
                                             { 0 } };
    const char *token = NULL;
    struct cli_trust trust = { 0 };
    int option;
    while ((option = cli_option(argc, argv, ":h", options)) != -1) {
        switch (option) {
        case 'h': return cli_print(argv[0], span_str(usage));
        case OPTION_TOKEN: token = optarg; break;
        case OPTION_CA: trust.ca_file = optarg; break;
        case OPTION_INSECURE: trust.is_insecure = true; break;
        default: return CLI_MISUSED;
        }
    }
    if (optind == argc) return cli_misused(argv[0], "the URL is missing");
    if (optind + 1 < argc) return cli_misused(argv[0], "\"%s\" is too much", argv[optind + 1]);
    if (token && strpbrk(token, "\r\n"))
        return cli_misused(argv[0], "the token has a line break in it");
    struct err_note note = { "" };
    struct load_url url;
    if (load_url_parse(span_str(argv[optind]), LOAD_WS, &url, &note))
        return cli_misused(argv[0], "%s", note.text);
    struct tls_context *tls;
    int code = cli_trust_open(argv[0], &trust, url.is_secure, &tls);
    if (code == CLI_DONE) code = listen_to(argv[0], &url, tls, token);
    tls_context_unref(tls);
    return code;
}
