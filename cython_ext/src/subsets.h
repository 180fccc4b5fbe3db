/* Uniform random subsets of n cells by partial Fisher-Yates on keyed Philox words.
 *
 * Contract: draw i of subset c in part p of a key reads the 64-bit word made of words 2 (i mod 2) (low half) and
 * 2 (i mod 2) + 1 (high half) of the counter (i div 2, c mod 2^32, c div 2^32, p), and swaps position i with position
 * i + floor(word (n - i) / 2^64): every position left is equally likely to 2^-33.  `order` holds the identity before and
 * after: draws are undone in reverse, so a subset is a pure function of (key, c, p) at a cost of O(size), not O(n).  The first
 * k cells of a subset are themselves a uniform k-subset, in uniform order.
 */
#ifndef HEBBIAN_SUBSETS_H
#define HEBBIAN_SUBSETS_H

#include "philox.h"

/* floor(word * range / 2^64) for range below 2^32. */
static inline uint32_t scale_word(uint64_t word, uint32_t range)
{
    uint64_t low = (word & 0xFFFFFFFFu) * range;
    return (uint32_t) (((word >> 32) * range + (low >> 32)) >> 32);
}

static inline void subset_swap(int32_t *order, int64_t i, int64_t j)
{
    int32_t cell = order[i];
    order[i] = order[j];
    order[j] = cell;
}

/* Put a uniform `size`-subset of the `range` entries of `order` into its first places; `swaps` remembers how. */
static inline void subset_draw(int32_t *order, int32_t *swaps, int64_t range, int64_t size, uint32_t k0, uint32_t k1,
                               uint64_t subset, uint32_t part)
{
    for (int64_t i = 0; i < size; i += 2) {
        uint32_t c[4] = {(uint32_t) (i / 2), (uint32_t) subset, (uint32_t) (subset >> 32), part};
        philox4x32(c, k0, k1);
        for (int64_t side = 0; side < 2 && i + side < size; side++) {
            uint64_t word = c[2 * side] | (uint64_t) c[2 * side + 1] << 32;
            int64_t at = i + side, j = at + scale_word(word, (uint32_t) (range - at));
            swaps[at] = (int32_t) j;
            subset_swap(order, at, j);
        }
    }
}

static inline void subset_undo(int32_t *order, const int32_t *swaps, int64_t size)
{
    for (int64_t i = size - 1; i >= 0; i--) subset_swap(order, i, swaps[i]);
}

#endif
