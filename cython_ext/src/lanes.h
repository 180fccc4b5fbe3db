/* Quadratic U: many replicas of one sample side by side, a lane each, every lane with its own temperature and random key.
 *
 * All lanes visit the same site at the same time, so a pattern bit is a scalar: the fields of all lanes are sums of whole rows
 * X_mu over the set bits of the site, and a flip moves every row by plus or minus one vector.  Each lane is bit for bit the
 * single-replica run with its key, replica index and temperature (pairwise.h has the acceptance in integers).
 *
 * Fields run in int16.  |H_i| <= sum_mu |X_mu|, and a visited site changes that sum by at most 2 K, so the bound is taken
 * anew only when it might have been passed; a site beyond it is done in int32.
 */
#ifndef HEBBIAN_LANES_H
#define HEBBIAN_LANES_H

#include "pairwise.h"

#define GROUP 32 /* lanes that move together, alone or in twos */
#define INLINED static inline __attribute__((always_inline))

static inline int16_t *row_of_lanes(const lane_system *system, int64_t mu, int64_t lane)
{
    return system->overlaps + mu * system->lanes + lane;
}

/* Integer thresholds on s_i H_i of one block of 64 attempts: 64 rows of lanes. */
static void lane_thresholds(const lane_system *system, uint32_t block, uint32_t sweep, int heat_bath)
{
    for (int64_t lane = 0; lane < system->lanes; lane += LANES32) {
        u32v k0 = (u32v) load32((const int32_t *) system->k0 + lane), k1 = (u32v) load32((const int32_t *) system->k1 + lane);
        f32v tau = loadf(system->tau + lane);
        for (uint32_t counter = 0; counter < 16; counter++) {
            u32v c[4] = {(u32v){0} + (16 * block + counter), (u32v){0} + sweep,
                         (u32v) load32((const int32_t *) system->replica + lane), {0}};
            philox_lanes(c, k0, k1);
            for (int word = 0; word < 4; word++) {
                f32v z = clamp(ceiling(ceiling(theta_lanes(c[word], heat_bath) * tau) * system->scale), 0x1p30f);
                i32v out = in_units(__builtin_convertvector(z, i32v) + (int32_t) system->patterns, system->unit);
                memcpy(system->thresholds + (16 * word + counter) * system->lanes + lane, &out, WIDTH);
            }
        }
    }
}

/* Largest sum_mu |X_mu| / unit of the lanes of a group. */
static int64_t lane_load(const lane_system *system, int64_t lane)
{
    int32_t load[GROUP] = {0}, largest = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        const int16_t *x = row_of_lanes(system, mu, lane);
        for (int j = 0; j < GROUP; j++) load[j] += x[j] < 0 ? -x[j] : x[j];
    }
    for (int j = 0; j < GROUP; j++) largest = load[j] > largest ? load[j] : largest;
    return largest;
}

INLINED void fields_narrow(const lane_system *system, const uint64_t *row, int64_t lane, int parts, int16_t *flip,
                           const int16_t *spins, const int32_t *thresholds)
{
    i16v sum[2 * PARTS16];
    for (int part = 0; part < parts; part++) sum[part] = splat16(0);
    for (int64_t w = 0; w < system->words; w++)
        for (uint64_t bits = row[w]; bits; bits &= bits - 1) {
            const int16_t *x = row_of_lanes(system, 64 * w + __builtin_ctzll(bits), lane);
            for (int part = 0; part < parts; part++) sum[part] += load16(x + part * LANES16);
        }
    for (int part = 0; part < parts; part++) {
        i16v field = sum[part] + sum[part] - load16(system->sums + lane + part * LANES16);
        const int32_t *limit = thresholds + part * LANES16;
        i16v found = field * load16(spins + part * LANES16) < saturate16(load32(limit), load32(limit + LANES32));
        memcpy(flip + part * LANES16, &found, WIDTH);
    }
}

static void fields_wide(const lane_system *system, const uint64_t *row, int64_t lane, int parts, int16_t *flip,
                        const int16_t *spins, const int32_t *thresholds)
{
    int32_t field[2 * GROUP] = {0}, lanes = parts * LANES16;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        const int16_t *x = row_of_lanes(system, mu, lane);
        int32_t sign = 2 * (int32_t) (row[mu / 64] >> mu % 64 & 1) - 1;
        for (int j = 0; j < lanes; j++) field[j] += sign * x[j];
    }
    for (int j = 0; j < lanes; j++) flip[j] = spins[j] * field[j] < thresholds[j] ? -1 : 0;
}

/* X_mu / unit += step xi_i^mu in every lane. */
INLINED void move_lanes(const lane_system *system, int64_t site, int64_t lane, int parts, const int16_t *step)
{
    const uint64_t *row = system->bits + site * system->words;
    i16v both[2][2 * PARTS16];
    for (int part = 0; part < parts; part++) {
        i16v v = load16(step + part * LANES16), sum = load16(system->sums + lane + part * LANES16);
        both[0][part] = -v;
        both[1][part] = v;
        sum += v * (int16_t) (2 * system->counts[site] - (int32_t) system->patterns);
        memcpy(system->sums + lane + part * LANES16, &sum, WIDTH);
    }
    int16_t *x = row_of_lanes(system, 0, lane);
    for (int64_t w = 0; w < system->words; w++) {
        uint64_t bits = row[w];
        for (int64_t k = least(64, system->patterns - 64 * w); k > 0; k--, bits >>= 1, x += system->lanes)
            for (int part = 0; part < parts; part++) {
                i16v moved = load16(x + part * LANES16) + both[bits & 1][part];
                memcpy(x + part * LANES16, &moved, WIDTH);
            }
    }
}

static void lane_start(const lane_system *system)
{
    for (int64_t i = 0; i < system->sites; i++)
        for (int64_t lane = 0; lane < system->lanes; lane += GROUP)
            move_lanes(system, i, lane, PARTS16, system->spins + i * system->lanes + lane);
    for (int64_t k = 0; k < system->patterns * system->lanes; k++) system->overlaps[k] /= system->unit;
    for (int64_t k = 0; k < system->lanes; k++) {
        int32_t sum = 0;
        for (int64_t mu = 0; mu < system->patterns; mu++) sum += *row_of_lanes(system, mu, k);
        system->sums[k] = (int16_t) sum;
    }
}

/* One site in one group or two; whether any lane moved. */
INLINED int visit(const lane_system *system, int64_t site, int64_t lane, int parts, int narrow)
{
    int16_t *spins = system->spins + site * system->lanes + lane, *accepted = system->accepted + lane;
    int16_t flip[2 * GROUP] __attribute__((aligned(64))), step[2 * GROUP] __attribute__((aligned(64)));
    const uint64_t *row = system->bits + site * system->words;
    const int32_t *thresholds = system->thresholds + (site & 63) * system->lanes + lane;
    if (narrow)
        fields_narrow(system, row, lane, parts, flip, spins, thresholds);
    else
        fields_wide(system, row, lane, parts, flip, spins, thresholds);
    uint32_t any = 0;
    for (int part = 0; part < parts; part++) any |= bits_of16(load16(flip + part * LANES16));
    if (!any) return 0;
    for (int part = 0; part < parts; part++) {
        i16v found = load16(flip + part * LANES16), s = load16(spins + part * LANES16), turned = s - ((s + s) & found);
        i16v count = load16(accepted + part * LANES16) - found, change = ((turned + turned) >> (system->unit - 1)) & found;
        memcpy(step + part * LANES16, &change, WIDTH);
        memcpy(spins + part * LANES16, &turned, WIDTH);
        memcpy(accepted + part * LANES16, &count, WIDTH);
    }
    move_lanes(system, site, lane, parts, step);
    return 1;
}

/* A site in the lanes of one group or two, with the bound of their fields. */
INLINED void visit_bounded(const lane_system *system, int64_t site, int64_t lane, int parts)
{
    int64_t *load = system->load + lane / GROUP;
    if (*load > FIELD_LIMIT) {
        *load = 0;
        for (int64_t g = 0; g < parts / PARTS16; g++) {
            int64_t found = lane_load(system, lane + g * GROUP);
            *load = found > *load ? found : *load;
        }
    }
    if (visit(system, site, lane, parts, *load <= FIELD_LIMIT)) *load += 2 * system->patterns / system->unit;
}

/* One row of the series: X_0, energy and acceptance of every lane, sum_i s_i s_i' of lanes 2k and 2k + 1. */
static void record_lanes(const lane_system *system, int64_t t, const int16_t *accepted, const dense_series *series)
{
    int64_t lanes = system->lanes;
    for (int64_t lane = 0; lane < lanes; lane++) {
        series->overlap[t * lanes + lane] = system->unit * system->overlaps[lane];
        series->accepted[t * lanes + lane] = accepted[lane];
        series->energy[t * lanes + lane] = 0;
        series->agreement[t * lanes / 2 + lane / 2] = 0;
    }
    int64_t *energy = series->energy + t * lanes, *agreement = series->agreement + t * lanes / 2;
    for (int64_t mu = 0; mu < system->patterns; mu++)
        for (int64_t lane = 0; lane < lanes; lane++) {
            int32_t x = system->unit * *row_of_lanes(system, mu, lane);
            energy[lane] += x * x;
        }
    for (int64_t lane = 0; lane < lanes; lane++) energy[lane] = (system->ground + system->curvature * energy[lane]) / 8;
    for (int64_t i = 0; i < system->sites; i++)
        for (int64_t k = 0; k < lanes / 2; k++)
            agreement[k] += system->spins[i * lanes + 2 * k] * system->spins[i * lanes + 2 * k + 1];
}

static void lane_run(const lane_system *system, uint32_t first, int64_t sweeps, int heat_bath, const dense_series *series)
{
    int64_t lanes = system->lanes;
    for (int64_t t = 0; t < sweeps; t++) {
        memset(system->accepted, 0, lanes * sizeof *system->accepted);
        for (int64_t g = 0; g < lanes / GROUP; g++) system->load[g] = FIELD_LIMIT + 1;
        for (int64_t i = 0; i < system->sites; i++) {
            if ((i & 63) == 0) lane_thresholds(system, (uint32_t) (i / 64), first + (uint32_t) t, heat_bath);
            int64_t lane = 0;
            for (; lane + 2 * GROUP <= lanes; lane += 2 * GROUP) visit_bounded(system, i, lane, 2 * PARTS16);
            if (lane < lanes) visit_bounded(system, i, lane, PARTS16);
        }
        record_lanes(system, t, system->accepted, series);
    }
}

#endif
