/* SPDX-License-Identifier: MIT */
/*
 * load/server.c: see load/server.h.
 */
#include "load/server.h"

#include "load/url.h"
#include "net/stream.h"

enum err load_server_find(const struct load_url *url, struct tls_context *tls,
                          struct load_server *ret, struct err_note *note) {
    struct load_server server = { .tls = url->is_secure ? tls : NULL };
    enum err e = load_url_resolve(url, &server.address, note);
    if (e) return e;
    if (url->host.len > LOAD_HOST_MAX) return err_note(note, ERR_INVALID, "the host is too long");
    memcpy(server.name, url->host.at, url->host.len);
    *ret = server;
    return ERR_OK;
}

enum err load_server_dial(const struct load_server *server, struct stream *ret,
                          struct err_note *note) {
    struct stream stream;
    enum err e = stream_connect(&server->address, &stream, note);
    if (e) return e;
    if (server->tls) e = stream_begin_tls_client(&stream, server->tls, server->name);
    if (e) {
        stream_abort(&stream);
        return err_note(note, e, "TLS: %s", err_text(e));
    }
    *ret = stream;
    return ERR_OK;
}
