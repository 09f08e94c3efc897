/* SPDX-License-Identifier: MIT */
/*
 * bench/mask.c: what unmasking costs: ws_mask against the plain loop, for payloads of several
 * sizes.
 *
 * Stands alone: cc -O2 -Isrc bench/mask.c src/ws/frame.c -o /tmp/mask && /tmp/mask
 */
#include "ws/frame.h"

#include <time.h>

enum { PAYLOAD_MAX = 65536, BYTES_A_RUN = 1 << 28 };

typedef void (*mask_function)(char *at, size_t len, const uint8_t mask[WS_MASK_LEN],
                              uint64_t offset);

static void mask_plainly(char *at, size_t len, const uint8_t mask[WS_MASK_LEN], uint64_t offset) {
    for (size_t i = 0; i < len; i++)
        at[i] = (char)((uint8_t)at[i] ^ mask[(offset + i) % WS_MASK_LEN]);
}

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds for one payload of `len` bytes. */
static double measure(mask_function mask, size_t len) {
    static char payload[PAYLOAD_MAX + 1];
    static const uint8_t key[WS_MASK_LEN] = { 0x37, 0xFA, 0x21, 0x3D };
    size_t runs = BYTES_A_RUN / (len + 32);
    double begun_ns = now_ns();
    for (size_t i = 0; i < runs; i++) {
        mask(payload + 1, len, key, 0); /* off the boundary of a word, as payloads mostly are */
        __asm__ volatile("" ::: "memory");
    }
    return (now_ns() - begun_ns) / (double)runs;
}

int main(void) {
    static const size_t sizes[] = { 4, 20, 125, 1000, PAYLOAD_MAX };
    printf("%8s %12s %12s\n", "bytes", "plain (ns)", "fast (ns)");
    for (size_t i = 0; i < countof(sizes); i++) {
        printf("%8zu %12.1f %12.1f\n", sizes[i], measure(mask_plainly, sizes[i]),
               measure(ws_mask, sizes[i]));
    }
    return 0;
}
