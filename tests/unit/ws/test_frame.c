/* SPDX-License-Identifier: MIT */
/*
 * Tests of ws/frame: heads there and back, cut at every byte, malformed ones; the fast mask against
 * a plain one.
 */
#include "ws/frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WIRE(literal)                                                                              \
    { "" literal, sizeof(literal) - 1 }

struct sample {
    struct span wire;
    struct ws_head head;
};

static const struct sample samples[] = {
    { WIRE("\x81\x05"), { .is_final = true, .opcode = WS_OP_TEXT, .payload_len = 5 } },
    { WIRE("\x01\x00"), { .opcode = WS_OP_TEXT } },
    { WIRE("\x80\x7D"), { .is_final = true, .payload_len = 125 } },
    { WIRE("\xC1\x05"),
      { .is_final = true, .rsv1 = true, .opcode = WS_OP_TEXT, .payload_len = 5 } },
    { WIRE("\xA2\x00"), { .is_final = true, .rsv2 = true, .opcode = WS_OP_BINARY } },
    { WIRE("\x92\x00"), { .is_final = true, .rsv3 = true, .opcode = WS_OP_BINARY } },
    { WIRE("\x8F\x01"), { .is_final = true, .opcode = 0xF, .payload_len = 1 } },
    { WIRE("\x82\x7E\x00\x7E"), { .is_final = true, .opcode = WS_OP_BINARY, .payload_len = 126 } },
    { WIRE("\x82\x7E\xFF\xFF"),
      { .is_final = true, .opcode = WS_OP_BINARY, .payload_len = 65535 } },
    { WIRE("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00"),
      { .is_final = true, .opcode = WS_OP_BINARY, .payload_len = 65536 } },
    { WIRE("\x82\x7F\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
      { .is_final = true, .opcode = WS_OP_BINARY, .payload_len = INT64_MAX } },
    { WIRE("\x89\x85\x37\xFA\x21\x3D"),
      { .is_final = true,
        .is_masked = true,
        .opcode = WS_OP_PING,
        .mask = { 0x37, 0xFA, 0x21, 0x3D },
        .payload_len = 5 } },
    { WIRE("\x82\xFE\x01\x00\x00\x00\x00\x00"),
      { .is_final = true, .is_masked = true, .opcode = WS_OP_BINARY, .payload_len = 256 } },
    { WIRE("\x82\xFF\x00\x00\x00\x00\x00\x01\x00\x01\x01\x02\x03\x04"),
      { .is_final = true,
        .is_masked = true,
        .opcode = WS_OP_BINARY,
        .mask = { 1, 2, 3, 4 },
        .payload_len = 65537 } },
};

static void assert_head_equal(const struct ws_head *a, const struct ws_head *b) {
    assert_int_equal(a->is_final, b->is_final);
    assert_int_equal(a->is_masked, b->is_masked);
    assert_int_equal(a->rsv1, b->rsv1);
    assert_int_equal(a->rsv2, b->rsv2);
    assert_int_equal(a->rsv3, b->rsv3);
    assert_int_equal(a->opcode, b->opcode);
    assert_memory_equal(a->mask, b->mask, WS_MASK_LEN);
    assert_true(a->payload_len == b->payload_len);
}

static void heads_are_read_and_written(void **state) {
    (void)state;
    for (size_t i = 0; i < countof(samples); i++) {
        struct span wire = samples[i].wire;
        struct ws_head head;
        assert_int_equal(ws_head_decode(wire, &head), wire.len);
        assert_head_equal(&head, &samples[i].head);
        char out[WS_HEAD_MAX];
        assert_int_equal(ws_head_encode(out, &samples[i].head), wire.len);
        assert_memory_equal(out, wire.at, wire.len);
        for (size_t cut = 0; cut < wire.len; cut++)
            assert_int_equal(ws_head_decode(span_of(wire.at, cut), &head), 0);
    }
}

static void lengths_must_be_short(void **state) {
    (void)state;
    static const struct span bad[] = {
        WIRE("\x82\x7E\x00\x00"),
        WIRE("\x82\x7E\x00\x7D"),
        WIRE("\x82\x7F\x00\x00\x00\x00\x00\x00\x00\x00"),
        WIRE("\x82\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF"),
        WIRE("\x82\x7F\x80\x00\x00\x00\x00\x00\x00\x00"),
        WIRE("\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        WIRE("\x82\xFE\x00\x7D\x01\x02\x03\x04"),
    };
    for (size_t i = 0; i < countof(bad); i++) {
        struct ws_head head;
        assert_int_equal(ws_head_decode(bad[i], &head), -1);
    }
}

static void mask_plainly(char *at, size_t len, const uint8_t mask[WS_MASK_LEN], uint64_t offset) {
    for (size_t i = 0; i < len; i++)
        at[i] = (char)((uint8_t)at[i] ^ mask[(offset + i) % WS_MASK_LEN]);
}

static void mask_is_that_of_the_plain_version(void **state) {
    (void)state;
    static const uint8_t key[WS_MASK_LEN] = { 0x37, 0xFA, 0x21, 0x3D };
    char fast[160];
    char plain[sizeof fast];
    for (size_t from = 0; from < 9; from++) {
        for (size_t len = 0; len <= 140; len++) {
            for (uint64_t offset = 0; offset < 5; offset++) {
                for (size_t i = 0; i < sizeof fast; i++)
                    fast[i] = plain[i] = (char)(i * 7 + len);
                ws_mask(fast + from, len, key, offset);
                mask_plainly(plain + from, len, key, offset);
                assert_memory_equal(fast, plain, sizeof fast);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_read_and_written),
        cmocka_unit_test(lengths_must_be_short),
        cmocka_unit_test(mask_is_that_of_the_plain_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
