/* Synchronous (Little) dynamics: all spins of a network are drawn at once from the fields of the configuration before.
 *
 * Contract
 *   in     rows      integers c_i^mu, one row of `width` a site (a multiple of 32, padding 0): int8, or int16 where `wide`
 *          field     G on X = -reach, -reach + 2, ..., reach, int32 with |G| < 2^31 - 2^16: h_i = sum_mu c_i^mu G(X_mu)
 *          table     U on the same X, int64; only the recorded energy sees it
 *   inout  spins     +-1, N a replica
 *          overlaps  X_mu = sum_i c_i^mu s_i, `width` a replica
 *          energy    sum_mu U(X_mu), one a replica
 *   out    one row a sweep: X_0, energy, flips of every replica, sum_i s_i s_i' of replicas 0 and 1; where wanted,
 *          the spins of all replicas
 *
 * Spin i flips iff s_i h_i < theta tau with the heat-bath threshold of attempt i (philox.h) and the fields of one and the same
 * configuration: exact integers on every path.  At tau = 0 a spin without a field stays, and a sweep without a flip has
 * reached a fixed point, where the run returns early; a cycle goes on.
 *
 * G enters as two planes of int16, G = 2^16 high + low, of which the high one is left out where it vanishes.  A sweep costs N
 * sums of K products a plane and replica, and one pass over K a flip.  Nothing here allocates, validates, or needs the
 * interpreter lock.
 */
#ifndef HEBBIAN_SYNCHRONOUS_H
#define HEBBIAN_SYNCHRONOUS_H

#include <stdint.h>

typedef struct {
    int64_t sites, patterns, width, replicas, reach, tile;
    int32_t wide, planes;
    const void *rows;
    const int32_t *field;
    const int64_t *table;
    int8_t *spins;
    int32_t *overlaps;
    int16_t *low, *high;       /* planes of G, `width` a replica */
    int64_t *fields, *energy;  /* of 64 sites, of every replica */
    float *thresholds;         /* whole blocks of 64 a replica */
    int32_t *flips;            /* sites that flip, N a replica */
} synchronous_system;

/* What the kernels over rows of integers record. */
typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
    int8_t *spins; /* NULL: not wanted */
} supervised_series;

#endif
