/* SPDX-License-Identifier: MIT */
/*
 * lib/http.c: a thread that posts what waits to a node as batches, one after the other, over a
 * connection that stays. A batch that may have arrived is not sent again; one that cannot have is,
 * until its messages expire.
 */
#include "publisher_priv.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/random.h"

#include <curl/curl.h>
#include <stdatomic.h>

enum {
    BODY_MAX = 1 << 20,       /* the node's usual `api.max_body_bytes` */
    ROOM_A_MESSAGE = 6 * 200, /* a channel with escapes, and the command around it */
    ANSWER_MAX = 4 << 20,
    IDLE_S = 20, /* less than a node keeps an idle connection, so that none is lost to that */
    PAUSE_MIN_MS = 50,
    PAUSE_MAX_MS = 2000,
    WAIT_MS = 20,
};

struct batch {
    struct entry *entries[MESSAGES_A_BATCH];
    size_t count;
    struct buf body;
    size_t read; /* of the body, by curl */
};

struct http_publisher {
    struct tidings *publisher;
    CURL *curl;
    struct curl_slist *headers;
    pthread_t thread;
    _Atomic uint64_t ends_ns; /* 0: it goes on */
    uint32_t pause_ms;        /* before the next try */
    struct batch batch;
    struct buf answer;
    char problem[CURL_ERROR_SIZE];
};

/* ---- a batch -------------------------------------------------------------------------------- */

static void append_command(struct buf *body, const struct entry *entry) {
    buf_append_text(body, body->len == 0 ? "{\"commands\":[" : ",");
    buf_append_text(body, "{\"publish\":{\"channel\":");
    json_append_string(body, entry_channel(entry));
    buf_append_text(body, ",\"data\":");
    buf_append_span(body, entry_json(entry));
    buf_append_text(body, "}}");
}

/* As many of those that wait as one body takes; a message that is larger goes alone. */
static void fill(struct http_publisher *way) {
    struct batch *batch = &way->batch;
    struct queue *queue = &way->publisher->queue;
    buf_clear(&batch->body);
    batch->count = batch->read = 0;
    struct entry *entry;
    while (batch->count < MESSAGES_A_BATCH && (entry = queue_take(queue)) != NULL) {
        size_t bytes = entry->json_len + ROOM_A_MESSAGE;
        if (batch->count > 0 && batch->body.len + bytes > BODY_MAX) {
            queue_put_back(queue, entry);
            break;
        }
        append_command(&batch->body, entry);
        batch->entries[batch->count++] = entry;
    }
    if (batch->count > 0) buf_append_text(&batch->body, "]}");
}

static void put_all_back(struct http_publisher *way) {
    struct batch *batch = &way->batch;
    while (batch->count > 0)
        queue_put_back(&way->publisher->queue, batch->entries[--batch->count]);
}

static void settle_all(struct http_publisher *way, enum tidings_result result,
                       const char *problem) {
    struct batch *batch = &way->batch;
    for (size_t i = 0; i < batch->count; i++)
        queue_settle(way->publisher, batch->entries[i], result, 0, problem);
    batch->count = 0;
}

/* ---- what the node said --------------------------------------------------------------------- */

/* `{"error":{"code","message"}}` as a sentence. False: it is none. */
static bool read_error(struct span object, char problem[static TIDINGS_PROBLEM_MAX]) {
    struct json_value error, message;
    if (!json_find(object, SPAN("error"), &error) ||
        !json_find(error.raw, SPAN("message"), &message)) {
        return false;
    }
    (void)snprintf(problem, TIDINGS_PROBLEM_MAX, "the node refused it: %.*s",
                   SPAN_ARG(message.raw));
    return true;
}

static uint64_t read_deliveries(struct span result) {
    struct json_value published, first, deliveries;
    int64_t count;
    if (!json_find(result, SPAN("published"), &published)) return 0;
    struct json_walk walk = json_walk(published.raw);
    bool is_there = json_element(&walk, &first) == JSON_ITEM &&
                    json_find(first.raw, SPAN("deliveries"), &deliveries) &&
                    json_int(&deliveries, 0, INT64_MAX, &count);
    return is_there ? (uint64_t)count : 0;
}

/* One result a message, in order. */
static void settle_results(struct http_publisher *way, struct span results) {
    struct batch *batch = &way->batch;
    struct json_walk walk = json_walk(results);
    struct json_value result;
    char problem[TIDINGS_PROBLEM_MAX];
    size_t i = 0;
    for (; i < batch->count && json_element(&walk, &result) == JSON_ITEM; i++) {
        if (read_error(result.raw, problem)) {
            queue_settle(way->publisher, batch->entries[i], TIDINGS_REFUSED, 0, problem);
        } else {
            queue_settle(way->publisher, batch->entries[i], TIDINGS_OK, read_deliveries(result.raw),
                         NULL);
        }
    }
    for (; i < batch->count; i++) {
        queue_settle(way->publisher, batch->entries[i], TIDINGS_UNKNOWN, 0,
                     "the node's answer is not whole");
    }
    batch->count = 0;
}

static void settle_answered(struct http_publisher *way) {
    struct json_value results;
    struct span answer = buf_span(&way->answer);
    char problem[TIDINGS_PROBLEM_MAX];
    long status = 0;
    (void)curl_easy_getinfo(way->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && json_find(answer, SPAN("results"), &results)) {
        settle_results(way, results.raw);
        return;
    }
    if (!read_error(answer, problem))
        (void)snprintf(problem, sizeof problem, "the node answered with status %ld", status);
    settle_all(way, TIDINGS_REFUSED, problem);
}

/* ---- the request ---------------------------------------------------------------------------- */

/* Curl sends what has to be read again once more when a connection that it kept turns out to be
 * dead, though it may have arrived: so it is given no way to read it again. */
static size_t on_read(char *to, size_t size, size_t count, void *owner) {
    struct batch *batch = owner;
    size_t len = size_min(size * count, batch->body.len - batch->read);
    memcpy(to, batch->body.at + batch->read, len);
    batch->read += len;
    return len;
}

static size_t on_answer(char *from, size_t size, size_t count, void *owner) {
    struct buf *answer = owner;
    buf_append(answer, from, size * count);
    return buf_err(answer) ? 0 : size * count;
}

static bool is_connected(struct http_publisher *way) {
    curl_off_t after_us = 0;
    (void)curl_easy_getinfo(way->curl, CURLINFO_PRETRANSFER_TIME_T, &after_us);
    return after_us > 0 || way->batch.read > 0;
}

/* True: the messages are settled, or back in the queue for later. */
static void post(struct http_publisher *way) {
    buf_clear(&way->answer);
    way->problem[0] = 0;
    (void)curl_easy_setopt(way->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)way->batch.body.len);
    CURLcode code = buf_err(&way->batch.body) ? CURLE_OUT_OF_MEMORY : curl_easy_perform(way->curl);
    bool was_sent = code == CURLE_OK || is_connected(way);
    const char *problem = *way->problem ? way->problem : curl_easy_strerror(code);
    queue_set_connected(&way->publisher->queue, was_sent);
    if (code == CURLE_OK) {
        settle_answered(way);
    } else if (was_sent) {
        settle_all(way, TIDINGS_UNKNOWN, problem);
    } else {
        put_all_back(way);
        if (way->pause_ms == 0)
            publisher_log(way->publisher, TIDINGS_WARNING, "no connection to the node: %s",
                          problem);
    }
    uint32_t next_ms = way->pause_ms ? way->pause_ms * 2 : PAUSE_MIN_MS;
    way->pause_ms = was_sent ? 0 : (uint32_t)size_min(next_ms, PAUSE_MAX_MS);
}

/* ---- the thread ----------------------------------------------------------------------------- */

static bool is_over(struct http_publisher *way) {
    uint64_t ends_ns = atomic_load(&way->ends_ns);
    return ends_ns && (queue_is_settled(&way->publisher->queue) || clock_now_ns() >= ends_ns);
}

static void expire(struct http_publisher *way) {
    struct entry *entry;
    while ((entry = queue_take_expired(way->publisher, clock_now_ns())) != NULL) {
        queue_settle(way->publisher, entry, TIDINGS_EXPIRED, 0,
                     "there was no connection to the node in time");
    }
}

/* For a while, or until something is put where that matters. */
static void wait_for(struct http_publisher *way, uint32_t ms, bool ends_when_filled) {
    struct queue *queue = &way->publisher->queue;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&queue->lock);
    int e = 0;
    while (e == 0 && !(ends_when_filled && (queue->first || queue->is_closed)))
        e = pthread_cond_timedwait(&queue->changed, &queue->lock, &until);
    pthread_mutex_unlock(&queue->lock);
}

/* Half of it by chance, so that publishers do not come back all at once. */
static void pause_some(struct http_publisher *way) {
    uint32_t left_ms = way->pause_ms / 2 + (uint32_t)random_below(way->pause_ms / 2 + 1);
    for (; left_ms > 0 && !is_over(way); left_ms -= (uint32_t)size_min(left_ms, WAIT_MS)) {
        wait_for(way, (uint32_t)size_min(left_ms, WAIT_MS), false);
        expire(way);
    }
}

static void *run(void *arg) {
    struct http_publisher *way = arg;
    (void)pthread_setname_np(pthread_self(), "tidings");
    while (!is_over(way)) {
        expire(way);
        fill(way);
        if (way->batch.count == 0) {
            wait_for(way, WAIT_MS, true);
            continue;
        }
        post(way);
        if (way->pause_ms > 0) pause_some(way);
    }
    return NULL;
}

/* ---- making and ending ---------------------------------------------------------------------- */

static char *url_of(const char *base) {
    static const char path[] = "/api/v1/batch";
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    char *url = mem_new(len + sizeof path);
    memcpy(url, base, len);
    memcpy(url + len, path, sizeof path);
    return url;
}

static bool add_header(struct http_publisher *way, const char *line) {
    struct curl_slist *list = curl_slist_append(way->headers, line);
    if (list) way->headers = list;
    return list != NULL;
}

static bool set_headers(struct http_publisher *way) {
    const char *key = way->publisher->options.api_key;
    bool is_good = add_header(way, "Content-Type: application/json") && add_header(way, "Expect:");
    if (key && is_good) {
        size_t len = sizeof "X-API-Key: " + strlen(key);
        char *line = mem_new(len);
        (void)snprintf(line, len, "X-API-Key: %s", key);
        is_good = add_header(way, line);
        mem_free(line);
    }
    return is_good && curl_easy_setopt(way->curl, CURLOPT_HTTPHEADER, way->headers) == CURLE_OK;
}

/* CURLE_OK from all of them, or the first that is not. */
static CURLcode set_options(struct http_publisher *way) {
    const struct tidings_options *options = &way->publisher->options;
    CURL *curl = way->curl;
    char *url = url_of(options->url);
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, url); /* which copies it */
    mem_free(url);
#define SET(option, value)                                                                         \
    if (!code) code = curl_easy_setopt(curl, CURLOPT_##option, value)
    SET(PROTOCOLS_STR, "http,https");
    SET(POST, 1L);
    SET(NOSIGNAL, 1L);
    SET(READFUNCTION, on_read);
    SET(READDATA, &way->batch);
    SET(WRITEFUNCTION, on_answer);
    SET(WRITEDATA, &way->answer);
    SET(ERRORBUFFER, way->problem);
    SET(CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    SET(TIMEOUT_MS, (long)options->connect_timeout_ms + (long)options->reply_timeout_ms);
    SET(MAXAGE_CONN, (long)IDLE_S);
    SET(PROXY, ""); /* whatever the environment says: a node is a neighbour */
    if (options->ca_file) SET(CAINFO, options->ca_file);
#undef SET
    return code;
}

static void free_way(struct http_publisher *way) {
    curl_easy_cleanup(way->curl);
    curl_slist_free_all(way->headers);
    buf_finish(&way->batch.body);
    buf_finish(&way->answer);
    mem_free(way);
}

static enum err start(struct tidings *publisher, struct err_note *note) {
    /* Counted, and safe among threads since libcurl 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_note(note, ERR_LIMIT, "libcurl cannot be used");
    struct http_publisher *way = mem_new(sizeof *way);
    way->publisher = publisher;
    way->curl = curl_easy_init();
    buf_init(&way->batch.body,
             BODY_MAX + publisher->options.message_bytes_max + 2 * ROOM_A_MESSAGE);
    buf_init(&way->answer, ANSWER_MAX);
    publisher->state = way;
    bool is_good = way->curl && set_headers(way) && set_options(way) == CURLE_OK;
    if (is_good && pthread_create(&way->thread, NULL, run, way) == 0) return ERR_OK;
    free_way(way);
    curl_global_cleanup();
    return err_note(note, ERR_LIMIT,
                    is_good ? "cannot start a thread" : "libcurl does not take the url");
}

static void wake(struct tidings *publisher) {
    (void)pthread_cond_broadcast(&publisher->queue.changed);
}

static void stop(struct tidings *publisher, uint64_t ends_ns) {
    struct http_publisher *way = publisher->state;
    atomic_store(&way->ends_ns, ends_ns);
    (void)pthread_cond_broadcast(&publisher->queue.changed);
    (void)pthread_join(way->thread, NULL);
    free_way(way);
    curl_global_cleanup();
}

const struct way way_http = { start, wake, stop };
