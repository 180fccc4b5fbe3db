/* Quadratic U: many replicas of one sample side by side, a lane each, every lane with its own temperature and random key.
 *
 * All lanes visit the same site at the same time, so a pattern bit is a scalar: the fields of all lanes are sums of whole rows
 * over the patterns.  Two patterns share four rows 0, X_mu, X_nu, X_mu + X_nu, of which two bits of the site pick one, without
 * a branch.  Overlaps move after every eighth site only: until then the fields of later sites are corrected with the couplings
 * C_ij of the eight, and then each row takes the sum of all eight moves from two tables of sixteen.  Each lane is bit for bit
 * the single-replica run with its key, replica index and temperature (pairwise.h has the acceptance in integers).
 *
 * Groups of 32 lanes run one after the other, so that their overlaps stay in the first cache.  Fields run in int16 where they
 * fit: |H_i| <= sum_mu |X_mu|, and a flip changes that sum by at most 2 K, so the bound is taken anew only when it might have
 * been passed.  Eight sites beyond it are done in int32, with sums in int16 over the 64 patterns of a word where those fit.
 *
 * Cost of eight sites in a group: 4 K additions of a row for the fields, 2 K for the overlaps and K / 2 for their pairs.
 */
#ifndef HEBBIAN_LANES_H
#define HEBBIAN_LANES_H

#include "pairwise.h"

#define GROUP 32 /* lanes that move together */
#define EIGHT 8  /* sites between two moves of the overlaps */
#define INLINED static inline __attribute__((always_inline))

typedef int16_t lane_rows[EIGHT][GROUP] __attribute__((aligned(64)));

/* The rows of a group, four for two patterns. */
static inline int16_t *rows_of(const lane_system *system, int64_t group)
{
    return system->overlaps + group * 4 * system->pairs * GROUP;
}

static inline const int16_t *overlap_row(const int16_t *rows, int64_t mu)
{
    return rows + (4 * (mu / 2) + 1 + (mu & 1)) * GROUP;
}

/* x + y of sums that are kept modulo 2^16: only their differences need to fit. */
INLINED i16v modulo16(i16v x, i16v y)
{
    return (i16v) ((u16v) x + (u16v) y);
}

static inline int16_t *spins_of(const lane_system *system, int64_t group, int64_t site)
{
    return system->spins + (group * system->sites + site) * GROUP;
}

/* Integer thresholds on s_i H_i of one block of 64 attempts of a group: 64 rows of lanes. */
static void lane_thresholds(const lane_system *system, int64_t group, uint32_t block, uint32_t sweep, int heat_bath)
{
    for (int64_t part = 0; part < GROUP; part += LANES32) {
        int64_t lane = group * GROUP + part;
        u32v k0 = (u32v) load32((const int32_t *) system->k0 + lane), k1 = (u32v) load32((const int32_t *) system->k1 + lane);
        f32v tau = loadf(system->tau + lane);
        for (uint32_t counter = 0; counter < 16; counter++) {
            u32v c[4] = {(u32v){0} + (16 * block + counter), (u32v){0} + sweep,
                         (u32v) load32((const int32_t *) system->replica + lane), {0}};
            philox_lanes(c, k0, k1);
            for (int word = 0; word < 4; word++) {
                f32v z = clamp(ceiling(ceiling(theta_lanes(c[word], heat_bath) * tau) * system->scale), 0x1p30f);
                i32v out = in_units(__builtin_convertvector(z, i32v) + (int32_t) system->patterns, system->unit);
                memcpy(system->thresholds + (16 * word + counter) * GROUP + part, &out, WIDTH);
            }
        }
    }
}

/* Largest sum of |X_mu| / unit over mu = low .. high-1 of the lanes of a group. */
static int64_t lane_load(const lane_system *system, int64_t group, int64_t low, int64_t high)
{
    int32_t largest = 0;
    for (int part = 0; part < GROUP; part += LANES16) {
        i32v even = splat32(0), odd = splat32(0);
        for (int64_t mu = low; mu < high; mu++) {
            i32v size = (i32v) magnitude16(load16(overlap_row(rows_of(system, group), mu) + part));
            even += size & 0xFFFF;
            odd += size >> 16;
        }
        for (int j = 0; j < LANES32; j++) {
            int32_t larger = even[j] > odd[j] ? even[j] : odd[j];
            largest = larger > largest ? larger : largest;
        }
    }
    return largest;
}

/* The same over the patterns of one word, of all words. */
static int64_t word_load(const lane_system *system, int64_t group)
{
    int64_t largest = 0;
    for (int64_t low = 0; low < system->patterns; low += 64) {
        int64_t load = lane_load(system, group, low, least(low + 64, system->patterns));
        largest = load > largest ? load : largest;
    }
    return largest;
}

/* H_i / unit of all lanes before any of the eight sites has moved. */
INLINED void field_narrow(const lane_system *system, int64_t group, int64_t site, i16v *field)
{
    const int16_t *x = rows_of(system, group), *sums = system->sums + group * GROUP;
    const uint64_t *row = system->bits + site * system->words;
    i16v sum[PARTS16];
    for (int part = 0; part < PARTS16; part++) sum[part] = splat16(0);
    for (int64_t w = 0; w < system->words; w++) {
        uint64_t bits = row[w];
        for (int64_t k = least(32, system->pairs - 32 * w); k > 0; k--, bits >>= 2, x += 4 * GROUP)
            for (int part = 0; part < PARTS16; part++) sum[part] += load16(x + (bits & 3) * GROUP + part * LANES16);
    }
    for (int part = 0; part < PARTS16; part++) {
        u16v total = (u16v) load16(sums + part * LANES16), twice = (u16v) modulo16(sum[part], sum[part]);
        field[part] = (i16v) (twice - total);
    }
}

/* Which lanes flip at site 8 b + j, all ones or zeros, after the moves `step` of the sites before it. */
INLINED void decide_narrow(const lane_system *system, int64_t group, int64_t b, int j, const lane_rows step, int16_t *flip)
{
    int64_t site = EIGHT * b + j;
    const int16_t *couplings = system->tiles + (b * EIGHT + j) * EIGHT, *spins = spins_of(system, group, site);
    const int32_t *thresholds = system->thresholds + (site & 63) * GROUP;
    i16v field[PARTS16];
    field_narrow(system, group, site, field);
    for (int part = 0; part < PARTS16; part++) {
        for (int i = 0; i < j; i++) field[part] += load16(step[i] + part * LANES16) * couplings[i];
        const int32_t *limit = thresholds + part * LANES16;
        i16v found = field[part] * load16(spins + part * LANES16) < saturate16(load32(limit), load32(limit + LANES32));
        memcpy(flip + part * LANES16, &found, WIDTH);
    }
}

/* sum += x, int16 lanes in order. */
INLINED void add_widened(i32v *sum, i16v x)
{
    i32v low, high;
    split16(x, &low, &high);
    sum[0] += low;
    sum[1] += high;
}

/* sum_mu X_mu / unit in int32. */
static void wide_totals(const lane_system *system, int64_t group, i32v *total)
{
    for (int part = 0; part < PARTS16; part++)
        for (int64_t mu = 0; mu < system->patterns; mu++)
            add_widened(total + 2 * part, load16(overlap_row(rows_of(system, group), mu) + part * LANES16));
}

/* `decide_narrow` in int32: from sums over words in int16, or one pattern at a time, which needs no bound. */
INLINED void decide_wide(const lane_system *system, int64_t group, int64_t b, int j, const lane_rows step, int16_t *flip,
                         const i32v *total, int words)
{
    int64_t site = EIGHT * b + j;
    const int16_t *couplings = system->tiles + (b * EIGHT + j) * EIGHT, *spins = spins_of(system, group, site);
    const int32_t *thresholds = system->thresholds + (site & 63) * GROUP;
    for (int part = 0; part < PARTS16; part++) {
        const uint64_t *row = system->bits + site * system->words;
        const int16_t *x = rows_of(system, group) + part * LANES16;
        i32v field[2] = {{0}}, sign[2] = {{0}}, below[2];
        for (int64_t w = 0; w < system->words; w++) {
            uint64_t bits = row[w];
            i16v sum = splat16(0);
            for (int64_t k = least(32, system->pairs - 32 * w); k > 0; k--, bits >>= 2, x += 4 * GROUP)
                if (words)
                    sum += load16(x + (bits & 3) * GROUP);
                else {
                    add_widened(field, load16(x + (bits & 1) * GROUP));
                    add_widened(field, load16(x + (bits & 2) * GROUP));
                }
            add_widened(field, sum);
        }
        for (int half = 0; half < 2; half++) field[half] += field[half] - total[2 * part + half];
        for (int i = 0; i < j; i++) add_widened(field, load16(step[i] + part * LANES16) * couplings[i]);
        add_widened(sign, load16(spins + part * LANES16));
        for (int half = 0; half < 2; half++)
            below[half] = field[half] * sign[half] < load32(thresholds + part * LANES16 + half * LANES32);
        i16v found = saturate16(below[0], below[1]);
        memcpy(flip + part * LANES16, &found, WIDTH);
    }
}

/* X_mu / unit += sum_j step_j xi_j^mu over the eight sites of block b. */
static void move_lanes(const lane_system *system, int64_t group, int64_t b, const lane_rows step)
{
    int16_t table[2][16][GROUP] __attribute__((aligned(64))), *sums = system->sums + group * GROUP;
    for (int part = 0; part < GROUP; part += LANES16) {
        i16v total = load16(sums + part);
        for (int half = 0; half < 2; half++) {
            i16v entry[16] = {{0}};
            for (int j = 0; j < 4; j++) entry[0] -= load16(step[4 * half + j] + part);
            for (int m = 1; m < 16; m++) {
                i16v v = load16(step[4 * half + __builtin_ctz(m)] + part);
                entry[m] = entry[m & (m - 1)] + v + v;
            }
            for (int m = 0; m < 16; m++) memcpy(table[half][m] + part, &entry[m], WIDTH);
        }
        for (int j = 0; j < EIGHT; j++) total = modulo16(total, load16(step[j] + part) * system->excess[EIGHT * b + j]);
        memcpy(sums + part, &total, WIDTH);
    }
    const uint8_t *signs = system->signs + b * 2 * system->pairs;
    int16_t *x = rows_of(system, group);
    for (int64_t k = 0; k < system->pairs; k++, signs += 2, x += 4 * GROUP)
        for (int part = 0; part < GROUP; part += LANES16) {
            i16v both = splat16(0);
            for (int which = 0; which < 2; which++) {
                int16_t *own = x + (1 + which) * GROUP + part;
                i16v low = load16(table[0][signs[which] & 15] + part), high = load16(table[1][signs[which] >> 4] + part);
                i16v moved = load16(own) + low + high;
                memcpy(own, &moved, WIDTH);
                both = modulo16(both, moved);
            }
            memcpy(x + 3 * GROUP + part, &both, WIDTH);
        }
}

/* Turn the spins of the lanes that flip at a site; `step` takes the changes of the spins in units.  Whether any does. */
INLINED int turn_lanes(const lane_system *system, int16_t *spins, int16_t *accepted, const int16_t *flip, int16_t *step)
{
    uint32_t any = 0;
    for (int part = 0; part < GROUP; part += LANES16) {
        i16v found = load16(flip + part), s = load16(spins + part), turned = s - ((s + s) & found);
        i16v count = load16(accepted + part) - found, change = ((turned + turned) >> (system->unit - 1)) & found;
        memcpy(step + part, &change, WIDTH);
        memcpy(spins + part, &turned, WIDTH);
        memcpy(accepted + part, &count, WIDTH);
        any |= bits_of16(found);
    }
    return any != 0;
}

enum { NARROW_FIELDS, NARROW_WORDS, WIDE_FIELDS };

/* The eight sites of block b, or what is left of them, in one group: how many moved in any lane. */
INLINED int visit(const lane_system *system, int64_t group, int64_t b, int how)
{
    lane_rows step = {{0}};
    int16_t flip[GROUP] __attribute__((aligned(64)));
    i32v total[2 * PARTS16] = {{0}};
    if (how != NARROW_FIELDS) wide_totals(system, group, total);
    int moved = 0, sites = (int) least(EIGHT, system->sites - EIGHT * b);
    for (int j = 0; j < sites; j++) {
        if (how == NARROW_FIELDS)
            decide_narrow(system, group, b, j, step, flip);
        else
            decide_wide(system, group, b, j, step, flip, total, how == NARROW_WORDS);
        moved += turn_lanes(system, spins_of(system, group, EIGHT * b + j), system->accepted + group * GROUP, flip, step[j]);
    }
    if (moved) move_lanes(system, group, b, step);
    return moved;
}

static void lane_sweep(const lane_system *system, int64_t group, uint32_t sweep, int heat_bath)
{
    int64_t change = 2 * system->patterns / system->unit, most = FIELD_LIMIT - EIGHT * change, load = most + 1;
    int how = WIDE_FIELDS;
    for (int64_t b = 0; EIGHT * b < system->sites; b++) {
        if (b % 8 == 0) lane_thresholds(system, group, (uint32_t) (b / 8), sweep, heat_bath);
        if (b % 8 == 0 || (how == NARROW_FIELDS && load > most)) {
            if (load > most) load = lane_load(system, group, 0, system->patterns);
            /* Up to the next look, 64 sites may change the 64 patterns of a word. */
            int fits = load > most && word_load(system, group) + 64 * 128 / system->unit <= FIELD_LIMIT;
            how = load <= most ? NARROW_FIELDS : fits ? NARROW_WORDS : WIDE_FIELDS;
        }
        int moved = how == NARROW_FIELDS  ? visit(system, group, b, NARROW_FIELDS)
                    : how == NARROW_WORDS ? visit(system, group, b, NARROW_WORDS)
                                          : visit(system, group, b, WIDE_FIELDS);
        load += change * moved;
    }
}

/* Signs and couplings of every block, overlaps of the spins given. */
static void lane_start(const lane_system *system)
{
    for (int64_t b = 0; EIGHT * b < system->sites; b++) {
        int sites = (int) least(EIGHT, system->sites - EIGHT * b);
        for (int j = 0; j < sites; j++) {
            const uint64_t *row = system->bits + (EIGHT * b + j) * system->words;
            int64_t set = 0;
            for (int64_t mu = 0; mu < system->patterns; mu++) {
                int64_t bit = row[mu / 64] >> mu % 64 & 1;
                system->signs[b * 2 * system->pairs + mu] |= (uint8_t) (bit << j);
                set += bit;
            }
            system->excess[EIGHT * b + j] = (int16_t) (2 * set - system->patterns);
            for (int i = 0; i < j; i++) {
                const uint64_t *other = system->bits + (EIGHT * b + i) * system->words;
                int64_t different = 0;
                for (int64_t w = 0; w < system->words; w++) different += __builtin_popcountll(row[w] ^ other[w]);
                system->tiles[(EIGHT * b + j) * EIGHT + i] = (int16_t) (system->patterns - 2 * different);
            }
        }
        for (int64_t group = 0; group < system->groups; group++) {
            lane_rows spins = {{0}};
            memcpy(spins, spins_of(system, group, EIGHT * b), sites * sizeof *spins);
            move_lanes(system, group, b, spins);
        }
    }
    for (int64_t group = 0; group < system->groups; group++) {
        int16_t *x = rows_of(system, group), *sums = system->sums + group * GROUP;
        memset(sums, 0, GROUP * sizeof *sums);
        for (int64_t pair = 0; pair < system->pairs; pair++, x += 4 * GROUP)
            for (int k = 0; k < GROUP; k++) {
                int16_t one = x[GROUP + k] / system->unit, other = x[2 * GROUP + k] / system->unit;
                x[GROUP + k] = one;
                x[2 * GROUP + k] = other;
                x[3 * GROUP + k] = (int16_t) (one + other);
                sums[k] += (int16_t) (2 * pair + 1 < system->patterns ? one + other : one);
            }
    }
}

/* X_0, energy and acceptance of every lane of a group, sum_i s_i s_i' of lanes 2k and 2k + 1. */
static void record_lanes(const lane_system *system, int64_t group, const dense_series *row)
{
    const int16_t *spins = spins_of(system, group, 0);
    for (int k = 0; k < GROUP; k++) {
        row->overlap[k] = system->unit * overlap_row(rows_of(system, group), 0)[k];
        row->accepted[k] = system->accepted[group * GROUP + k];
        row->energy[k] = row->agreement[k / 2] = 0;
    }
    for (int64_t mu = 0; mu < system->patterns; mu++)
        for (int k = 0; k < GROUP; k++) {
            int32_t value = system->unit * overlap_row(rows_of(system, group), mu)[k];
            row->energy[k] += value * value;
        }
    for (int k = 0; k < GROUP; k++) row->energy[k] = (system->ground + system->curvature * row->energy[k]) / 8;
    for (int64_t i = 0; i < system->sites; i++, spins += GROUP)
        for (int k = 0; k < GROUP / 2; k++) row->agreement[k] += spins[2 * k] * spins[2 * k + 1];
}

static void lane_run(const lane_system *system, uint32_t first, int64_t sweeps, int heat_bath, const dense_series *series)
{
    for (int64_t t = 0; t < sweeps; t++) {
        memset(system->accepted, 0, system->groups * GROUP * sizeof *system->accepted);
        for (int64_t group = 0; group < system->groups; group++) {
            int64_t lane = (t * system->groups + group) * GROUP;
            lane_sweep(system, group, first + (uint32_t) t, heat_bath);
            dense_series row = {series->overlap + lane, series->energy + lane, series->accepted + lane,
                                series->agreement + lane / 2};
            record_lanes(system, group, &row);
        }
    }
}

#endif
