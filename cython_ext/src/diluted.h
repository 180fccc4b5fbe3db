/* Diluted patterns xi = -1, 0, +1 and their noisy examples, from counters.
 *
 * Contract
 *   diluted_entries   xi_i^mu from word i mod 4 of the counter (i div 4, mu mod 2^32, mu div 2^32, 0): blank where the upper
 *                     31 bits are below `blanks` = round(2^31 d), otherwise +1 where the lowest bit is set.  Patterns nest in
 *                     K, and a larger dilution only blanks more entries of the same patterns.
 *   diluted_examples  eta_i^{mu,A} = xi_i^mu chi_i^{mu,A}, chi = +1 where word i mod 4 of the counter (i div 4, mu, A, 0) is
 *                     below `right` = round(2^32 (1 + r) / 2).  A blank entry is blank in every example.
 *   diluted_sums      sum_A eta_i^{mu,A} over A = 0 .. examples - 1.
 * Arrays are pattern-major, `sites` entries a row; example A of pattern mu is row mu examples + A.  Nothing here allocates.
 */
#ifndef HEBBIAN_DILUTED_H
#define HEBBIAN_DILUTED_H

#include "philox.h"

static void diluted_entries(int8_t *out, int64_t sites, int64_t patterns, uint32_t blanks, uint32_t k0, uint32_t k1)
{
    for (int64_t mu = 0; mu < patterns; mu++, out += sites)
        for (int64_t base = 0; base < sites; base += 4) {
            uint32_t c[4] = {(uint32_t) (base / 4), (uint32_t) mu, (uint32_t) ((uint64_t) mu >> 32), 0};
            philox4x32(c, k0, k1);
            for (int64_t j = 0; j < 4 && base + j < sites; j++)
                out[base + j] = (c[j] >> 1) < blanks ? 0 : (c[j] & 1) ? 1 : -1;
        }
}

static inline void noisy_signs(int8_t sign[4], int64_t base, int64_t mu, int64_t example, uint64_t right, uint32_t k0, uint32_t k1)
{
    uint32_t c[4] = {(uint32_t) (base / 4), (uint32_t) mu, (uint32_t) example, 0};
    philox4x32(c, k0, k1);
    for (int j = 0; j < 4; j++) sign[j] = c[j] < right ? 1 : -1;
}

static void diluted_examples(int8_t *out, const int8_t *entries, int64_t sites, int64_t patterns, int64_t examples,
                             uint64_t right, uint32_t k0, uint32_t k1)
{
    int8_t sign[4];
    for (int64_t mu = 0; mu < patterns; mu++, entries += sites)
        for (int64_t a = 0; a < examples; a++, out += sites)
            for (int64_t base = 0; base < sites; base += 4) {
                noisy_signs(sign, base, mu, a, right, k0, k1);
                for (int64_t j = 0; j < 4 && base + j < sites; j++) out[base + j] = (int8_t) (entries[base + j] * sign[j]);
            }
}

static void diluted_sums(int32_t *out, const int8_t *entries, int64_t sites, int64_t patterns, int64_t examples, uint64_t right,
                         uint32_t k0, uint32_t k1)
{
    int8_t sign[4];
    for (int64_t mu = 0; mu < patterns; mu++, entries += sites, out += sites)
        for (int64_t base = 0; base < sites; base += 4) {
            int32_t total[4] = {0, 0, 0, 0};
            for (int64_t a = 0; a < examples; a++) {
                noisy_signs(sign, base, mu, a, right, k0, k1);
                for (int j = 0; j < 4; j++) total[j] += sign[j];
            }
            for (int64_t j = 0; j < 4 && base + j < sites; j++) out[base + j] = entries[base + j] * total[j];
        }
}

#endif
