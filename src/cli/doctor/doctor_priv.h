/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/doctor_priv.h: `tidings doctor` from within.
 *
 *     doctor.c       options, the list of checks, what is printed
 *     finding.c      what a check has to say
 *     place.c        where the server is, and where clients come to it
 *     ask.c          one HTTP request
 *     server.c       is it there, is it ready, how full is it
 *     host.c         descriptors, queues, ports, memory: reads them for
 *     host_judge.c   which knows what is enough
 *     certificates.c the files of certificates, and what is shown to clients
 *     keys.c         the key set of `jwt.jwks_url`
 *     redis_talk.c   asks Redis; redis.c says what of that is wrong
 *     clock.c        this machine's, and that of Redis
 *     store.c        the folder of `store.path`
 *     user.c         who the doctor is as a client: endpoint, user, token
 *     visit.c        connects, publishes, hears it, keeps still where it was asked to
 *     delivery.c     what became of that
 *     silence.c      and of keeping still
 *
 * A check is a function that looks at one thing. Later ones use what earlier ones have found out.
 * Functions that are called …_judge only turn figures into a finding.
 */
#ifndef TIDINGS_CLI_DOCTOR_DOCTOR_PRIV_H
#define TIDINGS_CLI_DOCTOR_DOCTOR_PRIV_H

#include "auth/claims.h"
#include "base/buf.h"
#include "cli/trust.h"
#include "config/config.h"
#include "load/server.h"
#include "load/url.h"
#include "net/certificate.h"

/* ---- findings ------------------------------------------------------------------------------- */

enum doctor_verdict { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_SKIP, DOCTOR_VERDICTS };

enum { DOCTOR_TEXT_MAX = 640 };

struct doctor_finding {
    enum doctor_verdict verdict;
    char found[DOCTOR_TEXT_MAX];  /* a sentence with figures, without a full stop */
    char remedy[DOCTOR_TEXT_MAX]; /* what to do; empty: nothing */
};

/* In place of what was found before, and without a remedy. */
void doctor_find(struct doctor_finding *ret, enum doctor_verdict verdict, const char *format, ...)
    PRINTF_LIKE(3, 4);
void doctor_advise(struct doctor_finding *ret, const char *format, ...) PRINTF_LIKE(2, 3);
/* Appends a line for what was found and one for what to do. */
void doctor_show(const char *name, const struct doctor_finding *finding, struct buf *out);

/* A figure that could not be read. */
#define DOCTOR_UNKNOWN UINT64_MAX

enum { DOCTOR_FIGURE_MAX = 32 };
/* "512 MiB", "1.5 GiB". */
const char *doctor_bytes(uint64_t bytes, char room[static DOCTOR_FIGURE_MAX]);
/* "40 seconds", "3 hours", "61 days". */
const char *doctor_span(int64_t seconds, char room[static DOCTOR_FIGURE_MAX]);

/* ---- where ---------------------------------------------------------------------------------- */

enum { DOCTOR_URL_MAX = 2048 };

/* Somewhere to connect to. */
struct doctor_place {
    char text[DOCTOR_URL_MAX]; /* scheme, host and port: for people */
    char whole[DOCTOR_URL_MAX];
    struct load_url url; /* lent from `whole` */
    struct load_server server;
    bool is_own; /* an address of the configuration: its certificate must be the configured one */
};

/* How long anything may take that has an answer. */
enum { DOCTOR_WAIT_MS = 5000 };

/* ---- the doctor ----------------------------------------------------------------------------- */

/* What the server's own figures say. */
struct doctor_figures {
    uint64_t connections, connections_max;
    uint64_t descriptors, descriptors_max;
};

enum { DOCTOR_VERSION_MAX = 32 };

/* What Redis said. Figures may be DOCTOR_UNKNOWN, texts empty. */
struct doctor_redis {
    bool is_asked, is_up;
    char why[512]; /* it is not up */
    char version[DOCTOR_VERSION_MAX];
    char role[DOCTOR_VERSION_MAX];
    uint64_t ping_ns;
    uint64_t echo_ns;  /* a message to ourselves was under way; DOCTOR_UNKNOWN: it did not come */
    char refused[256]; /* what Redis answered to a question that it refused; or empty */
    bool has_clock;
    int64_t ahead_us;               /* of this machine */
    uint64_t used_bytes, max_bytes; /* no maximum: 0 */
    char policy[DOCTOR_VERSION_MAX];
    uint64_t buffer_bytes;     /* client-output-buffer-limit pubsub, the hard one; 0: none */
    uint64_t nodes, nodes_bad; /* of a Cluster */
    bool is_cluster_down;      /* some slots have no master */
    char nodes_why[256];       /* what is wrong with one of them */
};

enum { DOCTOR_CHANNEL_MAX = 512, DOCTOR_MARK_BYTES = 17 };

/* Who the doctor is as a client. */
struct doctor_user {
    const struct endpoint_options *endpoint; /* NULL: there is none to try */
    char why[512];                           /* no token; or empty */
    char remedy[256];
    bool is_refused; /* the token was, here already */
    char name[JWT_USER_MAX + 1];
    char channel[DOCTOR_CHANNEL_MAX]; /* that this user alone hears */
    struct buf token;
    char target[DOCTOR_URL_MAX];
};

/* What became of the doctor as a client. */
struct doctor_visit {
    bool is_open;     /* or was: the handshake was accepted, */
    bool is_in;       /* and the server does not only say why not */
    uint64_t open_ns; /* what that took */
    bool has_clock;   /* the server's is known, */
    int64_t ahead_ms; /* and so far ahead of this machine's */
    bool is_answered; /* the publish was, with a success */
    bool is_heard;
    uint64_t heard_ns;     /* since the publish was sent */
    int publish_status;    /* it failed, with this status or 0: */
    char publish_why[256]; /* why */

    bool is_ended; /* before the time was over */
    int status;    /* of a refused handshake, or 0 */
    uint16_t code; /* of a close frame, or 1006 */
    char reason[256];
    uint64_t ended_ns; /* after it was open */
    uint64_t quiet_ns; /* nothing had come for so long then */
    uint32_t pings;
};

struct doctor_visiting;

struct doctor {
    const char *command;
    const char *file;            /* of the configuration; NULL: none */
    const struct config *config; /* NULL: there is none that is any good */
    const char *url;             /* where clients come to; NULL: the configuration says */
    const char *key;             /* to publish with; NULL: one of the configuration */
    const char *token;           /* of a user; NULL: it is to be made */
    bool is_insecure;
    struct tls_context *trust;     /* for `url`; NULL: it does not speak TLS */
    struct tls_context *own_trust; /* trusts the configured certificates; NULL: there are none */
    struct certificate own;        /* the first of them, where there is one */
    uint32_t idle_seconds;         /* 0: not asked for */

    struct doctor_place clients; /* where clients come to; `has_clients` */
    struct doctor_place api;     /* where the server was found; `has_api` */
    bool has_clients, has_api;
    char clients_why[512]; /* why it has not */
    bool has_figures;
    struct doctor_figures figures;
    struct auth_keys *keys; /* that were fetched; NULL: those of the configuration */
    struct doctor_redis redis;
    struct doctor_user user;
    struct doctor_visit visit;
    struct doctor_visiting *visiting; /* NULL: the doctor was not let in */
};

void doctor_check_configuration(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_server(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_connections(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_descriptors(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_files(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_accept_queue(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_syn_queue(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_ports(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_tracking(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_tcp_memory(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_memory(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_certificates(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_shown(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_key_set(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_redis(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_redis_nodes(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_redis_memory(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_redis_buffers(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_redis_echo(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_clock(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_store(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_token(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_delivery(struct doctor *doctor, struct doctor_finding *ret);
void doctor_check_idle(struct doctor *doctor, struct doctor_finding *ret);

#endif
