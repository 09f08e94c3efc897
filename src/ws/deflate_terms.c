/* SPDX-License-Identifier: MIT */
/*
 * ws/deflate_terms.c: negotiates permessage-deflate (RFC 7692 §5 and §7.1).
 *
 * The client's own window needs no parameter in the answer: the one inflater a worker has takes the
 * largest.
 */
#include "ws/deflate.h"
#include "ws/extension_priv.h"

enum {
    BITS_MIN = 8, /* what a parameter may say */
    BITS_MAX = 15,
};

/* The windows by bits: RFC 7692 lets a server answer with fewer than it was asked for. */
static const char *const window_bits[WS_WINDOWS] = { "12", "9" };
enum { USUAL_BITS = 12, NARROW_BITS = 9 };

enum param {
    SERVER_NO_TAKEOVER,
    CLIENT_NO_TAKEOVER,
    SERVER_BITS,
    CLIENT_BITS,
    PARAMS,
};

static const char *const param_names[PARAMS] = {
    [SERVER_NO_TAKEOVER] = "server_no_context_takeover",
    [CLIENT_NO_TAKEOVER] = "client_no_context_takeover",
    [SERVER_BITS] = "server_max_window_bits",
    [CLIENT_BITS] = "client_max_window_bits",
};

static enum param param_find(struct span name) {
    enum param which = 0;
    while (which < PARAMS && !span_eq_nocase(name, span_str(param_names[which])))
        which++;
    return which;
}

/* The value as a number of bits; 0 when it is none. */
static unsigned param_bits(const struct extension_param *param) {
    uint64_t bits;
    if (param->value_len > sizeof param->value) return 0;
    if (!span_to_uint(span_of(param->value, param->value_len), BITS_MAX, &bits)) return 0;
    return bits >= BITS_MIN ? (unsigned)bits : 0;
}

static bool accept_param(enum param which, const struct extension_param *param,
                         struct ws_deflate_terms *terms) {
    switch (which) {
    case SERVER_NO_TAKEOVER:
    case CLIENT_NO_TAKEOVER: return !param->has_value;
    case CLIENT_BITS: return !param->has_value || param_bits(param) > 0;
    case SERVER_BITS: {
        unsigned bits = param_bits(param);
        terms->has_asked_bits = true;
        terms->window = bits >= USUAL_BITS ? WS_WINDOW_USUAL : WS_WINDOW_NARROW;
        return bits >= NARROW_BITS;
    }
    case PARAMS: break;
    }
    return false;
}

static bool accept_offer(struct span params, struct ws_deflate_terms *ret) {
    struct ws_deflate_terms terms = { .is_on = true };
    bool seen[PARAMS] = { false };
    struct extension_param param;
    while (extension_param_next(&params, &param) == EXTENSION_ITEM) {
        enum param which = param_find(param.name);
        if (which == PARAMS || seen[which] || !accept_param(which, &param, &terms)) return false;
        seen[which] = true;
    }
    *ret = terms;
    return true;
}

struct ws_deflate_terms ws_deflate_choose(struct span offers) {
    struct ws_deflate_terms terms = { .is_on = false };
    struct extension offer;
    while (extension_next(&offers, &offer) == EXTENSION_ITEM) {
        if (span_eq_nocase(offer.name, SPAN("permessage-deflate")) &&
            accept_offer(offer.params, &terms)) {
            break;
        }
    }
    return terms;
}

void ws_deflate_answer(const struct ws_deflate_terms *terms, struct buf *out) {
    assert(terms->is_on);
    buf_append_text(out, "permessage-deflate; server_no_context_takeover; "
                         "client_no_context_takeover");
    if (!terms->has_asked_bits) return;
    buf_append_text(out, "; server_max_window_bits=");
    buf_append_text(out, window_bits[terms->window]);
}
