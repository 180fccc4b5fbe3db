/* Sequential Monte Carlo of H = -(1/2) sum_k X_k^2, X_k = sum_i w_i^k s_i, for rows w with entries -1, 0, +1 (two bit planes)
 * or any small integers (weights, for averaged examples).
 *
 * Contract
 *   in     planes    the entries, two bits each: word k of block b holds sites 16 b .. 16 b + 15 of row k, bit l says
 *                    w = +1 and bit 16 + l says w = -1; `padded` words a block, a multiple of 16, the padding 0
 *          weights   instead of planes: w_i^k site by site, `padded` a site, the padding 0; otherwise null
 *          active    with planes: sum_k (w_i^k)^2, one a site, 16 a block
 *          truth     planes of the patterns whose overlaps are measured, or null where they are the rows themselves
 *   inout  spins     +-1, 16 `blocks` a replica; those beyond the last site meet zero entries only
 *          overlaps  X_k, `padded` a replica
 *   out    one row a sweep and replica: `patterns` measured overlaps (with truth, then as many sums of X_k over the rows of
 *          one pattern, rows / patterns consecutive ones), sum_k X_k^2, accepted flips; sum_i s_i s_i' of replicas 0 and 1
 *
 * Flipping spin i changes H by 2 (s_i h_i - sum_k (w_i^k)^2) with h_i = sum_k w_i^k X_k: the diagonal of the couplings never
 * enters.  A flip is accepted iff half that change is below ceil(theta tau) with the thresholds of philox.h.  A site that is
 * blank in every row has no field: it follows its threshold at T > 0 and keeps its spin at T = 0, the rule sign(0) = s_i.
 * With planes fields must stay below 2^30; overlaps, their sums and weights must fit int32, energies int64.
 *
 * Sites are visited in order 0 .. N-1; attempt i of a sweep uses the threshold of its own counter.  With planes one pass over
 * the rows gives the fields of sixteen sites; after a flip the fields of the later ones are taken anew, and a block where
 * many sites are willing is visited site by site with lanes over the rows.  That is the sequential chain itself, spin for
 * spin.  At tau = 0 a sweep that accepts nothing has reached a fixed point, and the run returns early.  Nothing here
 * allocates, validates, or needs the interpreter lock.
 *
 * The one body, multitasking_run.h, is compiled for each instruction set (vector.h); all of them give the same integers.
 */
#ifndef HEBBIAN_MULTITASKING_H
#define HEBBIAN_MULTITASKING_H

#include <stdint.h>

typedef struct {
    int64_t sites, blocks, replicas, rows, padded, patterns, truth_padded;
    const uint32_t *planes, *truth;
    const int32_t *weights, *active;
    int8_t *spins;
    int32_t *overlaps;
} multitasking_system;

typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
} multitasking_series;

/* Advance by `sweeps` sweeps from sweep index `first`; returns the sweeps done, fewer only at tau = 0. */
typedef int64_t multitasking_run(const multitasking_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                                 float tau, int heat_bath, const multitasking_series *series);

#if defined(__x86_64__)
extern multitasking_run multitasking_avx512, multitasking_avx2;
#endif
extern multitasking_run multitasking_portable;

/* The body for 512-, 256- or 128-bit vectors, or null where this build has none. */
static inline multitasking_run *multitasking_path(int bits)
{
#if defined(__x86_64__)
    if (bits == 512) return multitasking_avx512;
    if (bits == 256) return multitasking_avx2;
#endif
    return bits == 128 ? multitasking_portable : 0;
}

#endif
