/* Streaming softmax retrieval: out_r = sum_k exp(s_rk) x_k and total_r = sum_k exp(s_rk), never holding all scores.
 *
 * Contract
 *   in     memories  K rows of d numbers; queries  a few rows of d numbers, already multiplied by beta
 *   inout  maximum   running maximum of the scores s_rk = q_r . x_k of each row (start: -inf)
 *          total     running sum_k exp(s_rk - maximum_r) (start: 0)
 *          out       running sum_k exp(s_rk - maximum_r) x_k, d a row (start: 0)
 *
 * `few` reads every block of memories once for all queries: while it is in cache the block serves as keys and as values.
 * Sums run inside a block in the type of the input and over blocks in double: adding 10^5 small weights one by one to a
 * float total loses 1e-4 of the result, sums of blocks lose 3e-6.  `rows` is the middle of the same step for many queries,
 * whose two products belong to BLAS: scores in, weights exp(s - maximum) out, and the factor by which sums of earlier blocks
 * shrink.  A score of -inf has weight 0; rows with no other score keep total 0.  A NaN anywhere reaches total and out.
 *
 * Cost a block: 4 rows n d operations and about 12 rows n for the exponentials; memory traffic n d numbers.  Nothing here
 * allocates, validates, or needs the interpreter lock.  Results agree over targets to rounding, not bit by bit.
 */
#ifndef HEBBIAN_ATTENTION_H
#define HEBBIAN_ATTENTION_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define ATTENTION_BLOCK 128
#define LANES 16

/* One definition for every target: the same operations, wider registers. */
#define REAL float
#define WORD uint32_t
#define LOWEST -87.0f
#define SHIFTER 12582912.0f
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f
#define BIAS 127u
#define MANTISSA 23
#define TAYLOR(r) (1 + r * (1 + r * (0.5f + r * (0.16666667f + r * (0.041666638f + r * (0.0083334f + r * 0.0013934f))))))
/* Sums across four vectors of 16 bytes. */
#define SUM4(out, p, q, r, s) \
    ((out)[0] = (p[0] + p[1]) + (p[2] + p[3]), (out)[1] = (q[0] + q[1]) + (q[2] + q[3]), \
     (out)[2] = (r[0] + r[1]) + (r[2] + r[3]), (out)[3] = (s[0] + s[1]) + (s[2] + s[3]))
#define TARGET
#define NAME(x) x##_float
#include "attention_body.h"
#undef TARGET
#undef NAME
#if defined(__x86_64__) && defined(__GNUC__)
#define TARGET __attribute__((target("avx2")))
#define NAME(x) x##_float_avx2
#include "attention_body.h"
#undef TARGET
#undef NAME
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")))
#define NAME(x) x##_float_avx512
#include "attention_body.h"
#undef TARGET
#undef NAME
#endif
#undef REAL
#undef WORD
#undef LOWEST
#undef SHIFTER
#undef LN2_HIGH
#undef LN2_LOW
#undef BIAS
#undef MANTISSA
#undef TAYLOR
#undef SUM4

#define REAL double
#define WORD uint64_t
#define LOWEST -708.0
#define SHIFTER 6755399441055744.0
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define BIAS 1023u
#define MANTISSA 52
#define TAYLOR(r) (1 + r * (1 + r * (1. / 2 + r * (1. / 6 + r * (1. / 24 + r * (1. / 120 + r * (1. / 720 + r * (1. / 5040 \
    + r * (1. / 40320 + r * (1. / 362880 + r * (1. / 3628800 + r * (1. / 39916800 + r * (1. / 479001600 \
    + r * (1. / 6227020800))))))))))))))
#define SUM4(out, p, q, r, s) \
    ((out)[0] = p[0] + p[1], (out)[1] = q[0] + q[1], (out)[2] = r[0] + r[1], (out)[3] = s[0] + s[1])
#define TARGET
#define NAME(x) x##_double
#include "attention_body.h"
#undef TARGET
#undef NAME
#if defined(__x86_64__) && defined(__GNUC__)
#define TARGET __attribute__((target("avx2")))
#define NAME(x) x##_double_avx2
#include "attention_body.h"
#undef TARGET
#undef NAME
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,prefer-vector-width=512")))
#define NAME(x) x##_double_avx512
#include "attention_body.h"
#undef TARGET
#undef NAME
#endif
#undef REAL
#undef WORD
#undef LOWEST
#undef SHIFTER
#undef LN2_HIGH
#undef LN2_LOW
#undef BIAS
#undef MANTISSA
#undef TAYLOR
#undef SUM4

/* 0: any machine; 1: AVX2; 2: AVX-512. */
static int attention_target(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw")) return 2;
    if (__builtin_cpu_supports("avx2")) return 1;
#endif
    return 0;
}

#if defined(__x86_64__) && defined(__GNUC__)
#define DISPATCH(function, target, ...) \
    ((target) == 2 ? function##_avx512(__VA_ARGS__) : (target) == 1 ? function##_avx2(__VA_ARGS__) : function(__VA_ARGS__))
#else
#define DISPATCH(function, target, ...) function(__VA_ARGS__)
#endif

static void attend_few_float(int target, const float *memories, int64_t K, int64_t d, const float *queries, int64_t rows,
                             double *out, double *maximum, double *total)
{
    DISPATCH(few_float, target, memories, K, d, queries, rows, out, maximum, total);
}

static void attend_few_double(int target, const double *memories, int64_t K, int64_t d, const double *queries, int64_t rows,
                              double *out, double *maximum, double *total)
{
    DISPATCH(few_double, target, memories, K, d, queries, rows, out, maximum, total);
}

static void attend_rows_float(int target, float *scores, int64_t rows, int64_t n, double *maximum, double *total,
                              float *rescale)
{
    DISPATCH(rows_float, target, scores, rows, n, maximum, total, rescale);
}

static void attend_rows_double(int target, double *scores, int64_t rows, int64_t n, double *maximum, double *total,
                               double *rescale)
{
    DISPATCH(rows_double, target, scores, rows, n, maximum, total, rescale);
}

#endif
