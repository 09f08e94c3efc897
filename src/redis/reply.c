/* SPDX-License-Identifier: MIT */
/*
 * redis/reply.c: hiredis's reader with objects of our own.
 *
 * hiredis hands out strings that lie in its buffer, which it moves before the reply is whole; so
 * everything is copied into the arena as it comes. It also frees and grows that buffer by itself,
 * without base/mem: it is the parser's, and bounded by what it is fed.
 */
#include "redis/reader_priv.h"

#include "base/mem.h"

#include <hiredis/read.h>

enum { BLOCK_BYTES = 64 << 10, ALIGNMENT = _Alignof(struct redis_reply) };

/* Pieces of replies; the first block stays. */
struct block {
    struct block *next;
    size_t used, cap;
    _Alignas(ALIGNMENT) char bytes[];
};

struct redis_reader {
    redisReader *parser;
    struct block *blocks; /* the newest first */
    size_t reply_max;
    size_t fed;      /* bytes that came since the last whole reply, less those before it */
    size_t held;     /* bytes of all blocks */
    bool is_whole;   /* the last reply was whole: the next starts the arena anew */
    bool is_too_big; /* is why the arena gave nothing */
    enum err fail;
    char why[160];
};

static const char TOO_BIG[] = "a reply is larger than is taken";
static const char NO_MEMORY[] = "out of memory for a reply";

static enum err fail(struct redis_reader *r, enum err e, const char *why) {
    r->fail = e;
    (void)snprintf(r->why, sizeof r->why, "%s", why);
    return e;
}

static struct block *block_new(struct redis_reader *r, size_t size) {
    size_t cap = size_max(size, BLOCK_BYTES);
    r->is_too_big = r->held + cap > r->reply_max + BLOCK_BYTES;
    struct block *block = r->is_too_big ? NULL : mem_try(sizeof *block + cap);
    if (!block) return NULL;
    *block = (struct block){ .next = r->blocks, .cap = cap };
    r->held += cap;
    r->blocks = block;
    return block;
}

/* Lasts until the next reply. NULL: no memory, or the reply is too large. */
static void *arena_take(struct redis_reader *r, size_t size) {
    struct block *block = r->blocks;
    if (!block || block->cap - block->used < size) block = block_new(r, size);
    if (!block) return NULL;
    void *at = block->bytes + block->used;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    block->used += size_min(rounded, block->cap - block->used);
    return at;
}

static void arena_free(struct redis_reader *r, const struct block *until) {
    while (r->blocks && r->blocks != until) {
        struct block *next = r->blocks->next;
        r->held -= r->blocks->cap;
        mem_free(r->blocks);
        r->blocks = next;
    }
}

/* Keeps one block of the usual size. */
static void arena_restart(struct redis_reader *r) {
    struct block *last = r->blocks;
    while (last && last->next)
        last = last->next;
    arena_free(r, last && last->cap == BLOCK_BYTES ? last : NULL);
    if (r->blocks) r->blocks->used = 0;
}

/* Where the value of `task` belongs: its place among the items of its array, or one of its own. */
static struct redis_reply *value_of(const redisReadTask *task) {
    if (!task->parent) return arena_take(task->privdata, sizeof(struct redis_reply));
    struct redis_reply *array = task->parent->obj;
    return (struct redis_reply *)(uintptr_t)&array->items[task->idx];
}

static void *on_string(const redisReadTask *task, char *at, size_t len) {
    struct redis_reply *value = value_of(task);
    char *copy = arena_take(task->privdata, len + 1);
    if (!value || !copy) return NULL;
    memcpy(copy, at, len);
    copy[len] = 0; /* for messages in which a text ends up */
    enum redis_kind kind = task->type == REDIS_REPLY_ERROR    ? REDIS_ERROR
                           : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
                                                              : REDIS_STRING;
    *value = (struct redis_reply){ .kind = kind, .text = span_of(copy, len) };
    return value;
}

static void *on_array(const redisReadTask *task, int count) {
    struct redis_reply *value = value_of(task);
    size_t items = (size_t)count;
    struct redis_reply *list = NULL;
    if (items > 0) {
        list = arena_take(task->privdata, items * sizeof *list);
        if (!list) return NULL;
    }
    if (!value) return NULL;
    *value = (struct redis_reply){ .kind = REDIS_ARRAY, .items = list, .count = items };
    return value;
}

static void *on_integer(const redisReadTask *task, long long integer) {
    struct redis_reply *value = value_of(task);
    if (value) *value = (struct redis_reply){ .kind = REDIS_INTEGER, .integer = integer };
    return value;
}

static void *on_nil(const redisReadTask *task) {
    struct redis_reply *value = value_of(task);
    if (value) *value = (struct redis_reply){ .kind = REDIS_NIL };
    return value;
}

static redisReplyObjectFunctions functions = { on_string, on_array, on_integer, on_nil, NULL };

struct redis_reader *redis_reader_new(size_t reply_max) {
    redisReader *parser = redisReaderCreateWithFunctions(&functions);
    if (!parser) return NULL;
    struct redis_reader *r = mem_new(sizeof *r);
    r->parser = parser;
    r->reply_max = reply_max;
    parser->privdata = r;
    /* It gives its buffer back when it finds it empty and larger than this; a piece doubles it. */
    parser->maxbuf = (size_t)4 * REDIS_PIECE_BYTES;
    return r;
}

void redis_reader_free(struct redis_reader *r) {
    if (!r) return;
    arena_free(r, NULL);
    redisReaderFree(r->parser);
    mem_free(r);
}

enum err redis_reader_feed(struct redis_reader *r, struct span piece) {
    if (r->fail) return r->fail;
    r->fed += piece.len;
    if (redisReaderFeed(r->parser, piece.at, piece.len) == 0) return ERR_OK;
    return fail(r, ERR_NOMEM, NO_MEMORY);
}

enum err redis_reader_next(struct redis_reader *r, const struct redis_reply **ret) {
    if (r->fail) return r->fail;
    if (r->is_whole) arena_restart(r);
    r->is_whole = false;
    void *reply = NULL;
    if (redisReaderGetReply(r->parser, &reply) != 0) {
        if (r->is_too_big) return fail(r, ERR_TOO_BIG, TOO_BIG);
        if (r->parser->err == REDIS_ERR_OOM) return fail(r, ERR_NOMEM, NO_MEMORY);
        char why[160];
        (void)snprintf(why, sizeof why, "this is not Redis: %s", r->parser->errstr);
        return fail(r, ERR_INVALID, why);
    }
    if (!reply) {
        if (r->fed <= r->reply_max) return ERR_AGAIN;
        return fail(r, ERR_TOO_BIG, TOO_BIG);
    }
    r->fed = r->parser->len - r->parser->pos;
    r->is_whole = true;
    *ret = reply;
    return ERR_OK;
}

const char *redis_reader_failure(const struct redis_reader *r) {
    return r->why;
}

bool redis_is_error(const struct redis_reply *reply, const char *code) {
    size_t len = strlen(code);
    return reply->kind == REDIS_ERROR && reply->text.len >= len &&
           memcmp(reply->text.at, code, len) == 0 &&
           (reply->text.len == len || reply->text.at[len] == ' ');
}
