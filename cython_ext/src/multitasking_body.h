/* The body of multitasking.h over vectors of WIDTH lanes; defines the function NAMED(multitasking_run) of one PATH.
 * Sixteen sites are PARTS vectors.  Expects PATH, WIDTH, TARGET, EVEN_PRODUCT and SIGNS, and undefines them. */

#define PARTS (16 / WIDTH)
#define INLINE static inline TARGET __attribute__((always_inline))
#define lanes NAMED(lanes)
#define words NAMED(words)
#define wide NAMED(wide)
#define reals NAMED(reals)
#define bytes NAMED(bytes)

typedef int32_t lanes __attribute__((vector_size(4 * WIDTH)));
typedef uint32_t words __attribute__((vector_size(4 * WIDTH)));
typedef uint64_t wide __attribute__((vector_size(4 * WIDTH)));
typedef float reals __attribute__((vector_size(4 * WIDTH)));
typedef int8_t bytes __attribute__((vector_size(WIDTH)));

INLINE words NAMED(counting)(uint32_t from)
{
    words v;
    for (int l = 0; l < WIDTH; l++) v[l] = from + l;
    return v;
}

INLINE words NAMED(high_product)(words a, uint32_t b)
{
    wide even = (wide) EVEN_PRODUCT((wide) a, b), odd = (wide) EVEN_PRODUCT((wide) a >> 32, b);
    return (words) ((even >> 32) | (odd & UINT64_C(0xFFFFFFFF00000000)));
}

/* log_float of philox.h lane by lane: the same sequence of separate float operations. */
INLINE reals NAMED(log_lanes)(reals x)
{
    lanes bits = (lanes) x, e = (bits - 0x3F400000) >> 23;
    reals m = (reals) (bits - (e << 23));
    reals s = (m - 1.0f) / (m + 1.0f), q = s * s;
    reals series = q * 0x1.c71c72p-3f + 0x1.24924ap-2f;
    series = series * q + 0x1.99999ap-2f;
    series = series * q + 0x1.555556p-1f;
    series = series * q + 2.0f;
    return __builtin_convertvector(e, reals) * 0x1.62e430p-1f + s * series;
}

INLINE reals NAMED(uniform_lanes)(words r)
{
    /* A word converts as its signed halves would: 2^16 high + low, both exact, rounded once by the sum. */
    reals high = __builtin_convertvector((lanes) (r >> 16), reals), low = __builtin_convertvector((lanes) (r & 0xFFFF), reals);
    return (high * 65536.0f + low + 0.5f) * 0x1p-32f;
}

/* ceil(theta tau), clamped to the range of energy changes. */
INLINE lanes NAMED(threshold_lanes)(words r, float tau, int heat_bath)
{
    const float limit = 1073741824.0f;
    reals below = NAMED(log_lanes)(NAMED(uniform_lanes)(r)), above = {0};
    if (heat_bath) above = NAMED(log_lanes)(NAMED(uniform_lanes)(~r));
    reals y = (above - below) * tau;
    lanes high = y > limit, low = y < -limit;
    lanes down = __builtin_convertvector((reals) ((lanes) y & ~(high | low)), lanes);
    lanes up = down - (__builtin_convertvector(down, reals) < y); /* a true comparison is -1 */
    return (up & ~(high | low)) | (high & (1 << 30)) | (low & -(1 << 30));
}

/* Thresholds of attempts 64 group .. 64 group + 63: sixteen Philox generators side by side (philox.h, streams.py). */
INLINE void NAMED(fill64)(int32_t *out, uint32_t group, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica, float tau,
                          int heat_bath)
{
    for (int part = 0; part < PARTS; part++) {
        words c0 = NAMED(counting)(16 * group + WIDTH * part), c1 = (words) {0} + sweep, c2 = (words) {0} + replica, c3 = {0};
        uint32_t r0 = k0, r1 = k1;
        for (int round = 0; round < 10; round++) {
            words first = NAMED(high_product)(c0, 0xD2511F53u), second = NAMED(high_product)(c2, 0xCD9E8D57u);
            words low0 = c0 * 0xD2511F53u, low2 = c2 * 0xCD9E8D57u;
            c0 = second ^ c1 ^ r0;
            c2 = first ^ c3 ^ r1;
            c1 = low2;
            c3 = low0;
            r0 += 0x9E3779B9u;
            r1 += 0xBB67AE85u;
        }
        words drawn[4] = {c0, c1, c2, c3};
        for (int word = 0; word < 4; word++) {
            lanes threshold = NAMED(threshold_lanes)(drawn[word], tau, heat_bath);
            memcpy(out + 16 * word + WIDTH * part, &threshold, sizeof threshold);
        }
    }
}

/* Fields h_i = sum_k w_i^k X_k of the sixteen sites of a block. */
INLINE void NAMED(block_fields)(lanes *field, const uint32_t *planes, const int32_t *overlaps, int64_t rows)
{
    for (int part = 0; part < PARTS; part++) {
        words plus = (words) {0} + 1u;
        plus <<= NAMED(counting)(WIDTH * part);
        const words minus = plus << 16;
        lanes up = {0}, down = {0};
        for (int64_t k = 0; k < rows; k++) {
            words w = (words) {0} + planes[k];
            lanes x = (lanes) {0} + overlaps[k];
            up += x & (lanes) ((w & plus) != 0);
            down += x & (lanes) ((w & minus) != 0);
        }
        field[part] = up - down;
    }
}

/* Field of site l of a block alone: the lanes run over the rows. */
INLINE int32_t NAMED(site_field)(const uint32_t *planes, const int32_t *overlaps, int64_t padded, int l)
{
    int32_t up = 0, down = 0;
    for (int64_t k = 0; k < padded; k++) {
        up += planes[k] & (UINT32_C(1) << l) ? overlaps[k] : 0;
        down += planes[k] & (UINT32_C(0x10000) << l) ? overlaps[k] : 0;
    }
    return up - down;
}

/* X_k += step w_l^k */
INLINE void NAMED(add_site)(const uint32_t *planes, int32_t *overlaps, int64_t padded, int l, int32_t step)
{
    for (int64_t k = 0; k < padded; k++) {
        int32_t x = overlaps[k];
        x += planes[k] & (UINT32_C(1) << l) ? step : 0;
        x -= planes[k] & (UINT32_C(0x10000) << l) ? step : 0;
        overlaps[k] = x;
    }
}

/* Sites of a block, one bit each, that would flip now: s_i h_i < limit_i. */
INLINE uint32_t NAMED(willing)(const lanes *spin, const lanes *field, const lanes *limit)
{
    uint32_t sites = 0;
    for (int part = 0; part < PARTS; part++)
        sites |= (uint32_t) SIGNS(spin[part] * field[part] < limit[part]) << (WIDTH * part);
    return sites;
}

INLINE int64_t NAMED(sweep)(const multitasking_system *system, int64_t replica, uint32_t k0, uint32_t k1, uint32_t sweep,
                            float tau, int heat_bath)
{
    int8_t *spins = system->spins + 16 * replica * system->blocks;
    int32_t *overlaps = system->overlaps + replica * system->padded, thresholds[64];
    int64_t accepted = 0, padded = system->padded;
    for (int64_t b = 0; b < system->blocks; b++, spins += 16) {
        if (b % 4 == 0) NAMED(fill64)(thresholds, (uint32_t) (b / 4), k0, k1, sweep, (uint32_t) replica, tau, heat_bath);
        const uint32_t *planes = system->planes + b * padded;
        const int32_t *threshold = thresholds + 16 * (b % 4), *active = system->active + 16 * b;
        lanes spin[PARTS], field[PARTS], limit[PARTS];
        for (int part = 0; part < PARTS; part++) {
            bytes narrow;
            lanes size;
            memcpy(&narrow, spins + WIDTH * part, sizeof narrow);
            memcpy(&limit[part], threshold + WIDTH * part, sizeof limit[part]);
            memcpy(&size, active + WIDTH * part, sizeof size);
            spin[part] = __builtin_convertvector(narrow, lanes);
            limit[part] += size;
        }
        NAMED(block_fields)(field, planes, overlaps, system->rows);
        uint32_t left = system->sites - 16 * b < 16 ? (1u << (system->sites - 16 * b)) - 1 : 0xFFFF;
        uint32_t sites = NAMED(willing)(spin, field, limit) & left;
        if (__builtin_popcount(sites) > CROWD) {
            for (int l = 0; left >> l; l++) {
                int32_t s = spins[l];
                if (s * NAMED(site_field)(planes, overlaps, padded, l) - active[l] >= threshold[l]) continue;
                NAMED(add_site)(planes, overlaps, padded, l, -2 * s);
                spins[l] = (int8_t) -s;
                accepted++;
            }
            continue;
        }
        while (sites) {
            int l = __builtin_ctz(sites);
            NAMED(add_site)(planes, overlaps, padded, l, -2 * spins[l]);
            spins[l] = (int8_t) -spins[l];
            accepted++;
            left &= UINT32_C(0xFFFFFFFE) << l;
            NAMED(block_fields)(field, planes, overlaps, system->rows);
            sites = NAMED(willing)(spin, field, limit) & left;
        }
    }
    return accepted;
}

/* The same sweep with integer weights, site by site; fields of averaged examples need 64 bits. */
INLINE int64_t NAMED(weighted_sweep)(const multitasking_system *system, int64_t replica, uint32_t k0, uint32_t k1,
                                     uint32_t sweep, float tau, int heat_bath)
{
    int8_t *spins = system->spins + 16 * replica * system->blocks;
    int32_t *overlaps = system->overlaps + replica * system->padded;
    int64_t thresholds[64], accepted = 0;
    for (int64_t i = 0; i < system->sites; i++) {
        for (uint32_t lane = 0; i % 64 == 0 && lane < 16; lane++) {
            uint32_t c[4] = {(uint32_t) (i / 4) + lane, sweep, (uint32_t) replica, 0};
            philox4x32(c, k0, k1);
            for (int word = 0; word < 4; word++) thresholds[16 * word + lane] = threshold_of(theta_of(c[word], heat_bath), tau);
        }
        const int32_t *weights = system->weights + i * system->padded;
        int64_t field = 0, square = 0, s = spins[i];
        for (int64_t k = 0; k < system->padded; k++) {
            field += (int64_t) weights[k] * overlaps[k];
            square += (int64_t) weights[k] * weights[k];
        }
        if (s * field - square >= thresholds[i % 64]) continue;
        for (int64_t k = 0; k < system->padded; k++) overlaps[k] -= (int32_t) (2 * s) * weights[k];
        spins[i] = (int8_t) -s;
        accepted++;
    }
    return accepted;
}

/* sum_i xi_i^mu s_i of the true patterns by counting bits, then the sums of X_k over the rows of each pattern. */
INLINE void NAMED(measure)(const multitasking_system *system, int64_t replica, int32_t *out)
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

static TARGET int64_t NAMED(multitasking_run)(const multitasking_system *system, uint32_t k0, uint32_t k1, uint32_t first,
                                              int64_t sweeps, float tau, int heat_bath, const multitasking_series *series)
{
    int64_t replicas = system->replicas, width = system->truth ? 2 * system->patterns : system->patterns;
    for (int64_t t = 0; t < sweeps; t++) {
        int64_t flips = 0;
        for (int64_t replica = 0; replica < replicas; replica++) {
            int64_t accepted, energy = 0, row = t * replicas + replica;
            uint32_t sweep = first + (uint32_t) t;
            if (system->weights) accepted = NAMED(weighted_sweep)(system, replica, k0, k1, sweep, tau, heat_bath);
            else if (heat_bath) accepted = NAMED(sweep)(system, replica, k0, k1, sweep, tau, 1);
            else accepted = NAMED(sweep)(system, replica, k0, k1, sweep, tau, 0);
            for (int64_t k = 0; k < system->rows; k++) {
                int64_t x = system->overlaps[replica * system->padded + k];
                energy += x * x;
            }
            NAMED(measure)(system, replica, series->overlap + row * width);
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

#undef PARTS
#undef INLINE
#undef lanes
#undef words
#undef wide
#undef reals
#undef bytes
#undef PATH
#undef WIDTH
#undef TARGET
#undef EVEN_PRODUCT
#undef SIGNS
