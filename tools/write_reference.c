/* SPDX-License-Identifier: MIT */
/*
 * tools/write_reference.c: writes docs/configuration.md, whose path is its argument.
 */
#include "config/config.h"

enum { PAGE_MAX = 1024 * 1024 };

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: write_reference FILE\n");
        return 2;
    }
    struct buf page;
    buf_init(&page, PAGE_MAX);
    config_reference(&page);
    FILE *out = buf_err(&page) ? NULL : fopen(argv[1], "w");
    bool is_written = out && fwrite(page.at, 1, page.len, out) == page.len;
    if (out && fclose(out) != 0) is_written = false;
    if (!is_written) perror(argv[1]);
    buf_finish(&page);
    return is_written ? 0 : 1;
}
