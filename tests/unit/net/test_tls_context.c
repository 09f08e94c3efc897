/* SPDX-License-Identifier: MIT */
/*
 * Who we are and whom we trust: which identities make a context, which peers are refused and why,
 * which certificate is shown to whom, and what becomes of tickets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/tls_priv.h"
#include "tls_scene.h"

#include <pthread.h>
#include <time.h>

/* ---- what makes a context ---- */

static void expect_note(const struct tls_identity *identity, enum err expected, const char *words) {
    struct tls_context *context = NULL;
    struct err_note note = { "?" };
    const struct tls_server_options options = { .identities = identity, .identity_count = 1 };
    assert_int_equal(tls_server_new(&options, &context, &note), expected);
    assert_true(strstr(note.text, words) != NULL);
    assert_int_equal(context != NULL, expected == ERR_OK);
    assert_int_equal(note.text[0] == '\0', words[0] == '\0');
    tls_context_unref(context);
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_bad_identity_is_refused_in_words(void **state) {
    (void)state;
    static struct made other, weak, old, young;
    make(&(struct maker_order){ .names = "DNS:other" }, &other);
    make(&(struct maker_order){ .names = "DNS:weak", .rsa_bits = 1024 }, &weak);
    make(&(struct maker_order){ .names = "DNS:old", .from_days = -9, .to_days = -2 }, &old);
    make(&(struct maker_order){ .names = "DNS:new", .from_days = 2, .to_days = 9 }, &young);
    struct tls_identity good = made_identity(&world.leaf), bad = good;
    expect_note(&good, ERR_OK, "");
    bad.chain = SPAN("");
    expect_note(&bad, ERR_INVALID, "no certificate");
    bad.chain = SPAN("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect_note(&bad, ERR_INVALID, "no certificate");
    bad = good;
    bad.key = SPAN("");
    expect_note(&bad, ERR_INVALID, "test: its private key");
    bad.key = maker_span(&other.key);
    expect_note(&bad, ERR_INVALID, "not this certificate's");
    char damaged[16384];
    size_t len = world.leaf.certificate.len;
    memcpy(damaged, world.leaf.certificate.text, len);
    memcpy(damaged + len, world.leaf.certificate.text, len);
    damaged[len + len / 2] = '!';
    bad = good;
    bad.chain = span_of(damaged, 2 * len);
    expect_note(&bad, ERR_INVALID, "behind the first is damaged");
    bad = made_identity(&weak);
    expect_note(&bad, ERR_INVALID, "key too small");
    bad = made_identity(&old);
    expect_note(&bad, ERR_OK, "has expired");
    bad = made_identity(&young);
    expect_note(&bad, ERR_OK, "not valid yet");
    made_free(&other);
    made_free(&weak);
    made_free(&old);
    made_free(&young);
}

static void a_key_with_a_passphrase_is_refused(void **state) {
    (void)state;
    struct maker_text locked;
    BIO *bio = BIO_new(BIO_s_mem());
    char secret[] = "secret";
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, world.leaf.pkey, EVP_aes_128_cbc(), secret,
                                                   6, NULL, NULL),
                     1);
    maker_write(bio, &locked);
    struct tls_identity bad = made_identity(&world.leaf);
    bad.key = maker_span(&locked);
    expect_note(&bad, ERR_INVALID, "without a passphrase");
}

static void what_is_trusted_must_be_certificates(void **state) {
    (void)state;
    struct tls_context *context = NULL;
    struct err_note note;
    struct tls_client_options options = { .trusted = SPAN("none") };
    assert_int_equal(tls_client_new(&options, &context, &note), ERR_INVALID);
    assert_string_equal(note.text, "no trusted certificate in PEM is there");
    /* The system's, if there are any. */
    options.trusted = SPAN("");
    assert_int_equal(tls_client_new(&options, &context, &note), ERR_OK);
    tls_context_unref(context);
}

static void the_first_to_expire_counts(void **state) {
    (void)state;
    struct made soon;
    make(&(struct maker_order){ .names = "DNS:soon", .from_days = -1, .to_days = 3 }, &soon);
    const struct tls_identity both[] = { made_identity(&world.leaf), made_identity(&soon) };
    struct tls_context *context = NULL;
    assert_int_equal(
        tls_server_new(&(struct tls_server_options){ both, 2, TLS_1_2, NULL }, &context, NULL),
        ERR_OK);
    int64_t days = (tls_context_expires_s(context) - time(NULL) + 60) / 86400;
    assert_int_equal(days, 3);
    assert_int_equal(tls_context_expires_s(world.client), 0);
    tls_context_unref(context);
    made_free(&soon);
}

/* ---- peers that are refused ---- */

static void expect_refused(struct tls_context *server, struct tls_context *client, const char *name,
                           const char *why, const char *alert) {
    struct tls_pair p;
    tls_pair_begin(&p, server, client, name);
    assert_false(tls_pair_shake(&p));
    assert_int_equal(stream_problem(&p.client), TLS_PROBLEM_CERTIFICATE);
    assert_string_equal(stream_problem_text(&p.client), why);
    assert_int_equal(stream_problem(&p.server), TLS_PROBLEM_REFUSED);
    assert_string_equal(stream_problem_text(&p.server), alert);
    tls_pair_close(&p);
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_server_must_be_who_is_wanted(void **state) {
    (void)state;
    static const char *const good[] = { "localhost", "LOCALHOST", "127.0.0.1" };
    for (size_t i = 0; i < countof(good); i++) {
        struct tls_pair p;
        tls_pair_begin(&p, world.server, world.client, good[i]);
        assert_true(tls_pair_shake(&p));
        tls_pair_close(&p);
    }
    expect_refused(world.server, world.client, "elsewhere", "hostname mismatch", "bad certificate");
    expect_refused(world.server, world.client, "a.localhost", "hostname mismatch",
                   "bad certificate");
    expect_refused(world.server, world.client, "127.0.0.2", "IP address mismatch",
                   "bad certificate");
    struct stream s = { .fd = -1 };
    assert_int_equal(stream_begin_tls_client(&s, world.client, ""), ERR_INVALID);
    assert_null(s.tls);
}

static void a_server_must_be_vouched_for(void **state) {
    (void)state;
    struct made stranger, expired, own;
    make(&(struct maker_order){ 0 }, &stranger);
    make(
        &(struct maker_order){
            .names = "DNS:localhost", .issuer = &world.authority, .from_days = -9, .to_days = -1 },
        &expired);
    make(&(struct maker_order){ .names = "DNS:localhost" }, &own);
    struct tls_context *doubter = made_client(&stranger);
    expect_refused(world.server, doubter, "localhost", "unable to get local issuer certificate",
                   "unknown CA");
    struct tls_context *late = made_server(&expired, NULL);
    expect_refused(late, world.client, "localhost", "certificate has expired",
                   "certificate expired");
    struct tls_context *alone = made_server(&own, NULL);
    expect_refused(alone, world.client, "localhost", "self-signed certificate", "unknown CA");
    tls_context_unref(doubter);
    tls_context_unref(late);
    tls_context_unref(alone);
    made_free(&stranger);
    made_free(&expired);
    made_free(&own);
}

static void a_chain_leads_to_the_authority(void **state) {
    (void)state;
    static struct made between, leaf;
    make(&(struct maker_order){ .issuer = &world.authority }, &between);
    make(&(struct maker_order){ .names = "DNS:localhost", .issuer = &between }, &leaf);
    char chain[16384];
    memcpy(chain, leaf.certificate.text, leaf.certificate.len);
    memcpy(chain + leaf.certificate.len, between.certificate.text, between.certificate.len);
    struct tls_identity identity = made_identity(&leaf);
    identity.chain = span_of(chain, leaf.certificate.len + between.certificate.len);
    struct tls_context *server = NULL;
    assert_int_equal(
        tls_server_new(&(struct tls_server_options){ &identity, 1, TLS_1_2, NULL }, &server, NULL),
        ERR_OK);
    struct tls_pair p;
    tls_pair_begin(&p, server, world.client, "localhost");
    assert_true(tls_pair_shake(&p));
    tls_pair_close(&p);
    tls_context_unref(server);
    made_free(&between);
    made_free(&leaf);
}

/* OpenSSL alone as a server that wants to see a certificate. */
static bool show_to_asker(struct tls_context *client) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(context, world.leaf.x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, world.leaf.pkey), 1);
    (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(context), world.authority.x509);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    int fds[2];
    socket_pair(fds);
    SSL *ssl = SSL_new(context);
    (void)SSL_set_fd(ssl, fds[1]);
    SSL_set_accept_state(ssl);
    struct stream s = { .fd = fds[0] };
    assert_int_equal(stream_begin_tls_client(&s, client, "localhost"), ERR_OK);
    enum err e = ERR_AGAIN;
    for (int i = 0; i < 10 && e == ERR_AGAIN; i++) {
        e = tls_turn(&s);
        (void)SSL_do_handshake(ssl);
        e = tls_turn(&s);
    }
    bool is_through = SSL_is_init_finished(ssl) && e == ERR_AGAIN;
    if (!is_through) {
        assert_int_equal(stream_problem(&s), TLS_PROBLEM_REFUSED);
        assert_string_equal(stream_problem_text(&s), "tlsv13 alert certificate required");
    }
    stream_close(&s);
    SSL_free(ssl);
    SSL_CTX_free(context);
    (void)close(fds[1]);
    ERR_clear_error();
    return is_through;
}

static void a_client_shows_who_it_is(void **state) {
    (void)state;
    struct tls_identity identity = made_identity(&world.leaf);
    const struct tls_client_options options = { .trusted = maker_span(&world.authority.certificate),
                                                .identity = &identity };
    struct tls_context *known = NULL;
    assert_int_equal(tls_client_new(&options, &known, NULL), ERR_OK);
    assert_true(show_to_asker(known));
    assert_false(show_to_asker(world.client));
    assert_true(tls_context_expires_s(known) > time(NULL));
    tls_context_unref(known);
}

static void another_protocol_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *offer, *chosen;
    } offers[] = {
        { "\x08http/1.1", "http/1.1" }, { "\x02h2\x08http/1.0\x08http/1.1", "http/1.1" },
        { "\x08http/1.0", "http/1.0" }, { "\x02h2", NULL },
        { "\x08http/0.9", NULL },
    };
    for (size_t i = 0; i < countof(offers); i++) {
        struct foreign f;
        foreign_open(&f);
        (void)SSL_CTX_set_alpn_protos(f.context, (const unsigned char *)offers[i].offer,
                                      (unsigned)strlen(offers[i].offer));
        foreign_connect(&f, world.server, false);
        assert_int_equal(foreign_shake(&f), offers[i].chosen != NULL);
        const unsigned char *chosen;
        unsigned len;
        SSL_get0_alpn_selected(f.ssl, &chosen, &len);
        if (offers[i].chosen) assert_memory_equal(chosen, offers[i].chosen, 8);
        assert_int_equal(stream_problem(&f.server),
                         offers[i].chosen ? TLS_PROBLEM_NONE : TLS_PROBLEM_APPLICATION);
        foreign_close(&f);
    }
}

static void old_versions_and_ciphers_are_refused(void **state) {
    (void)state;
    struct tls_identity identity = made_identity(&world.leaf);
    struct tls_context *modern = NULL;
    assert_int_equal(
        tls_server_new(&(struct tls_server_options){ &identity, 1, TLS_1_3, NULL }, &modern, NULL),
        ERR_OK);
    const struct {
        struct tls_context *server;
        int version;
        const char *ciphers;
        enum tls_problem problem;
    } cases[] = {
        { world.server, TLS1_3_VERSION, "DEFAULT", TLS_PROBLEM_NONE },
        { world.server, TLS1_2_VERSION, "DEFAULT", TLS_PROBLEM_NONE },
        { world.server, TLS1_1_VERSION, "DEFAULT@SECLEVEL=0", TLS_PROBLEM_VERSION },
        { world.server, TLS1_VERSION, "DEFAULT@SECLEVEL=0", TLS_PROBLEM_VERSION },
        { world.server, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", TLS_PROBLEM_PARAMETERS },
        { world.server, TLS1_2_VERSION, "AES128-GCM-SHA256", TLS_PROBLEM_PARAMETERS },
        { modern, TLS1_3_VERSION, "DEFAULT", TLS_PROBLEM_NONE },
        { modern, TLS1_2_VERSION, "DEFAULT", TLS_PROBLEM_VERSION },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct foreign f;
        foreign_open(&f);
        assert_int_equal(SSL_CTX_set_cipher_list(f.context, cases[i].ciphers), 1);
        (void)SSL_CTX_set_min_proto_version(f.context, 0);
        (void)SSL_CTX_set_max_proto_version(f.context, cases[i].version);
        foreign_connect(&f, cases[i].server, false);
        assert_int_equal(foreign_shake(&f), cases[i].problem == TLS_PROBLEM_NONE);
        assert_int_equal(stream_problem(&f.server), cases[i].problem);
        foreign_close(&f);
    }
    tls_context_unref(modern);
}

/* ---- which certificate ---- */

static void expect_shown(struct tls_context *server, const char *name, const struct made *made) {
    struct foreign f;
    foreign_open(&f);
    foreign_connect(&f, server, false);
    if (name) assert_int_equal(SSL_set_tlsext_host_name(f.ssl, name), 1);
    assert_true(foreign_shake(&f));
    assert_int_equal(X509_cmp(SSL_get0_peer_certificate(f.ssl), made->x509), 0);
    foreign_close(&f);
}

static void each_name_has_its_certificate(void **state) {
    (void)state;
    enum { FIRST, ANY, ONE, LATER, NAMELESS, COUNT };
    static const char *const names[COUNT] = {
        "DNS:first.example",
        "DNS:*.example,DNS:Any.Example",
        "DNS:one.example,DNS:*.deep.one.example",
        "DNS:one.example,DNS:later.test",
        "",
    };
    static struct made made[COUNT];
    struct tls_identity identities[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        make(&(struct maker_order){ .names = names[i], .issuer = &world.authority }, &made[i]);
        identities[i] = made_identity(&made[i]);
    }
    struct tls_context *server = NULL;
    assert_int_equal(
        tls_server_new(&(struct tls_server_options){ identities, COUNT, TLS_1_2, NULL }, &server,
                       NULL),
        ERR_OK);
    expect_shown(server, NULL, &made[FIRST]);
    expect_shown(server, "first.example", &made[FIRST]);
    expect_shown(server, "unknown.test", &made[FIRST]);
    expect_shown(server, "example", &made[FIRST]);
    expect_shown(server, "other.example", &made[ANY]);
    expect_shown(server, "any.example", &made[ANY]);
    expect_shown(server, "deep.other.example", &made[FIRST]);
    expect_shown(server, "one.example", &made[ONE]);
    expect_shown(server, "ONE.Example", &made[ONE]);
    expect_shown(server, "x.deep.one.example", &made[ONE]);
    expect_shown(server, "x.one.example", &made[FIRST]);
    expect_shown(server, "later.test", &made[LATER]);
    expect_shown(server, ".example", &made[FIRST]);
    expect_shown(server, "*.example", &made[ANY]);
    tls_context_unref(server);
    for (size_t i = 0; i < COUNT; i++)
        made_free(&made[i]);
}

/* ---- tickets ---- */

/* Connects again; was it taken up? */
static bool takes_up(struct foreign *f, struct tls_context *server) {
    if (f->ssl) foreign_hang_up(f);
    foreign_connect(f, server, true);
    assert_true(foreign_shake(f));
    bool is_resumed = stream_is_resumed(&f->server);
    assert_int_equal(SSL_session_reused(f->ssl), is_resumed);
    return is_resumed;
}

static void tickets_of(int version) {
    struct made other;
    make(&(struct maker_order){ .names = "DNS:other", .issuer = &world.authority }, &other);
    struct tls_context *server = made_server(&world.leaf, NULL);
    struct foreign f;
    foreign_open(&f);
    (void)SSL_CTX_set_max_proto_version(f.context, version);
    assert_false(takes_up(&f, server));
    assert_true(takes_up(&f, server));
    /* A context of its own has other keys, */
    assert_false(takes_up(&f, world.server));
    assert_false(takes_up(&f, server));
    /* one that follows has the same, and survives it; */
    struct tls_context *heir = made_server(&other, server);
    assert_non_null(heir);
    foreign_hang_up(&f);
    tls_context_unref(server);
    assert_true(takes_up(&f, heir));
    /* the key before the last is good once more, and its tickets are replaced. */
    uint64_t now_ns = clock_now_ns();
    tls_tickets_rotate(heir->tickets, now_ns + 1);
    assert_true(takes_up(&f, heir));
    uint64_t life_ns = TLS_TICKET_LIFE_S * NS_PER_S;
    tls_tickets_rotate(heir->tickets, now_ns + life_ns);
    SSL_SESSION *old = SSL_SESSION_dup(f.session);
    assert_true(takes_up(&f, heir));
    tls_tickets_rotate(heir->tickets, now_ns + 2 * life_ns);
    assert_true(takes_up(&f, heir));
    SSL_SESSION_free(f.session);
    f.session = old;
    assert_false(takes_up(&f, heir));
    /* After a long silence none is. */
    tls_tickets_rotate(heir->tickets, now_ns + 5 * life_ns);
    assert_false(takes_up(&f, heir));
    foreign_close(&f);
    tls_context_unref(heir);
    made_free(&other);
}

static void tickets_outlive_a_reload_and_not_their_keys(void **state) {
    (void)state;
    tickets_of(TLS1_3_VERSION);
    tickets_of(TLS1_2_VERSION);
}

/* ---- threads ---- */

static struct tls_context *_Atomic current;
static atomic_bool is_over;

static void *shake_hands(void *arg) {
    atomic_uint *shaken = arg;
    while (!atomic_load(&is_over)) {
        struct tls_pair p;
        tls_pair_begin(&p, atomic_load(&current), world.client, "localhost");
        *shaken += tls_pair_shake(&p);
        tls_pair_close(&p);
    }
    return NULL;
}

static void threads_share_contexts_that_follow_each_other(void **state) {
    (void)state;
    enum { THREADS = 3, CONTEXTS = 10 };
    struct tls_context *contexts[CONTEXTS] = { made_server(&world.leaf, NULL) };
    atomic_store(&current, contexts[0]);
    pthread_t threads[THREADS];
    atomic_uint shaken[THREADS] = { 0 };
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, shake_hands, &shaken[i]), 0);
    for (size_t i = 1; i < CONTEXTS; i++) {
        contexts[i] = made_server(&world.leaf, contexts[i - 1]);
        atomic_store(&current, contexts[i]);
        tls_tickets_rotate(contexts[i]->tickets, clock_now_ns() + i * TLS_TICKET_LIFE_S * NS_PER_S);
        for (size_t of = 0; of < THREADS; of++) {
            for (unsigned was = shaken[of]; shaken[of] < was + 2;)
                (void)usleep(100);
        }
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < CONTEXTS; i++)
        tls_context_unref(contexts[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_identity_is_refused_in_words),
        cmocka_unit_test(a_key_with_a_passphrase_is_refused),
        cmocka_unit_test(what_is_trusted_must_be_certificates),
        cmocka_unit_test(the_first_to_expire_counts),
        cmocka_unit_test(a_server_must_be_who_is_wanted),
        cmocka_unit_test(a_server_must_be_vouched_for),
        cmocka_unit_test(a_chain_leads_to_the_authority),
        cmocka_unit_test(a_client_shows_who_it_is),
        cmocka_unit_test(another_protocol_is_refused),
        cmocka_unit_test(old_versions_and_ciphers_are_refused),
        cmocka_unit_test(each_name_has_its_certificate),
        cmocka_unit_test(tickets_outlive_a_reload_and_not_their_keys),
        cmocka_unit_test(threads_share_contexts_that_follow_each_other),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
