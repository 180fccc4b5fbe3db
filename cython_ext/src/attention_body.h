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

/* 64 bytes of numbers at any address; 32 and 16 for sums across them.  Narrower machines run them in pieces. */
typedef REAL NAME(wide) __attribute__((vector_size(64), aligned(sizeof(REAL)), may_alias));
typedef REAL NAME(half) __attribute__((vector_size(32), aligned(sizeof(REAL)), may_alias));
typedef REAL NAME(quad) __attribute__((vector_size(16), aligned(sizeof(REAL)), may_alias));
#define WIDTH ((int64_t) (64 / sizeof(REAL)))
#define AT(pointer) (*(const NAME(wide) *) (pointer))
#define FOLD(into, from) do { \
        NAME(half) folded_ = *(NAME(half) *) &from + *((NAME(half) *) &from + 1); \
        into = *(NAME(quad) *) &folded_ + *((NAME(quad) *) &folded_ + 1); \
    } while (0)

/* Scores of four rows at once, so the query is read once and the sums across lanes are shared. */
TARGET static inline void NAME(dot4)(const REAL *x, const REAL *query, int64_t d, REAL *scores)
{
    NAME(wide) a = {0}, b = {0}, c = {0}, e = {0};
    NAME(quad) p, q, r, s;
    int64_t j = 0;
    for (; j + WIDTH <= d; j += WIDTH) {
        NAME(wide) w = AT(query + j);
        a += w * AT(x + j), b += w * AT(x + d + j), c += w * AT(x + 2 * d + j), e += w * AT(x + 3 * d + j);
    }
    FOLD(p, a);
    FOLD(q, b);
    FOLD(r, c);
    FOLD(s, e);
    SUM4(scores, p, q, r, s);
    for (; j < d; j++)
        for (int k = 0; k < 4; k++) scores[k] += x[k * d + j] * query[j];
}

TARGET static inline REAL NAME(dot)(const REAL *x, const REAL *query, int64_t d)
{
    NAME(wide) a = {0};
    NAME(quad) p;
    REAL total = 0;
    int64_t j = 0;
    for (; j + WIDTH <= d; j += WIDTH) a += AT(query + j) * AT(x + j);
    FOLD(p, a);
    for (int l = 0; l < (int) (16 / sizeof(REAL)); l++) total += p[l];
    for (; j < d; j++) total += x[j] * query[j];
    return total;
}

/* sum[j] += sum_k weights[k] block[k][j], the sum over the block in registers, a stripe of columns at a time. */
TARGET static inline void NAME(accumulate)(const REAL *block, const REAL *weights, int64_t n, int64_t d, double *sum)
{
    int64_t j = 0;
    for (; j + 4 * WIDTH <= d; j += 4 * WIDTH) {
        NAME(wide) a = {0}, b = {0}, c = {0}, e = {0};
        for (int64_t k = 0; k < n; k++) {
            const REAL *x = block + k * d + j;
            REAL w = weights[k];
            a += w * AT(x), b += w * AT(x + WIDTH), c += w * AT(x + 2 * WIDTH), e += w * AT(x + 3 * WIDTH);
        }
        for (int l = 0; l < WIDTH; l++) {
            sum[j + l] += a[l], sum[j + WIDTH + l] += b[l];
            sum[j + 2 * WIDTH + l] += c[l], sum[j + 3 * WIDTH + l] += e[l];
        }
    }
    for (; j + WIDTH <= d; j += WIDTH) {
        NAME(wide) a = {0};
        for (int64_t k = 0; k < n; k++) a += weights[k] * AT(block + k * d + j);
        for (int l = 0; l < WIDTH; l++) sum[j + l] += a[l];
    }
    for (; j < d; j++) {
        REAL a = 0;
        for (int64_t k = 0; k < n; k++) a += weights[k] * block[k * d + j];
        sum[j] += a;
    }
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

TARGET static void NAME(few)(const REAL *memories, int64_t K, int64_t d, const REAL *queries, int64_t rows, double *out,
                             double *maximum, double *total)
{
    /* Blocks of half a first-level cache, a multiple of four up to ATTENTION_BLOCK memories. */
    int64_t fit = 16384 / (d * (int64_t) sizeof(REAL)) / 4 * 4;
    int64_t size = fit > ATTENTION_BLOCK ? ATTENTION_BLOCK : fit < 16 ? 16 : fit;
    REAL scores[ATTENTION_BLOCK];
    for (int64_t first = 0; first < K; first += size) {
        int64_t n = K - first < size ? K - first : size;
        const REAL *block = memories + first * d;
        for (int64_t r = 0; r < rows; r++) {
            REAL factor;
            int64_t k = 0;
            for (; k + 4 <= n; k += 4) NAME(dot4)(block + k * d, queries + r * d, d, scores + k);
            for (; k < n; k++) scores[k] = NAME(dot)(block + k * d, queries + r * d, d);
            NAME(rows)(scores, 1, n, maximum + r, total + r, &factor);
            if (factor != 1)
                for (int64_t j = 0; j < d; j++) out[r * d + j] *= factor;
            NAME(accumulate)(block, scores, n, d, out + r * d);
        }
    }
}
#undef WIDTH
#undef AT
#undef FOLD
