/* SPDX-License-Identifier: MIT */
/*
 * config/type_tls.c: values that name a certificate.
 */
#include "base/json.h"
#include "config/config.h"
#include "config/type_priv.h"

enum { FILE_NAME_MAX = 4095 };

static bool read_member(const struct config_read *in, const struct config_node *item,
                        struct config_certificate *certificate) {
    struct span member = item->key->text, text;
    bool is_key = span_eq(member, SPAN("key_file"));
    if (!is_key && !span_eq(member, SPAN("cert_file")))
        return config_wrong(in, item->key,
                            "a certificate has cert_file and key_file, but no " CONFIG_QUOTE,
                            CONFIG_QUOTED(member));
    if (!config_take_name(in, item, 1, FILE_NAME_MAX, &text)) return false;
    *(is_key ? &certificate->key_file : &certificate->cert_file) = config_pool_text(in->pool, text);
    return true;
}

static bool read_certificate(const struct config_read *in, const struct config_row *row,
                             const struct config_node *node, void *ret) {
    (void)row;
    struct config_certificate certificate = { 0 };
    bool is_good = true;
    if (node->kind != CONFIG_MAP)
        return config_wrong(in, node, "a map with cert_file and key_file expected");
    for (const struct config_node *item = node->first; item; item = item->next)
        is_good &= read_member(in, item, &certificate);
    if (!is_good) return false;
    if (!certificate.cert_file || !certificate.key_file)
        return config_wrong(in, node, "a certificate without its %s",
                            certificate.cert_file ? "key_file" : "cert_file");
    memcpy(ret, &certificate, sizeof certificate);
    return true;
}

static void show_certificate(const struct config_row *row, const void *value, struct buf *out) {
    (void)row;
    struct config_certificate certificate;
    memcpy(&certificate, value, sizeof certificate);
    buf_append_text(out, "{cert_file: ");
    json_append_string(out, span_str(certificate.cert_file));
    buf_append_text(out, ", key_file: ");
    json_append_string(out, span_str(certificate.key_file));
    buf_append_char(out, '}');
}

const struct config_type config_type_certificates = { .name = "list of certificates",
                                                      .is_list = true,
                                                      .item_bytes =
                                                          sizeof(struct config_certificate),
                                                      .read = read_certificate,
                                                      .show = show_certificate };
