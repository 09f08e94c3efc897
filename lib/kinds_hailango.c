/* SPDX-License-Identifier: MIT */
/*
 * lib/kinds_hailango.c: the constructors for the kinds of hailango. Written by tools/kinds: change
 * catalogue/ and run it.
 */
#include "kind_writer_priv.h"

static const char *const review_reminder_item_priority_words[] = { "urgent", "recommended",
                                                                   "optional" };
static const char *const notification_level_words[] = { "info", "success", "warning", "error" };

int tidings_ocr_progress(const struct tidings_ocr_progress_fields *fields, struct tidings_json *ret,
                         char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "ocr_progress");
    kind_open(&w, "payload", '{');
    kind_text(&w, "bookId", fields->book_id);
    kind_integer(&w, "totalPages", fields->total_pages);
    kind_integer(&w, "processedPages", fields->processed_pages);
    kind_number(&w, "progress",
                fields->progress ? *fields->progress
                                 : kind_percent(fields->processed_pages, fields->total_pages));
    if (fields->current_page) kind_integer(&w, "currentPage", *fields->current_page);
    kind_text(&w, "status", fields->status);
    kind_text(&w, "message", fields->message);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_book_ready(const struct tidings_book_ready_fields *fields, struct tidings_json *ret,
                       char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "book_ready");
    kind_open(&w, "payload", '{');
    kind_text(&w, "bookId", fields->book_id);
    kind_text(&w, "title", fields->title);
    kind_integer(&w, "totalPages", fields->total_pages);
    kind_text(&w, "message", fields->message);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_review_reminder(const struct tidings_review_reminder_fields *fields,
                            struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "review_reminder");
    kind_open(&w, "payload", '{');
    kind_integer(&w, "count", fields->count);
    kind_open(&w, "items", '[');
    for (size_t i = 0; i < fields->items_count; i++) {
        const struct tidings_review_reminder_item *each = &fields->items[i];
        kind_open_element(&w, i);
        kind_text(&w, "id", each->id);
        kind_text(&w, "content", each->content);
        kind_text(&w, "translation", each->translation);
        kind_text(&w, "dueDate", each->due_date);
        kind_word(&w, "priority", review_reminder_item_priority_words,
                  countof(review_reminder_item_priority_words), (unsigned)each->priority, 0);
        kind_close(&w, '}');
    }
    kind_close(&w, ']');
    kind_text(&w, "message", fields->message);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_learning_update(const struct tidings_learning_update_fields *fields,
                            struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "learning_update");
    kind_open(&w, "payload", '{');
    kind_text(&w, "sessionId", fields->session_id);
    kind_text(&w, "bookId", fields->book_id);
    kind_open(&w, "stats", '{');
    kind_number(&w, "totalTime", fields->stats.total_time);
    kind_integer(&w, "completedPages", fields->stats.completed_pages);
    kind_integer(&w, "masteredWords", fields->stats.mastered_words);
    if (fields->stats.pronunciation_score)
        kind_number(&w, "pronunciationScore", *fields->stats.pronunciation_score);
    kind_integer(&w, "streakDays", fields->stats.streak_days);
    kind_text(&w, "lastStudiedAt", fields->stats.last_studied_at);
    kind_close(&w, '}');
    kind_text(&w, "message", fields->message);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_notification(const struct tidings_notification_fields *fields, struct tidings_json *ret,
                         char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "notification");
    kind_open(&w, "payload", '{');
    kind_text(&w, "title", fields->title);
    kind_text(&w, "message", fields->message);
    kind_word(&w, "level", notification_level_words, countof(notification_level_words),
              (unsigned)fields->level, 0);
    if (fields->action) {
        kind_open(&w, "action", '{');
        kind_text(&w, "label", fields->action->label);
        kind_text(&w, "url", fields->action->url);
        kind_close(&w, '}');
    }
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_error(const struct tidings_error_fields *fields, struct tidings_json *ret,
                  char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "error");
    kind_open(&w, "payload", '{');
    kind_text(&w, "code", fields->code);
    kind_text(&w, "message", fields->message);
    kind_json(&w, "details", fields->details_json);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}

int tidings_connection_established(const struct tidings_connection_established_fields *fields,
                                   struct tidings_json *ret, char *problem) {
    struct kind_writer w;
    kind_begin(&w);
    kind_text(&w, "type", "connection_established");
    kind_open(&w, "payload", '{');
    kind_text(&w, "userId", fields->user_id);
    kind_text(&w, "message", fields->message);
    kind_time(&w, "timestamp",
              fields->payload_timestamp ? fields->payload_timestamp : fields->timestamp);
    kind_more(&w, fields->more_json);
    kind_close(&w, '}');
    kind_time(&w, "timestamp", fields->timestamp);
    return kind_finish(&w, ret, problem);
}
