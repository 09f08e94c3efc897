/* SPDX-License-Identifier: MIT */
/*
 * net/tls_problem.c: what went wrong with TLS, as a kind that is counted and in words.
 */
#include "net/tls_priv.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

/* OpenSSL's reasons for alerts that came in are their numbers and this. */
enum { ALERT_REASONS = SSL_AD_REASON_OFFSET };

const char *tls_problem_label(enum tls_problem problem) {
    static const char *const labels[] = {
#define ITEM(name, text) [TLS_PROBLEM_##name] = text,
        TLS_PROBLEM_MAP(ITEM)
#undef ITEM
    };
    return labels[problem];
}

static enum tls_problem kind_of(int reason) {
    if (reason == ALERT_REASONS + SSL_AD_PROTOCOL_VERSION) return TLS_PROBLEM_VERSION;
    if (reason == ALERT_REASONS + SSL_AD_NO_APPLICATION_PROTOCOL) return TLS_PROBLEM_APPLICATION;
    if (reason > ALERT_REASONS && reason < ALERT_REASONS + 256) return TLS_PROBLEM_REFUSED;
    switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return TLS_PROBLEM_VERSION;
    case SSL_R_WRONG_VERSION_NUMBER: return TLS_PROBLEM_NOT_TLS;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return TLS_PROBLEM_PARAMETERS;
    case SSL_R_NO_APPLICATION_PROTOCOL: return TLS_PROBLEM_APPLICATION;
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return TLS_PROBLEM_CERTIFICATE;
    case ERR_R_MALLOC_FAILURE: return TLS_PROBLEM_MEMORY;
    default: return TLS_PROBLEM_PROTOCOL;
    }
}

void tls_note_problem(struct tls *tls, enum tls_problem problem, const char *why) {
    /* That it is closed says least: an alert that is read after a write failed says why. */
    if (tls->problem != TLS_PROBLEM_NONE && tls->problem != TLS_PROBLEM_CLOSED) return;
    tls->problem = (uint8_t)problem;
    tls->why = why;
}

/* What OpenSSL's own TLS complains of first: what is below it in the queue led to that, and what is
 * above comes of it. Want of memory is that anywhere. 0: nothing is there. The queue is empty then.
 */
static unsigned long take_error(void) {
    unsigned long error, first = 0, found = 0;
    while ((error = ERR_get_error()) != 0) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) found = error;
        if (!found && ERR_GET_LIB(error) == ERR_LIB_SSL) found = error;
        if (!first) first = error;
    }
    return found ? found : first;
}

const char *tls_alert_text(int number) {
    const char *text = SSL_alert_desc_string_long(number);
    /* What OpenSSL says of those that came with TLS 1.3. */
    if (strcmp(text, "unknown") != 0) return text;
    text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, ALERT_REASONS + number));
    return text ? text : "an unknown alert";
}

void tls_note_failure(struct tls *tls) {
    unsigned long error = take_error();
    int reason = ERR_GET_REASON(error);
    enum tls_problem problem = error ? kind_of(reason) : TLS_PROBLEM_MEMORY;
    const char *why = ERR_reason_error_string(error);
    if (problem == TLS_PROBLEM_CERTIFICATE) {
        why = X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
    } else if (problem == TLS_PROBLEM_REFUSED) {
        why = tls_alert_text(reason - ALERT_REASONS);
    }
    tls_note_problem(tls, problem, why ? why : tls_problem_label(problem));
}

const char *tls_last_error(void) {
    unsigned long error = ERR_peek_last_error();
    const char *why = ERR_reason_error_string(error);
    ERR_clear_error();
    return why ? why : "unknown error";
}
