/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the PROXY protocol's header. The first byte says how the rest is cut; however it is, the
 * outcome is the same, and no byte behind the header is taken.
 */
#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum proxy_header_step feed(struct proxy_header *header, struct span *wire, size_t piece) {
    enum proxy_header_step step = PROXY_HEADER_MORE;
    while (step == PROXY_HEADER_MORE && wire->len > 0) {
        struct span in = span_of(wire->at, size_min(piece, wire->len));
        size_t before = in.len;
        step = proxy_header_feed(header, &in);
        assert(step != PROXY_HEADER_MORE || in.len == 0);
        *wire = span_skip(*wire, before - in.len);
    }
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    const struct span wire = span_of((const char *)data + 1, size - 1);
    struct proxy_header whole = { 0 }, cut = { 0 };
    struct span behind_whole = wire, behind_cut = wire;
    enum proxy_header_step step = feed(&whole, &behind_whole, SIZE_MAX);
    enum proxy_header_step other = feed(&cut, &behind_cut, 1 + data[0] % 32u);
    assert(step == other && whole.has_client == cut.has_client);
    assert(whole.is_absent == cut.is_absent &&
           (step == PROXY_HEADER_FAIL) == (whole.problem != NULL));
    if (step != PROXY_HEADER_DONE) return 0;
    assert(behind_whole.len == behind_cut.len && wire.len - behind_whole.len <= PROXY_HEADER_MAX);
    if (whole.has_client) {
        assert(memcmp(whole.client.bytes, cut.client.bytes, sizeof whole.client.bytes) == 0);
        assert(whole.client.port == cut.client.port);
    }
    return 0;
}
