/* QUARTIC: U of order 4 and even, in int16 products over int8 rows with one rounded factor.
 *
 * With Y = X - s c, a flip costs s slope S with S = sum_mu c Y (Y^2 + c^2 + w) = sum_mu p (X^2 + w) - 2 s sum_mu p^2, p = c Y.
 * Products p fit int16 exactly.  For X^2 + w every pattern keeps its nearest multiple of 2^shift, so that S is known to
 * lack sum |p| <= lack sqrt(K sum p^2), and the second sum is exact.  Condensed patterns, lanes and the two ways to visit
 * sites are those of supervised_narrow.h.
 *
 * An attempt costs K/32 of five operations and an accepted flip as many again, in hot networks of nine in all.
 */
#ifndef HEBBIAN_SUPERVISED_QUARTIC_H
#define HEBBIAN_SUPERVISED_QUARTIC_H

#include "supervised.h"
#include "supervised_narrow.h"
#include "supervised_table.h"

/* sum p (X^2 + w) in units of 2^shift, and sum p^2. */
typedef struct {
    i64v cross, square;
} quartic_lanes;

typedef struct {
    double sum, error;
} quartic_sum;

ALWAYS_INLINE i16v square_of(const narrow_buffers *narrow, i16v x)
{
    x = x << narrow->raised;
    return high_product16(x, x) + splat16((int16_t) narrow->level);
}

static void square_overlaps(const supervised_system *system, int64_t replica)
{
    const narrow_buffers *narrow = &system->narrow;
    for (int64_t mu = replica * system->width; mu < (replica + 1) * system->width; mu += LANES16) {
        i16v square = square_of(narrow, load16(narrow->overlaps + mu));
        memcpy(narrow->squares + mu, &square, WIDTH);
    }
}

/* X -> X - 2 s c where `moving`, and the sums over patterns `from` to `to` where `summing`; where `checking`, the larger of |X|
 * and `largest`. */
ALWAYS_INLINE quartic_lanes pass_quartic(int up, int moving, int summing, int checking, const supervised_system *system,
                                         int64_t replica, int64_t site, int64_t from, int64_t to, quartic_lanes total,
                                         i16v *largest)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *row = system->rows + site * system->width;
    int16_t *x = narrow->overlaps + replica * system->width, *squares = narrow->squares + replica * system->width;
    next_lines lines = lines_of(system, replica, row);
    int64_t mu = from, tile = narrow->tile * LANES16;
    while (mu < to) {
        i32v square[2] = {{0}};
        for (int part = 0; part < narrow->tiles && mu < to; part++) {
            i32v cross[2] = {{0}};
            int64_t stop = mu + tile < to ? mu + tile : to;
            for (; mu < stop; mu += 2 * LANES16) {
                if (summing && mu % 128 == 0) fetch(lines, mu);
                for (int k = 0; k < 2; k++) {
                    int64_t at = mu + k * LANES16;
                    if (k && at >= stop) break;
                    i16v c = widen8(row + at), y = load16(x + at);
                    y = up ? y - c : y + c;
                    if (summing) {
                        i16v product = c * y;
                        cross[k] = dot16(cross[k], product, load16(squares + at));
                        square[k] = dot16(square[k], product, product);
                    }
                    if (moving) {
                        y = up ? y - c : y + c;
                        i16v next = square_of(narrow, y);
                        memcpy(x + at, &y, WIDTH);
                        memcpy(squares + at, &next, WIDTH);
                        if (checking) *largest = larger16(*largest, magnitude16(y));
                    }
                }
            }
            if (summing) total.cross = widen_sum(total.cross, cross[0] + cross[1]);
        }
        if (summing) total.square = widen_sum(total.square, square[0] + square[1]);
    }
    return total;
}

/* S and its error from the sums, the condensed patterns put right: their X and X^2 are 0 in the arrays. */
static quartic_sum sum_of(const supervised_system *system, int64_t replica, int64_t site, int spin, quartic_lanes total)
{
    const narrow_buffers *narrow = &system->narrow;
    const int8_t *row = system->rows + site * system->width;
    double unit = (double) (INT64_C(1) << narrow->shift), square = (double) reduce64(total.square), size = 0.0;
    double cross = unit * (double) reduce64(total.cross), sum = cross - 2.0 * spin * square;
    for (int64_t j = replica * system->width; j < replica * system->width + narrow->count[replica]; j++) {
        double c = row[narrow->condensed[j]], y = (double) narrow->values[j] - spin * c, none = -spin * c;
        double term = c * y * (y * y + c * c + narrow->weight);
        sum += term - c * none * (unit * narrow->level - 2.0 * spin * c * none);
        size += fabs(term);
    }
    double error = narrow->lack * sqrt((double) system->patterns * square) + 0x1p-48 * (fabs(cross) + 2.0 * square + size);
    return (quartic_sum){sum, fabs(narrow->slope) * error};
}

/* S in doubles, from the overlaps in int32. */
static quartic_sum exact_quartic(const supervised_system *system, int64_t replica, int64_t site)
{
    typedef int32_t i32part __attribute__((vector_size(WIDTH / 2)));
    const int8_t *row = system->rows + site * system->width;
    const int32_t *x = system->overlaps + replica * system->width;
    int spin = system->spins[replica * system->sites + site];
    f64v sum = {0.0}, size = {0.0};
    for (int64_t mu = 0; mu < system->width; mu += LANES64) {
        i32part c32, x32;
        memcpy(&x32, x + mu, sizeof x32);
        for (int k = 0; k < LANES64; k++) c32[k] = row[mu + k];
        f64v c = __builtin_convertvector(c32, f64v), y = __builtin_convertvector(x32, f64v) - (double) spin * c;
        f64v term = c * y * (y * y + c * c + system->narrow.weight);
        sum += term;
        size += (f64v) ((i64v) (c * y * (y * y + c * c + fabs(system->narrow.weight))) & INT64_MAX);
    }
    quartic_sum result = {0.0, 0.0};
    for (int k = 0; k < LANES64; k++) {
        result.sum += sum[k];
        result.error += size[k];
    }
    result.error *= fabs(system->narrow.slope) * 0x1p-52 * (double) (system->patterns + 16);
    return result;
}

static int settle_quartic(const supervised_system *system, int64_t replica, int64_t site, float threshold)
{
    int spin = system->spins[replica * system->sites + site];
    gather_overlaps(system, replica);
    quartic_sum found = exact_quartic(system, replica, site);
    int verdict = verdict_of(system, site, threshold, spin, found.sum, found.error);
    return (verdict == DOUBTFUL ? exact_verdict(system, replica, site, threshold) : verdict) == FLIP;
}

/* One whole row, moved and maybe summed; sizes are looked at once in `slack` flips. */
ALWAYS_INLINE quartic_lanes whole_row(int summing, const supervised_system *system, int64_t replica, int64_t site, int spin,
                                      i16v *largest)
{
    const quartic_lanes none = {{0}, {0}};
    int64_t width = system->width;
    if (system->narrow.left[replica] <= 1)
        return spin > 0 ? pass_quartic(1, 1, summing, 1, system, replica, site, 0, width, none, largest)
                        : pass_quartic(0, 1, summing, 1, system, replica, site, 0, width, none, largest);
    return spin > 0 ? pass_quartic(1, 1, summing, 0, system, replica, site, 0, width, none, largest)
                    : pass_quartic(0, 1, summing, 0, system, replica, site, 0, width, none, largest);
}

/* The flip of a site whose overlaps have moved: what the pass does not know of. */
static void settle_flip(const supervised_system *system, int64_t replica, int64_t site, i16v largest)
{
    trial found = {0, 0, 0};
    i16v beyond = largest > (int16_t) system->narrow.limit;
    found.beyond = bits_of16(beyond) != 0;
    settle(system, replica, site, found);
    for (int64_t j = replica * system->width; j < replica * system->width + system->narrow.count[replica]; j++)
        system->narrow.squares[replica * system->width + system->narrow.condensed[j]] = (int16_t) system->narrow.level;
}

static void flip_quartic(const supervised_system *system, int64_t replica, int64_t site)
{
    i16v largest = {0};
    whole_row(0, system, replica, site, system->spins[replica * system->sites + site], &largest);
    settle_flip(system, replica, site, largest);
}

static int quartic_four(const supervised_system *system, int64_t replica, const float *thresholds, int64_t first, int *flip)
{
    const int8_t *spins = system->spins + replica * system->sites;
    quartic_lanes total[4] = {{{0}, {0}}};
    i16v unused = {0};
    int64_t width = system->width, step = RUN / (system->narrow.tile * LANES16) * system->narrow.tile * LANES16;
    for (int64_t from = 0; from < width; from += step) {
        int64_t to = from + step < width ? from + step : width;
        for (int j = 0; j < 4; j++)
            total[j] = spins[first + j] > 0 ? pass_quartic(1, 0, 1, 0, system, replica, first + j, from, to, total[j], &unused)
                                            : pass_quartic(0, 0, 1, 0, system, replica, first + j, from, to, total[j], &unused);
    }
    for (int j = 0; j < 4; j++) {
        int64_t i = first + j;
        quartic_sum found = sum_of(system, replica, i, spins[i], total[j]);
        int verdict = verdict_of(system, i, thresholds[i], spins[i], found.sum, found.error);
        if (verdict == STAY || (verdict == DOUBTFUL && !settle_quartic(system, replica, i, thresholds[i]))) continue;
        flip_quartic(system, replica, i);
        *flip = 1;
        return j + 1;
    }
    return 4;
}

static int quartic_one(const supervised_system *system, int64_t replica, float threshold, int64_t i)
{
    int spin = system->spins[replica * system->sites + i];
    i16v largest = {0}, unused = {0};
    quartic_sum found = sum_of(system, replica, i, spin, whole_row(1, system, replica, i, spin, &largest));
    int verdict = verdict_of(system, i, threshold, spin, found.sum, found.error);
    if (verdict == FLIP) {
        settle_flip(system, replica, i, largest);
        return 1;
    }
    whole_row(0, system, replica, i, -spin, &unused);
    if (verdict == STAY || !settle_quartic(system, replica, i, threshold)) return 0;
    flip_quartic(system, replica, i);
    return 1;
}

static int64_t visit_quartic(const supervised_system *system, int64_t replica, const float *thresholds, int64_t from, int64_t to)
{
    float *acceptance = system->narrow.acceptance + replica;
    int64_t accepted = 0;
    for (int64_t i = from; i < to;) {
        int flip = 0, visited = 1;
        if (*acceptance < MANY_FLIPS && i + 4 <= to)
            visited = quartic_four(system, replica, thresholds, i, &flip);
        else
            flip = quartic_one(system, replica, thresholds[i], i);
        *acceptance += 0.01f * (float) visited * ((float) flip / (float) visited - *acceptance);
        accepted += flip;
        i += visited;
    }
    return accepted;
}

#endif
