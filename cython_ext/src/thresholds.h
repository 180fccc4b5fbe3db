/* Acceptance thresholds of philox.h, a vector at a time: the same words, the same float32 operations in the same order. */
#ifndef HEBBIAN_THRESHOLDS_H
#define HEBBIAN_THRESHOLDS_H

#include "philox.h"
#include "vector.h"

static inline void philox_lanes(u32v c[4], u32v k0, u32v k1)
{
    for (int round = 0; round < 10; round++) {
        u32v high0, low0, high1, low1;
        multiply_wide(c[0], 0xD2511F53u, &high0, &low0);
        multiply_wide(c[2], 0xCD9E8D57u, &high1, &low1);
        c[0] = high1 ^ c[1] ^ k0;
        c[1] = low1;
        c[2] = high0 ^ c[3] ^ k1;
        c[3] = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

static inline f32v log_lanes(f32v x)
{
    i32v bits = (i32v) x;
    i32v e = (bits - 0x3F400000) >> 23;
    f32v m = (f32v) (bits - (e << 23));
    f32v s = (m - 1.0f) / (m + 1.0f);
    f32v q = s * s;
    f32v series = splatf(0x1.c71c72p-3f);       /* 2/9 */
    series = series * q + 0x1.24924ap-2f;   /* 2/7 */
    series = series * q + 0x1.99999ap-2f;   /* 2/5 */
    series = series * q + 0x1.555556p-1f;   /* 2/3 */
    series = series * q + 2.0f;
    return __builtin_convertvector(e, f32v) * 0x1.62e430p-1f + s * series;
}

static inline f32v uniform_lanes(u32v r)
{
    return (float_of_u32(r) + 0.5f) * 0x1p-32f;
}

static inline f32v theta_lanes(u32v r, int heat_bath)
{
    f32v below = log_lanes(uniform_lanes(r));
    return heat_bath ? log_lanes(uniform_lanes(~r)) - below : splatf(0.0f) - below;
}

enum { ACCEPT, VISIT, WAIT }; /* the last counter word: what the random word of an attempt, or an event, decides */

/* The words of LANES32 attempts of one block of 64: attempt 16 * k + part + lane reads word k of counter part + lane. */
static inline void words_of_block(u32v c[4], int part, uint32_t k0, uint32_t k1, uint32_t block, uint32_t sweep,
                                  uint32_t replica, uint32_t use)
{
    static const int32_t lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    c[0] = (u32v) load32(lane + part) + 16 * block;
    c[1] = (u32v){0} + sweep;
    c[2] = (u32v){0} + replica;
    c[3] = (u32v){0} + use;
    philox_lanes(c, (u32v){0} + k0, (u32v){0} + k1);
}

/* ceil(theta tau) of the 64 attempts of one block, in order of attempts. */
static inline void ceilings_of_block(float *out, uint32_t k0, uint32_t k1, uint32_t block, uint32_t sweep, uint32_t replica,
                                     float tau, int heat_bath)
{
    for (int part = 0; part < 16; part += LANES32) {
        u32v c[4];
        words_of_block(c, part, k0, k1, block, sweep, replica, ACCEPT);
        for (int word = 0; word < 4; word++) {
            f32v y = ceiling(theta_lanes(c[word], heat_bath) * tau);
            memcpy(out + 16 * word + part, &y, WIDTH);
        }
    }
}

/* Integer thresholds of attempts 0 .. attempts-1 of one sweep of one replica; `out` holds whole blocks of 64. */
static inline void thresholds64(int64_t *out, int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica,
                                float tau, int heat_bath)
{
    const float limit = (float) THRESHOLD_LIMIT;
    for (int64_t base = 0; base < attempts; base += 64) {
        float y[64];
        ceilings_of_block(y, k0, k1, (uint32_t) (base / 64), sweep, replica, tau, heat_bath);
        for (int j = 0; j < 64; j++) out[base + j] = (int64_t) (y[j] >= limit ? limit : y[j] <= -limit ? -limit : y[j]);
    }
}

/* Random sites, floor(word * sites / 2^32), of attempts 0 .. sites-1 of one sweep of one replica; whole blocks of 64. */
static inline void random_sites(int32_t *out, int64_t sites, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica)
{
    for (int64_t base = 0; base < sites; base += 64)
        for (int part = 0; part < 16; part += LANES32) {
            u32v c[4], low, high;
            words_of_block(c, part, k0, k1, (uint32_t) (base / 64), sweep, replica, VISIT);
            for (int word = 0; word < 4; word++) {
                multiply_wide(c[word], (uint32_t) sites, &high, &low);
                memcpy(out + base + 16 * word + part, &high, WIDTH);
            }
        }
}

#endif
