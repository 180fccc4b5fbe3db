/* Sequential Monte Carlo of H = -sum_mu U(X_mu) with the integer overlaps X_mu as the state.
 *
 * Contract
 *   in     bits      site-major patterns, bit mu of row i is (xi_i^mu = +1); `words` 64-bit words a row, padding bits 0
 *          up, diff  on the N + 1 overlaps X = -N, -N+2, ..., N:  up = U(X+2) - U(X),  diff = U(X-2) - U(X+2) + ...
 *                    so that up + diff = U(X-2) - U(X); what falls off either end is 0
 *   inout  spins     +-1, N a replica
 *          overlaps  X_mu, 64 * words a replica (padding unused)
 *          gains     diff at X_mu, 64 * words a replica, padding 0
 *          totals    sum_mu up and sum_mu diff at X_mu, two a replica
 *          energy    sum_mu U(X_mu) minus its value at the start is added, one a replica
 *   out    one row a sweep: X_0, energy, accepted flips of every replica, sum_i s_i s_i' of replicas 0 and 1
 *
 * With S_i = sum over the set bits of row i of the gains, flipping s_i = +1 changes sum_mu U by up_total + S_i and flipping
 * s_i = -1 by up_total + diff_total - S_i: one array and one masked sum an attempt, for any U.  All sums are exact in
 * int64 because the table is scaled so that 16 K max|U| stays below 2^62.
 *
 * Sites are visited in order 0 .. N-1; attempt i of a sweep uses the threshold of its own counter (philox.h).  A sweep
 * costs N masked sums of K terms a replica, an accepted flip one pass over K.  At tau = 0 a sweep that accepts nothing has
 * reached a fixed point, and the run returns early.  Nothing here allocates, validates, or needs the interpreter lock.
 */
#ifndef HEBBIAN_DENSE_H
#define HEBBIAN_DENSE_H

#include "philox.h"

typedef struct {
    int64_t sites, patterns, words, replicas;
    const uint64_t *bits;
    const int64_t *up, *diff;
    int8_t *spins;
    int32_t *overlaps;
    int64_t *gains, *totals, *energy, *thresholds;
} dense_system;

typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
} dense_series;

/* Four lanes of all ones or zeros for the four bits of a nibble: a branch-free masked sum without wide shifts. */
static const int64_t nibble_mask[16][4] = {
    {0, 0, 0, 0}, {-1, 0, 0, 0}, {0, -1, 0, 0}, {-1, -1, 0, 0}, {0, 0, -1, 0}, {-1, 0, -1, 0}, {0, -1, -1, 0}, {-1, -1, -1, 0},
    {0, 0, 0, -1}, {-1, 0, 0, -1}, {0, -1, 0, -1}, {-1, -1, 0, -1}, {0, 0, -1, -1}, {-1, 0, -1, -1}, {0, -1, -1, -1}, {-1, -1, -1, -1},
};

static inline int64_t masked_sum(const uint64_t *row, const int64_t *gains, int64_t words)
{
    int64_t lane[4] = {0, 0, 0, 0};
    for (int64_t w = 0; w < words; w++) {
        uint64_t bits = row[w];
        const int64_t *gain = gains + 64 * w;
        for (int nibble = 0; nibble < 16; nibble++, gain += 4, bits >>= 4) {
            const int64_t *mask = nibble_mask[bits & 15];
            for (int j = 0; j < 4; j++) lane[j] += gain[j] & mask[j];
        }
    }
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

/* X_mu += step * xi_i^mu for the patterns of row i; padding overlaps drift but are never read. */
static inline void add_site(const uint64_t *row, int32_t *overlaps, int64_t words, int32_t step)
{
    for (int64_t w = 0; w < words; w++)
        for (int j = 0; j < 64; j++)
            overlaps[64 * w + j] += step * (2 * (int32_t) ((row[w] >> j) & 1) - 1);
}

static inline void refresh_gains(const dense_system *system, int64_t replica)
{
    int64_t padded = 64 * system->words, sites = system->sites, up_total = 0, diff_total = 0;
    const int32_t *overlaps = system->overlaps + replica * padded;
    int64_t *gains = system->gains + replica * padded;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t index = (overlaps[mu] + sites) / 2;
        gains[mu] = system->diff[index];
        up_total += system->up[index];
        diff_total += gains[mu];
    }
    system->totals[2 * replica] = up_total;
    system->totals[2 * replica + 1] = diff_total;
}

/* Overlaps, gains and totals from the spins; the energy total is left to the caller, who knows U itself. */
static void dense_start(const dense_system *system)
{
    int64_t padded = 64 * system->words, sites = system->sites;
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        int32_t *overlaps = system->overlaps + replica * padded;
        memset(overlaps, 0, padded * sizeof *overlaps);
        memset(system->gains + replica * padded, 0, padded * sizeof *system->gains);
        for (int64_t i = 0; i < sites; i++)
            add_site(system->bits + i * system->words, overlaps, system->words, system->spins[replica * sites + i]);
        refresh_gains(system, replica);
    }
}

static int64_t dense_sweep(const dense_system *system, int64_t replica)
{
    int64_t padded = 64 * system->words, words = system->words, accepted = 0;
    int8_t *spins = system->spins + replica * system->sites;
    int32_t *overlaps = system->overlaps + replica * padded;
    const int64_t *gains = system->gains + replica * padded;
    int64_t *totals = system->totals + 2 * replica;
    for (int64_t i = 0; i < system->sites; i++) {
        const uint64_t *row = system->bits + i * words;
        int64_t sum = masked_sum(row, gains, words);
        int64_t rise = totals[0] + (spins[i] > 0 ? sum : totals[1] - sum);
        if (-rise < system->thresholds[i]) {
            add_site(row, overlaps, words, -2 * spins[i]);
            refresh_gains(system, replica);
            system->energy[replica] += rise;
            spins[i] = -spins[i];
            accepted++;
        }
    }
    return accepted;
}

static int64_t dense_run(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                         int heat_bath, const dense_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas, padded = 64 * system->words;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            fill_thresholds(system->thresholds, sites, k0, k1, first + (uint32_t) t, (uint32_t) replica, tau, heat_bath);
            int64_t accepted = dense_sweep(system, replica);
            series->overlap[t * replicas + replica] = system->overlaps[replica * padded];
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
