/* The supervised kernel, compiled for the path of the including file; the contract is at the head of supervised.h. */
#include <math.h>

#include "supervised.h"
#include "thresholds.h"

#define CHUNK (128 * LANES32)
#define ROUNDING 0x1p-17 /* 128 float units, above the (72 + order) of the error bound */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define JOIN(a, b) a##b
#define NAMED(name) JOIN(supervised_, name)
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)

/* A vector of floats from as many int16. */
ALWAYS_INLINE f32v widen(const int16_t *in)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) in)));
#elif defined(VECTOR_AVX2)
    return (f32v) _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *) in)));
#else
    f32v out;
    for (int j = 0; j < LANES32; j++) out[j] = in[j];
    return out;
#endif
}

/* sum + x y; a fused product only makes the rounding smaller. */
ALWAYS_INLINE f32v add_product(f32v sum, f32v x, f32v y)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_fmadd_ps((__m512) x, (__m512) y, (__m512) sum);
#else
    return sum + x * y;
#endif
}

/* Rise of sum_mu U when spin s is flipped, in floats: s times the odd powers of c plus the even ones.  The last power has
 * the same slope for all mu and comes as `top` = slope_p sum_mu c^p.  `order` is a constant where this is inlined. */
ALWAYS_INLINE double float_rise(int order, const int16_t *row, const float *gains, int64_t width, double top, int spin)
{
    double rise = order % 2 ? spin * top : top;
    for (int64_t first = 0; first < width; first += CHUNK) {
        f32v sum[2][2] = {{{0.0f}}}; /* odd and even powers, two chains of additions each */
        int64_t end = first + CHUNK < width ? first + CHUNK : width;
        for (int64_t mu = first; mu < end; mu += 2 * LANES32)
            for (int chain = 0; chain < 2; chain++) {
                f32v c = widen(row + mu + chain * LANES32), power = c;
                for (int k = 1; k < order; k++) {
                    f32v gain = loadf(gains + (k - 1) * width + mu + chain * LANES32);
                    sum[(k + 1) % 2][chain] = add_product(sum[(k + 1) % 2][chain], power, gain);
                    if (k + 1 < order) power *= c;
                }
            }
        f32v lanes = (float) spin * (sum[0][0] + sum[0][1]) + (sum[1][0] + sum[1][1]);
        float part[LANES32];
        memcpy(part, &lanes, sizeof part);
        for (int half = LANES32 / 2; half; half /= 2)
            for (int j = 0; j < half; j++) part[j] += part[j + half];
        rise += part[0];
    }
    return rise;
}

static int64_t exact_rise(const supervised_system *system, const int16_t *row, const int32_t *overlaps, int spin)
{
    int64_t rise = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++) {
        int64_t before = (overlaps[mu] + system->reach) / 2;
        rise += system->table[before - spin * row[mu]] - system->table[before];
    }
    return rise;
}

ALWAYS_INLINE void refresh(int order, const supervised_system *system, int64_t replica)
{
    int64_t width = system->width;
    const int32_t *overlaps = system->overlaps + replica * width;
    float *gains = system->gains + replica * (order - 1) * width;
    for (int k = 1; k < order; k++) {
        const double *coefficients = system->slopes + (k - 1) * order;
        for (int64_t mu = 0; mu < width; mu++) {
            double x = overlaps[mu], slope = 0.0;
            for (int power = order - k; power >= 0; power--) slope = slope * x + coefficients[power];
            gains[(k - 1) * width + mu] = (float) slope;
        }
    }
    double lane[8] = {0.0};
    for (int64_t mu = 0; mu < width; mu += 8)
        for (int j = 0; j < 8; j++) {
            double size = fabs((double) overlaps[mu + j]), bound = 0.0;
            for (int power = order - 1; power >= 0; power--) bound = bound * size + system->bounds[power];
            lane[j] += bound;
        }
    system->scale[replica] = 0.0;
    for (int j = 0; j < 8; j++) system->scale[replica] += lane[j];
}

ALWAYS_INLINE int64_t sweep(int order, const supervised_system *system, int64_t replica)
{
    int64_t width = system->width, accepted = 0;
    int8_t *spins = system->spins + replica * system->sites;
    int32_t *overlaps = system->overlaps + replica * width;
    const float *gains = system->gains + replica * (order - 1) * width;
    for (int64_t i = 0; i < system->sites; i++) {
        const int16_t *row = system->sums + i * width;
        double change = -float_rise(order, row, gains, width, system->tops[i], spins[i]);
        double threshold = (double) system->thresholds[i];
        double doubt = ROUNDING * system->scale[replica] + (double) system->patterns;
        int accept = change + doubt < threshold;
        if (!accept && change - doubt < threshold)
            accept = -exact_rise(system, row, overlaps, spins[i]) < system->thresholds[i];
        if (accept) {
            for (int64_t mu = 0; mu < width; mu++) overlaps[mu] -= 2 * spins[i] * row[mu];
            spins[i] = -spins[i];
            refresh(order, system, replica);
            accepted++;
        }
    }
    return accepted;
}

/* One sweep with `order` made a constant, so that the loops over it unroll. */
static int64_t supervised_sweep(const supervised_system *system, int64_t replica)
{
    switch (system->order) {
    case 2: return sweep(2, system, replica);
    case 3: return sweep(3, system, replica);
    case 4: return sweep(4, system, replica);
    case 5: return sweep(5, system, replica);
    case 6: return sweep(6, system, replica);
    case 7: return sweep(7, system, replica);
    default: return sweep(8, system, replica);
    }
}

static int64_t utility(const supervised_system *system, int64_t replica)
{
    int64_t total = 0;
    for (int64_t mu = 0; mu < system->patterns; mu++)
        total += system->table[(system->overlaps[replica * system->width + mu] + system->reach) / 2];
    return total;
}

/* Overlaps, gains and energies from the spins. */
static void supervised_start(const supervised_system *system)
{
    for (int64_t replica = 0; replica < system->replicas; replica++) {
        int32_t *overlaps = system->overlaps + replica * system->width;
        memset(overlaps, 0, system->width * sizeof *overlaps);
        for (int64_t i = 0; i < system->sites; i++)
            for (int64_t mu = 0; mu < system->width; mu++)
                overlaps[mu] += system->spins[replica * system->sites + i] * system->sums[i * system->width + mu];
        refresh((int) system->order, system, replica);
        system->energy[replica] = utility(system, replica);
    }
}

static int64_t supervised_run(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                              float tau, int heat_bath, const supervised_series *series)
{
    int64_t sites = system->sites, replicas = system->replicas;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            thresholds64(system->thresholds, sites, k0, k1, first + (uint32_t) t, (uint32_t) replica, tau, heat_bath);
            int64_t accepted = supervised_sweep(system, replica);
            system->energy[replica] = utility(system, replica);
            series->overlap[t * replicas + replica] = system->overlaps[replica * system->width];
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

const supervised_path NAMED(PATH) = {QUOTED(PATH), supervised_start, supervised_run};
