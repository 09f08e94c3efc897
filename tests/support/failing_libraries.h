/* SPDX-License-Identifier: MIT */
/*
 * Foreign libraries with our heap below them, so that their allocations can be made to fail as our
 * own are (base/mem.h): OpenSSL, SQLite, jansson and cjose. zlib is always so; hiredis 0.14 and
 * libuv have their own.
 */
#ifndef TIDINGS_TESTS_FAILING_LIBRARIES_H
#define TIDINGS_TESTS_FAILING_LIBRARIES_H

/* Before any of them is used. */
void failing_libraries(void);

#endif
