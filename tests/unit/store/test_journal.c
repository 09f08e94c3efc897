/* SPDX-License-Identifier: MIT */
/*
 * What a store gave to its journal is there again: in order, with owners and ends; and files that
 * cannot be used are refused with their name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/journal.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEP_S = 1000, NOW_S = 500, WALL_S = 1700000000 };

/* The store does not look into messages, so here they are this. */
struct message {
    atomic_int refs;
    uint64_t sequence;
    size_t len;
    char text[];
};

static struct message *message_new(struct span text, uint64_t sequence, bool is_last) {
    (void)is_last;
    struct message *m = mem_new(sizeof *m + text.len);
    atomic_init(&m->refs, 1);
    m->sequence = sequence;
    m->len = text.len;
    memcpy(m->text, text.at, text.len);
    return m;
}
static struct message *ref(struct message *m) {
    atomic_fetch_add(&m->refs, 1);
    return m;
}
static void unref(struct message *m) {
    if (atomic_fetch_sub(&m->refs, 1) == 1) mem_free(m);
}
static size_t bytes_of(const struct message *m) {
    return m->len;
}
static struct span payload_of(const struct message *m) {
    return span_of(m->text, m->len);
}

static const struct store_message_ops ops = {
    .ref = ref, .unref = unref, .bytes = bytes_of, .payload = payload_of, .read = message_new
};

static const struct store_options roomy = {
    .channels_max = 1000,
    .channel_messages_max = 100000,
    .channel_bytes_max = 100000000,
    .bytes_max = 100000000,
    .keep_seconds = KEEP_S,
};

/* A store with its file, as the server has them. */
struct kept {
    struct store *store;
    struct journal *journal;
    atomic_int failures;
    atomic_int tidied, untidied;
};

static char folder[] = "/tmp/tidings-journal-XXXXXX";
static char path[64];

static void on_moved(void *owner, const char *problem) {
    struct kept *kept = owner;
    if (problem) atomic_fetch_add(&kept->failures, 1);
}

static void on_tidied(void *owner, const char *problem) {
    struct kept *kept = owner;
    atomic_fetch_add(problem ? &kept->untidied : &kept->tidied, 1);
}

static enum err open_with(struct kept *kept, const struct store_options *options, int64_t wall_s,
                          uint32_t now_s, struct err_note *note) {
    const struct journal_options journal_options = {
        .path = path,
        .ref = ref,
        .unref = unref,
        .moved = on_moved,
        .tidied = on_tidied,
        .owner = kept,
    };
    *kept = (struct kept){ 0 };
    enum err e = journal_open(&journal_options, &kept->journal, note);
    if (e) return e;
    kept->store = store_new(options, &ops);
    e = store_read_journal(kept->store, kept->journal, wall_s, now_s, note);
    if (!e) e = journal_start(kept->journal);
    return e;
}

static void end(struct kept *kept) {
    journal_free(kept->journal);
    store_free(kept->store);
}

static void begin(struct kept *kept, int64_t wall_s) {
    struct err_note note = { "" };
    enum err e = open_with(kept, &roomy, wall_s, NOW_S, &note);
    if (e) fail_msg("%s", note.text);
}

static void remove_files(void) {
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < countof(ends); i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return -1;
    (void)snprintf(path, sizeof path, "%s/store.db", folder);
    return 0;
}
static int remove_folder(void **state) {
    (void)state;
    remove_files();
    return rmdir(folder);
}
static int clean(void **state) {
    (void)state;
    remove_files();
    return 0;
}

static void declare(struct kept *kept, const char *channel, const char *owner) {
    bool is_new;
    assert_int_equal(store_declare(kept->store, span_str(channel), span_str(owner), NOW_S, &is_new),
                     ERR_OK);
}

static enum err append(struct kept *kept, const char *channel, const char *text, bool is_last,
                       uint64_t *ret) {
    struct message *m = message_new(span_str(text), 0, false);
    enum err e = store_append(kept->store, span_str(channel), m, is_last, NOW_S, ret);
    unref(m);
    return e;
}

static void wait_until_durable(const struct kept *kept) {
    uint64_t ticket = store_ticket(kept->store);
    for (int i = 0; i < 10000 && store_durable(kept->store) < ticket; i++)
        (void)usleep(1000);
    assert_true(store_durable(kept->store) >= ticket);
}

static bool is_declared(struct kept *kept, const char *channel, const char *owner) {
    char room[STORE_OWNER_MAX];
    size_t len;
    return store_owner(kept->store, span_str(channel), room, &len) == ERR_OK &&
           span_eq(span_of(room, len), span_str(owner));
}

static void everything_is_there_again(void **state) {
    (void)state;
    struct kept kept;
    uint64_t number;
    begin(&kept, WALL_S);
    declare(&kept, "mine", "anna");
    declare(&kept, "anybody's", "");
    for (int i = 0; i < 1000; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "m%d", i);
        assert_int_equal(append(&kept, "mine", i == 7 ? "" : text, i == 999, &number), ERR_OK);
        assert_int_equal(number, i + 1);
    }
    wait_until_durable(&kept);
    end(&kept);

    begin(&kept, WALL_S + 10);
    assert_true(is_declared(&kept, "mine", "anna"));
    assert_true(is_declared(&kept, "anybody's", ""));
    static struct store_item items[1001];
    assert_int_equal(store_read(kept.store, SPAN("mine"), 0, items, countof(items)), 1000);
    for (size_t i = 0; i < 1000; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "m%zu", i);
        assert_true(span_eq(payload_of(items[i].message), span_str(i == 7 ? "" : text)));
        assert_int_equal(items[i].sequence, i + 1);
        assert_int_equal(items[i].message->sequence, i + 1);
        assert_int_equal(items[i].is_last, i == 999);
        unref(items[i].message);
    }
    assert_int_equal(append(&kept, "mine", "more", false, &number), ERR_OK);
    assert_int_equal(number, 1001);
    end(&kept);

    begin(&kept, WALL_S + 20); /* what was not waited for is written at the end */
    assert_int_equal(store_read(kept.store, SPAN("mine"), 1000, items, 1), 1);
    unref(items[0].message);
    end(&kept);
}

static void the_file_is_private(void **state) {
    (void)state;
    struct kept kept;
    static const char *const ends[] = { "", "-wal", "-shm" };
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    wait_until_durable(&kept);
    for (size_t i = 0; i < countof(ends); i++) {
        char name[80];
        struct stat about;
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        assert_int_equal(stat(name, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    end(&kept);
}

static void a_forgotten_channel_stays_so(void **state) {
    (void)state;
    struct kept kept;
    uint64_t number;
    begin(&kept, WALL_S);
    declare(&kept, "old", "");
    assert_int_equal(append(&kept, "old", "x", false, &number), ERR_OK);
    assert_int_equal(append(&kept, "old", "y", false, &number), ERR_OK);
    store_sweep(kept.store, NOW_S + KEEP_S, NULL);
    assert_false(is_declared(&kept, "old", ""));
    end(&kept);
    begin(&kept, WALL_S);
    assert_false(is_declared(&kept, "old", ""));
    declare(&kept, "old", "");
    assert_int_equal(append(&kept, "old", "z", false, &number), ERR_OK);
    assert_int_equal(number, 3); /* numbers only rise */
    end(&kept);
}

static void time_passes_while_nobody_serves(void **state) {
    (void)state;
    struct kept kept;
    uint64_t number;
    begin(&kept, WALL_S);
    declare(&kept, "quiet", "");
    declare(&kept, "busy", "");
    end(&kept);
    begin(&kept, WALL_S + KEEP_S / 2);
    assert_int_equal(append(&kept, "busy", "x", false, &number), ERR_OK);
    end(&kept);
    begin(&kept, WALL_S + KEEP_S);
    assert_false(is_declared(&kept, "quiet", ""));
    assert_true(is_declared(&kept, "busy", ""));
    end(&kept);
    begin(&kept, WALL_S - KEEP_S); /* the wall clock was put back */
    assert_true(is_declared(&kept, "busy", ""));
    store_sweep(kept.store, NOW_S + KEEP_S, NULL);
    assert_false(is_declared(&kept, "busy", ""));
    end(&kept);
}

static bool everybody(void *owner, struct span channel) {
    (void)owner, (void)channel;
    return true;
}

static void let_go(void *owner) {
    (void)owner;
}

static const struct store_listeners listened = { everybody, let_go, NULL };

static void who_listened_may_come_back(void **state) {
    (void)state;
    struct kept kept;
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    store_sweep(kept.store, NOW_S + KEEP_S, &listened);
    assert_true(is_declared(&kept, "c", ""));
    end(&kept);
    begin(&kept, WALL_S + KEEP_S + KEEP_S / 2);
    assert_true(is_declared(&kept, "c", ""));
    end(&kept);
    begin(&kept, WALL_S + 2 * KEEP_S);
    assert_false(is_declared(&kept, "c", ""));
    end(&kept);
}

/* Another process that tidies, as it seems: SQLite's lock for that is a byte of the file beside the
 * store. It ends when this end of `until` is closed. */
static pid_t tidy_elsewhere(const int until[2]) {
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    char name[80], byte = 0;
    if (child == 0) {
        (void)snprintf(name, sizeof name, "%s-shm", path);
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 121, .l_len = 1 };
        int fd = open(name, O_RDWR | O_CLOEXEC);
        if (fcntl(fd, F_SETLK, &lock) != 0 || write(ready[1], &byte, 1) != 1) _exit(1);
        (void)close(until[1]);
        (void)!read(until[0], &byte, 1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return child;
}

enum { BULK_BYTES = 100000 };

static void write_bulk(struct kept *kept) {
    static char text[BULK_BYTES + 1];
    memset(text, 'x', BULK_BYTES);
    uint64_t number;
    assert_int_equal(append(kept, "c", text, false, &number), ERR_OK);
    wait_until_durable(kept);
}

/* Again and again until that is told. */
static void write_until(struct kept *kept, const atomic_int *told) {
    for (int i = 0; i < 900 && atomic_load(told) == 0; i++)
        write_bulk(kept);
    assert_true(atomic_load(told) > 0);
}

static void a_log_that_only_grows_is_told(void **state) {
    (void)state;
    struct kept kept;
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    int until[2];
    assert_int_equal(pipe2(until, O_CLOEXEC), 0);
    pid_t child = tidy_elsewhere(until);
    write_until(&kept, &kept.untidied);
    (void)close(until[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    atomic_store(&kept.tidied, 0);
    write_until(&kept, &kept.tidied);
    assert_int_equal(atomic_load(&kept.failures), 0);
    (void)close(until[0]);
    end(&kept);
}

static off_t log_bytes(void) {
    char name[80];
    struct stat about;
    (void)snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &about), 0);
    return about.st_size;
}

/* What was moved into the store makes room for what comes. */
static void the_log_does_not_only_grow(void **state) {
    (void)state;
    struct kept kept;
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    write_until(&kept, &kept.tidied);
    off_t before = 0, after = 1;
    for (int tries = 0; tries < 50 && after > before; tries++) {
        (void)usleep(50000); /* for the tidying to come to its end */
        before = log_bytes();
        for (int i = 0; i < 20; i++)
            write_bulk(&kept);
        after = log_bytes();
    }
    assert_in_range(before, 20 * BULK_BYTES, SIZE_MAX);
    assert_int_equal(after, before);
    end(&kept);
}

static void what_happens_after_the_journal_stays_in_memory(void **state) {
    (void)state;
    struct kept kept;
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    store_leave_journal(kept.store);
    journal_free(kept.journal);
    kept.journal = NULL;
    store_touch(kept.store, SPAN("c"), NOW_S + KEEP_S);
    declare(&kept, "late", "");
    assert_int_equal(store_ticket(kept.store), 0);
    end(&kept);
    begin(&kept, WALL_S);
    assert_true(is_declared(&kept, "c", ""));
    assert_false(is_declared(&kept, "late", ""));
    end(&kept);
}

static void limits_hold_at_the_start(void **state) {
    (void)state;
    struct kept kept;
    uint64_t number;
    begin(&kept, WALL_S);
    declare(&kept, "a", "");
    declare(&kept, "b", "");
    assert_int_equal(append(&kept, "a", "x", false, &number), ERR_OK);
    assert_int_equal(append(&kept, "a", "y", false, &number), ERR_OK);
    end(&kept);
    struct store_options narrow = roomy;
    struct err_note note = { "" };
    narrow.channels_max = 1;
    assert_int_equal(open_with(&kept, &narrow, WALL_S, NOW_S, &note), ERR_LIMIT);
    end(&kept);
    narrow = roomy;
    narrow.channel_messages_max = 1;
    assert_int_equal(open_with(&kept, &narrow, WALL_S, NOW_S, &note), ERR_LIMIT);
    end(&kept);
    begin(&kept, WALL_S); /* and nothing was lost by that */
    assert_true(is_declared(&kept, "b", ""));
    end(&kept);
}

static void one_process_has_the_file(void **state) {
    (void)state;
    struct kept kept, other;
    struct err_note note = { "" };
    begin(&kept, WALL_S);
    assert_int_equal(open_with(&other, &roomy, WALL_S, NOW_S, &note), ERR_BUSY);
    assert_non_null(strstr(note.text, path));
    end(&kept);
}

static void write_file(size_t at, const char *bytes, size_t len) {
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
    assert_int_equal(close(fd), 0);
}

static void refuses(enum err expected) {
    struct kept kept;
    struct err_note note = { "" };
    assert_int_equal(open_with(&kept, &roomy, WALL_S, NOW_S, &note), expected);
    if (kept.journal) end(&kept);
    assert_non_null(strstr(note.text, path));
}

static void what_is_no_store_is_refused(void **state) {
    (void)state;
    static char text[8192];
    memset(text, 'x', sizeof text);
    write_file(0, text, sizeof text);
    refuses(ERR_INVALID);
}

static void a_damaged_file_is_refused(void **state) {
    (void)state;
    struct kept kept;
    uint64_t number;
    static char noise[4096];
    begin(&kept, WALL_S);
    declare(&kept, "c", "");
    for (int i = 0; i < 5000; i++)
        assert_int_equal(append(&kept, "c", "some text of some length", false, &number), ERR_OK);
    end(&kept);
    memset(noise, 0xa5, sizeof noise);
    write_file(sizeof noise * 10, noise, sizeof noise);
    refuses(ERR_INVALID);
}

static void a_path_that_cannot_be_is_refused(void **state) {
    (void)state;
    char kept_path[sizeof path];
    memcpy(kept_path, path, sizeof path);
    (void)snprintf(path, sizeof path, "%s/no/such.db", folder);
    refuses(ERR_IO);
    (void)snprintf(path, sizeof path, "%s", folder);
    refuses(ERR_IO);
    memcpy(path, kept_path, sizeof path);
}

static int fill_the_disk(void) {
    struct kept kept;
    struct err_note note;
    uint64_t number = 0, accepted = 0;
    bool is_new;
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (open_with(&kept, &roomy, WALL_S, NOW_S, &note)) return 10;
    if (store_declare(kept.store, SPAN("c"), SPAN(""), NOW_S, &is_new)) return 11;
    while (store_durable(kept.store) < store_ticket(kept.store))
        (void)usleep(1000);
    const struct rlimit full = { 1 << 20, RLIM_INFINITY };
    if (setrlimit(RLIMIT_FSIZE, &full)) return 12;
    enum err e = ERR_OK;
    for (int i = 0; i < 1000 && !e; i++) {
        e = append(&kept, "c", text, false, &number);
        if (!e) accepted++;
        (void)usleep(2000);
    }
    if (e != ERR_IO || !store_is_failing(kept.store) || kept.failures == 0) return 13;
    if (store_accepts(kept.store) != ERR_IO) return 14;
    if (store_durable(kept.store) >= store_ticket(kept.store)) return 15;
    const struct rlimit room = { RLIM_INFINITY, RLIM_INFINITY };
    if (setrlimit(RLIMIT_FSIZE, &room)) return 16;
    /* What was put while the last transaction failed is written by one of its own. */
    for (int i = 0; i < 10000 && (store_is_failing(kept.store) ||
                                  store_durable(kept.store) != store_ticket(kept.store));
         i++)
        (void)usleep(1000);
    if (store_durable(kept.store) != store_ticket(kept.store)) return 17;
    if (append(&kept, "c", "after", false, &number) || number != accepted + 1) return 18;
    end(&kept);
    return 0;
}

/* In a process of its own, whose files may not grow. */
static void a_full_disk_takes_nothing_until_it_has_room(void **state) {
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(fill_the_disk());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct kept kept;
    static struct store_item items[1001];
    begin(&kept, WALL_S);
    size_t count = store_read(kept.store, SPAN("c"), 0, items, countof(items));
    assert_in_range(count, 2, 1000);
    assert_true(span_eq(payload_of(items[count - 1].message), SPAN("after")));
    for (size_t i = 0; i < count; i++)
        unref(items[i].message);
    end(&kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(everything_is_there_again, clean),
        cmocka_unit_test_teardown(the_file_is_private, clean),
        cmocka_unit_test_teardown(a_forgotten_channel_stays_so, clean),
        cmocka_unit_test_teardown(time_passes_while_nobody_serves, clean),
        cmocka_unit_test_teardown(who_listened_may_come_back, clean),
        cmocka_unit_test_teardown(a_log_that_only_grows_is_told, clean),
        cmocka_unit_test_teardown(the_log_does_not_only_grow, clean),
        cmocka_unit_test_teardown(what_happens_after_the_journal_stays_in_memory, clean),
        cmocka_unit_test_teardown(limits_hold_at_the_start, clean),
        cmocka_unit_test_teardown(one_process_has_the_file, clean),
        cmocka_unit_test_teardown(what_is_no_store_is_refused, clean),
        cmocka_unit_test_teardown(a_damaged_file_is_refused, clean),
        cmocka_unit_test_teardown(a_path_that_cannot_be_is_refused, clean),
        cmocka_unit_test_teardown(a_full_disk_takes_nothing_until_it_has_room, clean),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
