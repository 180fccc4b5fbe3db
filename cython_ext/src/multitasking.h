/* Sequential Monte Carlo of H = -(1/2) sum_k X_k^2, X_k = sum_i w_i^k s_i, for rows w with entries -1, 0, +1 (two bit planes)
 * or any small integers (weights, for averaged examples).
 *
 * Contract
 *   in     planes    the entries, two bits each: word k of block b holds sites 16 b .. 16 b + 15 of row k, bit l says
 *                    w = +1 and bit 16 + l says w = -1; `padded` words a block, a multiple of 16, the padding 0
 *          weights   instead of planes: w_i^k site by site, `padded` a site, the padding 0; otherwise null
 *          active    with planes: sum_k (w_i^k)^2, one a site, 16 a block
 *          truth     planes of the patterns whose overlaps are measured, or null where they are the rows themselves
 *   inout  spins     +-1, 16 `blocks` a replica; those beyond the last site meet zero entries only
 *          overlaps  X_k, `padded` a replica
 *   out    one row a sweep and replica: `patterns` measured overlaps (with truth, then as many sums of X_k over the rows of
 *          one pattern, rows / patterns consecutive ones), sum_k X_k^2, accepted flips; sum_i s_i s_i' of replicas 0 and 1
 *
 * Flipping spin i changes H by 2 (s_i h_i - sum_k (w_i^k)^2) with h_i = sum_k w_i^k X_k: the diagonal of the couplings never
 * enters.  A flip is accepted iff half that change is below ceil(theta tau) with the thresholds of philox.h.  A site that is
 * blank in every row has no field: it follows its threshold at T > 0 and keeps its spin at T = 0, the rule sign(0) = s_i.
 * With planes fields must stay below 2^30; overlaps, their sums and weights must fit int32, energies int64.
 *
 * Sites are visited in order 0 .. N-1; attempt i of a sweep uses the threshold of its own counter.  With planes one pass over
 * the rows gives the fields of sixteen sites; after a flip the fields of the later ones are taken anew, and a block where
 * many sites are willing is visited site by site with lanes over the rows.  That is the sequential chain itself, spin for
 * spin.  At tau = 0 a sweep that accepts nothing has reached a fixed point, and the run returns early.  Nothing here
 * allocates, validates, or needs the interpreter lock.
 *
 * The one body, multitasking_body.h, is compiled for each instruction set; all of them give the same integers.
 */
#ifndef HEBBIAN_MULTITASKING_H
#define HEBBIAN_MULTITASKING_H

#include "philox.h"

typedef struct {
    int64_t sites, blocks, replicas, rows, padded, patterns, truth_padded;
    const uint32_t *planes, *truth;
    const int32_t *weights, *active;
    int8_t *spins;
    int32_t *overlaps;
} multitasking_system;

typedef struct {
    int32_t *overlap;
    int64_t *energy, *accepted, *agreement;
} multitasking_series;

typedef int64_t multitasking_run(const multitasking_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                                 float tau, int heat_bath, const multitasking_series *series);

/* A block with more willing sites than this is visited site by site: the cheaper way above an acceptance of about 0.3. */
#define CROWD 4

#define NAMED2(name, suffix) name##_##suffix
#define NAMED1(name, suffix) NAMED2(name, suffix)
#define NAMED(name) NAMED1(name, PATH)

/* WIDTH: lanes of a vector.  EVEN_PRODUCT(a, b): 64-bit products of b and the even 32-bit lanes of a.  SIGNS(v): sign bits. */
#if defined(__x86_64__)
#include <immintrin.h>

#define PATH avx512
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,prefer-vector-width=512")))
#define EVEN_PRODUCT(a, b) _mm512_mul_epu32((__m512i) (a), _mm512_set1_epi32((int32_t) (b)))
#define SIGNS(v) _mm512_movepi32_mask((__m512i) (v))
#include "multitasking_body.h"

#define PATH avx2
#define WIDTH 8
#define TARGET __attribute__((target("avx2,popcnt")))
#define EVEN_PRODUCT(a, b) _mm256_mul_epu32((__m256i) (a), _mm256_set1_epi32((int32_t) (b)))
#define SIGNS(v) _mm256_movemask_ps((__m256) (v))
#include "multitasking_body.h"
#endif

#define PATH portable
#define WIDTH 4
#define TARGET
#define EVEN_PRODUCT(a, b) (((a) & 0xFFFFFFFFu) * (b))
#define SIGNS(v) (((v)[0] & 1) | ((v)[1] & 2) | ((v)[2] & 4) | ((v)[3] & 8))
#include "multitasking_body.h"

/* The body for 512-, 256- or 128-bit vectors, or null where this machine cannot run it. */
static multitasking_run *multitasking_path(int bits)
{
#if defined(__x86_64__)
    if (bits == 512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vpopcntdq") ? multitasking_run_avx512 : 0;
    if (bits == 256)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? multitasking_run_avx2 : 0;
#endif
    return bits == 128 ? multitasking_run_portable : 0;
}

#endif
