/* NARROW: sums of int16 products over int8 rows, exact or rounded by a known amount.
 *
 * With Y = X - s c the overlap without the spin itself, a flip takes U(Y + s c) to U(Y - s c), and only odd powers of c
 * remain: one sum of c Y^2 for order 3, of c X for order 2.  Overlaps of most patterns are of size M sqrt(R N), so that the
 * products c Y fit int16; the few condensed patterns beyond `limit` are kept apart with X = 0 in the array and corrected one
 * by one.  Where the products do not fit, c Y / 2^shift is rounded to the nearest integer, which moves a sum by at most
 * 2^(shift - 1) sum |Y|.  int32 lanes take `tile` vectors before they widen.
 *
 * An attempt costs K/32 of four (order 3) or two operations; an accepted flip is one pass over the int16 overlaps.
 */
#ifndef HEBBIAN_SUPERVISED_NARROW_H
#define HEBBIAN_SUPERVISED_NARROW_H

#include "supervised.h"
#include "supervised_table.h"

#define RUN 2048 /* patterns that several sites sum before the next: their overlaps stay in L1 */

#define AHEAD 4096 /* bytes: rows beyond the caches arrive while earlier ones are summed */

typedef struct {
    int order, up, shift;
} narrow_kind;

ALWAYS_INLINE i32v add_terms(narrow_kind kind, i32v sum, i16v c, i16v x)
{
    if (kind.order == 2) return dot16(sum, c, x);
    i16v y = kind.up ? x - c : x + c;
    i16v product = kind.shift ? high_product16(c << (15 - kind.shift), y) : c * y;
    return dot16(sum, product, y);
}

/* total + the terms of patterns `from` to `to`, whole vectors; no more than a tile of them. */
ALWAYS_INLINE i64v add_tile(narrow_kind kind, i64v total, const int8_t *row, const int16_t *x, int64_t from, int64_t to)
{
    i32v sum[4] = {{0}};
    int64_t mu = from;
    for (; mu + 4 * LANES16 <= to; mu += 4 * LANES16)
        for (int k = 0; k < 4; k++) {
            __builtin_prefetch(row + mu + k * LANES16 + AHEAD);
            sum[k] = add_terms(kind, sum[k], widen8(row + mu + k * LANES16), load16(x + mu + k * LANES16));
        }
    for (; mu < to; mu += LANES16) sum[0] = add_terms(kind, sum[0], widen8(row + mu), load16(x + mu));
    return widen_sum(total, (sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* What the condensed patterns, summed with X = 0, lack. */
static inline int64_t condensed_terms(int order, const narrow_buffers *narrow, int64_t base, int64_t count, const int8_t *row,
                                      int spin)
{
    int64_t sum = 0;
    for (int64_t j = base; j < base + count; j++) {
        int64_t c = row[narrow->condensed[j]], x = narrow->values[j];
        sum += order == 2 ? c * x : c * x * (x - 2 * spin * c);
    }
    return sum;
}

/* S of sites `first` .. `first + count - 1`, in units where products are rounded by 2^shift. */
ALWAYS_INLINE void sum_sites(int order, int shift, const supervised_system *system, int64_t replica, int64_t first, int count,
                             double *out)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t width = system->width, base = replica * width, step = narrow->tile * LANES16;
    const int16_t *x = narrow->overlaps + base;
    const int8_t *spins = system->spins + replica * system->sites + first;
    if (step > RUN) step = RUN;
    i64v total[4] = {{0}};
    for (int64_t from = 0; from < width; from += step) {
        int64_t to = from + step < width ? from + step : width;
        for (int j = 0; j < count; j++) {
            const int8_t *row = system->rows + (first + j) * width;
            if (spins[j] > 0)
                total[j] = add_tile((narrow_kind){order, 1, shift}, total[j], row, x, from, to);
            else
                total[j] = add_tile((narrow_kind){order, 0, shift}, total[j], row, x, from, to);
        }
    }
    for (int j = 0; j < count; j++) {
        int64_t lacking = condensed_terms(order, narrow, base, narrow->count[replica], system->rows + (first + j) * width,
                                          spins[j]);
        out[j] = (double) (reduce64(total[j]) * (INT64_C(1) << shift) + lacking);
    }
}

/* `shift` becomes a constant for the products that the instruction set has in one piece. */
ALWAYS_INLINE void narrow_sums(int order, const supervised_system *system, int64_t replica, int64_t first, int count,
                               double *out)
{
    if (order == 3 && system->narrow.shift)
        sum_sites(order, system->narrow.shift, system, replica, first, count, out);
    else
        sum_sites(order, 0, system, replica, first, count, out);
}

/* The overlaps as int32, from the narrow ones and the condensed. */
static void gather_overlaps(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width;
    for (int64_t mu = 0; mu < system->width; mu++) system->overlaps[base + mu] = narrow->overlaps[base + mu];
    for (int64_t j = base; j < base + narrow->count[replica]; j++)
        system->overlaps[base + narrow->condensed[j]] = narrow->values[j];
}

/* Put the patterns beyond the limit on the list. */
static void set_apart(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width, limit = narrow->limit;
    for (int64_t mu = 0; mu < system->width; mu++) {
        int32_t x = narrow->overlaps[base + mu];
        if (x >= -limit && x <= limit) continue;
        int64_t j = base + narrow->count[replica]++;
        narrow->condensed[j] = (int32_t) mu;
        narrow->values[j] = x;
        narrow->overlaps[base + mu] = 0;
    }
}

/* Narrow overlaps and the list of the condensed from the int32 ones. */
static void spread_overlaps(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width, limit = narrow->limit, magnitude = 0;
    int32_t count = 0;
    for (int64_t mu = 0; mu < system->width; mu++) {
        int32_t x = system->overlaps[base + mu];
        int fits = x >= -limit && x <= limit;
        narrow->overlaps[base + mu] = fits ? (int16_t) x : 0;
        magnitude += fits ? (x < 0 ? -x : x) : 0;
        if (fits) continue;
        narrow->condensed[base + count] = (int32_t) mu;
        narrow->values[base + count++] = x;
    }
    narrow->count[replica] = count;
    narrow->magnitude[replica] = magnitude;
    narrow->left[replica] = narrow->slack;
}

/* X_mu += step c^mu for step = 2 or -2; with `next`, also S of the site after, on the moved overlaps in the same pass.
 * Sizes are looked at where `checked`; up to `slack` flips go by before, for which the bounds leave room beyond the limit. */
ALWAYS_INLINE double move_site(narrow_kind kind, int next, int checked, int step, const supervised_system *system,
                               int64_t replica, int64_t site)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t width = system->width, base = replica * width, magnitude = 0, stretch = narrow->tile * LANES16;
    const int8_t *row = system->rows + site * width, *after = row + width;
    int16_t *x = narrow->overlaps + base;
    i16v largest = {0}, one = splat16(1), factor = splat16((int16_t) step);
    i64v total = {0};
    if (stretch > RUN) stretch = RUN;
    for (int64_t from = 0; from < width; from += stretch) {
        int64_t to = from + stretch < width ? from + stretch : width;
        i32v sum = {0}, sizes = {0};
        for (int64_t mu = from; mu < to; mu += LANES16) {
            i16v c = widen8(row + mu), v = load16(x + mu);
            v = kind.order == 2 ? v + c * factor : step > 0 ? v + (c + c) : v - (c + c);
            memcpy(x + mu, &v, WIDTH);
            if (next) {
                __builtin_prefetch(after + mu + AHEAD);
                sum = add_terms(kind, sum, widen8(after + mu), v);
            }
            if (checked) {
                v = magnitude16(v);
                largest = larger16(largest, v);
                if (kind.shift) sizes = dot16(sizes, v, one);
            }
        }
        if (next) total = widen_sum(total, sum);
        if (kind.shift) magnitude += reduce64(widen_sum((i64v){0}, sizes));
    }
    narrow->magnitude[replica] = checked ? magnitude : narrow->magnitude[replica] + 2 * narrow->loads[site];
    int64_t lacking = 0, spin = kind.up ? 1 : -1;
    for (int64_t j = base; j < base + narrow->count[replica]; j++) {
        int64_t mu = narrow->condensed[j], used = step * row[mu], c = after[mu], value = narrow->values[j] += step * row[mu];
        x[mu] = 0;
        if (next) lacking += c * (value - used) * (value + used - 2 * spin * c);
    }
    i16v beyond = largest > (int16_t) narrow->limit;
    if (checked && bits_of16(beyond)) set_apart(system, replica);
    if (!next) return 0.0;
    return (double) (reduce64(total) * (INT64_C(1) << kind.shift) + lacking);
}

/* The same with the signs of both spins made constants where the pass is long against a mispredicted branch. */
ALWAYS_INLINE double move_signed(int order, int shift, int next, int checked, const supervised_system *system, int64_t replica,
                                 int64_t site)
{
    const int8_t *spin = system->spins + replica * system->sites + site;
    const narrow_kind up = {order, 1, shift}, down = {order, 0, shift};
    if (order == 2) return move_site(up, 0, checked, -2 * spin[0], system, replica, site);
    if (next && spin[1] > 0)
        return spin[0] > 0 ? move_site(up, next, checked, -2, system, replica, site)
                           : move_site(up, next, checked, 2, system, replica, site);
    return spin[0] > 0 ? move_site(down, next, checked, -2, system, replica, site)
                       : move_site(down, next, checked, 2, system, replica, site);
}

ALWAYS_INLINE double move_narrow(int order, int next, const supervised_system *system, int64_t replica, int64_t site)
{
    const narrow_buffers *narrow = &system->narrow;
    int checked = --narrow->left[replica] <= 0;
    if (checked) narrow->left[replica] = narrow->slack;
    if (order == 3 && narrow->shift)
        return checked ? move_signed(order, narrow->shift, next, 1, system, replica, site)
                       : move_signed(order, narrow->shift, next, 0, system, replica, site);
    return checked ? move_signed(order, 0, next, 1, system, replica, site)
                   : move_signed(order, 0, next, 0, system, replica, site);
}

/* S without rounding. */
static double exact_sum(const supervised_system *system, int64_t replica, int64_t site)
{
    const int8_t *row = system->rows + site * system->width;
    const int32_t *x = system->overlaps + replica * system->width;
    int spin = system->spins[replica * system->sites + site];
    int64_t sum = 0;
    for (int64_t mu = 0; mu < system->width; mu++) {
        int64_t c = row[mu], y = x[mu] - spin * c;
        sum += c * y * y;
    }
    return (double) sum;
}

/* Above this running acceptance sums for later sites are mostly wasted; measured, and without influence on any result. */
#define SHARED_PASS 0.2f

ALWAYS_INLINE int64_t sweep_narrow(int order, const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int8_t *spins = system->spins + replica * system->sites;
    float *acceptance = narrow->acceptance + replica;
    int64_t accepted = 0;
    int rounded = order == 3 && narrow->shift, known = 0;
    double half = rounded ? fabs(narrow->slope) * (double) (INT64_C(1) << (narrow->shift - 1)) : 0.0, sum[4];
    spread_overlaps(system, replica);
    for (int64_t i = 0; i < system->sites;) {
        int several = !known && *acceptance < SHARED_PASS && i + 4 <= system->sites;
        int64_t stop = i + (several ? 4 : 1);
        if (several)
            narrow_sums(order, system, replica, i, 4, sum);
        else if (!known)
            narrow_sums(order, system, replica, i, 1, sum);
        known = 0;
        for (int j = 0; i < stop; j++) {
            int64_t site = i++;
            double error = half * (double) (narrow->magnitude[replica] + narrow->loads[site]);
            int verdict = verdict_of(system, site, spins[site], sum[j], error);
            if (verdict == DOUBTFUL) {
                gather_overlaps(system, replica);
                if (rounded) verdict = verdict_of(system, site, spins[site], exact_sum(system, replica, site), 0.0);
                if (verdict == DOUBTFUL) verdict = exact_verdict(system, replica, site);
            }
            *acceptance += 0.01f * ((float) (verdict == FLIP) - *acceptance);
            if (verdict == FLIP) {
                known = order == 3 && !several && i < system->sites;
                if (known)
                    sum[0] = move_narrow(order, 1, system, replica, site);
                else
                    move_narrow(order, 0, system, replica, site);
                spins[site] = -spins[site];
                accepted++;
                break;
            }
        }
    }
    gather_overlaps(system, replica);
    return accepted;
}

#endif
