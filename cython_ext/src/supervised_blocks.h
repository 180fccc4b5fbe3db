/* BLOCKS: U quadratic and even; fields H_i = sum_mu c_i X of 32 sites at once, corrected after a flip inside their block.
 *
 * Two patterns at a time multiply the int8 entries of 32 sites, which lie side by side, so that no sum runs across lanes.
 * While few flips are accepted, a comparison in floats that errs on the side of flipping finds the sites of a block that may
 * flip; in hot networks every site is looked at in turn.  Either way each of them is decided exactly.
 *
 * An attempt costs K/32 of two operations, an accepted flip a row of 32 couplings and one pass over the int16 overlaps.
 */
#ifndef HEBBIAN_SUPERVISED_BLOCKS_H
#define HEBBIAN_SUPERVISED_BLOCKS_H

#include "supervised.h"
#include "supervised_narrow.h"

#define BLOCK 32
#define FEW_FLIPS 0.3f          /* acceptance up to which whole blocks are compared; without influence on any result */
#define ROUNDED_AWAY 0x1p-20f /* above the relative error of a few float operations on H */

static void build_blocks(const supervised_system *system)
{
    int64_t width = system->width;
    for (int64_t i = 0; i < system->sites; i++) {
        int64_t block = i / BLOCK, first = block * BLOCK;
        const int8_t *row = system->rows + i * width;
        for (int64_t mu = 0; mu < width; mu++)
            system->block.entries[block * BLOCK * width + mu / 2 * 2 * BLOCK + 2 * (i - first) + mu % 2] = row[mu];
        for (int64_t j = first; j < first + BLOCK && j < system->sites; j++) {
            int32_t sum = 0;
            for (int64_t mu = 0; mu < width; mu++) sum += row[mu] * system->rows[j * width + mu];
            system->block.couplings[i * BLOCK + j - first] = 2 * sum;
        }
    }
}

static void fields_of_block(const supervised_system *system, int64_t replica, int64_t block, int32_t *out)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t width = system->width, base = replica * width;
    const int8_t *entries = system->block.entries + block * BLOCK * width;
    const int16_t *x = narrow->overlaps + base;
    i32v sum[2][PARTS32] = {{{0}}};
    for (int64_t mu = 0; mu < width; mu += 4)
        for (int chain = 0; chain < 2; chain++) {
            int32_t pair;
            memcpy(&pair, x + mu + 2 * chain, sizeof pair);
            for (int part = 0; part < PARTS32; part++)
                sum[chain][part] = dot16(sum[chain][part], widen8(entries + (mu + 2 * chain) * BLOCK + part * LANES16),
                                         (i16v) splat32(pair));
        }
    for (int part = 0; part < PARTS32; part++) {
        i32v both = sum[0][part] + sum[1][part];
        memcpy(out + part * LANES32, &both, WIDTH);
    }
    for (int64_t j = base; j < base + narrow->count[replica]; j++)
        for (int i = 0; i < BLOCK; i++) {
            int64_t mu = narrow->condensed[j];
            out[i] += entries[mu / 2 * 2 * BLOCK + 2 * i + mu % 2] * narrow->values[j];
        }
}

/* Bits, in order of sites, of the sites of a block that may flip. */
static inline uint32_t candidates(const supervised_system *system, int64_t site, const int32_t *fields, const float *slopes)
{
    uint32_t bits = 0;
    for (int part = 0; part < PARTS32; part++) {
        int at = part * LANES32;
        f32v product = __builtin_convertvector(load32(fields + at), f32v) * loadf(slopes + at);
        f32v size = (f32v) ((i32v) product & 0x7FFFFFFF), threshold = loadf(system->thresholds + site + at);
        f32v least = product - size * ROUNDED_AWAY + loadf(system->block.floors + site + at);
        f32v reach = threshold + (f32v) ((i32v) threshold & 0x7FFFFFFF) * ROUNDED_AWAY;
        bits |= bits_of32(least <= reach) << (at & 31);
    }
    return bits;
}

/* Decide one site of a block and, where it flips, move what depends on it. */
ALWAYS_INLINE int attempt(const supervised_system *system, int64_t replica, int64_t site, int32_t *fields)
{
    int8_t *spin = system->spins + replica * system->sites + site;
    int verdict = verdict_of(system, site, *spin, (double) fields[site % BLOCK], 0.0);
    if (verdict == DOUBTFUL) {
        gather_overlaps(system, replica);
        verdict = exact_verdict(system, replica, site);
    }
    if (verdict != FLIP) return 0;
    const int32_t *couplings = system->block.couplings + site * BLOCK;
    i32v down = splat32(-(*spin < 0)); /* all ones negate, without a branch on a random spin */
    for (int part = 0; part < PARTS32; part++) {
        i32v row = load32(couplings + part * LANES32), v = load32(fields + part * LANES32) - ((row ^ down) - down);
        memcpy(fields + part * LANES32, &v, WIDTH);
    }
    move_narrow(2, 0, system, replica, site);
    *spin = -*spin;
    return 1;
}

static int64_t sweep_blocks(const supervised_system *system, int64_t replica)
{
    float *acceptance = system->narrow.acceptance + replica;
    int64_t accepted = 0;
    spread_overlaps(system, replica);
    for (int64_t first = 0; first < system->sites; first += BLOCK) {
        int64_t count = system->sites - first < BLOCK ? system->sites - first : BLOCK, flips = 0;
        int32_t fields[BLOCK];
        fields_of_block(system, replica, first / BLOCK, fields);
        if (*acceptance > FEW_FLIPS) {
            for (int64_t i = 0; i < count; i++) flips += attempt(system, replica, first + i, fields);
        } else {
            const int8_t *spins = system->spins + replica * system->sites + first;
            uint32_t open = (uint32_t) ((UINT64_C(1) << count) - 1), found;
            float slopes[BLOCK] = {0.0f};
            for (int64_t i = 0; i < count; i++) slopes[i] = spins[i] * (float) system->narrow.slope;
            while ((found = candidates(system, first, fields, slopes) & open)) {
                int bit = __builtin_ctz(found);
                open &= (uint32_t) (UINT64_C(0xFFFFFFFE) << bit);
                flips += attempt(system, replica, first + bit, fields);
            }
        }
        *acceptance += 0.1f * ((float) flips / (float) count - *acceptance);
        accepted += flips;
    }
    gather_overlaps(system, replica);
    return accepted;
}

#endif
