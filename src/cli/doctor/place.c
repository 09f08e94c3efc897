/* SPDX-License-Identifier: MIT */
/*
 * cli/doctor/place.c: see cli/doctor/place_priv.h.
 */
#include "cli/doctor/place_priv.h"

/* Scheme, host and port of what `place->url` was taken from. */
static void name(struct doctor_place *place) {
    size_t len = (size_t)(place->url.authority.at - place->whole) + place->url.authority.len;
    memcpy(place->text, place->whole, len);
    place->text[len] = '\0';
}

enum err doctor_place_open(const char *text, struct tls_context *tls, struct doctor_place *ret,
                           struct err_note *note) {
    struct span url = span_str(text);
    bool is_web = span_starts(url, SPAN("http"));
    *ret = (struct doctor_place){ .is_own = false };
    if (url.len >= sizeof ret->whole) return err_note(note, ERR_TOO_BIG, "the URL is too long");
    memcpy(ret->whole, url.at, url.len);
    enum err e =
        load_url_parse(span_of(ret->whole, url.len), is_web ? LOAD_HTTP : LOAD_WS, &ret->url, note);
    if (e) return e;
    name(ret);
    return load_server_find(&ret->url, tls, &ret->server, note);
}

/* What `from` lends of its own text, `to` lends of its copy. */
static struct span moved(struct span span, const struct doctor_place *from,
                         const struct doctor_place *to) {
    return span_of(to->whole + (span.at - from->whole), span.len);
}

void doctor_place_copy(const struct doctor_place *from, struct doctor_place *to) {
    *to = *from;
    to->url.authority = moved(from->url.authority, from, to);
    to->url.host = moved(from->url.host, from, to);
    to->url.target = moved(from->url.target, from, to);
}

/* Where to connect to reach what listens on any address. */
static struct address reachable(struct address address) {
    static const uint8_t any_v4[16] = { [10] = 0xff, [11] = 0xff }, any_v6[16] = { 0 };
    if (memcmp(address.bytes, any_v4, sizeof any_v4) == 0) {
        address.bytes[12] = 127;
        address.bytes[15] = 1;
    } else if (memcmp(address.bytes, any_v6, sizeof any_v6) == 0) {
        address.bytes[15] = 1;
    }
    return address;
}

/* A name that the certificate is for; a wildcard is for this one among others. */
static void name_server(const struct certificate *own, struct load_server *server) {
    bool is_wild = own->name[0] == '*';
    (void)snprintf(server->name, sizeof server->name, "%s%s", is_wild ? "doctor" : "",
                   own->name + is_wild);
}

bool doctor_place_own(const struct doctor *doctor, const struct address *listen, const char *scheme,
                      bool is_secure, struct doctor_place *ret) {
    char host[ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX + 16];
    struct err_note note;
    if (listen->port == 0 || (is_secure && !doctor->own_trust)) return false;
    const struct address address = reachable(*listen);
    (void)address_format_port(&address, host);
    (void)snprintf(text, sizeof text, "%s%s://%s", scheme, is_secure ? "s" : "", host);
    if (doctor_place_open(text, doctor->own_trust, ret, &note)) return false;
    ret->is_own = true;
    if (is_secure) name_server(&doctor->own, &ret->server);
    return true;
}
