/* Rare events of fixed segments: inputs conditioned on one segment's overlap, and swap moves that keep a level.
 *
 * Contract.  Rows and random subsets as in src/dendrites.h and src/subsets.h, rows sorted.  `order` is the identity before
 * and after.  Nothing here allocates, validates or raises.
 */
#ifndef HEBBIAN_RARE_H
#define HEBBIAN_RARE_H

#include "subsets.h"

/* Uniform a-subset of n cells among those that share exactly `overlap` cells with a segment of `size` synapses: input t of
 * a key takes its cells on the segment from part 1 and the others from part 0.  out[a], on the segment first. */
static void conditional_input(int64_t n, int64_t a, const int32_t *row, int64_t size, int64_t overlap, uint32_t k0,
                              uint32_t k1, uint64_t t, int32_t *order, int32_t *swaps, int32_t *local, int32_t *out)
{
    for (int64_t j = 0; j < size; j++) local[j] = row[j];
    subset_draw(local, swaps, size, overlap, k0, k1, t, 1);
    for (int64_t i = 0; i < overlap; i++) out[i] = local[i];
    /* From the largest cell down, each still lies where it started when its turn comes to go to the end. */
    for (int64_t j = 0; j < size; j++) subset_swap(order, row[size - 1 - j], n - 1 - j);
    subset_draw(order, swaps, n - size, a - overlap, k0, k1, t, 0);
    for (int64_t i = overlap; i < a; i++) out[i] = order[i - overlap];
    subset_undo(order, swaps, a - overlap);
    for (int64_t j = size - 1; j >= 0; j--) subset_swap(order, row[size - 1 - j], n - 1 - j);
}

typedef struct {
    int64_t cells, active, segments;
    const int64_t *start; /* cells + 1: segments with a synapse on each cell are ids[start[cell] .. start[cell + 1]) */
    const int32_t *ids;
} particle_system;

static inline int64_t particle_shift(const particle_system *system, int32_t cell, int32_t step, int64_t level,
                                     int32_t *overlaps)
{
    /* Change of the number of segments at or above the level when a cell turns on (step 1) or off (step -1). */
    int64_t change = 0;
    for (int64_t j = system->start[cell]; j < system->start[cell + 1]; j++) {
        int32_t before = overlaps[system->ids[j]], after = before + step;
        overlaps[system->ids[j]] = after;
        change += (after >= level) - (before >= level);
    }
    return change;
}

/* `moves` swaps of an active and a silent cell of one particle, each kept iff some segment stays at or above the level.
 * cells[n]: the particle, its active cells in the first places; overlaps[segments].  Move i reads counter (i, particle, level,
 * 0): its first 64-bit word picks the active place, its second the silent one.  Returns the number of kept moves. */
static int64_t particle_moves(const particle_system *system, int64_t moves, int64_t level, uint32_t k0, uint32_t k1,
                              uint32_t particle, int32_t *cells, int32_t *overlaps)
{
    const int64_t n = system->cells, a = system->active;
    int64_t reached = 0, kept = 0;
    for (int64_t k = 0; k < system->segments; k++) reached += overlaps[k] >= level;
    for (int64_t move = 0; move < moves; move++) {
        uint32_t c[4] = {(uint32_t) move, particle, (uint32_t) level, 0};
        philox4x32(c, k0, k1);
        int64_t i = scale_word(c[0] | (uint64_t) c[1] << 32, (uint32_t) a);
        int64_t j = a + scale_word(c[2] | (uint64_t) c[3] << 32, (uint32_t) (n - a));
        int32_t off = cells[i], on = cells[j];
        int64_t after = reached + particle_shift(system, on, 1, level, overlaps);
        after += particle_shift(system, off, -1, level, overlaps);
        if (after > 0) {
            subset_swap(cells, i, j);
            reached = after;
            kept++;
        } else {
            particle_shift(system, on, -1, level, overlaps);
            particle_shift(system, off, 1, level, overlaps);
        }
    }
    return kept;
}

#endif
