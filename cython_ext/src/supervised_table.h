/* What the Hamiltonian, its table, says where a cheaper sum leaves doubt. */
#ifndef HEBBIAN_SUPERVISED_TABLE_H
#define HEBBIAN_SUPERVISED_TABLE_H

#include <math.h>

#include "supervised.h"
#include "thresholds.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

enum { STAY, FLIP, DOUBTFUL };

static inline int64_t integer_threshold(float y)
{
    const float limit = (float) THRESHOLD_LIMIT;
    return (int64_t) (y >= limit ? limit : y <= -limit ? -limit : y);
}

/* Whether the flip of a site is accepted, from the table and the overlaps in int32. */
static int exact_verdict(const supervised_system *system, int64_t replica, int64_t site, float threshold)
{
    const int32_t *overlaps = system->overlaps + replica * system->width;
    int spin = system->spins[replica * system->sites + site];
    int64_t rise = 0, row = site * system->width;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t c = system->rows ? system->unit * system->rows[row + mu] : system->sums[row + mu];
        int64_t before = (system->unit * overlaps[mu] + system->reach) / 2;
        rise += system->table[before - spin * c] - system->table[before];
    }
    return -rise < integer_threshold(threshold) ? FLIP : STAY;
}

/* The same from S of NARROW and BLOCKS, known to `error` / slope; every entry of the table is rounded by 1/2 at most. */
static inline int verdict_of(const supervised_system *system, int64_t site, float threshold, int spin, double sum, double error)
{
    double product = spin * system->narrow.slope * sum;
    double top = system->order % 2 ? spin * system->narrow.tops[site] : system->narrow.tops[site];
    double doubt = error + (double) system->patterns + 0x1p-48 * (fabs(product) + fabs(top));
    double excess = product + top - (double) threshold;
    return excess < -doubt ? FLIP : excess > doubt ? STAY : DOUBTFUL;
}

static int64_t utility(const supervised_system *system, int64_t replica)
{
    const int32_t *overlaps = system->overlaps + replica * system->width;
    int64_t total = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++)
        total += system->table[(system->unit * overlaps[mu] + system->reach) / 2];
    return total;
}

#endif
