/* The supervised kernel, compiled for the path of the including file; the contract is at the head of supervised.h. */
#include "supervised.h"
#include "supervised_blocks.h"
#include "supervised_floats.h"
#include "supervised_narrow.h"
#include "supervised_table.h"
#include "synchronous_run.h"
#include "thresholds.h"

#define JOIN(a, b) a##b
#define NAMED(name) JOIN(supervised_, name)
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)

/* One sweep with `order` made a constant, so that the loops over it unroll. */
static int64_t supervised_sweep(const supervised_system *system, int64_t replica)
{
    if (system->form == BLOCKS) return sweep_blocks(system, replica);
    if (system->form == NARROW && system->order == 2) return sweep_narrow(2, system, replica);
    if (system->form == NARROW) return sweep_narrow(3, system, replica);
    switch (system->order) {
    case 2: return sweep_floats(2, system, replica);
    case 3: return sweep_floats(3, system, replica);
    case 4: return sweep_floats(4, system, replica);
    case 5: return sweep_floats(5, system, replica);
    case 6: return sweep_floats(6, system, replica);
    case 7: return sweep_floats(7, system, replica);
    default: return sweep_floats(8, system, replica);
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
        if (system->form == FLOATS) refresh((int) system->order, system, replica);
        system->energy[replica] = utility(system, replica);
    }
}

static void float_thresholds(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica,
                             float tau, int heat_bath)
{
    for (int64_t base = 0; base < system->sites; base += 64)
        ceilings_of_block(system->thresholds + base, k0, k1, (uint32_t) (base / 64), sweep, replica, tau, heat_bath);
}

static int64_t supervised_run(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                              float tau, int heat_bath, const supervised_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            float_thresholds(system, k0, k1, first + (uint32_t) t, (uint32_t) replica, tau, heat_bath);
            int64_t accepted = supervised_sweep(system, replica);
            system->energy[replica] = utility(system, replica);
            series->overlap[t * replicas + replica] = (int32_t) system->unit * system->overlaps[replica * system->width];
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

const supervised_path NAMED(PATH) = {QUOTED(PATH), supervised_start, supervised_run, synchronous_start,
                                       synchronous_run};
