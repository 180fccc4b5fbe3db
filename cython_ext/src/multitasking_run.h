/* The body of multitasking.h in the vectors of one path (vector.h).  Sixteen sites are PARTS vectors of 32-bit lanes. */
#include "multitasking.h"
#include "thresholds.h"

#define PARTS (16 / LANES32)

/* A block with more willing sites than this, and those after it while as many flip, is visited site by site: the cheaper way
 * above an acceptance of about 0.3. */
#define CROWD 4

/* Energy changes stay below this, so thresholds may be clamped to it. */
#define FIELD_LIMIT 1073741824.0f

typedef int8_t i8lanes __attribute__((vector_size(LANES32)));

static inline void block_thresholds(int32_t *out, uint32_t k0, uint32_t k1, uint32_t block, uint32_t sweep, uint32_t replica,
                                    float tau, int heat_bath)
{
    float y[64];
    ceilings_of_block(y, k0, k1, block, sweep, replica, tau, heat_bath);
    for (int j = 0; j < 64; j += LANES32) {
        i32v whole = __builtin_convertvector(clamp(loadf(y + j), FIELD_LIMIT), i32v);
        memcpy(out + j, &whole, WIDTH);
    }
}

/* Fields h_i = sum_k w_i^k X_k of the sixteen sites of a block. */
static inline void block_fields(i32v *field, const uint32_t *planes, const int32_t *overlaps, int64_t rows)
{
    for (int part = 0; part < PARTS; part++) {
        const i32v plus = bit32(part), minus = plus << 16;
        i32v up = {0}, down = {0};
        for (int64_t k = 0; k < rows; k++) {
            i32v word = splat32((int32_t) planes[k]), x = splat32(overlaps[k]);
            up = add_where32(up, word, plus, x);
            down = add_where32(down, word, minus, x);
        }
        field[part] = up - down;
    }
}

/* Field of site l of a block alone: the lanes run over the rows. */
static inline int32_t site_field(const uint32_t *planes, const int32_t *overlaps, int64_t padded, int l)
{
    const i32v plus = splat32(1 << l), minus = splat32((int32_t) (UINT32_C(0x10000) << l));
    i32v up = {0}, down = {0};
    for (int64_t k = 0; k < padded; k += LANES32) {
        i32v word = load32((const int32_t *) planes + k), x = load32(overlaps + k);
        up = add_where32(up, word, plus, x);
        down = add_where32(down, word, minus, x);
    }
    i32v lanes = up - down;
    int32_t field = 0;
    for (int j = 0; j < LANES32; j++) field += lanes[j];
    return field;
}

/* X_k += step w_l^k */
static inline void add_site(const uint32_t *planes, int32_t *overlaps, int64_t padded, int l, int32_t step)
{
    const i32v plus = splat32(1 << l), minus = splat32((int32_t) (UINT32_C(0x10000) << l)), forth = splat32(step), back = -forth;
    for (int64_t k = 0; k < padded; k += LANES32) {
        i32v word = load32((const int32_t *) planes + k), x = load32(overlaps + k);
        x = add_where32(add_where32(x, word, plus, forth), word, minus, back);
        memcpy(overlaps + k, &x, WIDTH);
    }
}

/* Sites of a block, one bit each, that would flip now: s_i h_i < limit_i. */
static inline uint32_t willing(const i32v *spin, const i32v *field, const i32v *limit)
{
    uint32_t sites = 0;
    for (int part = 0; part < PARTS; part++)
        sites |= bits_of32((i32v) (spin[part] * field[part] < limit[part])) << (LANES32 * part);
    return sites;
}

static inline __attribute__((always_inline)) int64_t plane_sweep(const multitasking_system *system, int64_t replica,
                                                                 uint32_t k0, uint32_t k1, uint32_t sweep, float tau,
                                                                 int heat_bath)
{
    int8_t *spins = system->spins + 16 * replica * system->blocks;
    int32_t *overlaps = system->overlaps + replica * system->padded, thresholds[64];
    int64_t accepted = 0, padded = system->padded;
    int crowded = 0;
    for (int64_t b = 0; b < system->blocks; b++, spins += 16) {
        if (b % 4 == 0) block_thresholds(thresholds, k0, k1, (uint32_t) (b / 4), sweep, (uint32_t) replica, tau, heat_bath);
        const uint32_t *planes = system->planes + b * padded;
        const int32_t *threshold = thresholds + 16 * (b % 4), *active = system->active + 16 * b;
        uint32_t left = system->sites - 16 * b < 16 ? (1u << (system->sites - 16 * b)) - 1 : 0xFFFF, sites = 0;
        i32v spin[PARTS], field[PARTS], limit[PARTS];
        if (!crowded) {
            for (int part = 0; part < PARTS; part++) {
                i8lanes narrow;
                memcpy(&narrow, spins + LANES32 * part, sizeof narrow);
                spin[part] = __builtin_convertvector(narrow, i32v);
                limit[part] = load32(threshold + LANES32 * part) + load32(active + LANES32 * part);
            }
            block_fields(field, planes, overlaps, system->rows);
            sites = willing(spin, field, limit) & left;
            crowded = __builtin_popcount(sites) > CROWD;
        }
        if (crowded) {
            int flips = 0;
            for (int l = 0; left >> l; l++) {
                int32_t s = spins[l];
                if (s * site_field(planes, overlaps, padded, l) - active[l] >= threshold[l]) continue;
                add_site(planes, overlaps, padded, l, -2 * s);
                spins[l] = (int8_t) -s;
                flips++;
            }
            accepted += flips;
            crowded = flips > CROWD;
            continue;
        }
        while (sites) {
            int l = __builtin_ctz(sites);
            add_site(planes, overlaps, padded, l, -2 * spins[l]);
            spins[l] = (int8_t) -spins[l];
            accepted++;
            left &= UINT32_C(0xFFFFFFFE) << l;
            block_fields(field, planes, overlaps, system->rows);
            sites = willing(spin, field, limit) & left;
        }
    }
    return accepted;
}

/* The same sweep with integer weights, site by site; fields of averaged examples need 64 bits. */
static int64_t weighted_sweep(const multitasking_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep,
                              float tau, int heat_bath)
{
    int8_t *spins = system->spins + 16 * replica * system->blocks;
    int32_t *overlaps = system->overlaps + replica * system->padded;
    int64_t accepted = 0;
    float thresholds[64];
    for (int64_t i = 0; i < system->sites; i++) {
        if (i % 64 == 0)
            ceilings_of_block(thresholds, k0, k1, (uint32_t) (i / 64), sweep, (uint32_t) replica, tau, heat_bath);
        const int32_t *weights = system->weights + i * system->padded;
        int64_t field = 0, square = 0, s = spins[i];
        for (int64_t k = 0; k < system->padded; k++) {
            field += (int64_t) weights[k] * overlaps[k];
            square += (int64_t) weights[k] * weights[k];
        }
        /* ceil(theta tau) is a whole float; beyond 2^62 it exceeds every energy change */
        float y = thresholds[i % 64], limit = (float) THRESHOLD_LIMIT;
        if (s * field - square >= (int64_t) (y >= limit ? limit : y <= -limit ? -limit : y)) continue;
        for (int64_t k = 0; k < system->padded; k++) overlaps[k] -= (int32_t) (2 * s) * weights[k];
        spins[i] = (int8_t) -s;
        accepted++;
    }
    return accepted;
}

/* sum_i xi_i^mu s_i of the true patterns by counting bits, then the sums of X_k over the rows of each pattern. */
static void measure(const multitasking_system *system, int64_t replica, int32_t *out)
{
    const int8_t *spins = system->spins + 16 * replica * system->blocks;
    const int32_t *overlaps = system->overlaps + replica * system->padded;
    int64_t patterns = system->patterns, group = system->rows / patterns;
    if (!system->truth) {
        memcpy(out, overlaps, patterns * sizeof *out);
        return;
    }
    memset(out, 0, 2 * patterns * sizeof *out);
    for (int64_t b = 0; b < system->blocks; b++) {
        const uint32_t *planes = system->truth + b * system->truth_padded;
        uint32_t up = 0;
        for (int l = 0; l < 16; l++) up |= (uint32_t) (spins[16 * b + l] > 0) << l;
        uint32_t aligned = up | (~up & 0xFFFF) << 16;
        for (int64_t mu = 0; mu < patterns; mu++)
            out[mu] += __builtin_popcount(planes[mu] & aligned) - __builtin_popcount(planes[mu] & ~aligned);
    }
    for (int64_t k = 0; k < system->rows; k++) out[patterns + k / group] += overlaps[k];
}

int64_t RUN(const multitasking_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
            int heat_bath, const multitasking_series *series)
{
    int64_t replicas = system->replicas, width = system->truth ? 2 * system->patterns : system->patterns;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            int64_t accepted, energy = 0, row = t * replicas + replica;
            uint32_t sweep = first + (uint32_t) t;
            if (system->weights) accepted = weighted_sweep(system, replica, k0, k1, sweep, tau, heat_bath);
            else if (heat_bath) accepted = plane_sweep(system, replica, k0, k1, sweep, tau, 1);
            else accepted = plane_sweep(system, replica, k0, k1, sweep, tau, 0);
            for (int64_t k = 0; k < system->rows; k++) {
                int64_t x = system->overlaps[replica * system->padded + k];
                energy += x * x;
            }
            measure(system, replica, series->overlap + row * width);
            series->energy[row] = energy;
            series->accepted[row] = accepted;
            flips += accepted;
        }
        int64_t agreement = 0;
        const int8_t *one = system->spins, *two = system->spins + 16 * system->blocks;
        for (int64_t i = 0; replicas > 1 && i < system->sites; i++) agreement += one[i] * two[i];
        series->agreement[t] = agreement;
        if (tau == 0.0f && flips == 0) return t + 1;
    }
    return sweeps;
}
