/* Sequential Monte Carlo of H = -sum_mu U(X_mu), X_mu = sum_i c_i^mu s_i with integer sums of examples c, U a polynomial.
 *
 * Contract
 *   in     sums      c_i^mu, one row of `width` int16 a site (width a multiple of 32, padding 0)
 *          table     U on X = -reach, -reach + 2, ..., reach: the Hamiltonian, int64
 *          slopes    polynomials (-2)^k U^(k)(X) / k!, k = 1 .. order, each `order` coefficients from the constant up, so that
 *                    flipping s_i changes sum_mu U by  sum_mu sum_k (s_i c_i^mu)^k slope_k(X_mu)
 *          tops      slope_order sum_mu (c_i^mu)^order, one a site
          bounds    polynomial in |X| above sum_k |slope_k(X)| max|c|^k, `order` coefficients
 *   inout  spins     +-1, N a replica
 *          overlaps  X_mu, `width` a replica, padding 0
 *          gains     slope_k at X_mu as float, (order - 1) rows of `width` a replica
 *          scale     sum over mu of the bound polynomial, one a replica
 *          energy    sum_mu U(X_mu) at the end of the last sweep, one a replica
 *   out    one row a sweep: X_0, energy, accepted flips of every replica, sum_i s_i s_i' of replicas 0 and 1
 *
 * Attempts, thresholds and the rule dE < theta tau are those of philox.h, decided on exact integers.  A sum in floats comes
 * first; it settles the attempt wherever threshold and sum differ by more than the largest rounding error it can have, and
 * only the others (one in a thousand, typically) look the table up.  So the decisions, and with them all spins, are those of the
 * table whatever the vector width.  A chain adds 64 terms and joins the others in six steps before all enter a double: with
 * `order` <= 8 the error is below (72 + order) 2^-24 of the sum of magnitudes, and the table is rounded by 1/2 an entry.
 *
 * Sites are visited in order 0 .. N-1.  A sweep costs N sums of K terms a replica and one pass over K an accepted flip.  At tau = 0 a
 * sweep that accepts nothing has reached a fixed point, and the run returns early.  Nothing here allocates, validates, or
 * needs the interpreter lock.
 */
#ifndef HEBBIAN_SUPERVISED_H
#define HEBBIAN_SUPERVISED_H

#include <stdint.h>

typedef struct {
    int64_t sites, patterns, width, replicas, reach, order;
    const int16_t *sums;
    const int64_t *table;
    const double *slopes, *tops, *bounds;
    int8_t *spins;
    int32_t *overlaps;
    float *gains;
    double *scale;
    int64_t *energy, *thresholds;
} supervised_system;

typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
} supervised_series;

/* What every path provides (supervised_path.h). */
typedef struct {
    const char *name;
    void (*start)(const supervised_system *system);
    int64_t (*run)(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                   int heat_bath, const supervised_series *series);
} supervised_path;

/* The path of that name, or the portable one. */
const supervised_path *supervised_path_of(const char *name);

#endif
