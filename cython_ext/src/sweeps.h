/* Starting, sweeping and recording: the loops around the kernels of gains.h. */
#ifndef HEBBIAN_SWEEPS_H
#define HEBBIAN_SWEEPS_H

#include "forms.h"
#include "pairwise.h"
#include "thresholds.h"
#include "waiting.h"

/* Above this running acceptance sums for later sites are mostly wasted; measured, and without influence on any result. */
#define SHARED_PASS 0.2f

/* One sweep.  Four sites share one pass over the gains; an accepted flip makes the sums of the later ones stale, and they
 * begin the next group: exactly the sequential law. */
static int64_t sweep_gains(const dense_system *system, int64_t replica, const int64_t *thresholds)
{
    const gain_form *form = &gain_forms[system->form];
    float *acceptance = system->acceptance + replica;
    int64_t accepted = 0;
    for (int64_t i = 0; i < system->sites;) {
        int64_t sum[4];
        int64_t stop = i + (*acceptance < SHARED_PASS && i + 4 <= system->sites ? 4 : 1);
        (stop > i + 1 ? form->four : form->one)(system, replica, i, sum);
        for (int j = 0; i < stop; j++) {
            int64_t site = i++, rise = rise_of(system, replica, site, sum[j]);
            int flip = -rise < thresholds[site];
            *acceptance += 0.01f * ((float) flip - *acceptance);
            if (flip) {
                flip_of_gains(system, replica, site, rise);
                accepted++;
                break;
            }
        }
    }
    return accepted;
}

/* One sweep of N attempts at random sites. */
static int64_t sweep_at_random(const dense_system *system, int64_t replica, const int64_t *thresholds)
{
    const gain_form *form = &gain_forms[system->form];
    int64_t accepted = 0;
    for (int64_t t = 0; t < system->sites; t++) {
        int64_t site = system->visits[t], sum;
        form->one(system, replica, site, &sum);
        int64_t rise = rise_of(system, replica, site, sum);
        if (-rise < thresholds[t]) {
            flip_of_gains(system, replica, site, rise);
            accepted++;
        }
    }
    return accepted;
}

static int64_t sweep(const dense_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep, float tau,
                     int heat_bath)
{
    if (system->order == WAITING) return sweep_waiting(system, replica, k0, k1, sweep, tau, heat_bath);
    if (system->form == BLOCKED) return sweep_blocked(system, replica, k0, k1, sweep, tau, heat_bath);
    if (system->form == SCREENED) return sweep_screened(system, replica, k0, k1, sweep, tau, heat_bath);
    thresholds64(system->thresholds, system->sites, k0, k1, sweep, (uint32_t) replica, tau, heat_bath);
    if (system->order == SEQUENTIAL) return sweep_gains(system, replica, system->thresholds);
    random_sites(system->visits, system->sites, k0, k1, sweep, (uint32_t) replica);
    return sweep_at_random(system, replica, system->thresholds);
}

/* At tau = 0, after a sweep that flipped nothing: whether nothing ever will. */
static int at_rest(const dense_system *system, int64_t replica)
{
    if (system->order == WAITING) return system->waiting.hazard[replica] == 0.0;
    for (int64_t i = 0; system->order == RANDOM && i < system->sites; i++) {
        int64_t sum;
        gain_forms[system->form].one(system, replica, i, &sum);
        if (rise_of(system, replica, i, sum) > 0) return 0;
    }
    return 1;
}

static int32_t first_overlap(const dense_system *system, int64_t replica)
{
    if (system->form == SCREENED) return system->pair.first[replica];
    if (system->form == BLOCKED) return overlap_of(system, replica, 0);
    int64_t offset = replica * 64 * system->words;
    return system->form == WIDE ? system->overlaps32[offset] : system->overlaps16[offset];
}

/* Overlaps, gains, totals or fields from the spins; buffers of gain forms are zeros.  The energy is left to the caller. */
static void dense_start(const dense_system *system)
{
    for (int64_t replica = 0; replica < system->replicas; replica++)
        if (system->form >= BLOCKED)
            start_pairs(system, replica);
        else
            for (int64_t i = 0; i < system->sites; i++)
                gain_forms[system->form].move(system, replica, i, system->spins[replica * system->sites + i]);
}

static int64_t dense_run(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                         int heat_bath, const dense_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            int64_t accepted = sweep(system, replica, k0, k1, first + (uint32_t) t, tau, heat_bath);
            if (accepted && system->form == FLOATS) settle_floats(system, replica);
            series->overlap[t * replicas + replica] = first_overlap(system, replica);
            series->energy[t * replicas + replica] = system->energy[replica];
            series->accepted[t * replicas + replica] = accepted;
            flips += accepted;
        }
        int64_t agreement = 0;
        if (t && !flips)
            agreement = series->agreement[t - 1];
        else
            for (int64_t i = 0; replicas > 1 && i < sites; i++) agreement += system->spins[i] * system->spins[sites + i];
        series->agreement[t] = agreement;
        if (series->spins) memcpy(series->spins + t * replicas * sites, system->spins, replicas * sites);
        int rest = tau == 0.0f && flips == 0;
        for (int64_t replica = 0; rest && replica < replicas; replica++) rest = at_rest(system, replica);
        if (rest) return t + 1;
    }
    return sweeps;
}

#endif
