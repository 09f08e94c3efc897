/* SPDX-License-Identifier: MIT */
/*
 * Secrets in files of their own: who may name them, and which one counts.
 */
#include "configured.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OTHER "another-secret-another-secret-another"

enum { VARIABLES_MAX = 4, FILES_MAX = 3 };

static char folder[] = "/tmp/tidings-secret-XXXXXX";

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static void path_of(const char *name, char ret[128]) {
    (void)snprintf(ret, 128, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text) {
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    (void)fclose(file);
}

static int remove_folder(void **state) {
    (void)state;
    static const char *const names[] = { "t.yaml", "jwt.secret", "api.keys", "broker.redis.url",
                                         "other" };
    for (size_t i = 0; i < countof(names); i++) {
        char path[128];
        path_of(names[i], path);
        (void)unlink(path);
    }
    return rmdir(folder);
}

struct sample {
    const char *yaml; /* @ stands for the folder, here and in variables */
    const char *variables[VARIABLES_MAX];
    struct {
        const char *name, *text;
    } files[FILES_MAX];
    const char *secret;   /* what comes out */
    const char *mistakes; /* in place of it; the folder's name is left out */
};

/* Without "/tmp/tidings-secret-XXXXXX". */
static void leave_out_folder(char *text) {
    for (char *at; (at = strstr(text, folder)) != NULL;)
        memmove(at, at + strlen(folder), strlen(at + strlen(folder)) + 1);
}

static void put_in_folder(const char *text, char *ret, size_t size) {
    const char *at = strchr(text, '@');
    int before = at ? (int)(at - text) : (int)strlen(text);
    (void)snprintf(ret, size, "%.*s%s%s", before, text, at ? folder : "", at ? at + 1 : "");
}

static void check(const struct sample *sample) {
    char yaml[512], path[128];
    put_in_folder(sample->yaml, yaml, sizeof yaml);
    write_file("t.yaml", yaml);
    path_of("t.yaml", path);
    for (size_t i = 0; i < FILES_MAX && sample->files[i].name; i++)
        write_file(sample->files[i].name, sample->files[i].text);
    char variables[VARIABLES_MAX][256];
    const char *given[VARIABLES_MAX + 1] = { 0 };
    for (size_t i = 0; i < VARIABLES_MAX && sample->variables[i]; i++) {
        put_in_folder(sample->variables[i], variables[i], sizeof variables[i]);
        given[i] = variables[i];
    }
    struct config_report report = { 0 };
    const struct config_source source = { .path = path, .environ = given };
    struct config *config = NULL;
    enum err e = config_load(&source, &report, &config);
    struct buf mistakes;
    buf_init(&mistakes, 1 << 16);
    config_report_show(&report, &mistakes);
    buf_append_char(&mistakes, '\0');
    leave_out_folder(mistakes.at);
    assert_string_equal(mistakes.at, sample->mistakes ? sample->mistakes : "");
    if (!e) assert_string_equal(config->jwt.secret, sample->secret);
    config_free(config);
    buf_finish(&mistakes);
    config_report_finish(&report);
    for (size_t i = 0; i < FILES_MAX && sample->files[i].name; i++) {
        path_of(sample->files[i].name, path);
        assert_int_equal(unlink(path), 0);
    }
}

static void one_source_goes_over_another(void **state) {
    (void)state;
    static const struct sample SAMPLES[] = {
        { "jwt: {secret_file: @/other}", { 0 }, { { "other", OTHER "\n" } }, OTHER, NULL },
        { "jwt: {secret: " GOOD_SECRET "}",
          { "CREDENTIALS_DIRECTORY=@" },
          { { "jwt.secret", OTHER "\n" } },
          OTHER,
          NULL },
        { "jwt: {secret: " GOOD_SECRET "}",
          { "CREDENTIALS_DIRECTORY=@" },
          { { 0 } },
          GOOD_SECRET,
          NULL },
        { "",
          { "CREDENTIALS_DIRECTORY=@", "JWT_SECRET_KEY=" GOOD_SECRET },
          { { "jwt.secret", OTHER "\n" } },
          GOOD_SECRET,
          NULL },
        { "",
          { "TIDINGS_JWT_SECRET_FILE=@/other", "CREDENTIALS_DIRECTORY=@" },
          { { "jwt.secret", GOOD_SECRET }, { "other", OTHER } },
          OTHER,
          NULL },
        /* What does not count is not opened either. */
        { "jwt: {secret_file: /nowhere}",
          { "JWT_SECRET_KEY=" GOOD_SECRET },
          { { 0 } },
          GOOD_SECRET,
          NULL },
        { "",
          { "JWT_SECRET_KEY_FILE=/nowhere", "TIDINGS_JWT_SECRET=" GOOD_SECRET },
          { { 0 } },
          GOOD_SECRET,
          NULL },
        { "",
          { "CREDENTIALS_DIRECTORY=/nowhere", "JWT_SECRET_KEY=" GOOD_SECRET },
          { { 0 } },
          GOOD_SECRET,
          NULL },
    };
    for (size_t i = 0; i < countof(SAMPLES); i++)
        check(&SAMPLES[i]);
}

static void mistakes_are_told_by_who_made_them(void **state) {
    (void)state;
    static const struct sample SAMPLES[] = {
        { "jwt: {secret_file: /nowhere/x}",
          { 0 },
          { { 0 } },
          NULL,
          "/t.yaml:1:20: /nowhere/x cannot be read: No such file or directory\n" },
        { "jwt: {secret_file: [x]}",
          { "JWT_SECRET_KEY=" GOOD_SECRET },
          { { 0 } },
          NULL,
          "/t.yaml:1:20: jwt.secret_file: the name of a file expected\n" },
        { "jwt: {secret_file: }",
          { "JWT_SECRET_KEY=" GOOD_SECRET },
          { { 0 } },
          NULL,
          "/t.yaml:1:20: jwt.secret_file: the name of a file expected\n" },
        { "jwt: {secret: " GOOD_SECRET ", secret_file: x}",
          { 0 },
          { { 0 } },
          NULL,
          "/t.yaml:1:49: secret is set too; only one can be meant\n" },
        { "jwt: {secret_file: x, secret: " GOOD_SECRET "}",
          { 0 },
          { { 0 } },
          NULL,
          "/t.yaml:1:7: secret is set too; only one can be meant\n" },
        { "jwt: {issuer_file: x, secret: " GOOD_SECRET "}",
          { 0 },
          { { 0 } },
          NULL,
          "/t.yaml:1:7: unknown key \"issuer_file\"\n" },
        { "",
          { "CREDENTIALS_DIRECTORY=@" },
          { { "jwt.secret", "short" } },
          NULL,
          "CREDENTIALS_DIRECTORY: jwt.secret: only 5 bytes long; at least 32 are needed "
          "(allow_weak_secret permits it)\n" },
        { "jwt: {secret: " GOOD_SECRET "}\napi: {keys_file: @/other}",
          { 0 },
          { { "other", "[\"classified\", 7" } },
          NULL,
          "/t.yaml:2:18: a list in JSON expected, such as [\"a\",\"b\"]: ',' or ']' missing at "
          "character 17\n" },
        { "jwt: {secret: " GOOD_SECRET "}\nbroker: {redis: {url_file: @/other}}",
          { 0 },
          { { "other", "redis//classified" } },
          NULL,
          "/t.yaml:2:28: broker.redis.url: a Redis URL begins with redis:// or rediss://\n" },
    };
    for (size_t i = 0; i < countof(SAMPLES); i++)
        check(&SAMPLES[i]);
}

static void all_that_is_secret_can_be_handed_over(void **state) {
    (void)state;
    char variable[256];
    (void)snprintf(variable, sizeof variable, "CREDENTIALS_DIRECTORY=%s", folder);
    const char *const given[] = { variable, NULL };
    write_file("jwt.secret", GOOD_SECRET "\n");
    write_file("api.keys", "[\"classified-1\"]\n");
    write_file("broker.redis.url", "redis://u:classified-2@h:1/0\n");
    struct config_report report = { 0 };
    const struct config_source source = { .environ = given };
    struct config *config;
    assert_int_equal(config_load(&source, &report, &config), ERR_OK);
    assert_int_equal(config->api.keys_count, 1);
    assert_true(span_eq(config->api.keys_list[0].key, SPAN("classified-1")));
    assert_string_equal(config->broker.redis.url.password, "classified-2");
    struct buf shown;
    buf_init(&shown, 1 << 20);
    config_show(config, &shown);
    buf_append_char(&shown, '\0');
    assert_null(strstr(shown.at, "classified"));
    assert_null(strstr(shown.at, GOOD_SECRET));
    buf_finish(&shown);
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_source_goes_over_another),
        cmocka_unit_test(mistakes_are_told_by_who_made_them),
        cmocka_unit_test(all_that_is_secret_can_be_handed_over),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
