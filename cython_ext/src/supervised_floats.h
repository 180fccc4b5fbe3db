/* FLOATS: any polynomial and any sums, from slopes of U kept as floats.
 *
 * A chain adds 64 terms and joins the others in six steps before all enter a double: with `order` <= 8 the error is below
 * (72 + order) 2^-24 of the sum of magnitudes.  An attempt is a sum of K terms; an accepted flip is one pass over K that
 * forms the slopes anew.
 */
#ifndef HEBBIAN_SUPERVISED_FLOATS_H
#define HEBBIAN_SUPERVISED_FLOATS_H

#include "supervised.h"
#include "supervised_table.h"

#define CHUNK (128 * LANES32)
#define ROUNDING 0x1p-17 /* 128 float units, above the (72 + order) of the error bound */

/* A vector of floats from as many int16. */
ALWAYS_INLINE f32v widen(const int16_t *in)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) in)));
#elif defined(VECTOR_AVX2)
    return (f32v) _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *) in)));
#else
    f32v out;
    for (int j = 0; j < LANES32; j++) out[j] = in[j];
    return out;
#endif
}

/* sum + x y; a fused product only makes the rounding smaller. */
ALWAYS_INLINE f32v add_product(f32v sum, f32v x, f32v y)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_fmadd_ps((__m512) x, (__m512) y, (__m512) sum);
#else
    return sum + x * y;
#endif
}

/* Rise of sum_mu U when spin s is flipped: s times the odd powers of c plus the even ones.  The last power has the same
 * slope for all mu and comes as `top` = slope_p sum_mu c^p.  `order` is a constant where this is inlined. */
ALWAYS_INLINE double float_rise(int order, const int16_t *row, const float *gains, int64_t width, double top, int spin)
{
    double rise = order % 2 ? spin * top : top;
    for (int64_t first = 0; first < width; first += CHUNK) {
        f32v sum[2][2] = {{{0.0f}}}; /* odd and even powers, two chains of additions each */
        int64_t end = first + CHUNK < width ? first + CHUNK : width;
        for (int64_t mu = first; mu < end; mu += 2 * LANES32)
            for (int chain = 0; chain < 2; chain++) {
                f32v c = widen(row + mu + chain * LANES32), power = c;
                for (int k = 1; k < order; k++) {
                    f32v gain = loadf(gains + (k - 1) * width + mu + chain * LANES32);
                    sum[(k + 1) % 2][chain] = add_product(sum[(k + 1) % 2][chain], power, gain);
                    if (k + 1 < order) power *= c;
                }
            }
        f32v lanes = (float) spin * (sum[0][0] + sum[0][1]) + (sum[1][0] + sum[1][1]);
        float part[LANES32];
        memcpy(part, &lanes, sizeof part);
        for (int half = LANES32 / 2; half; half /= 2)
            for (int j = 0; j < half; j++) part[j] += part[j + half];
        rise += part[0];
    }
    return rise;
}

/* Slopes and bounds at the overlaps of a replica; a double vector is as long as LANES64. */
ALWAYS_INLINE void refresh(int order, const supervised_system *system, int64_t replica)
{
    typedef double f64v __attribute__((vector_size(WIDTH)));
    typedef int32_t i32part __attribute__((vector_size(WIDTH / 2)));
    typedef float f32part __attribute__((vector_size(WIDTH / 2)));
    const float_buffers *floats = &system->floats;
    int64_t width = system->width;
    const int32_t *overlaps = system->overlaps + replica * width;
    float *gains = floats->gains + replica * (order - 1) * width;
    f64v scale = {0.0};
    for (int64_t mu = 0; mu < width; mu += LANES64) {
        i32part whole;
        memcpy(&whole, overlaps + mu, sizeof whole);
        f64v x = __builtin_convertvector(whole, f64v), size = (f64v) ((i64v) x & INT64_MAX), bound = {0.0};
        for (int power = order - 1; power >= 0; power--) bound = bound * size + floats->bounds[power];
        scale += bound;
        for (int k = 1; k < order; k++) {
            f64v slope = {0.0};
            for (int power = order - k; power >= 0; power--) slope = slope * x + floats->slopes[(k - 1) * order + power];
            f32part narrow = __builtin_convertvector(slope, f32part);
            memcpy(gains + (k - 1) * width + mu, &narrow, sizeof narrow);
        }
    }
    floats->scale[replica] = 0.0;
    for (int j = 0; j < LANES64; j++) floats->scale[replica] += scale[j];
}

ALWAYS_INLINE int64_t visit_floats(int order, const supervised_system *system, int64_t replica, const float *thresholds,
                                   int64_t from, int64_t to)
{
    const float_buffers *floats = &system->floats;
    int64_t width = system->width, accepted = 0;
    int8_t *spins = system->spins + replica * system->sites;
    int32_t *overlaps = system->overlaps + replica * width;
    const float *gains = floats->gains + replica * (order - 1) * width;
    for (int64_t i = from; i < to; i++) {
        const int16_t *row = system->sums + i * width;
        double excess = -float_rise(order, row, gains, width, floats->tops[i], spins[i]) - (double) thresholds[i];
        double doubt = ROUNDING * floats->scale[replica] + (double) system->patterns;
        int verdict = excess < -doubt ? FLIP : excess > doubt ? STAY : exact_verdict(system, replica, i, thresholds[i]);
        if (verdict == FLIP) {
            for (int64_t mu = 0; mu < width; mu++) overlaps[mu] -= 2 * spins[i] * row[mu];
            spins[i] = -spins[i];
            refresh(order, system, replica);
            accepted++;
        }
    }
    return accepted;
}

#endif
