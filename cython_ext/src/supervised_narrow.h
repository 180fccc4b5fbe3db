/* NARROW: sums of int16 products over int8 rows, exact or rounded by a known amount.
 *
 * With Y = X - s c the overlap without the spin itself, a flip takes U(Y + s c) to U(Y - s c), and only odd powers of c
 * remain: one sum of c Y^2 for order 3, of c X for order 2.  Overlaps of most patterns are of size M sqrt(R N), so that the
 * products c Y fit int16; the few condensed patterns beyond `limit` are kept apart with X = 0 in the array and corrected one
 * by one.  Where the products do not fit, c Y / 2^shift is rounded to the nearest integer, which moves a sum by at most
 * 2^(shift - 1) sum |Y|.  int32 lanes take `tile` vectors before they widen.
 *
 * While few flip, four sites share a pass over the overlaps.  Else one pass moves the overlaps as the flip would and sums on
 * the way, by c Y^2 = c X (X - 2 s c) + c^3, whose second factor is the overlap after the flip; rejected ones move back.
 *
 * An attempt costs K/32 of four (order 3) or two operations and an accepted flip as many again, in hot networks of five in all.
 */
#ifndef HEBBIAN_SUPERVISED_NARROW_H
#define HEBBIAN_SUPERVISED_NARROW_H

#include "supervised.h"
#include "supervised_table.h"

#define RUN 2048 /* patterns that several sites sum before the next: their overlaps stay in L1 */

typedef struct {
    int order, up, shift; /* up: of a spin +1 */
} narrow_kind;

ALWAYS_INLINE i32v add_terms(narrow_kind kind, i32v sum, i16v c, i16v x)
{
    if (kind.order == 2) return dot16(sum, c, x);
    i16v y = kind.up ? x - c : x + c;
    i16v product = kind.shift ? high_product16(c << (15 - kind.shift), y) : c * y;
    return dot16(sum, product, y);
}

/* Rows of the next stretch come into a cache while this one is visited, of every two lines one for each of two replicas. */
typedef struct {
    const int8_t *even, *odd;
} next_lines;

ALWAYS_INLINE next_lines lines_of(const supervised_system *system, int64_t replica, const int8_t *row)
{
    const int8_t *next = (const int8_t *) ((uintptr_t) row + (uintptr_t) (system->stretch * system->width)); /* maybe no row */
    if (system->replicas == 1) return (next_lines){next, next + 64};
    return (next_lines){next + replica % 2 * 64, next + replica % 2 * 64};
}

/* Inlined before anything decides that a call without a result does nothing. */
ALWAYS_INLINE void fetch(next_lines lines, int64_t at)
{
    __builtin_prefetch(lines.even + at, 0, 2);
    __builtin_prefetch(lines.odd + at, 0, 2);
}

/* total + the terms of patterns `from` to `to`, whole vectors; no more than a tile of them. */
ALWAYS_INLINE i64v add_tile(narrow_kind kind, i64v total, const int8_t *row, next_lines lines, const int16_t *x, int64_t from,
                            int64_t to)
{
    i32v sum[4] = {{0}};
    int64_t mu = from;
    for (; mu + 128 <= to; mu += 128) {
        fetch(lines, mu);
        for (int k = 0; k < 128 / LANES16; k++)
            sum[k % 4] = add_terms(kind, sum[k % 4], widen8(row + mu + k * LANES16), load16(x + mu + k * LANES16));
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

/* S of four sites from `first`, in one pass over the overlaps. */
ALWAYS_INLINE void narrow_sums(int order, int rounded, const supervised_system *system, int64_t replica, int64_t first, double *out)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t width = system->width, base = replica * width, step = narrow->tile * LANES16;
    int shift = rounded ? narrow->shift : 0;
    const int16_t *x = narrow->overlaps + base;
    const int8_t *spins = system->spins + replica * system->sites + first;
    i64v total[4] = {{0}};
    if (step > RUN) step = RUN;
    for (int64_t from = 0; from < width; from += step) {
        int64_t to = from + step < width ? from + step : width;
        for (int j = 0; j < 4; j++) {
            const int8_t *row = system->rows + (first + j) * width;
            next_lines lines = lines_of(system, replica, row);
            if (spins[j] > 0)
                total[j] = add_tile((narrow_kind){order, 1, shift}, total[j], row, lines, x, from, to);
            else
                total[j] = add_tile((narrow_kind){order, 0, shift}, total[j], row, lines, x, from, to);
        }
    }
    for (int j = 0; j < 4; j++) {
        const int8_t *row = system->rows + (first + j) * width;
        int64_t apart = condensed_terms(order, narrow, base, narrow->count[replica], row, spins[j]);
        out[j] = (double) (reduce64(total[j]) * (INT64_C(1) << shift) + apart);
    }
}

/* The overlaps as int32, from the narrow ones and the condensed. */
static void gather_overlaps(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width;
    const int16_t *x = narrow->overlaps + base;
    for (int64_t mu = 0; mu < system->width; mu++) system->overlaps[base + mu] = x[mu];
    for (int64_t j = base; j < base + narrow->count[replica]; j++)
        system->overlaps[base + narrow->condensed[j]] = narrow->values[j];
}

/* Put the patterns beyond the limit on the list. */
static void set_apart(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width, limit = narrow->limit;
    int16_t *x = narrow->overlaps + base;
    for (int64_t mu = 0; mu < system->width; mu++) {
        if (x[mu] >= -limit && x[mu] <= limit) continue;
        int64_t j = base + narrow->count[replica]++;
        narrow->condensed[j] = (int32_t) mu;
        narrow->values[j] = x[mu];
        x[mu] = 0;
    }
}

/* Narrow overlaps and the list of the condensed from the int32 ones. */
static void spread_overlaps(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t base = replica * system->width, limit = narrow->limit, magnitude = 0;
    int16_t *out = narrow->overlaps + base;
    int32_t count = 0;
    for (int64_t mu = 0; mu < system->width; mu++) {
        int32_t x = system->overlaps[base + mu];
        int fits = x >= -limit && x <= limit;
        out[mu] = fits ? (int16_t) x : 0;
        magnitude += fits ? (x < 0 ? -x : x) : 0;
        if (fits) continue;
        narrow->condensed[base + count] = (int32_t) mu;
        narrow->values[base + count++] = x;
    }
    narrow->count[replica] = count;
    narrow->magnitude[replica] = magnitude;
    narrow->left[replica] = narrow->slack;
}

/* What a pass over the moved overlaps found: S in units of 2^shift, and where `checked` their sum of magnitudes and whether
 * one lies beyond the limit. */
typedef struct {
    int64_t sum, magnitude;
    int beyond;
} trial;

/* X -> X - 2 s c, as a flip of `site` moves the overlaps, and S where `order` says of what: c X (X - 2 s c) sums to S less
 * sum c^3 for order 3, c X to S for order 2. */
ALWAYS_INLINE trial move_overlaps(narrow_kind kind, int checked, const supervised_system *system, int64_t replica, int64_t site)
{
    const narrow_buffers *narrow = &system->narrow;
    int64_t width = system->width, stretch = narrow->tile * LANES16;
    const int8_t *row = system->rows + site * width;
    int16_t *x = narrow->overlaps + replica * width;
    next_lines lines = lines_of(system, replica, row);
    i16v largest = {0}, one = splat16(1);
    i64v total = {0};
    trial found = {0, 0, 0};
    if (stretch > RUN) stretch = RUN;
    for (int64_t from = 0; from < width; from += stretch) {
        int64_t to = from + stretch < width ? from + stretch : width;
        i32v sum = {0}, sizes = {0};
        for (int64_t mu = from; mu < to; mu += LANES16) {
            if (kind.order && mu % 128 == 0) fetch(lines, mu);
            i16v c = widen8(row + mu), before = load16(x + mu);
            i16v v = kind.up ? before - (c + c) : before + (c + c);
            memcpy(x + mu, &v, WIDTH);
            if (kind.order == 3) {
                i16v product = kind.shift ? high_product16(c << (15 - kind.shift), before) : c * before;
                sum = dot16(sum, product, v);
            }
            if (kind.order == 2) sum = dot16(sum, c, before);
            if (checked) {
                v = magnitude16(v);
                largest = larger16(largest, v);
                if (kind.shift) sizes = dot16(sizes, v, one);
            }
        }
        if (kind.order) total = widen_sum(total, sum);
        if (checked && kind.shift) found.magnitude += reduce64(widen_sum((i64v){0}, sizes));
    }
    i16v beyond = largest > (int16_t) narrow->limit;
    found.beyond = checked && bits_of16(beyond);
    found.sum = kind.order ? reduce64(total) : 0;
    return found;
}

/* The same with signs and bounds made constants.  Sizes are looked at once in `slack` flips, for which the bounds leave room
 * beyond the limit; `order` is 0 where no sum is wanted. */
ALWAYS_INLINE trial move_site(int order, int rounded, const supervised_system *system, int64_t replica, int64_t site, int spin)
{
    int shift = rounded ? system->narrow.shift : 0, checked = system->narrow.left[replica] <= 1;
    const narrow_kind up = {order, 1, shift}, down = {order, 0, shift};
    if (spin > 0)
        return checked ? move_overlaps(up, 1, system, replica, site) : move_overlaps(up, 0, system, replica, site);
    return checked ? move_overlaps(down, 1, system, replica, site) : move_overlaps(down, 0, system, replica, site);
}

/* The flip of a site whose overlaps have moved. */
static void settle(const supervised_system *system, int64_t replica, int64_t site, trial found)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *row = system->rows + site * system->width;
    int8_t *spin = system->spins + replica * system->sites + site;
    int64_t base = replica * system->width;
    int16_t *x = narrow->overlaps + base;
    int checked = narrow->left[replica] <= 1;
    for (int64_t j = base; j < base + narrow->count[replica]; j++) {
        narrow->values[j] -= 2 * *spin * row[narrow->condensed[j]];
        x[narrow->condensed[j]] = 0;
    }
    narrow->left[replica] = checked ? narrow->slack : narrow->left[replica] - 1;
    narrow->magnitude[replica] = checked ? found.magnitude : narrow->magnitude[replica] + 2 * narrow->loads[site];
    if (found.beyond) set_apart(system, replica);
    *spin = -*spin;
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

/* Whether a site flips where S left doubt. */
static int settle_sum(int rounded, const supervised_system *system, int64_t replica, int64_t site, float threshold)
{
    int spin = system->spins[replica * system->sites + site], verdict = DOUBTFUL;
    gather_overlaps(system, replica);
    if (rounded) verdict = verdict_of(system, site, threshold, spin, exact_sum(system, replica, site), 0.0);
    return (verdict == DOUBTFUL ? exact_verdict(system, replica, site, threshold) : verdict) == FLIP;
}

/* Four sites from `first` share a pass; returns how many were visited, up to the first flip, which makes the other sums stale. */
ALWAYS_INLINE int visit_four(int order, int rounded, const supervised_system *system, int64_t replica, const float *thresholds,
                             int64_t first, double half, int *flip)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *spins = system->spins + replica * system->sites;
    double sum[4];
    narrow_sums(order, rounded, system, replica, first, sum);
    for (int j = 0; j < 4; j++) {
        int64_t i = first + j;
        double error = half * (double) (narrow->magnitude[replica] + narrow->loads[i]);
        int verdict = verdict_of(system, i, thresholds[i], spins[i], sum[j], error);
        if (verdict == STAY || (verdict == DOUBTFUL && !settle_sum(rounded, system, replica, i, thresholds[i]))) continue;
        settle(system, replica, i, move_site(0, rounded, system, replica, i, spins[i]));
        *flip = 1;
        return j + 1;
    }
    return 4;
}

/* One pass sums a site and moves the overlaps at once; where the spin does not flip after all, they move back. */
ALWAYS_INLINE int visit_one(int order, int rounded, const supervised_system *system, int64_t replica, float threshold, int64_t i,
                            double half)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *row = system->rows + i * system->width;
    int spin = system->spins[replica * system->sites + i];
    double error = half * (double) (narrow->magnitude[replica] + 2 * narrow->loads[i]);
    trial found = move_site(order, rounded, system, replica, i, spin);
    int64_t sum = found.sum * (rounded ? INT64_C(1) << narrow->shift : 1) + (order == 3 ? narrow->cubes[i] : 0);
    sum += condensed_terms(order, narrow, replica * system->width, narrow->count[replica], row, spin);
    int verdict = verdict_of(system, i, threshold, spin, (double) sum, error);
    if (verdict != FLIP) {
        move_site(0, rounded, system, replica, i, -spin);
        if (verdict == STAY || !settle_sum(rounded, system, replica, i, threshold)) return 0;
        found = move_site(0, rounded, system, replica, i, spin);
    }
    settle(system, replica, i, found);
    return 1;
}

/* Running acceptance from which sites are visited one by one; measured, and without influence on any result. */
#define MANY_FLIPS 0.3f

ALWAYS_INLINE int64_t visit_narrow(int order, int rounded, const supervised_system *system, int64_t replica,
                                   const float *thresholds, int64_t from, int64_t to)
{
    const narrow_buffers *narrow = &system->narrow;
    float *acceptance = narrow->acceptance + replica;
    int64_t accepted = 0;
    double half = rounded ? fabs(narrow->slope) * 0.5 * (double) (INT64_C(1) << narrow->shift) : 0.0;
    for (int64_t i = from; i < to;) {
        int flip = 0, visited = 1;
        if (*acceptance < MANY_FLIPS && i + 4 <= to)
            visited = visit_four(order, rounded, system, replica, thresholds, i, half, &flip);
        else
            flip = visit_one(order, rounded, system, replica, thresholds[i], i, half);
        *acceptance += 0.01f * (float) visited * ((float) flip / (float) visited - *acceptance);
        accepted += flip;
        i += visited;
    }
    return accepted;
}

#endif
