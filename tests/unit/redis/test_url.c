/* SPDX-License-Identifier: MIT */
/*
 * The URL of a Redis: what is in it, what is refused, what of it is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/url.h"

enum { TEXT_MAX = 4096 };

static void assert_shown(const struct redis_url *url, const char *expected) {
    struct buf out;
    buf_init(&out, TEXT_MAX);
    redis_url_show(url, &out);
    buf_append_char(&out, '\0');
    assert_string_equal(out.at, expected);
    buf_finish(&out);
}

static void takes_apart(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *user, *password;
        uint32_t database;
        const char *shown;
        bool is_secure;
    } cases[] = {
        { "redis://h", "h", 6379, "", "", 0, "redis://h:6379/0" },
        { "redis://h/", "h", 6379, "", "", 0, "redis://h:6379/0" },
        { "redis://h:1", "h", 1, "", "", 0, "redis://h:1/0" },
        { "redis://h:65535/15", "h", 65535, "", "", 15, "redis://h:65535/15" },
        { "redis://h/2147483647", "h", 6379, "", "", 2147483647, "redis://h:6379/2147483647" },
        { "REDIS://My_host-1.example", "My_host-1.example", 6379, "", "", 0,
          "redis://My_host-1.example:6379/0" },
        { "redis://127.0.0.1:6380/1", "127.0.0.1", 6380, "", "", 1, "redis://127.0.0.1:6380/1" },
        { "redis://[::1]", "::1", 6379, "", "", 0, "redis://[::1]:6379/0" },
        { "redis://[2001:db8::1]:7/3", "2001:db8::1", 7, "", "", 3, "redis://[2001:db8::1]:7/3" },
        { "redis://u:p@h", "h", 6379, "u", "p", 0, "redis://u:***@h:6379/0" },
        { "redis://:p@h", "h", 6379, "", "p", 0, "redis://:***@h:6379/0" },
        { "redis://:@h", "h", 6379, "", "", 0, "redis://h:6379/0" },
        { "redis://:a:b:@h", "h", 6379, "", "a:b:", 0, "redis://:***@h:6379/0" },
        { "redis://u:p@q@h:1/2", "h", 1, "u", "p@q", 2, "redis://u:***@h:1/2" },
        { "redis://a%40b:%2F%3f%23%25%3a@h", "h", 6379, "a@b", "/?#%:", 0,
          "redis://a%40b:***@h:6379/0" },
        { "redis://\xc3\xa4:p\xc3\xb6@h", "h", 6379, "\xc3\xa4", "p\xc3\xb6", 0,
          "redis://%C3%A4:***@h:6379/0" },
        { "redis://u:p@[::1]:1", "::1", 1, "u", "p", 0, "redis://u:***@[::1]:1/0" },
        { "rediss://h", "h", 6379, "", "", 0, "rediss://h:6379/0", true },
        { "Rediss://u:p@[::1]:1/2", "::1", 1, "u", "p", 2, "rediss://u:***@[::1]:1/2", true },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct redis_url url;
        struct err_note note = { "" };
        print_message("%s\n", cases[i].text);
        assert_int_equal(redis_url_parse(span_str(cases[i].text), &url, &note), ERR_OK);
        assert_int_equal(url.is_secure, cases[i].is_secure);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_string_equal(url.user, cases[i].user);
        assert_string_equal(url.password, cases[i].password);
        assert_int_equal(url.database, cases[i].database);
        assert_shown(&url, cases[i].shown);
        struct redis_url again;
        assert_int_equal(redis_url_parse(span_str(cases[i].shown), &again, &note), ERR_OK);
        assert_shown(&again, cases[i].shown);
    }
}

static void refuses(void **state) {
    (void)state;
#define LOGIN    "before the @ stands user:password, or :password without a user"
#define DATABASE "behind the host stands nothing but /, and the number of a database"
#define PORT     "the port is not a number from 1 to 65535"
#define HOST     "the host is neither a name nor an address"
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "a Redis URL begins with redis:// or rediss://" },
        { "h:6379", "a Redis URL begins with redis:// or rediss://" },
        { "redis:/h", "a Redis URL begins with redis:// or rediss://" },
        { "http://h", "a Redis URL begins with redis:// or rediss://" },
        { "unix:///run/redis.sock", "a Redis URL begins with redis:// or rediss://" },
        { "rediss:/h", "a Redis URL begins with redis:// or rediss://" },
        { "rediss://", "there is no host" },
        { "redisss://h", "a Redis URL begins with redis:// or rediss://" },
        { "redis://", "there is no host" },
        { "redis:///1", "there is no host" },
        { "redis://:1", "there is no host" },
        { "redis://u:secret@", "there is no host" },
        { "redis://h h", "a URL has no spaces or control characters" },
        { "redis://h\n", "a URL has no spaces or control characters" },
        { "redis://h\x7f", "a URL has no spaces or control characters" },
        { "redis://h:", PORT },
        { "redis://h:0", PORT },
        { "redis://h:65536", PORT },
        { "redis://h:06379", PORT },
        { "redis://h:-1", PORT },
        { "redis://h:http", PORT },
        { "redis://::1", "there is no host" },
        { "redis://fe80::1", "an IPv6 address stands in brackets" },
        { "redis://1:2:3:4:5:6:7:8", "an IPv6 address stands in brackets" },
        { "redis://[::1", "there is no IPv6 address in the brackets" },
        { "redis://[]", "there is no IPv6 address in the brackets" },
        { "redis://[::g]:1", "there is no IPv6 address in the brackets" },
        { "redis://[127.0.0.1]", "there is no IPv6 address in the brackets" },
        { "redis://[::1]1", "something stands between the host and its port" },
        { "redis://h%41", HOST },
        { "redis://h,i", HOST },
        { "redis://\xc3\xa4", HOST },
        { "redis://h/x", DATABASE },
        { "redis://h/00", DATABASE },
        { "redis://h/-1", DATABASE },
        { "redis://h/0/", DATABASE },
        { "redis://h/2147483648", DATABASE },
        { "redis://h?db=1", DATABASE },
        { "redis://h?5", DATABASE },
        { "redis://h#5", DATABASE },
        { "redis://h/1?x", DATABASE },
        { "redis://u@h", LOGIN },
        { "redis://@h", LOGIN },
        { "redis://u:@h", "the user has no password" },
        { "redis://u:%4@h", "the password is too long, or has an escape (%40) that is broken" },
        { "redis://u:%00@h", "the password is too long, or has an escape (%40) that is broken" },
        { "redis://%x0:p@h", "the user is too long, or has an escape (%40) that is broken" },
        { "redis://u:sec/ret@h", "in the user and password, / is written %2F, ? %3F and # %23" },
        { "redis://u:sec#ret@h:1/2",
          "in the user and password, / is written %2F, ? %3F and # %23" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct redis_url url = { .port = 1 };
        struct err_note note = { "" };
        assert_int_equal(redis_url_parse(span_str(cases[i].text), &url, &note), ERR_INVALID);
        assert_string_equal(note.text, cases[i].why);
        assert_int_equal(url.port, 1);
    }
}

/* `redis://`, then each part as long as it may be, or longer by `over`. */
static enum err parse_long(size_t user, size_t password, size_t host, struct redis_url *ret) {
    struct buf text;
    buf_init(&text, TEXT_MAX);
    buf_append_text(&text, "redis://");
    for (size_t i = 0; i < user; i++)
        buf_append_char(&text, 'u');
    buf_append_char(&text, ':');
    for (size_t i = 0; i < password; i++)
        buf_append_text(&text, i == 0 ? "%41" : "p");
    buf_append_char(&text, '@');
    for (size_t i = 0; i < host; i++)
        buf_append_char(&text, 'h');
    enum err e = redis_url_parse(buf_span(&text), ret, NULL);
    buf_finish(&text);
    return e;
}

static void has_bounds(void **state) {
    (void)state;
    struct redis_url url;
    enum {
        USER = REDIS_URL_USER_MAX,
        PASSWORD = REDIS_URL_PASSWORD_MAX,
        HOST_BYTES = REDIS_URL_HOST_MAX
    };
    assert_int_equal(parse_long(USER, PASSWORD, HOST_BYTES, &url), ERR_OK);
    assert_int_equal(strlen(url.user), USER);
    assert_int_equal(strlen(url.password), PASSWORD);
    assert_int_equal(strlen(url.host), HOST_BYTES);
    assert_int_equal(parse_long(USER + 1, 1, 1, &url), ERR_INVALID);
    assert_int_equal(parse_long(1, PASSWORD + 1, 1, &url), ERR_INVALID);
    assert_int_equal(parse_long(1, 1, HOST_BYTES + 1, &url), ERR_INVALID);
}

static void compares(void **state) {
    (void)state;
    static const char *const texts[] = { "redis://u:p@h:1/2", "redis://v:p@h:1/2",
                                         "redis://u:q@h:1/2", "redis://u:p@i:1/2",
                                         "redis://u:p@h:2/2", "redis://u:p@h:1/3",
                                         "rediss://u:p@h:1/2" };
    struct redis_url first, other;
    assert_int_equal(redis_url_parse(span_str(texts[0]), &first, NULL), ERR_OK);
    for (size_t i = 0; i < countof(texts); i++) {
        assert_int_equal(redis_url_parse(span_str(texts[i]), &other, NULL), ERR_OK);
        assert_int_equal(redis_url_eq(&first, &other), i == 0);
    }
}

static void takes_hosts_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *host; /* NULL: refused */
        uint16_t port;
    } cases[] = {
        { "h:26379", "h", 26379 },
        { "127.0.0.1:1", "127.0.0.1", 1 },
        { "[::1]:65535", "::1", 65535 },
        { "", NULL, 0 },
        { "h", NULL, 0 },
        { "h:", NULL, 0 },
        { ":1", NULL, 0 },
        { "h:0", NULL, 0 },
        { "h:65536", NULL, 0 },
        { "h:1 ", NULL, 0 },
        { "h i:1", NULL, 0 },
        { "::1:1", NULL, 0 },
        { "[::1]", NULL, 0 },
        { "[::1]1", NULL, 0 },
        { "redis://h:1", NULL, 0 },
        { "h:1/0", NULL, 0 },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct span host;
        uint16_t port;
        bool is_good = redis_host_parse(span_str(cases[i].text), &host, &port);
        print_message("%s\n", cases[i].text);
        assert_int_equal(is_good, cases[i].host != NULL);
        if (!is_good) continue;
        assert_true(span_eq(host, span_str(cases[i].host)));
        assert_int_equal(port, cases[i].port);
    }
}

static void judges_prefixes(void **state) {
    (void)state;
    char longest[REDIS_PREFIX_MAX + 2];
    memset(longest, 'p', sizeof longest);
    const struct {
        struct span prefix;
        const char *fault;
    } cases[] = {
        { { NULL, 0 }, NULL },
        { SPAN("shop:"), NULL },
        { SPAN("\xc3\xa4 "), NULL },
        { { longest, REDIS_PREFIX_MAX }, NULL },
        { { longest, REDIS_PREFIX_MAX + 1 }, "longer than 64 bytes" },
        { SPAN("a\n"), "must be UTF-8 without control characters" },
        { SPAN("a\0"), "must be UTF-8 without control characters" },
        { SPAN("\xc3"), "must be UTF-8 without control characters" },
        { SPAN("{a"), "must have no braces" },
        { SPAN("a}"), "must have no braces" },
    };
    for (size_t i = 0; i < countof(cases); i++) {
        const char *fault = redis_prefix_fault(cases[i].prefix);
        assert_int_equal(fault != NULL, cases[i].fault != NULL);
        if (fault) assert_string_equal(fault, cases[i].fault);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_apart),       cmocka_unit_test(refuses),
        cmocka_unit_test(has_bounds),        cmocka_unit_test(compares),
        cmocka_unit_test(takes_hosts_apart), cmocka_unit_test(judges_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
