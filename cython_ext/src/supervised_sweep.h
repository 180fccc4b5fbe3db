/* Body of the supervised sweep; supervised.h includes it once a vector unit, with TARGET naming the functions. */

/* Sixteen floats from sixteen int16. */
ALWAYS_INLINE void TARGET(widen)(vector *out, const int16_t *in)
{
#ifdef __AVX512BW__ /* what the compiler makes of the generic form takes twice as long */
    *out = (vector) _mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) in)));
#else
    short_vector narrow;
    memcpy(&narrow, in, sizeof narrow);
    *out = __builtin_convertvector(__builtin_convertvector(narrow, int_vector), vector);
#endif
}

/* Rise of sum_mu U when spin s is flipped, in floats: s times the odd powers of c plus the even ones.  The last power has
 * the same slope for all mu and comes as `top` = slope_p sum_mu c^p.  `order` is a constant where this is inlined. */
ALWAYS_INLINE double TARGET(float_rise)(int order, const int16_t *row, const float *gains, int64_t width, double top, int spin)
{
    double rise = order % 2 ? spin * top : top;
    for (int64_t first = 0; first < width; first += CHUNK) {
        vector sum[2][2] = {{{0.0f}}}; /* odd and even powers, two chains of additions each */
        int64_t end = first + CHUNK < width ? first + CHUNK : width;
        for (int64_t mu = first; mu < end; mu += 2 * LANES)
            for (int chain = 0; chain < 2; chain++) {
                vector c, power, gain;
                TARGET(widen)(&c, row + mu + chain * LANES);
                power = c;
                for (int k = 1; k < order; k++) {
                    memcpy(&gain, gains + (k - 1) * width + mu + chain * LANES, sizeof gain);
                    sum[(k + 1) % 2][chain] += power * gain;
                    if (k + 1 < order) power *= c;
                }
            }
        vector lanes = (float) spin * (sum[0][0] + sum[0][1]) + (sum[1][0] + sum[1][1]);
        float part[LANES];
        memcpy(part, &lanes, sizeof part);
        for (int half = LANES / 2; half; half /= 2)
            for (int j = 0; j < half; j++) part[j] += part[j + half];
        rise += part[0];
    }
    return rise;
}

ALWAYS_INLINE void TARGET(refresh)(int order, const supervised_system *system, int64_t replica)
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

ALWAYS_INLINE int64_t TARGET(sweep)(int order, const supervised_system *system, int64_t replica)
{
    int64_t width = system->width, accepted = 0;
    int8_t *spins = system->spins + replica * system->sites;
    int32_t *overlaps = system->overlaps + replica * width;
    const float *gains = system->gains + replica * (order - 1) * width;
    for (int64_t i = 0; i < system->sites; i++) {
        const int16_t *row = system->sums + i * width;
        double change = -TARGET(float_rise)(order, row, gains, width, system->tops[i], spins[i]);
        double threshold = (double) system->thresholds[i];
        double doubt = ROUNDING * system->scale[replica] + (double) system->patterns;
        int accept = change + doubt < threshold;
        if (!accept && change - doubt < threshold)
            accept = -exact_rise(system, row, overlaps, spins[i]) < system->thresholds[i];
        if (accept) {
            for (int64_t mu = 0; mu < width; mu++) overlaps[mu] -= 2 * spins[i] * row[mu];
            spins[i] = -spins[i];
            TARGET(refresh)(order, system, replica);
            accepted++;
        }
    }
    return accepted;
}

/* One sweep with `order` made a constant, so that the loops over it unroll. */
static int64_t TARGET(supervised_sweep)(const supervised_system *system, int64_t replica)
{
    switch (system->order) {
    case 2: return TARGET(sweep)(2, system, replica);
    case 3: return TARGET(sweep)(3, system, replica);
    case 4: return TARGET(sweep)(4, system, replica);
    case 5: return TARGET(sweep)(5, system, replica);
    case 6: return TARGET(sweep)(6, system, replica);
    case 7: return TARGET(sweep)(7, system, replica);
    default: return TARGET(sweep)(8, system, replica);
    }
}
