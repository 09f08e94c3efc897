/* SPDX-License-Identifier: MIT */
/*
 * redis/slot.c: which of a Cluster's 16,384 slots a key lies in.
 */
#include "redis/link.h"

enum { SLOTS = 16384 };

/* CRC16/XMODEM, polynomial 0x1021 from 0, half a byte at a time: four bits times the polynomial
 * never carry, so a multiplication stands for the table. */
static uint16_t crc16(struct span s) {
    unsigned crc = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned byte = (unsigned char)s.at[i];
        crc = (crc << 4 & 0xffff) ^ 0x1021 * (crc >> 12 ^ byte >> 4);
        crc = (crc << 4 & 0xffff) ^ 0x1021 * (crc >> 12 ^ (byte & 15));
    }
    return (uint16_t)crc;
}

uint16_t redis_slot(struct span key) {
    size_t open = span_find(key, '{');
    struct span inside = span_skip(key, open + 1);
    size_t close = span_find(inside, '}');
    /* Without both braces, or with nothing between them, all of it counts. */
    bool is_tagged = close > 0 && close < inside.len;
    return crc16(is_tagged ? span_of(inside.at, close) : key) % SLOTS;
}
