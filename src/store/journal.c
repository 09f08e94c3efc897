/* SPDX-License-Identifier: MIT */
/*
 * store/journal.c: the queue of changes and the thread that writes them. Two arrays change places:
 * while one is written the other fills. A second thread tidies the file beside that, which took
 * publishes up to 200 ms when it was part of their commit (bench/durable).
 */
#include "store/journal.h"

#include "base/mem.h"
#include "store/sqlite/file_priv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
    RECORDS_MAX = 1 << 16,  /* that wait or are being written */
    BYTES_MAX = 64 << 20,   /* of what they carry */
    RECORDS_KEPT = 1 << 12, /* room for so many stays when they are written */
    RETRY_S = 1,
};

struct records {
    struct journal_record *at;
    size_t len, cap;
    size_t bytes;
};

struct journal {
    struct journal_options options;
    struct journal_file *file;
    pthread_t thread, tidier;
    bool is_started, has_tidier;
    pthread_mutex_t lock;
    pthread_cond_t changed, untidied;
    bool is_untidy;
    bool is_ending;        /* all under `lock`: */
    struct records posted; /* what waits, */
    size_t count, bytes;   /* with what is being written */
    _Atomic uint64_t ticket, durable;
    atomic_bool is_failing;
};

enum err journal_open(const struct journal_options *options, struct journal **ret,
                      struct err_note *note) {
    struct journal_file *file;
    enum err e = journal_file_open(options->path, &file, note);
    if (e) return e;
    struct journal *journal = mem_new(sizeof *journal);
    journal->options = *options;
    journal->file = file;
    (void)pthread_mutex_init(&journal->lock, NULL);
    (void)pthread_cond_init(&journal->changed, NULL);
    (void)pthread_cond_init(&journal->untidied, NULL);
    *ret = journal;
    return ERR_OK;
}

enum err journal_read(struct journal *journal, struct journal_sink *sink, struct err_note *note) {
    return journal_file_read(journal->file, sink, note);
}

enum err journal_read_batches(struct journal *journal,
                              void (*told)(void *owner, const struct journal_record *told),
                              void *owner, struct err_note *note) {
    return journal_file_read_batches(journal->file, told, owner, note);
}

static size_t bytes_of(const struct journal_record *record) {
    return record->payload.len + record->name.len + record->owner.len;
}

static enum err judge(struct journal *journal, size_t bytes) {
    if (atomic_load(&journal->is_failing)) return ERR_IO;
    bool has_room = journal->count < RECORDS_MAX && bytes <= BYTES_MAX - journal->bytes;
    return has_room ? ERR_OK : ERR_AGAIN;
}

enum err journal_check(struct journal *journal) {
    pthread_mutex_lock(&journal->lock);
    enum err e = judge(journal, 0);
    pthread_mutex_unlock(&journal->lock);
    return e;
}

static enum err make_room(struct records *records) {
    if (records->len < records->cap) return ERR_OK;
    size_t cap = records->cap ? records->cap * 2 : RECORDS_KEPT;
    struct journal_record *at = mem_try_resize(records->at, cap * sizeof *at);
    if (!at) return ERR_NOMEM;
    records->at = at;
    records->cap = cap;
    return ERR_OK;
}

/* Whether its strings are those of the caller alone. */
static bool has_text(const struct journal_record *record) {
    return record->kind == JOURNAL_DECLARE || record->kind == JOURNAL_TELL ||
           record->kind == JOURNAL_UNTELL;
}

static struct span copy(char **at, struct span text) {
    char *copied = *at;
    if (text.len > 0) memcpy(copied, text.at, text.len);
    *at += text.len;
    return span_of(copied, text.len);
}

/* Makes them its own, in one piece. */
static enum err own_text(struct journal_record *record) {
    char *text = mem_try(record->name.len + record->owner.len + record->payload.len);
    if (!text) return ERR_NOMEM;
    record->name = copy(&text, record->name);
    record->owner = copy(&text, record->owner);
    record->payload = copy(&text, record->payload);
    return ERR_OK;
}

static enum err add(struct journal *journal, const struct journal_record *record) {
    enum err e = make_room(&journal->posted);
    struct journal_record own = *record;
    if (!e && has_text(&own)) e = own_text(&own);
    if (e) return e;
    if (own.kind == JOURNAL_APPEND) own.message = journal->options.ref(own.message);
    journal->posted.at[journal->posted.len++] = own;
    journal->posted.bytes += bytes_of(&own);
    journal->bytes += bytes_of(&own);
    journal->count++;
    return ERR_OK;
}

enum err journal_put(struct journal *journal, const struct journal_record *record) {
    pthread_mutex_lock(&journal->lock);
    enum err e = judge(journal, bytes_of(record));
    if (!e) e = add(journal, record);
    if (!e) {
        atomic_fetch_add(&journal->ticket, 1);
        if (journal->posted.len == 1) (void)pthread_cond_signal(&journal->changed);
    }
    pthread_mutex_unlock(&journal->lock);
    return e;
}

static void let_go(struct journal *journal, struct records *records) {
    for (size_t i = 0; i < records->len; i++) {
        const struct journal_record *record = &records->at[i];
        if (record->kind == JOURNAL_APPEND) journal->options.unref(record->message);
        if (has_text(record)) mem_free((char *)(uintptr_t)record->name.at);
    }
    pthread_mutex_lock(&journal->lock);
    journal->count -= records->len;
    journal->bytes -= records->bytes;
    if (journal_file_is_untidy(journal->file) && !journal->is_untidy) {
        journal->is_untidy = true;
        (void)pthread_cond_signal(&journal->untidied);
    }
    pthread_mutex_unlock(&journal->lock);
    records->len = records->bytes = 0;
    if (records->cap > RECORDS_KEPT) {
        mem_free(records->at);
        *records = (struct records){ 0 };
    }
}

/* Takes all that waits, and waits for something; false at the end. */
static bool take(struct journal *journal, struct records *taken) {
    pthread_mutex_lock(&journal->lock);
    while (journal->posted.len == 0 && !journal->is_ending)
        (void)pthread_cond_wait(&journal->changed, &journal->lock);
    struct records empty = *taken;
    *taken = journal->posted;
    journal->posted = empty;
    pthread_mutex_unlock(&journal->lock);
    return taken->len > 0;
}

/* Waits before the next try; false when there is no time for one. */
static bool wait_for_retry(struct journal *journal) {
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RETRY_S;
    pthread_mutex_lock(&journal->lock);
    int e = 0;
    while (!journal->is_ending && e == 0)
        e = pthread_cond_timedwait(&journal->changed, &journal->lock, &until);
    bool is_ending = journal->is_ending;
    pthread_mutex_unlock(&journal->lock);
    return !is_ending;
}

/* Until it is done; false when the end came before that. */
static bool write_all(struct journal *journal, const struct records *records) {
    struct err_note note;
    while (journal_file_write(journal->file, records->at, records->len, &note) != ERR_OK) {
        atomic_store(&journal->is_failing, true);
        journal->options.moved(journal->options.owner, note.text);
        if (!wait_for_retry(journal)) return false;
    }
    atomic_fetch_add(&journal->durable, records->len);
    atomic_store(&journal->is_failing, false);
    journal->options.moved(journal->options.owner, NULL);
    return true;
}

static void *run(void *arg) {
    struct journal *journal = arg;
    struct records taken = { 0 };
    bool is_good = true;
    while (is_good && take(journal, &taken)) {
        is_good = write_all(journal, &taken);
        let_go(journal, &taken);
    }
    mem_free(taken.at);
    return NULL;
}

static void *tidy(void *arg) {
    struct journal *journal = arg;
    pthread_mutex_lock(&journal->lock);
    while (!journal->is_ending) {
        if (!journal->is_untidy) {
            (void)pthread_cond_wait(&journal->untidied, &journal->lock);
            continue;
        }
        journal->is_untidy = false;
        pthread_mutex_unlock(&journal->lock);
        struct err_note note;
        enum err e = journal_file_tidy(journal->file, &note);
        journal->options.tidied(journal->options.owner, e ? note.text : NULL);
        pthread_mutex_lock(&journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

enum err journal_start(struct journal *journal) {
    if (pthread_create(&journal->tidier, NULL, tidy, journal) != 0) return ERR_LIMIT;
    journal->has_tidier = true;
    if (pthread_create(&journal->thread, NULL, run, journal) != 0) return ERR_LIMIT;
    journal->is_started = true;
    return ERR_OK;
}

void journal_free(struct journal *journal) {
    if (!journal) return;
    pthread_mutex_lock(&journal->lock);
    journal->is_ending = true;
    (void)pthread_cond_signal(&journal->changed);
    (void)pthread_cond_signal(&journal->untidied);
    pthread_mutex_unlock(&journal->lock);
    if (journal->is_started) (void)pthread_join(journal->thread, NULL);
    if (journal->has_tidier) (void)pthread_join(journal->tidier, NULL);
    let_go(journal, &journal->posted);
    mem_free(journal->posted.at);
    journal_file_close(journal->file);
    (void)pthread_cond_destroy(&journal->changed);
    (void)pthread_cond_destroy(&journal->untidied);
    (void)pthread_mutex_destroy(&journal->lock);
    mem_free(journal);
}

uint64_t journal_ticket(const struct journal *journal) {
    return atomic_load(&journal->ticket);
}

uint64_t journal_durable(const struct journal *journal) {
    return atomic_load(&journal->durable);
}

bool journal_is_failing(const struct journal *journal) {
    return atomic_load(&journal->is_failing);
}
