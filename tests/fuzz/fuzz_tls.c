/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the server's side of TLS in net/: bytes of a stranger, in one piece or two; and, as a peer
 * would who is through the handshake, records that are sealed as they should be, with anything in
 * them. Whatever comes, no byte is made up, and what ends a stream has a reason.
 */
#include "net/tls_priv.h"
#include "tls_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_world world;
static char room[1 << 16];

static enum err read_on(struct stream *s, size_t at_most) {
    size_t len = 0;
    enum err e = stream_read(s, room, sizeof room, &len);
    assert(e != ERR_OK || (len > 0 && len <= at_most));
    assert(e == ERR_OK || e == ERR_AGAIN || e == ERR_CLOSED);
    assert(ERR_peek_error() == 0);
    return e;
}

static void from_a_stranger(struct tls_pair *p, const uint8_t *data, size_t size, size_t cut) {
    enum err e = ERR_AGAIN;
    if (cut > size) cut = size;
    if (cut > 0 && write(p->client.fd, data, cut) == (ssize_t)cut) e = read_on(&p->server, 0);
    if (e == ERR_AGAIN && size > cut) {
        ssize_t put = write(p->client.fd, data + cut, size - cut);
        assert(put == (ssize_t)(size - cut));
        e = read_on(&p->server, 0);
    }
    assert(stream_is_shaking(&p->server));
    assert(e == ERR_AGAIN || stream_problem(&p->server) != TLS_PROBLEM_NONE);
    assert(stream_held_bytes(&p->server) < 2 * TLS_RECORD_MAX);
}

/* As if a handshake had ended in these keys, which are nobody's secret. */
static void skip_handshake(struct stream *s) {
    struct tls *tls = s->tls;
    tls_drop_ssl(tls);
    tls->is_shaking = false;
    tls->has_heard = true;
    tls->suite = TLS_AES_128;
    bool is_begun = tls_way_begin(&tls->in, TLS_AES_128) && tls_way_begin(&tls->out, TLS_AES_128);
    assert(is_begun);
    (void)is_begun;
}

/* Each record is a byte for its content, one for its length, and that many bytes. */
static void from_a_friend(struct tls_pair *p, const uint8_t *data, size_t size) {
    skip_handshake(&p->server);
    struct tls_way way = p->server.tls->in;
    enum err e = ERR_AGAIN;
    while (size >= 2 && e != ERR_CLOSED) {
        size_t len = data[1] < size - 2 ? data[1] : size - 2;
        struct buf out;
        buf_init(&out, TLS_RECORD_MAX);
        /* Ours are updated where the peer's would be. */
        way = p->server.tls->in;
        bool is_sealed =
            tls_seal(&tls_wire()->ciphers, &way, TLS_AES_128, (enum tls_content)data[0],
                     span_of((const char *)data + 2, len), &out);
        assert(is_sealed && write(p->client.fd, out.at, out.len) == (ssize_t)out.len);
        e = read_on(&p->server, len);
        buf_finish(&out);
        data += 2 + len;
        size -= 2 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    if (!world.server) tls_world_make(&world);
    struct tls_pair p;
    tls_pair_open(&p);
    enum err e = stream_begin_tls_server(&p.server, world.server);
    assert(e == ERR_OK);
    (void)e;
    if (data[0] & 1) {
        from_a_friend(&p, data + 1, size - 1);
    } else {
        from_a_stranger(&p, data + 2, size - 2, data[1]);
    }
    tls_pair_close(&p);
    return 0;
}
