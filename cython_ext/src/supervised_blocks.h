/* BLOCKS: U quadratic and even; fields H_i = sum_mu c_i X of 32 sites at once, corrected after a flip inside their block.
 *
 * Two patterns at a time multiply the int8 entries of 32 sites, which lie side by side, so that no sum runs across lanes.
 * A site flips where s_i H_i sign(slope) lies below a bound; floats find two integers with the bound between them, and the
 * distances to the upper one stay in registers: a negative one may flip, and surely does if negative by more than the gap
 * to the lower.  The few between the two are decided by the table.  The overlaps move when the block is done.
 *
 * An attempt costs K/32 of two operations, an accepted flip a row of 32 couplings and its share of that move.
 */
#ifndef HEBBIAN_SUPERVISED_BLOCKS_H
#define HEBBIAN_SUPERVISED_BLOCKS_H

#include "supervised.h"
#include "supervised_narrow.h"
#include "thresholds.h"

#define BLOCK 32
#define FEW_FLIPS 0.3f          /* acceptance up to which whole blocks are compared; without influence on any result */
#define ROUNDED_AWAY 0x1p-20f   /* above the relative error of a few float operations */
#define LARGEST_FIELD 0x3FFFFF80 /* above every |H|, and small enough for differences of two such integers */

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

/* A block under its sweep, lanes in order of sites. */
typedef struct {
    i32v margin[PARTS32];  /* s H sign(slope) less the upper bound */
    i32v gap[PARTS32];     /* between the bounds */
    i32v sign[PARTS32];    /* all ones where s sign(slope) < 0 */
} block_state;

ALWAYS_INLINE i32v integers_of(f32v x)
{
    return __builtin_convertvector(clamp(x, (float) LARGEST_FIELD), i32v);
}

ALWAYS_INLINE block_state enter_block(const supervised_system *system, int64_t replica, const float *thresholds, int64_t first,
                                      int64_t count)
{
    const int8_t *spins = system->spins + replica * system->sites + first;
    float slope = (float) system->narrow.slope, inverse = 1.0f / fabsf(slope);
    block_state block;
    int32_t fields[BLOCK], signs[BLOCK] = {0};
    fields_of_block(system, replica, first / BLOCK, fields);
    for (int64_t i = 0; i < count; i++) signs[i] = -((spins[i] < 0) != (slope < 0.0f));
    for (int part = 0; part < PARTS32; part++) {
        int at = part * LANES32;
        f32v threshold = loadf(thresholds + first + at), top = loadf(system->block.tops + first + at);
        f32v room = loadf(system->block.rooms + first + at) + ROUNDED_AWAY * (f32v) ((i32v) threshold & 0x7FFFFFFF);
        i32v low = integers_of((threshold - top - room) * inverse) - 1, high = integers_of((threshold - top + room) * inverse) + 1;
        i32v sign = load32(signs + at);
        block.sign[part] = sign;
        block.margin[part] = ((load32(fields + at) ^ sign) - sign) - high;
        block.gap[part] = high - low;
    }
    return block;
}

/* Bits, in order of sites, of the sites that may flip, and of those that surely do. */
ALWAYS_INLINE uint32_t may_flip(const block_state *block)
{
    uint32_t bits = 0;
    for (int part = 0; part < PARTS32; part++) bits |= bits_of32(block->margin[part]) << (part * LANES32 & 31);
    return bits;
}

ALWAYS_INLINE uint32_t surely_flip(const block_state *block)
{
    uint32_t bits = 0;
    for (int part = 0; part < PARTS32; part++)
        bits |= bits_of32(block->margin[part] + block->gap[part]) << (part * LANES32 & 31);
    return bits;
}

/* X_mu += 2 s c of the sites of a block that flipped, s their new spins. */
static void move_block(const supervised_system *system, int64_t replica, int64_t first, uint32_t flipped)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *spins = system->spins + replica * system->sites + first, *rows = system->rows + first * system->width;
    int64_t width = system->width, base = replica * width, up[BLOCK + 1], down[BLOCK + 1];
    int16_t *x = narrow->overlaps + base;
    int ups = 0, downs = 0;
    i16v largest = {0};
    for (; flipped; flipped &= flipped - 1) {
        int i = __builtin_ctz(flipped);
        up[ups] = down[downs] = i * width; /* without a branch on a random spin */
        ups += spins[i] > 0;
        downs += spins[i] < 0;
    }
    for (int64_t mu = 0; mu < width; mu += LANES16) {
        i16v rise = {0}, fall = {0}, v = load16(x + mu);
        for (int k = 0; k < ups; k++) rise += widen8(rows + up[k] + mu);
        for (int k = 0; k < downs; k++) fall += widen8(rows + down[k] + mu);
        rise -= fall;
        v += rise + rise;
        memcpy(x + mu, &v, WIDTH);
        largest = larger16(largest, magnitude16(v));
    }
    for (int64_t j = base; j < base + narrow->count[replica]; j++) {
        int64_t mu = narrow->condensed[j];
        int32_t rise = 0;
        for (int k = 0; k < ups; k++) rise += rows[up[k] + mu];
        for (int k = 0; k < downs; k++) rise -= rows[down[k] + mu];
        narrow->values[j] += 2 * rise;
        x[mu] = 0;
    }
    i16v beyond = largest > (int16_t) narrow->limit;
    if (bits_of16(beyond)) set_apart(system, replica);
}

/* Whether a site between the bounds flips; the overlaps that the table is asked about move first. */
static int settle_doubt(const supervised_system *system, int64_t replica, int64_t first, int bit, float threshold, uint32_t *moved)
{
    move_block(system, replica, first, *moved);
    *moved = 0;
    gather_overlaps(system, replica);
    return exact_verdict(system, replica, first + bit, threshold) == FLIP;
}

/* A spin turns and with it, inside its block, what depends on it. */
ALWAYS_INLINE void turn(block_state *block, const int32_t *couplings, int8_t *spin)
{
    i32v down = splat32(-(*spin < 0)); /* without a branch on a random spin */
    for (int part = 0; part < PARTS32; part++) {
        i32v turned = block->sign[part] ^ down;
        block->margin[part] -= (load32(couplings + part * LANES32) ^ turned) - turned;
    }
    *spin = -*spin;
}

static int64_t visit_blocks(const supervised_system *system, int64_t replica, const float *thresholds, int64_t from, int64_t to)
{
    float *acceptance = system->narrow.acceptance + replica;
    int64_t accepted = 0;
    for (int64_t first = from; first < to; first += BLOCK) {
        int64_t count = to - first < BLOCK ? to - first : BLOCK;
        int8_t *spins = system->spins + replica * system->sites + first;
        const int32_t *couplings = system->block.couplings + first * BLOCK;
        uint32_t flipped = 0, moved = 0, open = (uint32_t) ((UINT64_C(1) << count) - 1), found;
        block_state block = enter_block(system, replica, thresholds, first, count);
        if (*acceptance > FEW_FLIPS) {
            for (int bit = 0; bit < count; bit++) {
                if (!(surely_flip(&block) >> bit & 1)) {
                    if (!(may_flip(&block) >> bit & 1)) continue;
                    if (!settle_doubt(system, replica, first, bit, thresholds[first + bit], &moved)) continue;
                }
                turn(&block, couplings + bit * BLOCK, spins + bit);
                moved |= UINT32_C(1) << bit;
                flipped++;
            }
        } else {
            while ((found = may_flip(&block) & open)) {
                int bit = __builtin_ctz(found);
                open &= (uint32_t) (UINT64_C(0xFFFFFFFE) << bit);
                if (!(surely_flip(&block) >> bit & 1)
                    && !settle_doubt(system, replica, first, bit, thresholds[first + bit], &moved))
                    continue;
                turn(&block, couplings + bit * BLOCK, spins + bit);
                moved |= UINT32_C(1) << bit;
                flipped++;
            }
        }
        if (moved) move_block(system, replica, first, moved);
        *acceptance += 0.1f * ((float) flipped / (float) count - *acceptance);
        accepted += flipped;
    }
    return accepted;
}

#endif
