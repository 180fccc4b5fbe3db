/* Flip costs of any U as one masked sum over patterns, and the update after an accepted flip.
 *
 * With S_i the sum over the set bits of row i of gain(X_mu), flipping s_i = +1 changes sum_mu U by up + S_i and flipping
 * s_i = -1 by up + total - S_i, where up and total are sums over all patterns: one array and one masked sum an attempt.
 * A sum over K terms reads K bits and K gains; an accepted flip is one pass that moves X, forms the gains anew and sums them.
 *
 * Partial sums run in int32 lanes.  A lane takes at most SHARE terms of a group of 64 gains (128 squares' pairs), and four
 * such sums are added before they widen, so `tile` groups keep 4 * SHARE * tile * largest below 2^31: exact, always.
 */
#ifndef HEBBIAN_GAINS_H
#define HEBBIAN_GAINS_H

#include "dense.h"
#include "vector.h"

#define SHARE (16 / LANES32)

static inline int64_t tile_of(const dense_system *system)
{
    int64_t tile = INT32_MAX / (4 * SHARE * system->table.largest);
    return tile < 1 ? 1 : tile;
}

static inline const uint32_t *row_of(const dense_system *system, int64_t site)
{
    return (const uint32_t *) (system->bits + site * system->words);
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* One sum of 32-bit lanes, for every form below. */
static inline i64v settle(i64v total, i32v a, i32v b, i32v c, i32v d) { return widen_sum(total, (a + b) + (c + d)); }

/* -- SQUARES: S_i from sum over bits of X^2 ---------------------------------------------------------------------------- */

static inline i32v add_squares(i32v sum, uint32_t bits, const int16_t *x)
{
    i16v word = (i16v) splat32((int32_t) bits);
    for (int part = 0; part < PARTS16; part++) {
        i16v v = load16(x + part * LANES16);
        sum = dot16(sum, keep16(word, bit16(part), v), v);
    }
    return sum;
}

static inline int64_t gain_of_squares(const dense_system *system, int64_t site, int64_t squares)
{
    const int64_t *square = system->table.square;
    return (square[0] * system->counts[site] + square[1] * squares) / 8;
}

static void sum_squares(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row = row_of(system, site);
    const int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int64_t words = 2 * system->words, tile = 4 * tile_of(system);
    i64v total = {0};
    for (int64_t w = 0; w < words;) {
        int64_t stop = least(w + tile, words);
        i32v sum[4] = {{0}};
        for (; w + 4 <= stop; w += 4)
            for (int k = 0; k < 4; k++) sum[k] = add_squares(sum[k], row[w + k], x + 32 * (w + k));
        for (int k = 0; w < stop; w++, k++) sum[k] = add_squares(sum[k], row[w], x + 32 * w);
        total = settle(total, sum[0], sum[1], sum[2], sum[3]);
    }
    out[0] = gain_of_squares(system, site, reduce64(total));
}

static void sum_squares_of_four(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row[4];
    for (int j = 0; j < 4; j++) row[j] = row_of(system, site + j);
    const int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int64_t words = 2 * system->words, tile = 4 * tile_of(system);
    i64v total[4] = {{0}};
    for (int64_t w = 0; w < words;) {
        int64_t stop = least(w + tile, words);
        i32v even[4] = {{0}}, odd[4] = {{0}};
        for (; w < stop; w += 2)
            for (int part = 0; part < PARTS16; part++) {
                i16v v = load16(x + 32 * w + part * LANES16), u = load16(x + 32 * w + 32 + part * LANES16);
                for (int j = 0; j < 4; j++) {
                    even[j] = dot16(even[j], keep16((i16v) splat32((int32_t) row[j][w]), bit16(part), v), v);
                    odd[j] = dot16(odd[j], keep16((i16v) splat32((int32_t) row[j][w + 1]), bit16(part), u), u);
                }
            }
        for (int j = 0; j < 4; j++) total[j] = widen_sum(total[j], even[j] + odd[j]);
    }
    for (int j = 0; j < 4; j++) out[j] = gain_of_squares(system, site + j, reduce64(total[j]));
}

/* -- NARROW: int32 gains ----------------------------------------------------------------------------------------------- */

static void sum_narrow(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row = row_of(system, site);
    const int32_t *gains = system->gains32 + replica * 64 * system->words;
    int64_t words = 2 * system->words, tile = 2 * tile_of(system);
    i64v total = {0};
    for (int64_t w = 0; w < words;) {
        int64_t stop = least(w + tile, words);
        i32v sum[4] = {{0}};
        for (; w < stop; w += 2)
            for (int half = 0; half < 2; half++) {
                i32v word = splat32((int32_t) row[w + half]);
                const int32_t *gain = gains + 32 * (w + half);
                for (int part = 0; part < PARTS32; part++) {
                    int k = (half * PARTS32 + part) & 3;
                    sum[k] = add_where32(sum[k], word, bit32(part), load32(gain + part * LANES32));
                }
            }
        total = settle(total, sum[0], sum[1], sum[2], sum[3]);
    }
    out[0] = system->table.unit * reduce64(total);
}

static void sum_narrow_of_four(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint32_t *row[4];
    for (int j = 0; j < 4; j++) row[j] = row_of(system, site + j);
    const int32_t *gains = system->gains32 + replica * 64 * system->words;
    int64_t words = 2 * system->words, tile = 2 * tile_of(system);
    i64v total[4] = {{0}};
    for (int64_t w = 0; w < words;) {
        int64_t stop = least(w + tile, words);
        i32v even[4] = {{0}}, odd[4] = {{0}};
        for (; w < stop; w++)
            for (int part = 0; part < PARTS32; part += 2) {
                const int32_t *gain = gains + 32 * w + part * LANES32;
                i32v u = load32(gain), v = load32(gain + LANES32);
                for (int j = 0; j < 4; j++) {
                    i32v word = splat32((int32_t) row[j][w]);
                    even[j] = add_where32(even[j], word, bit32(part), u);
                    odd[j] = add_where32(odd[j], word, bit32(part + 1), v);
                }
            }
        for (int j = 0; j < 4; j++) total[j] = widen_sum(total[j], even[j] + odd[j]);
    }
    for (int j = 0; j < 4; j++) out[j] = system->table.unit * reduce64(total[j]);
}

/* -- WIDE: int64 gains ------------------------------------------------------------------------------------------------- */

static void sum_wide(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint64_t *row = system->bits + site * system->words;
    const int64_t *gain = system->gains64 + replica * 64 * system->words;
    i64v sum[2] = {{0}};
    for (int64_t w = 0; w < system->words; w++) {
        uint64_t bits = row[w];
        for (int lane = 0; lane < 64; lane += LANES64, gain += LANES64, bits >>= LANES64)
            sum[lane / LANES64 & 1] += load64(gain) & lanes_of_bits((unsigned) bits);
    }
    out[0] = system->table.unit * reduce64(sum[0] + sum[1]);
}

static void sum_wide_of_four(const dense_system *system, int64_t replica, int64_t site, int64_t *out)
{
    const uint64_t *row = system->bits + site * system->words;
    const int64_t *gain = system->gains64 + replica * 64 * system->words;
    i64v sum[4] = {{0}};
    for (int64_t w = 0; w < system->words; w++, row++) {
        uint64_t bits[4] = {row[0], row[system->words], row[2 * system->words], row[3 * system->words]};
        for (int lane = 0; lane < 64; lane += LANES64, gain += LANES64) {
            i64v v = load64(gain);
            for (int j = 0; j < 4; j++) sum[j] += v & lanes_of_bits((unsigned) (bits[j] >> lane));
        }
    }
    for (int j = 0; j < 4; j++) out[j] = system->table.unit * reduce64(sum[j]);
}

/* -- Updates: X_mu += step xi_i^mu, new gains, new totals --------------------------------------------------------------- */

/* Move one vector of X; patterns beyond `valid` stay 0. */
static inline i16v moved(i16v x, uint32_t bits, uint32_t valid, int part, int step)
{
    i16v up = splat16((int16_t) (2 * step)), word = (i16v) splat32((int32_t) bits), bit = bit16(part);
    i16v change = keep16(word, bit, up) - (int16_t) step;
    if (valid != UINT32_MAX) change = keep16((i16v) splat32((int32_t) valid), bit, change);
    return x + change;
}

static inline uint32_t valid_bits(int64_t patterns, int64_t word)
{
    int64_t left = patterns - 32 * word;
    return left >= 32 ? UINT32_MAX : left <= 0 ? 0 : (1u << left) - 1;
}

/* up and total from sum X, sum X^2 and sum gain: up = (8 sum (up - down) / 8 - total) / 2. */
static inline void set_totals(const dense_system *system, int64_t replica, int64_t gain, int64_t squares)
{
    const int64_t *moment = system->table.moment;
    int64_t *totals = system->totals + 3 * replica;
    int64_t both = (moment[0] * system->patterns + moment[1] * totals[2] + moment[2] * squares) / 8;
    totals[1] = gain;
    totals[0] = (both - gain) / 2;
}

static inline i32v move_word_squares(int16_t *x, uint32_t bits, uint32_t valid, int step, i32v squares)
{
    for (int part = 0; part < PARTS16; part++) {
        i16v v = moved(load16(x + part * LANES16), bits, valid, part, step);
        memcpy(x + part * LANES16, &v, WIDTH);
        squares = dot16(squares, v, v);
    }
    return squares;
}

static void move_squares(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const uint32_t *row = row_of(system, site);
    int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int64_t whole = system->patterns / 64 * 2, words = 2 * system->words, tile = 4 * tile_of(system), w = 0;
    i64v total = {0};
    while (w < whole) {
        int64_t stop = least(w + tile, whole);
        i32v even = {0}, odd = {0};
        for (; w < stop; w += 2) {
            even = move_word_squares(x + 32 * w, row[w], UINT32_MAX, step, even);
            odd = move_word_squares(x + 32 * w + 32, row[w + 1], UINT32_MAX, step, odd);
        }
        total = widen_sum(total, even + odd);
    }
    for (; w < words; w++)
        total = widen_sum(total, move_word_squares(x + 32 * w, row[w], valid_bits(system->patterns, w), step, (i32v){0}));
    int64_t squares = reduce64(total);
    const int64_t *square = system->table.square;
    system->totals[3 * replica + 2] += step * (2 * (int64_t) system->counts[site] - system->patterns);
    set_totals(system, replica, (square[0] * system->patterns + square[1] * squares) / 8, squares);
}

#define ODD_CUBIC (-2) /* p = 4: c_0 = c_2 = 0 and no shift */

/* gain = (c_0 + c_1 X + ...) >> shift; the sum is exact modulo 2^32 and, by the bound of the set-up, as an int32. */
static inline i32v polynomial(const dense_table *table, int degree, i32v x)
{
    if (degree == ODD_CUBIC) {
        u32v cube = (u32v) x * ((u32v) (x * x) * (uint32_t) table->coefficient[3] + (uint32_t) table->coefficient[1]);
        return (i32v) cube;
    }
    u32v value = (u32v) splat32(table->coefficient[degree]);
    for (int k = degree - 1; k >= 0; k--) value = value * (u32v) x + (uint32_t) table->coefficient[k];
    return (i32v) value >> table->shift;
}

static inline __attribute__((always_inline)) void move_word_narrow(const dense_table *table, int degree, int16_t *x,
    int32_t *gains, uint32_t bits, uint32_t valid, int step, i32v *gain, i32v *squares)
{
    for (int part = 0; part < PARTS16; part++) {
        i16v v = moved(load16(x + part * LANES16), bits, valid, part, step);
        memcpy(x + part * LANES16, &v, WIDTH);
        *squares = dot16(*squares, v, v);
        for (int half = 0; half < 2; half++) {
            int out = part + half * PARTS16;
            i32v wide = half ? (i32v) v >> 16 : ((i32v) v << 16) >> 16;
            i32v value = polynomial(table, degree, wide);
            if (valid != UINT32_MAX) value = keep32(splat32((int32_t) valid), bit32(out), value);
            memcpy(gains + out * LANES32, &value, WIDTH);
            *gain += value;
        }
    }
}

static inline __attribute__((always_inline)) void move_polynomial(const dense_system *system, int64_t replica, int64_t site,
                                                                  int step, int degree)
{
    const uint32_t *row = row_of(system, site);
    int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int32_t *gains = system->gains32 + replica * 64 * system->words;
    int64_t whole = system->patterns / 64 * 2, words = 2 * system->words, tile = 2 * tile_of(system), w = 0;
    i64v gain = {0}, squares = {0};
    while (w < words) {
        int64_t stop = w < whole ? least(w + tile, whole) : w + 1;
        i32v gain_part = {0}, squares_part = {0};
        if (w < whole)
            for (; w < stop; w++)
                move_word_narrow(&system->table, degree, x + 32 * w, gains + 32 * w, row[w], UINT32_MAX, step, &gain_part,
                                 &squares_part);
        else
            for (; w < stop; w++)
                move_word_narrow(&system->table, degree, x + 32 * w, gains + 32 * w, row[w],
                                 valid_bits(system->patterns, w), step, &gain_part, &squares_part);
        gain = widen_sum(gain, gain_part);
        squares = widen_sum(squares, squares_part);
    }
    system->totals[3 * replica + 2] += step * (2 * (int64_t) system->counts[site] - system->patterns);
    set_totals(system, replica, system->table.unit * reduce64(gain), reduce64(squares));
}

/* The two halves of the table at 32-bit lanes of a vector of X; half 0 holds its even 16-bit lanes. */
static inline void look_up_overlaps(const dense_system *system, i16v x, int half, i32v *up, i32v *gain)
{
    i32v wide = half ? (i32v) x >> 16 : ((i32v) x << 16) >> 16;
    look_up(system->table.packed, (wide + (int32_t) system->sites) >> 1, up, gain);
}

/* Any U whose up and gain fit 32 bits: both from one look-up, a vector at a time. */
static void move_packed(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const uint32_t *row = row_of(system, site);
    int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int32_t *gains = system->gains32 + replica * 64 * system->words;
    int64_t words = 2 * system->words, tile = 2 * tile_of(system);
    i64v up_total = {0}, gain_total = {0};
    for (int64_t w = 0; w < words;) {
        i32v up_part = {0}, gain_part = {0};
        for (int64_t stop = least(w + tile, words); w < stop; w++) {
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
                    up_part += keep32(keep, bit32(out), up);
                    gain_part += gain;
                }
            }
        }
        up_total = widen_sum(up_total, up_part);
        gain_total = widen_sum(gain_total, gain_part);
    }
    system->totals[3 * replica] = system->table.up_unit * reduce64(up_total);
    system->totals[3 * replica + 1] = system->table.unit * reduce64(gain_total);
}

/* Any U: up and gain from the table, one pattern at a time. */
static void move_narrow(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const dense_table *table = &system->table;
    if (table->degree == 3 && !table->coefficient[0] && !table->coefficient[2] && !table->shift) {
        move_polynomial(system, replica, site, step, ODD_CUBIC);
        return;
    }
    if (system->table.degree >= 0) {
        move_polynomial(system, replica, site, step, system->table.degree);
        return;
    }
    if (system->table.packed) {
        move_packed(system, replica, site, step);
        return;
    }
    const uint32_t *row = row_of(system, site);
    int16_t *x = system->overlaps16 + replica * 64 * system->words;
    int32_t *gains = system->gains32 + replica * 64 * system->words;
    int64_t up = 0, gain = 0;
    for (int64_t w = 0; 32 * w < system->patterns; w++) {
        uint32_t valid = valid_bits(system->patterns, w);
        for (int part = 0; part < PARTS16; part++) {
            i16v v = moved(load16(x + 32 * w + part * LANES16), row[w], valid, part, step);
            memcpy(x + 32 * w + part * LANES16, &v, WIDTH);
        }
        for (int j = 0; j < 32 && valid >> j; j++) {
            const int64_t *pair = system->table.pairs + (x[32 * w + 2 * (j & 15) + j / 16] + system->sites) / 2 * 2;
            gains[32 * w + j] = (int32_t) pair[1];
            up += pair[0];
            gain += pair[1];
        }
    }
    system->totals[3 * replica] = up;
    system->totals[3 * replica + 1] = system->table.unit * gain;
}

static void move_wide(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const uint32_t *row = row_of(system, site);
    int32_t *x = system->overlaps32 + replica * 64 * system->words;
    int64_t *gains = system->gains64 + replica * 64 * system->words;
    i64v up_total = {0}, gain_total = {0};
    for (int64_t w = 0; w < 2 * system->words; w++) {
        uint32_t valid = valid_bits(system->patterns, w);
        for (int part = 0; part < PARTS32; part++) {
            i32v change = keep32(splat32((int32_t) row[w]), bit32(part), splat32(2 * step)) - step;
            i32v v = load32(x + 32 * w + part * LANES32) + keep32(splat32((int32_t) valid), bit32(part), change);
            memcpy(x + 32 * w + part * LANES32, &v, WIDTH);
            for (int lane = part * LANES32; lane < (part + 1) * LANES32; lane += LANES64) {
                /* (X + N) / 2 pairs before this one. */
                i64v index = widen32(x + 32 * w + lane) + system->sites, keep = lanes_of_bits(valid >> lane);
                i64v gain = gather64(system->table.pairs, index + 1) & keep;
                memcpy(gains + 32 * w + lane, &gain, WIDTH);
                up_total += gather64(system->table.pairs, index) & keep;
                gain_total += gain;
            }
        }
    }
    system->totals[3 * replica] = reduce64(up_total);
    system->totals[3 * replica + 1] = system->table.unit * reduce64(gain_total);
}

#endif
