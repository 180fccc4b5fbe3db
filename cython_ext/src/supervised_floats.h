/* FLOATS: any polynomial of one parity and any sums, in floats.
 *
 * With Y = X - s c the overlap without the spin itself, a flip costs sum_mu U(Y + s c) - U(Y - s c), in which only odd powers
 * of c remain: s c, times Y where U is even, times a polynomial in Y^2 and c^2 of DEGREES(order) terms a direction.
 *
 * A chain adds 64 terms and joins the others in six steps before all enter a double, and a term is rounded less than 4 order
 * times: the error is below (72 + 4 order) 2^-24 of the sum of magnitudes.  A bound of that sum, polynomial in |X|, is kept
 * and formed anew after SLACK flips, for which it leaves room.
 *
 * An attempt is a sum of K terms; an accepted flip one pass over K, with the bound every SLACK flips.
 */
#ifndef HEBBIAN_SUPERVISED_FLOATS_H
#define HEBBIAN_SUPERVISED_FLOATS_H

#include "supervised.h"
#include "supervised_table.h"

#define CHUNK (128 * LANES32)
#define ROUNDING 0x1p-17 /* 128 float units, above the 72 + 4 order of the error bound */
#define DEGREES(order) (((order) + 1) / 2)

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

/* x + y z with x a constant. */
ALWAYS_INLINE f32v horner(float x, f32v y, f32v z) { return add_product(splatf(x), y, z); }

/* What the flip of a spin costs.  `order` is a constant where this is inlined. */
ALWAYS_INLINE double float_cost(int order, const supervised_system *system, int64_t replica, const int16_t *row, int spin)
{
    const float *terms = system->floats.terms, *overlaps = system->floats.overlaps + replica * system->width;
    int64_t width = system->width;
    const i32v sign = splat32(spin < 0 ? INT32_MIN : 0); /* turns c into s c where multiplications are scarce */
    double cost = 0.0;
    for (int64_t first = 0; first < width; first += CHUNK) {
        int64_t end = first + CHUNK < width ? first + CHUNK : width;
        f32v sum[2] = {{0.0f}};
        for (int64_t mu = first; mu < end; mu += 2 * LANES32)
            for (int chain = 0; chain < 2; chain++) {
                f32v c = (f32v) ((i32v) widen(row + mu + chain * LANES32) ^ sign), y = loadf(overlaps + mu + chain * LANES32) - c;
                f32v u = y * y, v = c * c, outer = splatf(terms[(DEGREES(order) - 1) * DEGREES(order)]);
                for (int j = DEGREES(order) - 2; j >= 0; j--) {
                    const float *inner = terms + j * DEGREES(order);
                    f32v power = splatf(inner[DEGREES(order) - 1 - j]);
                    for (int k = DEGREES(order) - 2 - j; k >= 0; k--) power = horner(inner[k], power, u);
                    outer = add_product(power, outer, v);
                }
                sum[chain] = add_product(sum[chain], order % 2 ? c : c * y, outer);
            }
        f32v lanes = sum[0] + sum[1];
        float part[LANES32];
        memcpy(part, &lanes, sizeof part);
        for (int half = LANES32 / 2; half; half /= 2)
            for (int j = 0; j < half; j++) part[j] += part[j + half];
        cost += part[0];
    }
    return cost;
}

/* A bound of the sum of magnitudes for the next SLACK flips. */
ALWAYS_INLINE void bound_floats(int order, const supervised_system *system, int64_t replica)
{
    const float_buffers *floats = &system->floats;
    const float *overlaps = floats->overlaps + replica * system->width;
    double total = 0.0;
    for (int64_t first = 0; first < system->width; first += CHUNK) {
        int64_t end = first + CHUNK < system->width ? first + CHUNK : system->width;
        f32v sum = {0.0f};
        for (int64_t mu = first; mu < end; mu += LANES32) {
            f32v size = (f32v) ((i32v) loadf(overlaps + mu) & 0x7FFFFFFF) + floats->room;
            f32v square = size * size, bound = splatf(floats->bounds[DEGREES(order) - 1]);
            for (int k = DEGREES(order) - 2; k >= 0; k--) bound = horner(floats->bounds[k], bound, square);
            sum += order % 2 ? bound : bound * size;
        }
        for (int j = 0; j < LANES32; j++) total += sum[j];
    }
    floats->scale[replica] = total;
    floats->left[replica] = SLACK;
}

/* Overlaps in floats from those in int32. */
ALWAYS_INLINE void start_floats(int order, const supervised_system *system, int64_t replica)
{
    int64_t base = replica * system->width;
    for (int64_t mu = base; mu < base + system->width; mu++) system->floats.overlaps[mu] = (float) system->overlaps[mu];
    bound_floats(order, system, replica);
}

ALWAYS_INLINE int64_t visit_floats(int order, const supervised_system *system, int64_t replica, const float *thresholds,
                                   int64_t from, int64_t to)
{
    const float_buffers *floats = &system->floats;
    int64_t width = system->width, accepted = 0;
    int8_t *spins = system->spins + replica * system->sites;
    int32_t *overlaps = system->overlaps + replica * width;
    for (int64_t i = from; i < to; i++) {
        const int16_t *row = system->sums + i * width;
        double excess = float_cost(order, system, replica, row, spins[i]) - (double) thresholds[i];
        double doubt = ROUNDING * floats->scale[replica] + (double) system->patterns;
        int verdict = excess < -doubt ? FLIP : excess > doubt ? STAY : exact_verdict(system, replica, i, thresholds[i]);
        if (verdict != FLIP) continue;
        int step = -2 * spins[i];
        for (int64_t mu = 0; mu < width; mu++) {
            overlaps[mu] += step * row[mu];
            floats->overlaps[replica * width + mu] = (float) overlaps[mu];
        }
        if (--floats->left[replica] == 0) bound_floats(order, system, replica);
        spins[i] = -spins[i];
        accepted++;
    }
    return accepted;
}

#endif
