/* SPDX-License-Identifier: MIT */
/*
 * Says of each line of standard input which kind of message it is, or what is wrong with it.
 */
#include <tidings/kinds.h>

#include <stdio.h>
#include <string.h>

int main(void) {
    char line[65536], problem[TIDINGS_PROBLEM_MAX];
    while (fgets(line, sizeof line, stdin)) {
        const char *kind = tidings_check(line, strcspn(line, "\n"), problem);
        printf("%s%s\n", kind ? "= " : "", kind ? kind : problem);
    }
    return 0;
}
