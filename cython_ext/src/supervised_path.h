/* The supervised kernel, compiled for the path of the including file; the contract is at the head of supervised.h. */
#include "supervised.h"
#include "supervised_blocks.h"
#include "supervised_floats.h"
#include "supervised_narrow.h"
#include "supervised_quartic.h"
#include "supervised_table.h"
#include "synchronous_run.h"
#include "thresholds.h"

#define JOIN(a, b) a##b
#define NAMED(name) JOIN(supervised_, name)
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)

/* Attempts at sites `from` to `to` with `order` made a constant, so that the loops over it unroll; returns the flips. */
static int64_t visit(const supervised_system *system, int64_t replica, const float *thresholds, int64_t from, int64_t to)
{
    if (system->form == BLOCKS) return visit_blocks(system, replica, thresholds, from, to);
    if (system->form == NARROW && system->order == 2) return visit_narrow(2, 0, system, replica, thresholds, from, to);
    if (system->form == NARROW && system->narrow.shift) return visit_narrow(3, 1, system, replica, thresholds, from, to);
    if (system->form == NARROW) return visit_narrow(3, 0, system, replica, thresholds, from, to);
    if (system->form == QUARTIC) return visit_quartic(system, replica, thresholds, from, to);
    switch (system->order) {
    case 2: return visit_floats(2, system, replica, thresholds, from, to);
    case 3: return visit_floats(3, system, replica, thresholds, from, to);
    case 4: return visit_floats(4, system, replica, thresholds, from, to);
    case 5: return visit_floats(5, system, replica, thresholds, from, to);
    case 6: return visit_floats(6, system, replica, thresholds, from, to);
    case 7: return visit_floats(7, system, replica, thresholds, from, to);
    default: return visit_floats(8, system, replica, thresholds, from, to);
    }
}

/* Overlaps, energies and what the form keeps, from the spins. */
static void supervised_start(const supervised_system *system)
{
    if (system->form == BLOCKS) build_blocks(system);
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        int32_t *overlaps = system->overlaps + replica * system->width;
        memset(overlaps, 0, system->width * sizeof *overlaps);
        for (int64_t i = 0; i < system->sites; i++) {
            int spin = system->spins[replica * system->sites + i];
            if (system->rows)
                for (int64_t mu = 0; mu < system->width; mu++) overlaps[mu] += spin * system->rows[i * system->width + mu];
            else
                for (int64_t mu = 0; mu < system->width; mu++) overlaps[mu] += spin * system->sums[i * system->width + mu];
        }
        if (system->form == FLOATS) start_floats((int) system->order, system, replica);
        system->energy[replica] = utility(system, replica);
    }
}

/* Sweeps after which patterns that are condensed no more leave their list; without influence on any result. */
#define RESPREAD 64

/* One sweep of all replicas; `accepted` flips of each. */
static void supervised_sweep(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t sweep, float tau, int heat_bath,
                             int64_t *accepted)
{
    int64_t sites = system->sites, padded = (sites + 63) / 64 * 64;
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        for (int64_t base = 0; base < sites; base += 64)
            ceilings_of_block(system->thresholds + replica * padded + base, k0, k1, (uint32_t) (base / 64), sweep,
                              (uint32_t) replica, tau, heat_bath);
        accepted[replica] = 0;
    }
    for (int64_t from = 0; from < sites; from += system->stretch) {
        int64_t to = from + system->stretch < sites ? from + system->stretch : sites;
        for (int64_t replica = 0; replica < system->replicas; replica++)
            accepted[replica] += visit(system, replica, system->thresholds + replica * padded, from, to);
    }
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        if (system->form != FLOATS) gather_overlaps(system, replica);
        system->energy[replica] = utility(system, replica);
    }
}

static int64_t supervised_run(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                              float tau, int heat_bath, const supervised_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas;
    for (int64_t t = 0; t < sweeps; t++) {
        for (int64_t replica = 0; t % RESPREAD == 0 && system->form != FLOATS && replica < replicas; replica++) {
            spread_overlaps(system, replica);
            if (system->form == QUARTIC) square_overlaps(system, replica);
        }
        int64_t flips = 0, *accepted = series->accepted + t * replicas;
        supervised_sweep(system, k0, k1, first + (uint32_t) t, tau, heat_bath, accepted);
        for (int64_t replica = 0; replica < replicas; replica++) {
            series->overlap[t * replicas + replica] = (int32_t) system->unit * system->overlaps[replica * system->width];
            series->energy[t * replicas + replica] = system->energy[replica];
            flips += accepted[replica];
        }
        int64_t agreement = 0;
        for (int64_t i = 0; replicas > 1 && i < sites; i++) agreement += system->spins[i] * system->spins[sites + i];
        series->agreement[t] = agreement;
        if (series->spins) memcpy(series->spins + t * replicas * sites, system->spins, replicas * sites);
        if (tau == 0.0f && flips == 0) return t + 1;
    }
    return sweeps;
}

const supervised_path NAMED(PATH) = {QUOTED(PATH), supervised_start, supervised_run, synchronous_start,
                                       synchronous_run};
