/* Quadratic U: sweeps of the pairwise model, 32 sites at a time.
 *
 * For 8 U = A X^2 + constant a flip changes the energy by A (s_i H_i - K) / 2 with the field H_i = sum_mu xi_i^mu X_mu, so
 * that it is accepted iff s_i H_i is below K + ceil(2 c / A) with c the integer threshold; A is a power of two and the
 * product exact in float32.  For even N all X and H are even: narrow numbers are X / unit and H / unit with unit = 2, else 1.
 * Fields run in int16 lanes wherever a bound shows that no H_i / unit can leave them, and thresholds saturate beyond that
 * bound, which no comparison can notice.
 *
 * BLOCKED   fields of 32 sites from the overlaps (K masked adds), accepts inside the block corrected with its 32 x 32 tile of
 *           couplings, overlaps moved at the end of the block: K / 32 an attempt whatever N.  |H_i| <= sum_mu |X_mu|, so the
 *           bound follows the state; a block that fails it, or N > 32767, runs in int32.
 * SCREENED  all fields kept, 32 of them tested at once, a row of couplings added for every flip: almost nothing an attempt,
 *           N an accept.  |H_i| <= sum_j |C_ij| is checked once; where it exceeds int16, BLOCKED serves.
 * Both visit sites one after the other: a site is tested with every earlier flip already in its field.
 */
#ifndef HEBBIAN_PAIRWISE_H
#define HEBBIAN_PAIRWISE_H

#include "gains.h"
#include "thresholds.h"

#define FIELD_LIMIT 32766

/* The lane of a site in the masks of a block, so that 16-bit lanes come out in the order of sites (vector.h). */
static inline int mask_bit(int site) { return site / 2 + 16 * (site & 1); }

static inline int64_t coupling(const dense_system *system, int64_t i, int64_t j)
{
    const uint64_t *a = system->bits + i * system->words, *b = system->bits + j * system->words;
    int64_t different = 0;
    for (int64_t w = 0; w < system->words; w++) different += __builtin_popcountll(a[w] ^ b[w]);
    return system->patterns - 2 * different;
}

/* Masks, tiles and reaches of every block. */
static void build_blocks(const dense_system *system)
{
    const pair_buffers *pair = &system->pair;
    for (int64_t b = 0; b < pair->blocks; b++) {
        int sites = (int) least(32, system->sites - 32 * b);
        uint32_t *mask = pair->masks + b * pair->stride;
        int16_t *tile = pair->tiles + 1024 * b;
        int64_t reach = 0;
        for (int i = 0; i < sites; i++) {
            const uint64_t *row = system->bits + (32 * b + i) * system->words;
            for (int64_t mu = 0; mu < system->patterns; mu++)
                mask[mu] |= (uint32_t) (row[mu / 64] >> mu % 64 & 1) << mask_bit(i);
            int64_t sum = 0;
            for (int j = 0; j < sites; j++) {
                int64_t c = 2 * coupling(system, 32 * b + i, 32 * b + j);
                tile[32 * i + j] = (int16_t) (c / pair->unit);
                sum += c < 0 ? -c : c;
            }
            reach = sum > reach ? sum : reach;
        }
        pair->reach[b] = (int32_t) reach;
    }
}

/* 2 C_ij / unit for all pairs; returns the largest sum_j |C_ij|, the bound of SCREENED. */
static int64_t build_couplings(const dense_system *system)
{
    int64_t largest = 0;
    for (int64_t i = 0; i < system->sites; i++) {
        int64_t sum = 0;
        for (int64_t j = 0; j < system->sites; j++) {
            int64_t c = coupling(system, i, j);
            system->pair.couplings[32 * system->pair.blocks * i + j] = (int16_t) (2 * c / system->pair.unit);
            sum += c < 0 ? -c : c;
        }
        largest = sum > largest ? sum : largest;
    }
    return largest;
}

/* ceil(c / unit) */
static inline i32v in_units(i32v c, int32_t unit) { return (c + (unit - 1)) >> (unit - 1); }

/* s_i H_i below this is a flip: ceil(ceil(theta tau) scale) + K; in units and saturated to int16 unless wide. */
static void pair_thresholds(const dense_system *system, int wide, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica,
                            float tau, int heat_bath)
{
    for (int64_t base = 0; base < system->sites; base += 64) {
        float y[64];
        ceilings_of_block(y, k0, k1, (uint32_t) (base / 64), sweep, replica, tau, heat_bath);
        for (int j = 0; j < 64; j += LANES16) {
            i32v c[2];
            for (int half = 0; half < 2; half++) {
                f32v z = clamp(ceiling(loadf(y + j + half * LANES32) * system->pair.scale), 0x1p30f);
                c[half] = __builtin_convertvector(z, i32v) + (int32_t) system->patterns;
            }
            if (wide)
                memcpy((int32_t *) system->thresholds + base + j, c, 2 * WIDTH);
            else {
                i16v narrow = saturate16(in_units(c[0], system->pair.unit), in_units(c[1], system->pair.unit));
                memcpy((int16_t *) system->thresholds + base + j, &narrow, WIDTH);
            }
        }
    }
}

/* SCREENED needs most thresholds only to see that they are out of reach.  The bits of a float read as an integer are a line
 * below 2^23 times its logarithm, so that theta <= ln 2 (159 - bits / 2^23) for bits of float(word); 1e-3 covers every
 * rounding.  These upper bounds cost a third of the thresholds, let 6 per cent too many sites through, and those alone are
 * then decided by their exact threshold: the law is untouched. */
static void pair_bounds(const dense_system *system, uint32_t *words, int16_t *bounds, uint32_t k0, uint32_t k1, uint32_t sweep,
                        uint32_t replica, float tau)
{
    const int32_t offset = (int32_t) system->patterns / system->pair.unit + 3;
    const float scale = tau * system->pair.scale / (float) system->pair.unit, top = (159.0f * 0x1.62e430p-1f + 1e-3f) * scale;
    const float slope = 0x1.62e430p-24f * scale, most = (float) (32767 - offset);
    for (int64_t base = 0; base < system->sites; base += 64)
        for (int part = 0; part < 16; part += LANES32) {
            u32v c[4];
            words_of_block(c, part, k0, k1, (uint32_t) (base / 64), sweep, replica, ACCEPT);
            for (int word = 0; word < 4; word++) {
                f32v line = splatf(top) - __builtin_convertvector((i32v) float_of_u32(c[word]), f32v) * slope;
                line = pick(line < splatf(most), line, splatf(most));
                i32v bound = __builtin_convertvector(line, i32v) + offset;
                i16half narrow = __builtin_convertvector(bound, i16half);
                memcpy(words + base + 16 * word + part, &c[word], WIDTH);
                memcpy(bounds + base + 16 * word + part, &narrow, WIDTH / 2);
            }
        }
}

/* The exact threshold of one word. */
static inline float pair_threshold(const dense_system *system, uint32_t word, float tau, int heat_bath)
{
    f32v theta = theta_lanes((u32v){0} + word, heat_bath);
    return ceiling(ceiling(theta * tau) * system->pair.scale)[0];
}

/* Bits, in order of sites, of the 32 sites whose s H is below their threshold. */
static inline uint32_t below16(const i16v *field, const i16v *sign, const i16v *threshold)
{
    uint32_t bits = 0;
    for (int part = 0; part < PARTS16; part++)
        bits |= bits_of16(field[part] * sign[part] < threshold[part]) << (part * LANES16 & 31);
    return bits;
}

static inline uint32_t sites_of_block(const dense_system *system, int64_t b)
{
    int64_t left = system->sites - 32 * b;
    return left >= 32 ? UINT32_MAX : (1u << left) - 1;
}

/* Sites after the given one. */
static inline uint32_t after(int site) { return (uint32_t) (UINT64_C(0xFFFFFFFE) << site); }

/* -- BLOCKED ----------------------------------------------------------------------------------------------------------- */

static uint32_t block_narrow(const dense_system *system, int64_t replica, int64_t b)
{
    const pair_buffers *pair = &system->pair;
    const uint32_t *mask = pair->masks + b * pair->stride;
    const int32_t *overlaps = system->overlaps32 + replica * 64 * system->words;
    const int16_t *tile = pair->tiles + 1024 * b;
    i16v sum[4] = {{0}}, field[PARTS16], sign[PARTS16], threshold[PARTS16];
    for (int64_t mu = 0; mu < pair->stride; mu += 4 / PARTS16)
        for (int k = 0; k < 4; k++) {
            int64_t nu = mu + k / PARTS16;
            sum[k] = add_where16(sum[k], (i16v) splat32((int32_t) mask[nu]), bit16(k % PARTS16), (i16v) splat32(overlaps[nu]));
        }
    for (int part = 0; part < PARTS16; part++) {
        i16v half = sum[part];
        for (int k = part + PARTS16; k < 4; k += PARTS16) half += sum[k];
        field[part] = half + half - (int16_t) (system->totals[3 * replica + 2] / pair->unit);
        sign[part] = load16(pair->signs + (replica * pair->blocks + b) * 32 + part * LANES16);
        threshold[part] = load16((const int16_t *) system->thresholds + 32 * b + part * LANES16);
    }
    uint32_t flips = 0, open = sites_of_block(system, b), found;
    const int16_t *signs = pair->signs + (replica * pair->blocks + b) * 32;
    while ((found = below16(field, sign, threshold) & open)) {
        int site = __builtin_ctz(found);
        i16v s = splat16(signs[site]);
        for (int part = 0; part < PARTS16; part++) field[part] -= s * load16(tile + 32 * site + part * LANES16);
        flips |= 1u << site;
        open &= after(site);
    }
    return flips;
}

static uint32_t block_wide(const dense_system *system, int64_t replica, int64_t b)
{
    const pair_buffers *pair = &system->pair;
    const uint32_t *mask = pair->masks + b * pair->stride;
    const int32_t *overlaps = system->overlaps32 + replica * 64 * system->words;
    const int16_t *tile = pair->tiles + 1024 * b, *signs = pair->signs + (replica * pair->blocks + b) * 32;
    const int32_t *threshold = (const int32_t *) system->thresholds + 32 * b;
    i32v sum[PARTS32];
    int32_t field[32];
    for (int part = 0; part < PARTS32; part++) {
        sum[part] = splat32(0);
        for (int64_t mu = 0; mu < system->patterns; mu++)
            sum[part] = add_where32(sum[part], splat32((int32_t) mask[mu]), bit32(part), splat32(overlaps[mu]));
        sum[part] = sum[part] + sum[part] - (int32_t) system->totals[3 * replica + 2];
    }
    for (int i = 0; i < 32; i++) field[i] = ((const int32_t *) sum)[mask_bit(i)];
    uint32_t flips = 0, open = sites_of_block(system, b), found;
    for (;;) {
        found = 0;
        for (int i = 0; i < 32; i++) found |= (uint32_t) (signs[i] * field[i] < threshold[i]) << i;
        if (!(found &= open)) return flips;
        int site = __builtin_ctz(found);
        for (int j = 0; j < 32; j++) field[j] -= pair->unit * signs[site] * tile[32 * site + j];
        flips |= 1u << site;
        open &= after(site);
    }
}

/* Overlaps are X, or pairs of equal int16 X / unit, ready to broadcast.  Both move by the bits of a row. */
static inline void move_overlaps(const dense_system *system, int64_t replica, int64_t site, int step)
{
    const uint32_t *row = row_of(system, site);
    int32_t *overlaps = system->overlaps32 + replica * 64 * system->words;
    int wide = system->pair.wide[replica];
    int narrow = step / system->pair.unit;
    i32v up = wide ? splat32(2 * step) : (i32v) splat16((int16_t) (2 * narrow));
    i32v down = wide ? splat32(-step) : (i32v) splat16((int16_t) -narrow);
    for (int64_t w = 0; 32 * w < system->patterns; w++)
        for (int part = 0; part < PARTS32; part++) {
            int32_t *x = overlaps + 32 * w + part * LANES32;
            i32v change = keep32(splat32((int32_t) row[w]), bit32(part), up), v = load32(x);
            v = wide ? v + change + down : (i32v) ((i16v) v + (i16v) change + (i16v) down);
            memcpy(x, &v, WIDTH);
        }
    system->totals[3 * replica + 2] += step * (2 * (int64_t) system->counts[site] - system->patterns);
}

static inline int32_t overlap_of(const dense_system *system, int64_t replica, int64_t mu)
{
    int32_t stored = system->overlaps32[replica * 64 * system->words + mu];
    return system->pair.wide[replica] ? stored : system->pair.unit * (int16_t) stored;
}

/* sum |X_mu| and sum X_mu^2. */
static int64_t load_of(const dense_system *system, int64_t replica, int64_t *squares)
{
    int64_t load = 0, sum = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t x = overlap_of(system, replica, mu);
        load += x < 0 ? -x : x;
        sum += x * x;
    }
    *squares = sum;
    return load;
}

/* Store the overlaps of a replica wide or narrow. */
static void store_overlaps(const dense_system *system, int64_t replica, int wide)
{
    int32_t *overlaps = system->overlaps32 + replica * 64 * system->words;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int32_t x = overlap_of(system, replica, mu);
        overlaps[mu] = wide ? x : (int32_t) ((uint32_t) (uint16_t) (x / system->pair.unit) * 0x10001u);
    }
    system->pair.wide[replica] = wide;
}

static void turn(const dense_system *system, int64_t replica, int64_t site)
{
    system->spins[replica * system->sites + site] *= -1;
    system->pair.signs[replica * 32 * system->pair.blocks + site] *= -1;
}

static int64_t sweep_blocked(const dense_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep, float tau,
                             int heat_bath)
{
    const pair_buffers *pair = &system->pair;
    int64_t accepted = 0, squares, load = load_of(system, replica, &squares), limit = FIELD_LIMIT * pair->unit;
    int fits = system->sites <= INT16_MAX && load <= limit / 4 * 3;
    if (pair->wide[replica] && fits) store_overlaps(system, replica, 0);
    pair_thresholds(system, pair->wide[replica], k0, k1, sweep, (uint32_t) replica, tau, heat_bath);
    for (int64_t b = 0; b < pair->blocks; b++) {
        if (!pair->wide[replica] && load + pair->reach[b] > limit) {
            load = load_of(system, replica, &squares);
            if (load + pair->reach[b] > limit) {
                store_overlaps(system, replica, 1);
                pair_thresholds(system, 1, k0, k1, sweep, (uint32_t) replica, tau, heat_bath);
            }
        }
        uint32_t flips = (pair->wide[replica] ? block_wide : block_narrow)(system, replica, b);
        for (; flips; flips &= flips - 1) {
            int64_t site = 32 * b + __builtin_ctz(flips);
            move_overlaps(system, replica, site, -2 * system->spins[replica * system->sites + site]);
            turn(system, replica, site);
            load += 2 * system->patterns;
            accepted++;
        }
    }
    load_of(system, replica, &squares);
    system->energy[replica] = (pair->ground + pair->curvature * squares) / 8;
    return accepted;
}

/* -- SCREENED ---------------------------------------------------------------------------------------------------------- */

/* H += factor (2 C_site) over all sites, in units. */
static inline void add_couplings(const dense_system *system, int64_t replica, int64_t site, int factor)
{
    int64_t padded = 32 * system->pair.blocks;
    int16_t *fields = system->pair.fields + replica * padded;
    const int16_t *row = system->pair.couplings + site * padded;
    if (factor > 0)
        for (int64_t j = 0; j < padded; j += LANES16) {
            i16v v = load16(fields + j) + load16(row + j);
            memcpy(fields + j, &v, WIDTH);
        }
    else
        for (int64_t j = 0; j < padded; j += LANES16) {
            i16v v = load16(fields + j) - load16(row + j);
            memcpy(fields + j, &v, WIDTH);
        }
}

static void flip_screened(const dense_system *system, int64_t replica, int64_t site)
{
    int spin = system->spins[replica * system->sites + site];
    add_couplings(system, replica, site, -spin);
    system->pair.first[replica] += spin * (1 - 2 * (int32_t) (system->bits[site * system->words] & 1)) * 2;
    turn(system, replica, site);
}

/* sum_mu U from the fields, which sum to sum_mu X_mu^2 over the spins. */
static void settle_screened(const dense_system *system, int64_t replica)
{
    const pair_buffers *pair = &system->pair;
    int64_t padded = 32 * pair->blocks;
    const int16_t *fields = pair->fields + replica * padded, *signs = pair->signs + replica * padded;
    i64v squares = {0};
    for (int64_t j = 0; j < padded; j += LANES16)
        squares = widen_sum(squares, dot16((i32v){0}, load16(fields + j), load16(signs + j)));
    system->energy[replica] = (pair->ground + pair->curvature * pair->unit * reduce64(squares)) / 8;
}

static int64_t sweep_screened(const dense_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep, float tau,
                              int heat_bath)
{
    const pair_buffers *pair = &system->pair;
    int64_t padded = 32 * pair->blocks, accepted = 0;
    const int16_t *fields = pair->fields + replica * padded, *signs = pair->signs + replica * padded;
    uint32_t *words = (uint32_t *) system->thresholds;
    int16_t *bounds = (int16_t *) (words + (system->sites + 63) / 64 * 64);
    pair_bounds(system, words, bounds, k0, k1, sweep, (uint32_t) replica, tau);
    for (int64_t b = 0; b < pair->blocks; b++) {
        uint32_t open = sites_of_block(system, b), found;
        for (;;) {
            i16v field[PARTS16], sign[PARTS16], bound[PARTS16];
            for (int part = 0; part < PARTS16; part++) {
                field[part] = load16(fields + 32 * b + part * LANES16);
                sign[part] = load16(signs + 32 * b + part * LANES16);
                bound[part] = load16(bounds + 32 * b + part * LANES16);
            }
            if (!(found = below16(field, sign, bound) & open)) break;
            int64_t site = 32 * b + __builtin_ctz(found);
            int spin = signs[site];
            open &= after((int) (site & 31));
            float margin = (float) (spin * pair->unit * fields[site] - (int32_t) system->patterns);
            if (margin >= pair_threshold(system, words[site], tau, heat_bath)) continue;
            flip_screened(system, replica, site);
            accepted++;
        }
    }
    settle_screened(system, replica);
    return accepted;
}

/* -- The state from the spins ------------------------------------------------------------------------------------------ */

static void start_pairs(const dense_system *system, int64_t replica)
{
    const pair_buffers *pair = &system->pair;
    int64_t sites = system->sites, padded = 32 * pair->blocks, overlaps = 64 * system->words;
    const int8_t *spins = system->spins + replica * sites;
    int16_t *signs = pair->signs + replica * padded;
    for (int64_t i = 0; i < sites; i++) signs[i] = spins[i];
    if (system->form == BLOCKED) {
        memset(system->overlaps32 + replica * overlaps, 0, overlaps * sizeof *system->overlaps32);
        system->totals[3 * replica + 2] = 0;
        pair->wide[replica] = 1;
        for (int64_t i = 0; i < sites; i++) move_overlaps(system, replica, i, spins[i]);
        return;
    }
    int32_t first = 0;
    for (int64_t i = 0; i < sites; i++) {
        int64_t field = 0;
        for (int64_t j = 0; j < sites; j++) field += spins[j] * pair->couplings[i * padded + j];
        pair->fields[replica * padded + i] = (int16_t) (field / 2);
        first += spins[i] * (2 * (int32_t) (system->bits[i * system->words] & 1) - 1);
    }
    pair->first[replica] = first;
}

#endif
