/* Waiting times: the random-site dynamics without its rejected attempts.
 *
 * With a_i the acceptance of a flip of site i, an attempt at a random site flips something with probability A = sum_i a_i / N.
 * The attempts up to the next flip are geometric, Pr(k > n) = (1 - A)^n, and the flip is that of site i with probability
 * a_i / sum a (Bortz, Kalos, Lebowitz, J. Comput. Phys. 17, 10 (1975)), so the spins after every N attempts have the law of
 * random order.  The geometric law has no memory: every sweep draws its first wait anew, and its random numbers are a
 * function of the sweep alone.  Event e of a sweep reads one counter: a word of 64 bits for the wait, one for the site.
 *
 * Rates are made from dE / T by a fixed sequence of separate float32 operations, with a relative error below 2e-7 (2 + |dE| / T), and summed as integers, in quanta
 * of 2^-52 (coarser where N > 1024, so that their sum stays below 2^63): exactly, in any order.  An event costs all N
 * energy changes: a row of couplings in SCREENED, N sums over K patterns in gain forms; a sweep without event one counter.
 */
#ifndef HEBBIAN_WAITING_H
#define HEBBIAN_WAITING_H

#include "forms.h"
#include "pairwise.h"

/* 2^-y for y >= 0, at least 2^-115: 2^-n times the series on |rest| <= 1/2. */
static inline f32v halvings(f32v y)
{
    const float magic = 0x1.8p23f; /* rounds to an integer in the lowest bits */
    y = smaller(y, splatf(115.0f));
    f32v shifted = y + magic, rest = (shifted - magic) - y;
    f32v series = splatf(0x1.430912p-13f); /* ln(2)^6 / 6! */
    series = series * rest + 0x1.5d87fep-10f;
    series = series * rest + 0x1.3b2ab6p-7f;
    series = series * rest + 0x1.c6b08ep-5f;
    series = series * rest + 0x1.ebfbep-3f;
    series = series * rest + 0x1.62e43p-1f;
    series = series * rest + 1.0f;
    return (f32v) ((i32v) series - ((i32v) shifted << 23));
}

/* Acceptance of flips that cost T y ln 2: min(1, exp(-cost / T)) or 1 / (1 + exp(cost / T)). */
static inline f32v acceptance_lanes(f32v y, int heat_bath)
{
    if (!heat_bath) return halvings(larger(y, splatf(0.0f)));
    f32v decay = halvings((f32v) ((i32v) y & 0x7FFFFFFF));
    return pick(y < splatf(0.0f), splatf(1.0f), decay) / (decay + 1.0f);
}

/* -ln(1 - x) for 0 <= x <= 1 with a relative error below 1e-13 also for small x; about 709 at x = 1. */
static inline double hazard_of(double x)
{
    double y = 1.0 - x, m;
    int64_t bits;
    memcpy(&bits, &y, 8);
    int64_t e = (bits - INT64_C(0x3FE8000000000000)) >> 52;     /* y = 2^e m with m in [3/4, 3/2) */
    bits -= e * (INT64_C(1) << 52);
    memcpy(&m, &bits, 8);
    double s = (e ? 1.0 - m : x) / (1.0 + m), q = s * s, series = 2.0 / 17.0;
    for (int k = 15; k > 0; k -= 2) series = series * q + 2.0 / k;
    return s * series - (double) e * 0x1.62e42fefa39efp-1;
}

/* Gain forms: energy changes of all flips of one replica, rounded to float32. */
static void fill_costs(const dense_system *system, int64_t replica, float *costs)
{
    const gain_form *form = &gain_forms[system->form];
    int64_t sites = system->sites;
    for (int64_t i = 0, group; i < sites; i += group) {
        int64_t sum[4];
        group = i + 4 <= sites ? 4 : 1;
        (group == 4 ? form->four : form->one)(system, replica, i, sum);
        for (int64_t j = 0; j < group; j++) costs[i + j] = (float) -rise_of(system, replica, i + j, sum[j]);
    }
}

/* SCREENED: the same from the fields, exactly A (s H - K) / 2. */
static void fill_costs_screened(const dense_system *system, int64_t replica, float *costs)
{
    const pair_buffers pair = system->pair;
    const int16_t *fields = pair.fields + replica * 32 * pair.blocks, *signs = pair.signs + replica * 32 * pair.blocks;
    const i32v patterns = splat32((int32_t) system->patterns), unit = splat32(pair.unit);
    const f32v factor = splatf(0.5f * (float) pair.curvature);
    for (int64_t j = 0; j < 32 * pair.blocks; j += LANES32) {
        i32v margin = widen16(fields + j) * widen16(signs + j) * unit - patterns;
        f32v cost = __builtin_convertvector(margin, f32v) * factor;
        memcpy(costs + j, &cost, WIDTH);
    }
}

/* A rate in quanta: the last place of its sum with `base`, a power of two, is the quantum, so that its bits count them. */
static inline int64_t quanta_of(float rate, double base)
{
    double sum = (double) rate + base;
    int64_t bits, none;
    memcpy(&bits, &sum, 8);
    memcpy(&none, &base, 8);
    return bits - none;
}

/* Rates, their sums and the hazard of a flip in one attempt, from the spins. */
static void refresh_rates(const dense_system *system, int64_t replica, float tau, int heat_bath)
{
    const waiting_buffers *waiting = &system->waiting;
    int64_t sites = system->sites, padded = (sites + 31) / 32 * 32, blocks = (sites + 63) / 64, total = 0;
    int64_t *sums = waiting->sums + replica * (blocks + 1);
    float *rates = waiting->rates + replica * 64 * blocks;
    /* 1 / (T ln 2); at T = 0 a cost of 0 has to count as positive. */
    const float scale = tau > 1e-37f ? 0x1.715476p+0f / tau : 1e38f, shift = tau > 0.0f ? 0.0f : 0.5f;
    const f64v base = (f64v){0} + waiting->base;
    (system->form == SCREENED ? fill_costs_screened : fill_costs)(system, replica, rates);
    for (int64_t j = 0; j < padded; j += LANES32) {
        f32v rate = acceptance_lanes((loadf(rates + j) + shift) * scale, heat_bath);
        memcpy(rates + j, &rate, WIDTH);
    }
    for (int64_t j = sites; j < padded; j++) rates[j] = 0.0f;
    for (int64_t b = 0; b < blocks; b++) {
        int64_t stop = least(64 * (b + 1), padded);
        i64v sum = {0};
        for (int64_t j = 64 * b; j < stop; j += LANES64) sum += (i64v) (widenf(rates + j) + base) - (i64v) base;
        sums[b] = reduce64(sum);
        total += sums[b];
    }
    sums[blocks] = total;
    waiting->hazard[replica] = hazard_of((double) total * 0x1p-52 * waiting->base / (double) sites);
}

/* The site of a 64-bit word: every site in proportion to its rate. */
static int64_t site_of(const dense_system *system, int64_t replica, uint64_t word)
{
    int64_t blocks = (system->sites + 63) / 64, b = 0;
    const int64_t *sums = system->waiting.sums + replica * (blocks + 1);
    int64_t left = (int64_t) ((unsigned __int128) word * (uint64_t) sums[blocks] >> 64);
    for (; left >= sums[b]; b++) left -= sums[b];
    const float *rates = system->waiting.rates + (replica * blocks + b) * 64;
    int64_t j = 0;
    for (int64_t rate; left >= (rate = quanta_of(rates[j], system->waiting.base)); j++) left -= rate;
    return 64 * b + j;
}

/* One sweep: the flips among N attempts at random sites. */
static int64_t sweep_waiting(const dense_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep, float tau,
                             int heat_bath)
{
    const double *hazard = system->waiting.hazard + replica;
    int64_t left = system->sites, accepted = 0;
    for (;;) {
        uint32_t c[4] = {(uint32_t) accepted, sweep, (uint32_t) replica, WAIT};
        philox4x32(c, k0, k1);
        double u = ((double) ((c[0] | (uint64_t) c[1] << 32) >> 12) + 0.5) * 0x1p-52, limit = *hazard * (double) left;
        /* -ln(1 - u) > u, by far most often beyond the end already; 1e-9 covers every rounding. */
        if (u > limit * (1.0 + 1e-9)) break;
        double wait = hazard_of(u) / *hazard;
        if (wait >= (double) left) break;
        left -= 1 + (int64_t) wait;
        int64_t site = site_of(system, replica, c[2] | (uint64_t) c[3] << 32);
        if (system->form == SCREENED)
            flip_screened(system, replica, site);
        else {
            int64_t sum;
            gain_forms[system->form].one(system, replica, site, &sum);
            flip_of_gains(system, replica, site, rise_of(system, replica, site, sum));
        }
        accepted++;
        refresh_rates(system, replica, tau, heat_bath);
    }
    if (accepted && system->form == SCREENED) settle_screened(system, replica);
    return accepted;
}

/* The rates of a new temperature or rule. */
static void start_waiting(const dense_system *system, float tau, int heat_bath)
{
    for (int64_t replica = 0; replica < system->replicas; replica++) refresh_rates(system, replica, tau, heat_bath);
}

#endif
