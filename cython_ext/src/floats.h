/* FLOATS: gains rounded to float32, for any U, in half the memory of WIDE and twice its lanes.  Not exact: an opt-in.
 *
 * The table of U enters as pairs (up, gain) of float32 numbers, each rounded once.  Sums over patterns run in float32 lanes for
 * FLOAT_TILE words of 32 patterns and in float64 above, on no path with more than 8 FLOAT_TILE additions to a lane, so that the
 * energy change of a flip is off by at most
 *
 *     2^-24 (8 FLOAT_TILE + 4) (sum |up| + 2 sum |gain|) + 2
 *
 * and mostly by a hundredth of that.  Order and width of the sums belong to a path: another path may decide a flip differently
 * whose threshold lies within the error.  X stays exact, and so does the energy, which comes anew from X after every sweep that
 * flipped something.
 */
#ifndef HEBBIAN_FLOATS_H
#define HEBBIAN_FLOATS_H

#include "gains.h"

#define FLOAT_TILE 16

static inline f64v widen_floats(f64v total, f32v x)
{
    float lanes[LANES32];
    memcpy(lanes, &x, WIDTH);
    return total + (widenf(lanes) + widenf(lanes + LANES64));
}

static inline int64_t rounded(f64v x)
{
    double sum = 0.0;
    for (int j = 0; j < LANES64; j++) sum += x[j];
    return (int64_t) (sum < 0.0 ? sum - 0.5 : sum + 0.5);
}

static void sum_floats(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row = row_of(system, site);
    const float *gain = system->floats + replica * 64 * system->words;
    int64_t words = 2 * system->words;
    f64v total = {0};
    for (int64_t w = 0; w < words;) {
        f32v sum[4] = {{0}};
        for (int64_t stop = least(w + FLOAT_TILE, words); w < stop; w++)
            for (int part = 0; part < PARTS32; part++) {
                i32v word = splat32((int32_t) row[w]);
                sum[part & 3] = add_where_float(sum[part & 3], word, bit32(part), loadf(gain + 32 * w + part * LANES32));
            }
        total = widen_floats(total, (sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    out[0] = rounded(total);
}

static void sum_floats_of_four(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row[4];
    for (int j = 0; j < 4; j++) row[j] = row_of(system, site + j);
    const float *gain = system->floats + replica * 64 * system->words;
    int64_t words = 2 * system->words;
    f64v total[4] = {{0}};
    for (int64_t w = 0; w < words;) {
        f32v even[4] = {{0}}, odd[4] = {{0}};
        for (int64_t stop = least(w + FLOAT_TILE, words); w < stop; w++)
            for (int part = 0; part < PARTS32; part += 2) {
                f32v u = loadf(gain + 32 * w + part * LANES32), v = loadf(gain + 32 * w + (part + 1) * LANES32);
                for (int j = 0; j < 4; j++) {
                    i32v word = splat32((int32_t) row[j][w]);
                    even[j] = add_where_float(even[j], word, bit32(part), u);
                    odd[j] = add_where_float(odd[j], word, bit32(part + 1), v);
                }
            }
        for (int j = 0; j < 4; j++) total[j] = widen_floats(total[j], even[j] + odd[j]);
    }
    for (int j = 0; j < 4; j++) out[j] = rounded(total[j]);
}

static void move_floats(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const uint32_t *row = row_of(system, site);
    int16_t *x = system->overlaps16 + replica * 64 * system->words;
    float *gains = system->floats + replica * 64 * system->words;
    int64_t words = 2 * system->words;
    f64v up_total = {0}, gain_total = {0};
    for (int64_t w = 0; w < words;) {
        f32v up_part = {0}, gain_part = {0};
        for (int64_t stop = least(w + FLOAT_TILE, words); w < stop; w++) {
            uint32_t valid = valid_bits(system->patterns, w);
            for (int part = 0; part < PARTS16; part++) {
                i16v v = moved(load16(x + 32 * w + part * LANES16), row[w], valid, part, step);
                memcpy(x + 32 * w + part * LANES16, &v, WIDTH);
                for (int half = 0; half < 2; half++) {
                    int out = part + half * PARTS16;
                    i32v up, gain, keep = splat32((int32_t) valid);
                    look_up_overlaps(system, v, half, &up, &gain);
                    gain = keep32(keep, bit32(out), gain);
                    memcpy(gains + 32 * w + out * LANES32, &gain, WIDTH);
                    up_part += (f32v) keep32(keep, bit32(out), up);
                    gain_part += (f32v) gain;
                }
            }
        }
        up_total = widen_floats(up_total, up_part);
        gain_total = widen_floats(gain_total, gain_part);
    }
    system->totals[3 * replica] = rounded(up_total);
    system->totals[3 * replica + 1] = rounded(gain_total);
}

/* The energy from X, exactly. */
static void settle_floats(const dense_system *system, int64_t replica)
{
    const int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int64_t sum = 0;
    for (int64_t w = 0; 32 * w < system->patterns; w++)
        for (int j = 0; j < 32 && valid_bits(system->patterns, w) >> j; j++)
            sum += system->table.values[(x[32 * w + 2 * (j & 15) + j / 16] + system->sites) / 2];
    system->energy[replica] = sum;
}

#endif
