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

#define GROUP 32 /* lanes that move together */

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

static void fields_narrow(const lane_system *system, const uint64_t *row, int64_t lane, int16_t *flip, const int16_t *spins,
                          const int32_t *thresholds)
{
    i16v even[PARTS16], odd[PARTS16];
    for (int part = 0; part < PARTS16; part++) even[part] = odd[part] = splat16(0);
    for (int64_t w = 0; w < system->words; w++)
        for (uint64_t bits = row[w]; bits;) {
            const int16_t *x = row_of_lanes(system, 64 * w + __builtin_ctzll(bits), lane);
            bits &= bits - 1;
            for (int part = 0; part < PARTS16; part++) even[part] += load16(x + part * LANES16);
            if (!bits) break;
            x = row_of_lanes(system, 64 * w + __builtin_ctzll(bits), lane);
            bits &= bits - 1;
            for (int part = 0; part < PARTS16; part++) odd[part] += load16(x + part * LANES16);
        }
    for (int part = 0; part < PARTS16; part++) {
        i16v sum = even[part] + odd[part], field = sum + sum - load16(system->sums + lane + part * LANES16);
        const int32_t *limit = thresholds + part * LANES16;
        i16v threshold = saturate16(load32(limit), load32(limit + LANES32));
        i16v found = field * load16(spins + part * LANES16) < threshold;
        memcpy(flip + part * LANES16, &found, WIDTH);
    }
}

static void fields_wide(const lane_system *system, const uint64_t *row, int64_t lane, int16_t *flip, const int16_t *spins,
                        const int32_t *thresholds)
{
    int32_t field[GROUP] = {0};
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        const int16_t *x = row_of_lanes(system, mu, lane);
        int32_t sign = 2 * (int32_t) (row[mu / 64] >> mu % 64 & 1) - 1;
        for (int j = 0; j < GROUP; j++) field[j] += sign * x[j];
    }
    for (int j = 0; j < GROUP; j++) flip[j] = spins[j] * field[j] < thresholds[j] ? -1 : 0;
}

/* X_mu / unit += step xi_i^mu in every lane of a group. */
static void move_lanes(const lane_system *system, int64_t site, int64_t lane, const int16_t *step)
{
    const uint64_t *row = system->bits + site * system->words;
    i16v v[PARTS16];
    for (int part = 0; part < PARTS16; part++) {
        v[part] = load16(step + part * LANES16);
        i16v sum = load16(system->sums + lane + part * LANES16);
        sum += v[part] * (int16_t) (2 * system->counts[site] - (int32_t) system->patterns);
        memcpy(system->sums + lane + part * LANES16, &sum, WIDTH);
    }
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int16_t *x = row_of_lanes(system, mu, lane);
        i16v sign = splat16((int16_t) ((row[mu / 64] >> mu % 64 & 1) - 1));
        for (int part = 0; part < PARTS16; part++) {
            i16v moved = load16(x + part * LANES16) + ((v[part] ^ sign) - sign);
            memcpy(x + part * LANES16, &moved, WIDTH);
        }
    }
}

static void lane_start(const lane_system *system)
{
    for (int64_t i = 0; i < system->sites; i++)
        for (int64_t lane = 0; lane < system->lanes; lane += GROUP)
            move_lanes(system, i, lane, system->spins + i * system->lanes + lane);
    for (int64_t k = 0; k < system->patterns * system->lanes; k++) system->overlaps[k] /= system->unit;
    for (int64_t k = 0; k < system->lanes; k++) {
        int32_t sum = 0;
        for (int64_t mu = 0; mu < system->patterns; mu++) sum += *row_of_lanes(system, mu, k);
        system->sums[k] = (int16_t) sum;
    }
}

/* One site in one group of lanes; whether any lane moved. */
static inline int visit(const lane_system *system, int64_t site, int64_t lane, int narrow, int16_t *accepted)
{
    int16_t *spins = system->spins + site * system->lanes + lane;
    int16_t flip[GROUP] __attribute__((aligned(64)));
    const uint64_t *row = system->bits + site * system->words;
    const int32_t *thresholds = system->thresholds + (site & 63) * system->lanes + lane;
    (narrow ? fields_narrow : fields_wide)(system, row, lane, flip, spins, thresholds);
    uint32_t any = 0;
    for (int part = 0; part < PARTS16; part++) any |= bits_of16(load16(flip + part * LANES16));
    if (!any) return 0;
    int16_t step[GROUP] __attribute__((aligned(64)));
    for (int part = 0; part < PARTS16; part++) {
        i16v found = load16(flip + part * LANES16), s = load16(spins + part * LANES16), turned = s - ((s + s) & found);
        i16v count = load16(accepted + part * LANES16) - found, back = (turned + turned) / (int16_t) system->unit & found;
        memcpy(step + part * LANES16, &back, WIDTH);
        memcpy(spins + part * LANES16, &turned, WIDTH);
        memcpy(accepted + part * LANES16, &count, WIDTH);
    }
    move_lanes(system, site, lane, step);
    return 1;
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
    int64_t lanes = system->lanes, groups = lanes / GROUP;
    for (int64_t t = 0; t < sweeps; t++) {
        memset(system->accepted, 0, lanes * sizeof *system->accepted);
        for (int64_t g = 0; g < groups; g++) system->load[g] = lane_load(system, GROUP * g);
        for (int64_t i = 0; i < system->sites; i++) {
            if ((i & 63) == 0) lane_thresholds(system, (uint32_t) (i / 64), first + (uint32_t) t, heat_bath);
            for (int64_t g = 0; g < groups; g++) {
                if (system->load[g] > FIELD_LIMIT) system->load[g] = lane_load(system, GROUP * g);
                int narrow = system->load[g] <= FIELD_LIMIT;
                if (visit(system, i, GROUP * g, narrow, system->accepted + GROUP * g)) system->load[g] += 2 * system->patterns / system->unit;
            }
        }
        record_lanes(system, t, system->accepted, series);
    }
}

#endif
