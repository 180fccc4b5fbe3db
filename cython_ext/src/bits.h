/* Packed +-1 patterns: fair signs from counters, turned from pattern-major words into site-major rows.
 *
 * Contract: `out` has one row of `words` 64-bit words a site, padding already 0; bit mu of row i is (xi_i^mu = +1), which is
 * bit i mod 32 of word (i div 32) mod 4 of the counter (i div 128, mu mod 2^32, mu div 2^32, 0).  Every pattern has its own
 * counters, so the first K of K' > K patterns are the same patterns.
 */
#ifndef HEBBIAN_BITS_H
#define HEBBIAN_BITS_H

#include "philox.h"

/* Transpose a 64 x 64 bit matrix in place by swapping off-diagonal blocks of 32, 16, ..., 1. */
static inline void transpose64(uint64_t a[64])
{
    uint64_t mask = UINT64_C(0x00000000FFFFFFFF);
    for (int width = 32; width; width >>= 1, mask ^= mask << width)
        for (int k = 0; k < 64; k = ((k | width) + 1) & ~width) {
            uint64_t swap = ((a[k] >> width) ^ a[k | width]) & mask;
            a[k] ^= swap << width;
            a[k | width] ^= swap;
        }
}

static inline void rademacher_rows(uint64_t *out, int64_t sites, int64_t patterns, int64_t words, uint32_t k0, uint32_t k1)
{
    for (int64_t w = 0; 64 * w < patterns; w++)
        for (int64_t base = 0; base < sites; base += 128) {
            uint64_t half[2][64] = {{0}};
            for (int64_t j = 0; j < 64 && 64 * w + j < patterns; j++) {
                uint64_t mu = (uint64_t) (64 * w + j);
                uint32_t c[4] = {(uint32_t) (base / 128), (uint32_t) mu, (uint32_t) (mu >> 32), 0};
                philox4x32(c, k0, k1);
                half[0][j] = c[0] | (uint64_t) c[1] << 32;
                half[1][j] = c[2] | (uint64_t) c[3] << 32;
            }
            for (int side = 0; side < 2; side++) {
                transpose64(half[side]);
                for (int64_t i = base + 64 * side, j = 0; j < 64 && i < sites; i++, j++) out[i * words + w] = half[side][j];
            }
        }
}

#endif
