/* SPDX-License-Identifier: MIT */
/*
 * fetch/fetch.c: libcurl on a loop: its sockets are watched with the loop's own, its one timer is
 * an alarm.
 */
#include "fetch/fetch.h"

#include "base/buf.h"
#include "base/mem.h"
#include "fetch/cache_priv.h"
#include "fetch/curl_priv.h"

#include <sys/epoll.h>

struct fetch {
    struct loop *loop;
    uint32_t kind, alarm;
    fetch_done done;
    void *owner;
    CURLM *multi;
    CURL *easy; /* what is under way; NULL: nothing */
    struct buf document;
    size_t header_bytes; /* of all answers, redirects too */
    int64_t max_age_s;
    char problem[CURL_ERROR_SIZE];
};

static enum count_fetch end_of(const struct fetch *fetch, CURLcode code) {
    switch (code) {
    case CURLE_OK: return COUNT_FETCH_OK;
    case CURLE_OPERATION_TIMEDOUT: return COUNT_FETCH_TIMEOUT;
    case CURLE_TOO_MANY_REDIRECTS: return COUNT_FETCH_REDIRECT;
    case CURLE_UNSUPPORTED_PROTOCOL: {
        long redirects = 0; /* none: the answer was not HTTP */
        (void)curl.easy_getinfo(fetch->easy, CURLINFO_REDIRECT_COUNT, &redirects);
        return redirects > 0 ? COUNT_FETCH_REDIRECT : COUNT_FETCH_UNREACHABLE;
    }
    case CURLE_FILESIZE_EXCEEDED: return COUNT_FETCH_TOO_BIG;
    case CURLE_WRITE_ERROR: {
        bool is_memory = buf_err(&fetch->document) == ERR_NOMEM;
        return is_memory ? COUNT_FETCH_UNREACHABLE : COUNT_FETCH_TOO_BIG;
    }
    default: return COUNT_FETCH_UNREACHABLE;
    }
}

/* curl's own sentence, but where it would speak of its insides. */
static void describe(struct fetch *fetch, CURLcode code, enum count_fetch end) {
    if (end == COUNT_FETCH_TOO_BIG) {
        bool is_header = buf_err(&fetch->document) == ERR_OK && code == CURLE_WRITE_ERROR;
        (void)snprintf(fetch->problem, sizeof fetch->problem, "the %s larger than %zu bytes",
                       is_header ? "headers are" : "answer is",
                       is_header ? (size_t)FETCH_HEADERS_MAX : fetch->document.max);
    } else if (code == CURLE_UNSUPPORTED_PROTOCOL && end == COUNT_FETCH_REDIRECT) {
        (void)snprintf(fetch->problem, sizeof fetch->problem,
                       "a redirect to a protocol that is not allowed");
    } else if (code == CURLE_WRITE_ERROR || !*fetch->problem) {
        bool is_memory = code == CURLE_WRITE_ERROR;
        (void)snprintf(fetch->problem, sizeof fetch->problem, "%s",
                       is_memory ? err_text(ERR_NOMEM) : curl.easy_strerror(code));
    }
}

void fetch_stop(struct fetch *fetch) {
    if (!fetch->easy) return;
    (void)curl.multi_remove_handle(fetch->multi, fetch->easy);
    curl.easy_cleanup(fetch->easy);
    fetch->easy = NULL;
}

/* Nothing is under way any more when the owner hears of it, so that it may begin another. */
static void finish(struct fetch *fetch, CURLcode code) {
    struct fetch_result result = { .end = end_of(fetch, code) };
    long status = 0;
    (void)curl.easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    if (result.end == COUNT_FETCH_OK && status != 200) {
        result.end = COUNT_FETCH_STATUS;
        (void)snprintf(fetch->problem, sizeof fetch->problem, "status %ld", status);
    } else if (result.end != COUNT_FETCH_OK) {
        describe(fetch, code, result.end);
    }
    fetch_stop(fetch);
    struct buf document = buf_take(&fetch->document);
    char problem[CURL_ERROR_SIZE];
    memcpy(problem, fetch->problem, sizeof problem);
    result.document = buf_span(&document);
    result.max_age_s = fetch->max_age_s;
    result.problem = problem;
    fetch->done(fetch->owner, &result);
    buf_finish(&document);
}

static void act(struct fetch *fetch, curl_socket_t fd, int events) {
    int running, left;
    (void)curl.multi_socket_action(fetch->multi, fd, events, &running);
    const CURLMsg *message = curl.multi_info_read(fetch->multi, &left);
    if (message && message->msg == CURLMSG_DONE) finish(fetch, message->data.result);
}

static void on_ready(void *owner, uint32_t index, uint32_t events) {
    bool is_over = events & (EPOLLERR | EPOLLHUP); /* curl finds out by reading and writing */
    int acts = (events & EPOLLIN || is_over ? CURL_CSELECT_IN : 0) |
               (events & EPOLLOUT || is_over ? CURL_CSELECT_OUT : 0);
    act(owner, (curl_socket_t)index, acts);
}

static void on_alarm(void *owner) {
    act(owner, CURL_SOCKET_TIMEOUT, 0);
}

/* One that goes off though curl wants none any more does no harm. */
static int on_timer(CURLM *multi, long after_ms, void *owner) {
    struct fetch *fetch = owner;
    (void)multi;
    if (after_ms >= 0) loop_set_alarm(fetch->loop, fetch->alarm, (uint64_t)after_ms);
    return 0;
}

/* `watched` is set for a socket that the loop knows. One that cannot be watched runs into the time
 * limit. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *watched) {
    struct fetch *fetch = owner;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched) loop_unwatch(fetch->loop, fd);
        (void)curl.multi_assign(fetch->multi, fd, NULL);
    } else if (watched) {
        loop_rewatch(fetch->loop, fd, fetch->kind, (uint32_t)fd, events);
    } else if (loop_watch(fetch->loop, fd, fetch->kind, (uint32_t)fd, events) == ERR_OK) {
        (void)curl.multi_assign(fetch->multi, fd, fetch);
    }
    return 0;
}

static size_t on_header(char *at, size_t size, size_t count, void *owner) {
    struct fetch *fetch = owner;
    struct span line = span_of(at, size * count);
    fetch->header_bytes += line.len;
    if (fetch->header_bytes > FETCH_HEADERS_MAX) return 0;
    if (span_starts(line, SPAN("HTTP/"))) fetch->max_age_s = FETCH_NO_AGE;
    cache_take_header(line, &fetch->max_age_s);
    return line.len;
}

static size_t on_body(char *at, size_t size, size_t count, void *owner) {
    struct fetch *fetch = owner;
    buf_append(&fetch->document, at, size * count);
    return buf_err(&fetch->document) ? 0 : size * count;
}

struct fetch *fetch_new(struct loop *loop, fetch_done done, void *owner) {
    struct fetch *fetch = mem_new(sizeof *fetch);
    fetch->loop = loop;
    fetch->done = done;
    fetch->owner = owner;
    fetch->kind = loop_add_kind(loop, on_ready, fetch);
    fetch->alarm = loop_add_alarm(loop, on_alarm, fetch);
    enum err e = curl_load(NULL);
    assert(e == ERR_OK); /* it has judged the URL */
    (void)e;
    CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT);
    fetch->multi = curl.multi_init();
    assert(code == CURLE_OK && fetch->multi);
    (void)code;
    (void)curl.multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl.multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
    (void)curl.multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl.multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
    return fetch;
}

void fetch_free(struct fetch *fetch) {
    if (!fetch) return;
    fetch_stop(fetch);
    (void)curl.multi_cleanup(fetch->multi);
    curl.global_cleanup();
    buf_finish(&fetch->document);
    mem_free(fetch);
}

static void set_bounds(CURL *easy, const struct fetch_options *options) {
    bool is_secure = strncasecmp(options->url, "https:", 6) == 0;
    const char *protocols = is_secure ? "https" : "http,https";
    (void)curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
    (void)curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
    (void)curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl.easy_setopt(easy, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS_MAX);
    (void)curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    (void)curl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->timeout_ms);
    (void)curl.easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)options->max_bytes);
    (void)curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Whoever waits for a name server is left to itself instead of being waited for. */
    (void)curl.easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    /* Neither a connection nor the system's certificates are kept for the next time. */
    (void)curl.easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    (void)curl.easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
}

static void set_trust(CURL *easy, struct span trusted) {
    (void)curl.easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (trusted.len == 0) return;
    struct curl_blob blob = { (void *)(uintptr_t)trusted.at, trusted.len, CURL_BLOB_COPY };
    (void)curl.easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    (void)curl.easy_setopt(easy, CURLOPT_CAPATH, NULL);
}

void fetch_begin(struct fetch *fetch, const struct fetch_options *options) {
    fetch_stop(fetch);
    buf_finish(&fetch->document);
    buf_init(&fetch->document, options->max_bytes);
    fetch->header_bytes = 0;
    fetch->max_age_s = FETCH_NO_AGE;
    fetch->problem[0] = '\0';
    CURL *easy = curl.easy_init();
    assert(easy); /* small and fixed, as what `mem_new` gives */
    fetch->easy = easy;
    set_bounds(easy, options);
    set_trust(easy, options->trusted);
    (void)curl.easy_setopt(easy, CURLOPT_URL, options->url);
    (void)curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl.easy_setopt(easy, CURLOPT_USERAGENT, "tidings");
    (void)curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl.easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    (void)curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl.easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    (void)curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->problem);
    CURLMcode code = curl.multi_add_handle(fetch->multi, easy);
    assert(code == CURLM_OK); /* the same */
    (void)code;
}

bool fetch_is_busy(const struct fetch *fetch) {
    return fetch->easy != NULL;
}
