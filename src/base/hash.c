/* SPDX-License-Identifier: MIT */
/*
 * base/hash.c: SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). Our own
 * because no library that we link exports it.
 */
#include "base/hash.h"

#include "base/random.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t process_key[2];

__attribute__((constructor)) static void draw_key(void) {
    random_bytes(process_key, sizeof process_key);
}

static uint64_t rotate(uint64_t x, unsigned bits) {
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s) {
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word) {
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

uint64_t hash_span_keyed(struct span s, const uint64_t key[2]) {
    struct sip sip = {
        key[0] ^ 0x736f6d6570736575ull,
        key[1] ^ 0x646f72616e646f6dull,
        key[0] ^ 0x6c7967656e657261ull,
        key[1] ^ 0x7465646279746573ull,
    };
    size_t whole = s.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word;
        memcpy(&word, s.at + i, sizeof word);
        sip_word(&sip, word);
    }
    uint64_t last = (uint64_t)s.len << 56;
    for (size_t i = whole; i < s.len; i++)
        last |= (uint64_t)(uint8_t)s.at[i] << (8 * (i - whole));
    sip_word(&sip, last);
    sip.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

uint64_t hash_span(struct span s) {
    return hash_span_keyed(s, process_key);
}
