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

#include "philox.h"
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>
#define EVERY_X86 1
#endif

#define LANES 16
#define CHUNK (128 * LANES)
#define ROUNDING 0x1p-17 /* 128 float units, above the (72 + order) of the error bound */

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t int_vector __attribute__((vector_size(4 * LANES)));
typedef int16_t short_vector __attribute__((vector_size(2 * LANES)));

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

static int64_t exact_rise(const supervised_system *system, const int16_t *row, const int32_t *overlaps, int spin)
{
    int64_t rise = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t before = (overlaps[mu] + system->reach) / 2;
        rise += system->table[before - spin * row[mu]] - system->table[before];
    }
    return rise;
}

/* The sweep, once for every vector unit that a machine of this architecture may have. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define TARGET(name) name##_baseline
#include "supervised_sweep.h"
#undef TARGET
#ifdef EVERY_X86
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast") /* rounding decides nothing here */
#pragma GCC target("arch=x86-64-v3")
#define TARGET(name) name##_avx2
#include "supervised_sweep.h"
#undef TARGET
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#define TARGET(name) name##_avx512
#include "supervised_sweep.h"
#undef TARGET
#pragma GCC pop_options
#endif

typedef int64_t supervised_sweep(const supervised_system *system, int64_t replica);

static supervised_sweep *best_sweep(void)
{
#ifdef EVERY_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd")) return supervised_sweep_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        return supervised_sweep_avx2;
#endif
    return supervised_sweep_baseline;
}

static int64_t utility(const supervised_system *system, int64_t replica)
{
    int64_t total = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++)
        total += system->table[(system->overlaps[replica * system->width + mu] + system->reach) / 2];
    return total;
}

/* Overlaps, gains and energies from the spins. */
static void supervised_start(const supervised_system *system)
{
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        int32_t *overlaps = system->overlaps + replica * system->width;
        memset(overlaps, 0, system->width * sizeof *overlaps);
        for (int64_t i = 0; i < system->sites; i++)
            for (int64_t mu = 0; mu < system->width; mu++)
                overlaps[mu] += system->spins[replica * system->sites + i] * system->sums[i * system->width + mu];
        refresh_baseline((int) system->order, system, replica);
        system->energy[replica] = utility(system, replica);
    }
}

static int64_t supervised_run(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                              float tau, int heat_bath, const supervised_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas;
    supervised_sweep *sweep = best_sweep();
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            fill_thresholds(system->thresholds, sites, k0, k1, first + (uint32_t) t, (uint32_t) replica, tau, heat_bath);
            int64_t accepted = sweep(system, replica);
            system->energy[replica] = utility(system, replica);
            series->overlap[t * replicas + replica] = system->overlaps[replica * system->width];
            series->energy[t * replicas + replica] = system->energy[replica];
            series->accepted[t * replicas + replica] = accepted;
            flips += accepted;
        }
        int64_t agreement = 0;
        for (int64_t i = 0; replicas > 1 && i < sites; i++) agreement += system->spins[i] * system->spins[sites + i];
        series->agreement[t] = agreement;
        if (tau == 0.0f && flips == 0) return t + 1;
    }
    return sweeps;
}

#endif
