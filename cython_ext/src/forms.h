/* The forms that sum gains, by name: what a flip adds to sum_mu U, and the flip itself. */
#ifndef HEBBIAN_FORMS_H
#define HEBBIAN_FORMS_H

#include "floats.h"
#include "gains.h"

typedef void (*gain_sum)(const dense_system *system, int64_t replica, int64_t site, int64_t *out);

typedef struct {
    gain_sum one, four;
    void (*move)(const dense_system *system, int64_t replica, int64_t site, int step);
} gain_form;

static const gain_form gain_forms[] = {
    [SQUARES] = {sum_squares, sum_squares_of_four, move_squares},
    [NARROW] = {sum_narrow, sum_narrow_of_four, move_narrow},
    [WIDE] = {sum_wide, sum_wide_of_four, move_wide},
    [FLOATS] = {sum_floats, sum_floats_of_four, move_floats},
};

/* What a flip adds to sum_mu U, from the masked sum of its site. */
static inline int64_t rise_of(const dense_system *system, int64_t replica, int64_t site, int64_t sum)
{
    const int64_t *totals = system->totals + 3 * replica;
    return totals[0] + (system->spins[replica * system->sites + site] > 0 ? sum : totals[1] - sum);
}

static inline void flip_of_gains(const dense_system *system, int64_t replica, int64_t site, int64_t rise)
{
    int8_t *spin = system->spins + replica * system->sites + site;
    gain_forms[system->form].move(system, replica, site, -2 * *spin);
    system->energy[replica] += rise;
    *spin = -*spin;
}

#endif
