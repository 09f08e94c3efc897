/* SPDX-License-Identifier: MIT */
/*
 * net/tls_wire.c: between OpenSSL and the socket: a BIO for all streams of a thread.
 *
 * It reads from a span that whoever calls OpenSSL has set, and what is written is gathered and sent
 * afterwards, in one piece. So OpenSSL never waits for the socket, holds no unfinished record, and
 * a connection needs no BIO of its own. The callbacks look the thread up instead of keeping a
 * pointer: what is left of a worker may be closed by another thread after the worker has ended.
 */
#include "net/tls_priv.h"

#include "base/mem.h"

#include <openssl/bio.h>
#include <pthread.h>

enum { OUT_MAX = 1 << 20, OUT_KEPT_BYTES = 64 << 10 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* for its destructor alone */
static BIO_METHOD *method;
static _Thread_local struct tls_wire *own;

static int wire_read(BIO *bio, char *to, size_t len, size_t *ret_len) {
    BIO_clear_retry_flags(bio);
    if (own->in.len == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *ret_len = size_min(len, own->in.len);
    memcpy(to, own->in.at, *ret_len);
    own->in = span_skip(own->in, *ret_len);
    return 1;
}

static int wire_write(BIO *bio, const char *from, size_t len, size_t *ret_len) {
    BIO_clear_retry_flags(bio);
    buf_append(&own->out, from, len);
    *ret_len = len;
    return buf_err(&own->out) == ERR_OK;
}

static long wire_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static void wire_free(void *own_wire) {
    struct tls_wire *wire = own_wire;
    BIO_free(wire->bio);
    tls_ciphers_finish(&wire->ciphers);
    buf_finish(&wire->out);
    mem_free(wire);
    own = NULL;
}

static void prepare(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (!method || pthread_key_create(&key, wire_free) != 0) return;
    (void)BIO_meth_set_read_ex(method, wire_read);
    (void)BIO_meth_set_write_ex(method, wire_write);
    (void)BIO_meth_set_ctrl(method, wire_ctrl);
}

static struct tls_wire *wire_new(void) {
    (void)pthread_once(&once, prepare);
    struct tls_wire *wire = method ? mem_try(sizeof *wire) : NULL;
    if (!wire) return NULL;
    wire->in = (struct span){ NULL, 0 };
    buf_init(&wire->out, OUT_MAX);
    bool has_ciphers = tls_ciphers_init(&wire->ciphers);
    wire->bio = BIO_new(method);
    if (!has_ciphers || !wire->bio || pthread_setspecific(key, wire) != 0) {
        wire_free(wire);
        return NULL;
    }
    BIO_set_init(wire->bio, 1);
    return wire;
}

struct tls_wire *tls_wire(void) {
    if (unlikely(!own)) own = wire_new();
    return own;
}

void tls_wire_clear(struct tls_wire *wire) {
    if (wire->out.cap > OUT_KEPT_BYTES) buf_finish(&wire->out);
    buf_clear(&wire->out);
}
