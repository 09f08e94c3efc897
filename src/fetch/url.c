/* SPDX-License-Identifier: MIT */
/*
 * fetch/url.c: URLs, taken apart by the library that follows them, so that there are no two
 * opinions of what one says.
 */
#include "fetch/url.h"

#include "fetch/curl_priv.h"

static CURLU *parse(const char *url) {
    CURLU *parts = curl.url();
    if (parts && curl.url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        return parts;
    }
    curl.url_cleanup(parts);
    return NULL;
}

/* The part in `ret`, to be given back with `curl.free`; NULL when it is not there. */
static char *part(CURLU *parts, CURLUPart what) {
    char *text = NULL;
    return curl.url_get(parts, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_printable(const char *url) {
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~') return false;
    return true;
}

/* The library would take the first part of the path for a host that is missing. */
static bool has_host(const char *url) {
    const char *mark = strstr(url, "://");
    return mark && mark[3] != '/';
}

static enum err check_scheme(const char *scheme, bool allows_http, struct err_note *note) {
    if (scheme && strcmp(scheme, "https") == 0) return ERR_OK;
    if (!scheme || strcmp(scheme, "http") != 0)
        return err_note(note, ERR_INVALID, "a URL that begins with https:// expected");
    return allows_http ? ERR_OK
                       : err_note(note, ERR_INVALID,
                                  "http:// is read and changed by anybody on the way; https:// "
                                  "expected");
}

enum err fetch_url_check(const char *url, bool allows_http, struct err_note *note) {
    if (strlen(url) > FETCH_URL_MAX)
        return err_note(note, ERR_INVALID, "longer than %d bytes", FETCH_URL_MAX);
    if (!is_printable(url))
        return err_note(note, ERR_INVALID,
                        "blanks and all but ASCII must be written as escapes (%%20)");
    if (curl_load(note)) return ERR_UNSUPPORTED;
    CURLU *parts = parse(url);
    if (!parts) return err_note(note, ERR_INVALID, "not a URL, https://host/path expected");
    char *scheme = part(parts, CURLUPART_SCHEME);
    enum err e = check_scheme(scheme, allows_http, note);
    if (!e && !has_host(url)) e = err_note(note, ERR_INVALID, "it names no host");
    curl.free(scheme);
    curl.url_cleanup(parts);
    return e;
}

static void append_part(CURLU *parts, const char *before, CURLUPart what, struct buf *out) {
    char *text = part(parts, what);
    if (text) {
        buf_append_text(out, before);
        buf_append_text(out, text);
    }
    curl.free(text);
}

static void append_masked(CURLU *parts, CURLUPart what, const char *mask, struct buf *out) {
    char *text = part(parts, what);
    if (text) buf_append_text(out, mask);
    curl.free(text);
}

void fetch_url_show(const char *url, struct buf *out) {
    CURLU *parts = curl_load(NULL) ? NULL : parse(url);
    if (!parts) {
        buf_append_text(out, "***");
        return;
    }
    append_part(parts, "", CURLUPART_SCHEME, out);
    buf_append_text(out, "://");
    append_masked(parts, CURLUPART_USER, "***@", out);
    append_part(parts, "", CURLUPART_HOST, out);
    append_part(parts, ":", CURLUPART_PORT, out);
    append_part(parts, "", CURLUPART_PATH, out);
    append_masked(parts, CURLUPART_QUERY, "?***", out);
    curl.url_cleanup(parts);
}
