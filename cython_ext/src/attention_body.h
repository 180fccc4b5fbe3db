/* One body of the attention kernels, compiled once per float type and target; src/attention.h includes it with
 * REAL, WORD (the integer of the same width), NAME(x), TARGET and the constants of the exponential defined. */

/* e^x for x <= 0, relative error below 3e-7 (float) or 4e-16 (double): x = n ln 2 + r, a polynomial in r, n added to the
 * exponent bits.  Below LOWEST it is exactly 0, so a blocked score of -inf carries no weight; a NaN stays a NaN. */
TARGET static inline REAL NAME(decay)(REAL x)
{
    REAL clamped = x < LOWEST ? LOWEST : x;
    REAL shifted = clamped * (REAL) 1.4426950408889634 + SHIFTER, n = shifted - SHIFTER;
    REAL r = (clamped - n * LN2_HIGH) - n * LN2_LOW, p = TAYLOR(r), scale;
    WORD bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + BIAS) << MANTISSA;
    memcpy(&scale, &bits, sizeof scale);
    return x < LOWEST ? 0 : p * scale;
}

/* Dot product in LANES independent sums: a fixed order, whatever the vector width. */
TARGET static inline REAL NAME(dot)(const REAL *a, const REAL *b, int64_t d)
{
    REAL lane[LANES] = {0}, total = 0;
    int64_t j = 0;
    for (; j + LANES <= d; j += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += a[j + l] * b[j + l];
    for (int width = LANES / 2; width; width /= 2)
        for (int l = 0; l < width; l++) lane[l] += lane[l + width];
    total = lane[0];
    for (; j < d; j++) total += a[j] * b[j];
    return total;
}

/* Replace n scores by exp(score - maximum) and return their sum, LANES partial sums as above. */
TARGET static inline REAL NAME(exponentiate)(REAL *scores, int64_t n, REAL maximum)
{
    REAL lane[LANES] = {0}, total;
    int64_t k = 0;
    for (; k < n; k++) scores[k] = NAME(decay)(scores[k] - maximum);
    for (k = 0; k + LANES <= n; k += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += scores[k + l];
    for (int width = LANES / 2; width; width /= 2)
        for (int l = 0; l < width; l++) lane[l] += lane[l + width];
    total = lane[0];
    for (; k < n; k++) total += scores[k];
    return total;
}

TARGET static inline REAL NAME(largest)(const REAL *scores, int64_t n)
{
    REAL lane[LANES], top;
    int64_t k = 0;
    for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
    for (; k + LANES <= n; k += LANES)
        for (int l = 0; l < LANES; l++) lane[l] = scores[k + l] > lane[l] ? scores[k + l] : lane[l];
    top = lane[0];
    for (int l = 1; l < LANES; l++) top = lane[l] > top ? lane[l] : top;
    for (; k < n; k++) top = scores[k] > top ? scores[k] : top;
    return top;
}

TARGET static void NAME(rows)(REAL *scores, int64_t rows, int64_t n, double *maximum, double *total, REAL *rescale)
{
    for (int64_t r = 0; r < rows; r++) {
        REAL *row = scores + r * n, top = NAME(largest)(row, n);
        double before = maximum[r], now = top > before ? top : before;
        REAL factor = now == before ? 1 : (REAL) exp(before - now);
        maximum[r] = now;
        /* All scores so far are -inf: nothing carries weight yet, and -inf - -inf must not make a NaN. */
        total[r] = total[r] * factor + NAME(exponentiate)(row, n, now == -INFINITY ? 0 : (REAL) now);
        rescale[r] = factor;
    }
}

TARGET static void NAME(few)(const REAL *memories, int64_t K, int64_t d, const REAL *queries, int64_t rows, REAL *partial,
                             double *out, double *maximum, double *total)
{
    REAL scores[ATTENTION_BLOCK];
    for (int64_t first = 0; first < K; first += ATTENTION_BLOCK) {
        int64_t n = K - first < ATTENTION_BLOCK ? K - first : ATTENTION_BLOCK;
        const REAL *block = memories + first * d;
        for (int64_t r = 0; r < rows; r++) {
            const REAL *query = queries + r * d;
            double *sum = out + r * d;
            REAL factor;
            for (int64_t k = 0; k < n; k++) scores[k] = NAME(dot)(block + k * d, query, d);
            NAME(rows)(scores, 1, n, maximum + r, total + r, &factor);
            if (factor != 1)
                for (int64_t j = 0; j < d; j++) sum[j] *= factor;
            for (int64_t j = 0; j < d; j++) partial[j] = 0;
            int64_t k = 0;
            for (; k + 4 <= n; k += 4) {
                const REAL *x = block + k * d;
                REAL a = scores[k], b = scores[k + 1], c = scores[k + 2], e = scores[k + 3];
                for (int64_t j = 0; j < d; j++)
                    partial[j] += (a * x[j] + b * x[d + j]) + (c * x[2 * d + j] + e * x[3 * d + j]);
            }
            for (; k < n; k++)
                for (int64_t j = 0; j < d; j++) partial[j] += scores[k] * block[k * d + j];
            for (int64_t j = 0; j < d; j++) sum[j] += partial[j];
        }
    }
}
