/* Sequential Monte Carlo of H = -sum_mu U(X_mu), X_mu = sum_i c_i^mu s_i with integer sums of examples c, U a polynomial.
 *
 * Contract
 *   in     sums      c_i^mu, one row of `width` int16 a site (width a multiple of 32, padding 0), for FLOATS
 *          rows      c_i^mu / unit as int8 in their place, for NARROW and BLOCKS; unit is 2 where M is even, as all c are
 *          table     U on X = -reach, -reach + 2, ..., reach: the Hamiltonian, int64
 *   inout  spins     +-1, N a replica
 *          overlaps  X_mu, in units of `unit` where rows are, at the end of the last sweep; `width` a replica, padding 0
 *          energy    sum_mu U(X_mu) at the end of the last sweep, one a replica
 *   out    one row a sweep: X_0, energy, accepted flips of every replica, sum_i s_i s_i' of replicas 0 and 1; where wanted,
 *          the spins of all replicas
 *
 * Attempts, thresholds and the rule dE < theta tau are those of philox.h, decided on the integers of the table.  A cheap sum
 * comes first; it settles the attempt wherever threshold and sum differ by more than the largest error it can have, and only
 * the others (one in a thousand, typically) look the table up.  So the decisions, and with them all spins, are those of the
 * table whatever the form and the vector width.
 *
 * Forms
 *   BLOCKS   U even and quadratic: fields sum_mu c X of 32 sites at once (supervised_blocks.h)
 *   NARROW   U quadratic and even, or cubic: integer sums of int16 products, several sites a pass (supervised_narrow.h)
 *   QUARTIC  U of order 4 and even: integer sums with one factor rounded (supervised_quartic.h)
 *   FLOATS   any polynomial of one parity and order <= 8, any c: sums of floats (supervised_floats.h)
 *
 * Sites are visited in order 0 .. N-1.  At tau = 0 a sweep that accepts nothing has reached a fixed point, and the run
 * returns early.  Nothing here allocates, validates, or needs the interpreter lock.
 */
#ifndef HEBBIAN_SUPERVISED_H
#define HEBBIAN_SUPERVISED_H

#include "synchronous.h"

enum { FLOATS, NARROW, BLOCKS, QUARTIC };

enum { SLACK = 2 }; /* flips after which FLOATS bounds its magnitudes anew */

/* NARROW, BLOCKS and QUARTIC: flipping s_i costs  slope s_i S + (order odd ? s_i : 1) tops_i,  where S = sum_mu c X for order 2 and
 * sum_mu c (X - s_i c)^2 for order 3. */
typedef struct {
    double slope;
    const double *tops;       /* one a site */
    const int64_t *loads;     /* sum_mu |c|, one a site */
    const int64_t *cubes;     /* sum_mu c^3, one a site */
    int16_t *overlaps;        /* X, but 0 for the condensed patterns, whose |X| exceeds `limit`; `width` a replica */
    int32_t *condensed, *values, *count; /* their mu and X, `width` a replica, and how many they are */
    int64_t *magnitude;       /* above sum |X| without them, where products are rounded; one a replica */
    int32_t *left;            /* flips that the sizes of overlaps may still go unlooked at; one a replica */
    int64_t limit, slack, tile; /* of |X|; such flips at most; vectors that int32 lanes may add */
    int32_t shift;            /* products c Y come divided by 2^shift and rounded; 0: exact; in QUARTIC X^2 + weight does */
    int16_t *squares;         /* QUARTIC: X^2 / 2^shift rounded, plus level; `width` a replica */
    int32_t raised, level;    /* X 2^raised fits int16, and its rounded square over 2^15 is that of `squares` */
    int64_t tiles;            /* tiles that int32 lanes may add of p^2 */
    double weight, lack;      /* added to squares; by which unit 2^shift (square + level) may lack X^2 + weight */
    float *acceptance;        /* running acceptance of every replica: decides how many sites share a pass */
} narrow_buffers;

/* BLOCKS: arrays of whole blocks of 32 sites. */
typedef struct {
    int8_t *entries;          /* c of a block, two patterns at a time: [mu / 2][site][mu % 2] */
    int32_t *couplings;       /* 2 sum_mu c_i c_j with the 32 sites of the same block */
    const float *tops, *rooms; /* tops_i rounded, and all that the bounds of a field must leave for this and for the table */
} block_buffers;

/* FLOATS: flipping s_i costs  s_i sum_mu c (even order ? Y : 1) sum_jk terms_jk c^2j Y^2k  with Y = X - s_i c. */
typedef struct {
    const float *terms;       /* a square of numbers, j down and k across, of which j + k < its size is used */
    const float *bounds;      /* coefficients of size^2k: times size where the order is even, above all magnitudes of a term */
    float room;               /* size = |X| + room bounds |Y| while the bound is in use */
    float *overlaps;          /* X, `width` a replica */
    double *scale;            /* sum over mu of the bound, one a replica */
    int32_t *left;            /* flips until it is formed anew, one a replica */
} float_buffers;

typedef struct {
    int64_t sites, patterns, width, replicas, reach, unit, order;
    int64_t stretch;          /* sites that one replica after the other visits, whose rows stay in a cache meanwhile */
    int32_t form;
    const int16_t *sums;
    const int8_t *rows;
    const int64_t *table;
    int8_t *spins;
    int32_t *overlaps;
    int64_t *energy;
    float *thresholds;        /* ceil(theta tau), whole blocks of 64 a replica */
    narrow_buffers narrow;
    block_buffers block;
    float_buffers floats;
} supervised_system;

/* What every path provides (supervised_path.h). */
typedef struct {
    const char *name;
    void (*start)(const supervised_system *system);
    int64_t (*run)(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                   int heat_bath, const supervised_series *series);
    void (*synchronous_start)(const synchronous_system *system);
    int64_t (*synchronous_run)(const synchronous_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                               float tau, const supervised_series *series);
} supervised_path;

/* The path of that name, or the portable one. */
const supervised_path *supervised_path_of(const char *name);

#endif
