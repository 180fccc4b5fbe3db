/* Noisy examples of +-1 archetypes: eta = xi chi with Pr(chi = -1) = flip / 2^32, from counters.
 *
 * Contract: `archetypes` has one row of `ceil(sites / 64)` words an archetype, bit i mod 64 of word i div 64 says whether
 * xi_i = +1, padding 0.  Example A of archetype mu flips site i where the 32-bit number of that site is below `flip`.  Bit
 * 31 - b of the number is bit i mod 32 of word (i div 32) mod 4 of the counter (i div 128, mu mod 2^32, A, 32 (mu div 2^32) + b).
 * Planes b are read from the leading one on, and only until 128 sites are decided: about nine planes where whole numbers
 * would take 32.  Every example has its own counters, so fewer examples or archetypes are a part of more.
 *
 *   example_rows   the K M examples as packed patterns (bits.h), example A of archetype mu as pattern mu M + A; `out` is 0
 *   example_sums   sum_A eta_i^{mu A} as int16, one row of `width` a site; `out` is 0 and M below 2^15
 */
#ifndef HEBBIAN_EXAMPLES_H
#define HEBBIAN_EXAMPLES_H

#include "bits.h"

/* Sites of one block of 128 where example A of archetype mu differs from it. */
static inline void example_flips(uint64_t flipped[2], uint32_t block, uint64_t mu, uint32_t example, uint32_t k0, uint32_t k1,
                                 uint32_t flip)
{
    uint64_t undecided[2] = {~UINT64_C(0), ~UINT64_C(0)};
    flipped[0] = flipped[1] = 0;
    for (uint32_t plane = 0; plane < 32 && (undecided[0] | undecided[1]); plane++) {
        uint32_t c[4] = {block, (uint32_t) mu, example, 32 * (uint32_t) (mu >> 32) + plane};
        philox4x32(c, k0, k1);
        uint64_t bits[2] = {c[0] | (uint64_t) c[1] << 32, c[2] | (uint64_t) c[3] << 32};
        for (int half = 0; half < 2; half++)
            if (flip >> (31 - plane) & 1) {
                flipped[half] |= undecided[half] & ~bits[half];
                undecided[half] &= bits[half];
            } else
                undecided[half] &= ~bits[half];
    }
}

static void example_rows(uint64_t *out, const uint64_t *archetypes, int64_t sites, int64_t count, int64_t examples,
                         int64_t words, uint32_t k0, uint32_t k1, uint32_t flip)
{
    int64_t site_words = (sites + 63) / 64;
    for (int64_t w = 0; 64 * w < count * examples; w++)
        for (int64_t base = 0; base < sites; base += 128) {
            uint64_t half[2][64] = {{0}};
            for (int64_t j = 0; j < 64 && 64 * w + j < count * examples; j++) {
                int64_t mu = (64 * w + j) / examples, example = (64 * w + j) % examples;
                uint64_t flipped[2];
                example_flips(flipped, (uint32_t) (base / 128), (uint64_t) mu, (uint32_t) example, k0, k1, flip);
                for (int side = 0; side < 2; side++)
                    if (base + 64 * side < sites)
                        half[side][j] = archetypes[mu * site_words + base / 64 + side] ^ flipped[side];
            }
            for (int side = 0; side < 2; side++) {
                transpose64(half[side]);
                for (int64_t i = base + 64 * side, j = 0; j < 64 && i < sites; i++, j++) out[i * words + w] = half[side][j];
            }
        }
}

static void example_sums(int16_t *out, const uint64_t *archetypes, int64_t sites, int64_t count, int64_t examples,
                         int64_t width, uint32_t k0, uint32_t k1, uint32_t flip)
{
    int64_t site_words = (sites + 63) / 64;
    for (int64_t base = 0; base < sites; base += 128)
        for (int64_t mu = 0; mu < count; mu++) {
            int16_t flips[128] = {0};
            for (int64_t example = 0; example < examples; example++) {
                uint64_t flipped[2];
                example_flips(flipped, (uint32_t) (base / 128), (uint64_t) mu, (uint32_t) example, k0, k1, flip);
                for (int j = 0; j < 64; j++) flips[j] += flipped[0] >> j & 1;
                for (int j = 0; j < 64; j++) flips[64 + j] += flipped[1] >> j & 1;
            }
            for (int64_t i = base, j = 0; j < 128 && i < sites; i++, j++) {
                int up = archetypes[mu * site_words + i / 64] >> (i % 64) & 1;
                int sum = (int) examples - 2 * flips[j];
                out[i * width + mu] = (int16_t) (up ? sum : -sum);
            }
        }
}

#endif
