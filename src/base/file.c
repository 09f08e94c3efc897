/* SPDX-License-Identifier: MIT */
/*
 * base/file.c: see base/file.h.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_BYTES = 16384 };

static enum err read_all(int fd, struct buf *out, struct err_note *note) {
    for (;;) {
        /* One byte more than may be there, so that a file that is too long shows. */
        char *room = buf_room(out, size_min(READ_BYTES, out->max - out->len));
        if (!room) return err_note(note, buf_err(out), "%s", err_text(buf_err(out)));
        ssize_t got = read(fd, room, size_min(READ_BYTES, out->max - out->len));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return err_note(note, ERR_IO, "%s", strerror(errno));
        if (got == 0) return ERR_OK;
        buf_added(out, (size_t)got);
        if (out->len == out->max)
            return err_note(note, ERR_TOO_BIG, "larger than %zu bytes", out->max - 1);
    }
}

enum err file_read(const char *path, size_t max, struct buf *out, struct err_note *note) {
    buf_init(out, max + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_note(note, ERR_IO, "%s", strerror(errno));
    enum err e = read_all(fd, out, note);
    close(fd);
    if (e) buf_wipe(out);
    return e;
}
