/* The loops of synchronous dynamics; the contract is at the head of synchronous.h. */
#ifndef HEBBIAN_SYNCHRONOUS_RUN_H
#define HEBBIAN_SYNCHRONOUS_RUN_H

#include "supervised_table.h"
#include "synchronous.h"

#define SITES 64      /* sites whose fields are summed together, while a stretch of G stays in L1 */
#define STRETCH 4096  /* patterns of it */

/* Entries mu .. mu + LANES16 - 1 of a row. */
ALWAYS_INLINE i16v entries(int wide, const void *rows, int64_t at)
{
    return wide ? load16((const int16_t *) rows + at) : widen8((const int8_t *) rows + at);
}

/* sum of c x over whole vectors, no more than a tile of them. */
ALWAYS_INLINE int64_t dot_row(int wide, const void *rows, int64_t at, const int16_t *x, int64_t count)
{
    i32v sum[2] = {{0}};
    int64_t mu = 0;
    for (; mu + 2 * LANES16 <= count; mu += 2 * LANES16)
        for (int k = 0; k < 2; k++)
            sum[k] = dot16(sum[k], entries(wide, rows, at + mu + k * LANES16), load16(x + mu + k * LANES16));
    for (; mu < count; mu += LANES16) sum[0] = dot16(sum[0], entries(wide, rows, at + mu), load16(x + mu));
    return reduce64(widen_sum((i64v){0}, sum[0] + sum[1]));
}

ALWAYS_INLINE void sum_fields(int wide, const synchronous_system *system, int64_t first, int64_t count)
{
    int64_t width = system->width, step = system->tile * LANES16;
    if (step > STRETCH) step = STRETCH;
    memset(system->fields, 0, system->replicas * SITES * sizeof *system->fields);
    for (int64_t from = 0; from < width; from += step) {
        int64_t terms = from + step < width ? step : width - from;
        for (int64_t i = 0; i < count; i++) {
            int64_t at = (first + i) * width + from;
            for (int64_t replica = 0; replica < system->replicas; replica++) {
                int64_t sum = dot_row(wide, system->rows, at, system->low + replica * width + from, terms);
                if (system->planes > 1)
                    sum += 65536 * dot_row(wide, system->rows, at, system->high + replica * width + from, terms);
                system->fields[replica * SITES + i] += sum;
            }
        }
    }
}

static inline void add_row(const synchronous_system *system, int64_t replica, int64_t site, int step)
{
    int64_t width = system->width;
    int32_t *overlaps = system->overlaps + replica * width;
    if (system->wide)
        for (int64_t mu = 0; mu < width; mu++) overlaps[mu] += step * ((const int16_t *) system->rows)[site * width + mu];
    else
        for (int64_t mu = 0; mu < width; mu++) overlaps[mu] += step * ((const int8_t *) system->rows)[site * width + mu];
}

/* Planes of G and the energy of the present configuration. */
static void field_of_overlaps(const synchronous_system *system, int64_t replica)
{
    int64_t base = replica * system->width, energy = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t at = (system->overlaps[base + mu] + system->reach) / 2;
        int32_t value = system->field[at];
        system->low[base + mu] = (int16_t) value;
        system->high[base + mu] = (int16_t) ((value - (int16_t) value) / 65536);
        energy += system->table[at];
    }
    system->energy[replica] = energy;
}

static void synchronous_start(const synchronous_system *system)
{
    memset(system->overlaps, 0, system->replicas * system->width * sizeof *system->overlaps);
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        for (int64_t i = 0; i < system->sites; i++) add_row(system, replica, i, system->spins[replica * system->sites + i]);
        field_of_overlaps(system, replica);
    }
}

/* One sweep of all replicas; the flips of each are counted in `accepted`. */
static void synchronous_sweep(const synchronous_system *system, int64_t *accepted)
{
    int64_t sites = system->sites, blocks = (sites + SITES - 1) / SITES;
    memset(accepted, 0, system->replicas * sizeof *accepted);
    for (int64_t first = 0; first < sites; first += SITES) {
        int64_t count = first + SITES < sites ? SITES : sites - first;
        if (system->wide)
            sum_fields(1, system, first, count);
        else
            sum_fields(0, system, first, count);
        for (int64_t replica = 0; replica < system->replicas; replica++)
            for (int64_t i = 0; i < count; i++) {
                int64_t change = system->spins[replica * sites + first + i] * system->fields[replica * SITES + i];
                if (change < integer_threshold(system->thresholds[replica * SITES * blocks + first + i]))
                    system->flips[replica * sites + accepted[replica]++] = (int32_t) (first + i);
            }
    }
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        for (int64_t j = 0; j < accepted[replica]; j++) {
            int64_t site = system->flips[replica * sites + j];
            int8_t *spin = system->spins + replica * sites + site;
            add_row(system, replica, site, -2 * *spin);
            *spin = -*spin;
        }
        field_of_overlaps(system, replica);
    }
}

static int64_t synchronous_run(const synchronous_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                               float tau, const supervised_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas, padded = (sites + SITES - 1) / SITES * SITES;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0, agreement = 0, *accepted = series->accepted + t * replicas;
        for (int64_t replica = 0; replica < replicas; replica++)
            for (int64_t base = 0; base < sites; base += SITES)
                ceilings_of_block(system->thresholds + replica * padded + base, k0, k1, (uint32_t) (base / SITES),
                                  first + (uint32_t) t, (uint32_t) replica, tau, 1);
        synchronous_sweep(system, accepted);
        for (int64_t replica = 0; replica < replicas; replica++) {
            series->overlap[t * replicas + replica] = system->overlaps[replica * system->width];
            series->energy[t * replicas + replica] = system->energy[replica];
            flips += accepted[replica];
        }
        for (int64_t i = 0; replicas > 1 && i < sites; i++) agreement += system->spins[i] * system->spins[sites + i];
        series->agreement[t] = agreement;
        if (series->spins) memcpy(series->spins + t * replicas * sites, system->spins, replicas * sites);
        if (tau == 0.0f && flips == 0) return t + 1;
    }
    return sweeps;
}

#endif
