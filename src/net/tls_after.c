/* SPDX-License-Identifier: MIT */
/*
 * net/tls_after.c: TLS 1.3 when the handshake is over (RFC 8446 §4.6, §6): takes the connection
 * over from OpenSSL, which is then freed.
 *
 * What is left is little: data, alerts, and updates of keys, that of the peer and our own. A client
 * skips the tickets that a server sends. Everything else ends the connection with an alert.
 */
#include "net/tls_priv.h"

#include <openssl/crypto.h>

enum { NEW_SESSION_TICKET = 4, KEY_UPDATE = 24 };
enum { UPDATE_NOT_REQUESTED, UPDATE_REQUESTED };
enum { ALERT_WARNING = 1, ALERT_FATAL };

/* ---- taking over ---- */

/* "LABEL RANDOM SECRET"; false when it has another label. */
static bool take_secret(const char *line, const char *label, struct tls_way *way,
                        bool *ret_is_set) {
    size_t len = strlen(label);
    if (strncmp(line, label, len) != 0 || line[len] != ' ') return false;
    const char *secret = strrchr(line, ' ') + 1;
    size_t secret_len;
    *ret_is_set =
        OPENSSL_hexstr2buf_ex(way->secret, sizeof way->secret, &secret_len, secret, '\0') == 1;
    return true;
}

void tls_on_secret(const SSL *ssl, const char *line) {
    struct tls *tls = SSL_get_app_data(ssl);
    struct tls_way *client = tls->is_server ? &tls->in : &tls->out;
    struct tls_way *server = tls->is_server ? &tls->out : &tls->in;
    bool is_set;
    if (take_secret(line, "CLIENT_TRAFFIC_SECRET_0", client, &is_set) ||
        take_secret(line, "SERVER_TRAFFIC_SECRET_0", server, &is_set)) {
        tls->secrets += is_set;
    }
}

static uint64_t count_records(struct span bytes) {
    uint64_t count = 0;
    while (bytes.len >= TLS_HEAD_BYTES) {
        size_t body = (size_t)(uint8_t)bytes.at[3] << 8 | (uint8_t)bytes.at[4];
        bytes = span_skip(bytes, TLS_HEAD_BYTES + body);
        count++;
    }
    return count;
}

void tls_take_over(struct tls *tls, struct span answer) {
    if (SSL_version(tls->ssl) != TLS1_3_VERSION || tls->secrets != 2) return;
    /* RFC 6066 §4: one who wants short records is rare, and OpenSSL goes on cutting them. */
    if (SSL_SESSION_get_max_fragment_length(SSL_get_session(tls->ssl)) != 0) return;
    enum tls_suite suite;
    unsigned id = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(tls->ssl));
    if (!tls_suite_of(id, &suite)) return;
    tls->suite = (uint8_t)suite;
    if (!tls_way_begin(&tls->in, tls->suite) || !tls_way_begin(&tls->out, tls->suite)) return;
    /* A server's answer to the client's last word is tickets, under the new key already; a client's
     * answer is its own last word, under the one before. */
    if (tls->is_server) tls->out.sequence = count_records(answer);
    tls_drop_ssl(tls);
}

/* ---- out ---- */

struct span tls_key_update(void) {
    static const char message[] = { KEY_UPDATE, 0, 0, 1, UPDATE_NOT_REQUESTED };
    return span_of(message, sizeof message);
}

/* Our own key is replaced behind the message that says so. */
static bool update_out(struct tls *tls, struct tls_wire *wire) {
    bool is_done = tls_seal(&wire->ciphers, &tls->out, tls->suite, TLS_HANDSHAKE, tls_key_update(),
                            &wire->out) &&
                   tls_way_update(&tls->out, tls->suite);
    /* Nothing may follow the message under the old key. */
    if (!is_done) tls->is_broken = true;
    return is_done;
}

bool tls_say(struct tls *tls, struct tls_wire *wire, enum tls_content content, struct span plain) {
    if (tls_way_is_worn(&tls->out) && !update_out(tls, wire)) return false;
    return tls_seal(&wire->ciphers, &tls->out, tls->suite, content, plain, &wire->out);
}

void tls_alert_bytes(int description, char ret[static TLS_ALERT_BYTES]) {
    ret[0] = description == SSL_AD_CLOSE_NOTIFY ? ALERT_WARNING : ALERT_FATAL;
    ret[1] = (char)description;
}

void tls_say_alert(struct tls *tls, struct tls_wire *wire, int description) {
    if (tls->is_broken) return;
    if (tls->is_kernel) {
        tls->owes_alert = true;
        tls->owed_alert = (uint8_t)description;
        return;
    }
    char alert[TLS_ALERT_BYTES];
    tls_alert_bytes(description, alert);
    if (!tls_say(tls, wire, TLS_ALERT, span_of(alert, sizeof alert))) tls->is_broken = true;
}

/* ---- in ---- */

static int take_key_update(struct tls *tls, struct tls_wire *wire, uint8_t request) {
    if (request > UPDATE_REQUESTED) return SSL_AD_ILLEGAL_PARAMETER;
    if (!tls_way_update(&tls->in, tls->suite)) return SSL_AD_INTERNAL_ERROR;
    if (request == UPDATE_NOT_REQUESTED || tls->has_finished || tls->is_broken) return 0;
    if (tls->is_kernel) {
        tls->owes_update = true;
        return 0;
    }
    return update_out(tls, wire) ? 0 : SSL_AD_INTERNAL_ERROR;
}

/* The head of a message of the handshake is there, or a whole update. `is_last`: the record ends.
 */
static int take_message(struct tls *tls, struct tls_wire *wire, bool is_last) {
    const uint8_t *m = tls->message;
    size_t len = (size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3];
    if (m[0] == NEW_SESSION_TICKET && !tls->is_server) {
        tls->message_left = (uint32_t)len;
        tls->message_len = 0;
        return 0;
    }
    if (m[0] != KEY_UPDATE) return SSL_AD_UNEXPECTED_MESSAGE;
    if (len != 1) return SSL_AD_DECODE_ERROR;
    if (tls->message_len < sizeof tls->message) return 0;
    tls->message_len = 0;
    /* §5.1: nothing may follow under the old key. */
    return is_last ? take_key_update(tls, wire, m[4]) : SSL_AD_UNEXPECTED_MESSAGE;
}

static int take_handshake(struct tls *tls, struct tls_wire *wire, struct span bytes) {
    if (bytes.len == 0) return SSL_AD_UNEXPECTED_MESSAGE;
    while (bytes.len > 0) {
        if (tls->message_left > 0) {
            size_t part = size_min(tls->message_left, bytes.len);
            tls->message_left -= (uint32_t)part;
            bytes = span_skip(bytes, part);
            continue;
        }
        tls->message[tls->message_len++] = (uint8_t)bytes.at[0];
        bytes = span_skip(bytes, 1);
        int alert = tls->message_len < 4 ? 0 : take_message(tls, wire, bytes.len == 0);
        if (alert) return alert;
    }
    return 0;
}

static int take_alert(struct tls *tls, struct span bytes) {
    /* §5.4, §6 */
    if (bytes.len != 2) return bytes.len ? SSL_AD_DECODE_ERROR : SSL_AD_UNEXPECTED_MESSAGE;
    int description = (uint8_t)bytes.at[1];
    if (description == SSL_AD_USER_CANCELLED) return 0;
    tls->has_peer_ended = true;
    if (description == SSL_AD_CLOSE_NOTIFY) return 0;
    tls->is_broken = true;
    tls_note_problem(tls, TLS_PROBLEM_REFUSED, tls_alert_text(description));
    return 0;
}

static int take_data(const struct tls *tls, struct span bytes, struct tls_room *room) {
    /* §5.1: a message of the handshake is not interrupted. */
    if (tls->message_len > 0 || tls->message_left > 0) return SSL_AD_UNEXPECTED_MESSAGE;
    assert(bytes.len <= room->cap - room->len);
    if (bytes.len) memcpy(room->at + room->len, bytes.at, bytes.len);
    room->len += bytes.len;
    return 0;
}

void tls_take_sealed(struct tls *tls, struct tls_wire *wire, struct span record,
                     struct tls_room *room) {
    struct span plain = { NULL, 0 };
    enum tls_content content = TLS_DATA;
    char *at = wire->received + (record.at - wire->received);
    int alert = tls_open(&wire->ciphers, &tls->in, tls->suite, at, record.len, &plain, &content);
    if (!alert) {
        switch (content) {
        case TLS_DATA: alert = take_data(tls, plain, room); break;
        case TLS_ALERT: alert = take_alert(tls, plain); break;
        case TLS_HANDSHAKE: alert = take_handshake(tls, wire, plain); break;
        default: alert = SSL_AD_UNEXPECTED_MESSAGE; break;
        }
    }
    if (!alert) return;
    tls_say_alert(tls, wire, alert);
    tls_fail(tls, TLS_PROBLEM_PROTOCOL, tls_alert_text(alert));
}
