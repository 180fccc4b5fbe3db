/* Philox4x32-10 and the acceptance thresholds made from it: the definition that every kernel shares.
 *
 * Counters, keys and purposes are laid out in hebbian/streams.py.  A threshold theta is a float32 built from one 32-bit
 * word r by this fixed sequence of separate float32 operations (compile with -ffp-contract=off):
 *
 *     u = ((float) r + 0.5f) * 2^-32            w = ((float) ~r + 0.5f) * 2^-32
 *     Metropolis  theta = 0 - ln u              accept with probability min(1, exp(-dE/T))
 *     heat bath   theta = ln w - ln u           accept with probability 1 / (1 + exp(dE/T))
 *
 * and a flip is accepted iff  dE < theta * tau  as real numbers, where dE is the exact integer energy change, tau is T in
 * units of that integer rounded to float32, and theta * tau is one float32 product.  For integers this is dE < ceil(theta
 * tau), so kernels compare integers.  At T = 0 the product is zero and a flip needs dE < 0.  One 32-bit word resolves
 * probabilities down to 2^-33: a flip with dE/T above 22.9 is never accepted.
 */
#ifndef HEBBIAN_PHILOX_H
#define HEBBIAN_PHILOX_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Thresholds are clamped here; |dE| stays below it by construction of the integer energy table. */
#define THRESHOLD_LIMIT (INT64_C(1) << 62)

static inline void philox4x32(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    for (int round = 0; round < 10; round++) {
        uint64_t first = (uint64_t) c[0] * 0xD2511F53u;
        uint64_t second = (uint64_t) c[2] * 0xCD9E8D57u;
        uint32_t next0 = (uint32_t) (second >> 32) ^ c[1] ^ k0;
        uint32_t next2 = (uint32_t) (first >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t) second;
        c[3] = (uint32_t) first;
        c[0] = next0;
        c[2] = next2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* ln x of a positive normal float: x = 2^e m with m in [3/4, 3/2), then the series of 2 artanh((m-1)/(m+1)). */
static inline float log_float(float x)
{
    int32_t bits;
    memcpy(&bits, &x, 4);
    int32_t e = (bits - 0x3F400000) >> 23;
    bits -= e * (1 << 23);
    float m;
    memcpy(&m, &bits, 4);
    float s = (m - 1.0f) / (m + 1.0f);
    float q = s * s;
    float series = 0x1.c71c72p-3f;                  /* 2/9 */
    series = series * q + 0x1.24924ap-2f;           /* 2/7 */
    series = series * q + 0x1.99999ap-2f;           /* 2/5 */
    series = series * q + 0x1.555556p-1f;           /* 2/3 */
    series = series * q + 2.0f;
    return (float) e * 0x1.62e430p-1f + s * series; /* ln 2 */
}

static inline float uniform_float(uint32_t r)
{
    return ((float) r + 0.5f) * 0x1p-32f;
}

static inline float theta_of(uint32_t r, int heat_bath)
{
    float below = log_float(uniform_float(r));
    float above = heat_bath ? log_float(uniform_float(~r)) : 0.0f;
    return above - below;
}

/* Largest integer threshold c with  dE < c  equivalent to  dE < theta * tau. */
static inline int64_t threshold_of(float theta, float tau)
{
    float y = ceilf(theta * tau);
    if (y >= (float) THRESHOLD_LIMIT) return THRESHOLD_LIMIT;
    if (y <= -(float) THRESHOLD_LIMIT) return -THRESHOLD_LIMIT;
    return (int64_t) y;
}

/* Integer thresholds of attempts 0 .. attempts-1 of one sweep of one replica; `out` holds whole blocks of 64. */
static inline void fill_thresholds(int64_t *out, int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep,
                                   uint32_t replica, float tau, int heat_bath)
{
    for (int64_t base = 0; base < attempts; base += 64)
        for (uint32_t lane = 0; lane < 16; lane++) {
            uint32_t c[4] = {(uint32_t) (base / 4) + lane, sweep, replica, 0};
            philox4x32(c, k0, k1);
            for (int word = 0; word < 4; word++)
                out[base + 16 * word + lane] = threshold_of(theta_of(c[word], heat_bath), tau);
        }
}

#endif
