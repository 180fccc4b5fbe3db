/* The vector operations that kernels are written in, once for each path.
 *
 * A path is chosen by the file that includes this one: VECTOR_AVX512 (f, bw, vl, dq), with VECTOR_VNNI where pairs of int16
 * multiply and accumulate in one instruction, VECTOR_AVX2, or nothing: 16-byte vectors of the compiler, which are SSE2 on
 * x86-64 and NEON on arm64.  Arithmetic, comparison and logic are the compiler's own operators on the types below; what
 * stands here are the operations that have no operator or a much better instruction.  All of it is exact, or rounds as
 * IEEE says, so every path computes the same bits.
 *
 * Bits of patterns drive 16- and 32-bit lanes by testing a broadcast 32-bit word.  Lane j of 32-bit part k is bit j + k *
 * LANES32.  16-bit lanes pair up: lanes 2j and 2j + 1 of a group of 32 are bits j and j + 16, which is also how a group
 * splits into two 32-bit halves in natural order.  Little-endian machines only, as are all our targets.
 */
#ifndef HEBBIAN_VECTOR_H
#define HEBBIAN_VECTOR_H

#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(VECTOR_AVX512)
#define WIDTH 64
#elif defined(VECTOR_AVX2)
#define WIDTH 32
#else
#define WIDTH 16
#endif
#define LANES16 (WIDTH / 2)
#define LANES32 (WIDTH / 4)
#define LANES64 (WIDTH / 8)
#define PARTS16 (32 / LANES16) /* vectors that one 32-bit word of pattern bits drives */
#define PARTS32 (32 / LANES32)

typedef int16_t i16v __attribute__((vector_size(WIDTH)));
typedef uint16_t u16v __attribute__((vector_size(WIDTH)));
typedef int32_t i32v __attribute__((vector_size(WIDTH)));
typedef uint32_t u32v __attribute__((vector_size(WIDTH)));
typedef int64_t i64v __attribute__((vector_size(WIDTH)));
typedef uint64_t u64v __attribute__((vector_size(WIDTH)));
typedef float f32v __attribute__((vector_size(WIDTH)));
typedef double f64v __attribute__((vector_size(WIDTH)));
typedef int16_t i16half __attribute__((vector_size(WIDTH / 2)));
typedef int32_t i32half __attribute__((vector_size(WIDTH / 2)));
typedef float f32half __attribute__((vector_size(WIDTH / 2)));

static const uint16_t lane_bit16[32] = {
    1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 512, 1024, 1024, 2048, 2048,
    4096, 4096, 8192, 8192, 16384, 16384, 32768, 32768,
};
static const uint32_t lane_bit32[32] = {
    1u << 0,  1u << 1,  1u << 2,  1u << 3,  1u << 4,  1u << 5,  1u << 6,  1u << 7,  1u << 8,  1u << 9,  1u << 10,
    1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15, 1u << 16, 1u << 17, 1u << 18, 1u << 19, 1u << 20, 1u << 21,
    1u << 22, 1u << 23, 1u << 24, 1u << 25, 1u << 26, 1u << 27, 1u << 28, 1u << 29, 1u << 30, 1u << 31,
};

#define LOAD(type, name, element)                                                                                      \
    static inline type name(const element *p)                                                                          \
    {                                                                                                                  \
        type v;                                                                                                        \
        memcpy(&v, p, WIDTH);                                                                                          \
        return v;                                                                                                      \
    }
LOAD(i16v, load16, int16_t)
LOAD(i32v, load32, int32_t)
LOAD(i64v, load64, int64_t)
LOAD(f32v, loadf, float)
#undef LOAD

static inline i16v splat16(int16_t x) { return (i16v){0} + x; }
static inline i32v splat32(int32_t x) { return (i32v){0} + x; }
static inline f32v splatf(float x) { return (f32v){0} + x; }
static inline i16v bit16(int part) { return load16((const int16_t *) lane_bit16 + part * LANES16); }
static inline i32v bit32(int part) { return load32((const int32_t *) lane_bit32 + part * LANES32); }

static inline f32v pick(i32v mask, f32v yes, f32v no) { return (f32v) (((i32v) yes & mask) | ((i32v) no & ~mask)); }

static inline f32v smaller(f32v a, f32v b)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_min_ps((__m512) a, (__m512) b);
#elif defined(VECTOR_AVX2)
    return (f32v) _mm256_min_ps((__m256) a, (__m256) b);
#elif defined(__SSE2__)
    return (f32v) _mm_min_ps((__m128) a, (__m128) b);
#else
    return pick(a < b, a, b);
#endif
}

static inline f32v larger(f32v a, f32v b)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_max_ps((__m512) a, (__m512) b);
#elif defined(VECTOR_AVX2)
    return (f32v) _mm256_max_ps((__m256) a, (__m256) b);
#elif defined(__SSE2__)
    return (f32v) _mm_max_ps((__m128) a, (__m128) b);
#else
    return pick(a > b, a, b);
#endif
}

/* Half as many lanes, twice as wide. */
static inline i32v widen16(const int16_t *p)
{
#if defined(VECTOR_AVX512)
    return (i32v) _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) p));
#elif defined(VECTOR_AVX2)
    return (i32v) _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *) p));
#else
    i16half v;
    memcpy(&v, p, WIDTH / 2);
    return __builtin_convertvector(v, i32v);
#endif
}

static inline i64v widen32(const int32_t *p)
{
#if defined(VECTOR_AVX512)
    return (i64v) _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *) p));
#elif defined(VECTOR_AVX2)
    return (i64v) _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *) p));
#else
    i32half v;
    memcpy(&v, p, WIDTH / 2);
    return __builtin_convertvector(v, i64v);
#endif
}

static inline f64v widenf(const float *p)
{
#if defined(VECTOR_AVX512)
    return (f64v) _mm512_cvtps_pd(_mm256_loadu_ps(p));
#elif defined(VECTOR_AVX2)
    return (f64v) _mm256_cvtps_pd(_mm_loadu_ps(p));
#else
    f32half v;
    memcpy(&v, p, WIDTH / 2);
    return __builtin_convertvector(v, f64v);
#endif
}

/* sum + x in the lanes whose bit is set in the broadcast word. */
static inline i32v add_where32(i32v sum, i32v word, i32v bit, i32v x)
{
#if defined(VECTOR_AVX512)
    return (i32v) _mm512_mask_add_epi32((__m512i) sum, _mm512_test_epi32_mask((__m512i) word, (__m512i) bit), (__m512i) sum,
                                        (__m512i) x);
#else
    return sum + (x & ((word & bit) == bit));
#endif
}

static inline i16v add_where16(i16v sum, i16v word, i16v bit, i16v x)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_mask_add_epi16((__m512i) sum, _mm512_test_epi16_mask((__m512i) word, (__m512i) bit), (__m512i) sum,
                                        (__m512i) x);
#else
    return sum + (x & ((word & bit) == bit));
#endif
}

static inline f32v add_where_float(f32v sum, i32v word, i32v bit, f32v x)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_mask_add_ps((__m512) sum, _mm512_test_epi32_mask((__m512i) word, (__m512i) bit), (__m512) sum,
                                     (__m512) x);
#else
    return sum + (f32v) ((i32v) x & ((word & bit) == bit));
#endif
}

/* Both halves of table[index], one 64-bit entry a 32-bit lane. */
static inline i64v gather64(const int64_t *table, i64v index)
{
#if defined(VECTOR_AVX512)
    return (i64v) _mm512_i64gather_epi64((__m512i) index, table, 8);
#elif defined(VECTOR_AVX2)
    return (i64v) _mm256_i64gather_epi64((const long long *) table, (__m256i) index, 8);
#else
    i64v v;
    for (int j = 0; j < LANES64; j++) v[j] = table[index[j]];
    return v;
#endif
}

static inline void look_up(const int64_t *table, i32v index, i32v *low, i32v *high)
{
    const u64v half = (u64v){0} + UINT64_C(0xFFFFFFFF);
    u64v even = (u64v) gather64(table, (i64v) ((u64v) index & half)), odd = (u64v) gather64(table, (i64v) ((u64v) index >> 32));
    *low = (i32v) ((even & half) | (odd << 32));
    *high = (i32v) ((even >> 32) | (odd & ~half));
}

/* x where the bit is set, 0 elsewhere. */
static inline i16v keep16(i16v word, i16v bit, i16v x)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_maskz_mov_epi16(_mm512_test_epi16_mask((__m512i) word, (__m512i) bit), (__m512i) x);
#else
    return x & ((word & bit) == bit);
#endif
}

static inline i32v keep32(i32v word, i32v bit, i32v x)
{
#if defined(VECTOR_AVX512)
    return (i32v) _mm512_maskz_mov_epi32(_mm512_test_epi32_mask((__m512i) word, (__m512i) bit), (__m512i) x);
#else
    return x & ((word & bit) == bit);
#endif
}

/* All ones or zeros in the lanes of the low LANES64 bits. */
static inline i64v lanes_of_bits(unsigned bits)
{
#if defined(VECTOR_AVX512)
    return (i64v) _mm512_movm_epi64((__mmask8) bits);
#elif defined(VECTOR_AVX2)
    static const int64_t mask[16][4] = {
        {0, 0, 0, 0}, {-1, 0, 0, 0}, {0, -1, 0, 0}, {-1, -1, 0, 0}, {0, 0, -1, 0}, {-1, 0, -1, 0}, {0, -1, -1, 0},
        {-1, -1, -1, 0}, {0, 0, 0, -1}, {-1, 0, 0, -1}, {0, -1, 0, -1}, {-1, -1, 0, -1}, {0, 0, -1, -1}, {-1, 0, -1, -1},
        {0, -1, -1, -1}, {-1, -1, -1, -1},
    };
    return load64(mask[bits & 15]);
#else
    static const int64_t mask[4][2] = {{0, 0}, {-1, 0}, {0, -1}, {-1, -1}};
    return load64(mask[bits & 3]);
#endif
}

/* sum_j += x_2j y_2j + x_2j+1 y_2j+1 in 32 bits. */
static inline i32v dot16(i32v sum, i16v x, i16v y)
{
#if defined(VECTOR_VNNI)
    return (i32v) _mm512_dpwssd_epi32((__m512i) sum, (__m512i) x, (__m512i) y);
#elif defined(VECTOR_AVX512)
    return sum + (i32v) _mm512_madd_epi16((__m512i) x, (__m512i) y);
#elif defined(VECTOR_AVX2)
    return sum + (i32v) _mm256_madd_epi16((__m256i) x, (__m256i) y);
#elif defined(__SSE2__)
    return sum + (i32v) _mm_madd_epi16((__m128i) x, (__m128i) y);
#else
    i32v low = (((i32v) x << 16) >> 16) * (((i32v) y << 16) >> 16);
    return sum + low + ((i32v) x >> 16) * ((i32v) y >> 16);
#endif
}

/* The lanes of two vectors in order, each clamped to int16. */
static inline i16v saturate16(i32v a, i32v b)
{
#if defined(VECTOR_AVX512)
    __m512i packed = _mm512_packs_epi32((__m512i) a, (__m512i) b);
    return (i16v) _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed);
#elif defined(VECTOR_AVX2)
    return (i16v) _mm256_permute4x64_epi64(_mm256_packs_epi32((__m256i) a, (__m256i) b), 0xD8);
#elif defined(__SSE2__)
    return (i16v) _mm_packs_epi32((__m128i) a, (__m128i) b);
#else
    i16v out;
    for (int j = 0; j < LANES16; j++) {
        int32_t x = j < LANES32 ? a[j] : b[j - LANES32];
        out[j] = (int16_t) (x > INT16_MAX ? INT16_MAX : x < INT16_MIN ? INT16_MIN : x);
    }
    return out;
#endif
}

/* A vector of int16 from as many int8. */
static inline i16v widen8(const int8_t *in)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *) in));
#elif defined(VECTOR_AVX2)
    return (i16v) _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) in));
#elif defined(__SSE2__)
    __m128i x = _mm_loadl_epi64((const __m128i *) in);
    return (i16v) _mm_srai_epi16(_mm_unpacklo_epi8(x, x), 8);
#else
    i16v out;
    for (int j = 0; j < LANES16; j++) out[j] = in[j];
    return out;
#endif
}

/* x y / 2^15 to the nearest integer. */
static inline i16v high_product16(i16v x, i16v y)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_mulhrs_epi16((__m512i) x, (__m512i) y);
#elif defined(VECTOR_AVX2)
    return (i16v) _mm256_mulhrs_epi16((__m256i) x, (__m256i) y);
#else
    i32v even = (((i32v) x << 16) >> 16) * (((i32v) y << 16) >> 16), odd = ((i32v) x >> 16) * ((i32v) y >> 16);
    even = (even + 0x4000) >> 15;
    odd = (odd + 0x4000) >> 15;
    return (i16v) ((even & 0xFFFF) | (odd << 16));
#endif
}

/* |x|, and the larger lanes of two vectors. */
static inline i16v magnitude16(i16v x)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_abs_epi16((__m512i) x);
#else
    i16v sign = x >> 15;
    return (x ^ sign) - sign;
#endif
}

static inline i16v larger16(i16v x, i16v y)
{
#if defined(VECTOR_AVX512)
    return (i16v) _mm512_max_epi16((__m512i) x, (__m512i) y);
#else
    i16v first = x > y;
    return (x & first) | (y & ~first);
#endif
}

/* The lanes of a vector in order, as the two halves of twice as many bits. */
static inline void split16(i16v x, i32v *low, i32v *high)
{
#if defined(VECTOR_AVX512)
    *low = (i32v) _mm512_cvtepi16_epi32(_mm512_castsi512_si256((__m512i) x));
    *high = (i32v) _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64((__m512i) x, 1));
#elif defined(VECTOR_AVX2)
    *low = (i32v) _mm256_cvtepi16_epi32(_mm256_castsi256_si128((__m256i) x));
    *high = (i32v) _mm256_cvtepi16_epi32(_mm256_extracti128_si256((__m256i) x, 1));
#elif defined(__SSE2__)
    *low = (i32v) _mm_unpacklo_epi16((__m128i) x, (__m128i) x) >> 16;
    *high = (i32v) _mm_unpackhi_epi16((__m128i) x, (__m128i) x) >> 16;
#else
    i16half half[2];
    memcpy(half, &x, WIDTH);
    *low = __builtin_convertvector(half[0], i32v);
    *high = __builtin_convertvector(half[1], i32v);
#endif
}

static inline i64v widen_sum(i64v total, i32v x)
{
    return total + ((i64v) x >> 32) + (((i64v) x << 32) >> 32);
}

static inline int64_t reduce64(i64v x)
{
#if defined(VECTOR_AVX512)
    return _mm512_reduce_add_epi64((__m512i) x);
#else
    int64_t sum = 0;
    for (int j = 0; j < LANES64; j++) sum += x[j];
    return sum;
#endif
}

/* The signs of all lanes, one bit each, set where negative as lanes of a true comparison are: lane j is bit j. */
static inline uint32_t bits_of32(i32v x)
{
#if defined(VECTOR_AVX512)
    return _mm512_movepi32_mask((__m512i) x);
#elif defined(VECTOR_AVX2)
    return (uint32_t) _mm256_movemask_ps((__m256) x);
#elif defined(__SSE2__)
    return (uint32_t) _mm_movemask_ps((__m128) x);
#else
    uint32_t bits = 0;
    for (int j = 0; j < LANES32; j++) bits |= (uint32_t) (x[j] < 0) << j;
    return bits;
#endif
}

static inline uint32_t bits_of16(i16v mask)
{
#if defined(VECTOR_AVX512)
    return _mm512_movepi16_mask((__m512i) mask);
#elif defined(VECTOR_AVX2)
    __m128i packed = _mm_packs_epi16(_mm256_castsi256_si128((__m256i) mask), _mm256_extracti128_si256((__m256i) mask, 1));
    return (uint32_t) _mm_movemask_epi8(packed);
#elif defined(__SSE2__)
    return (uint32_t) _mm_movemask_epi8(_mm_packs_epi16((__m128i) mask, _mm_setzero_si128()));
#else
    uint32_t bits = 0;
    for (int j = 0; j < LANES16; j++) bits |= (uint32_t) (mask[j] & 1) << j;
    return bits;
#endif
}

/* High and low halves of the 64-bit products x m. */
static inline u64v multiply_even(u64v x, u64v m)
{
#if defined(VECTOR_AVX512)
    return (u64v) _mm512_mul_epu32((__m512i) x, (__m512i) m);
#elif defined(VECTOR_AVX2)
    return (u64v) _mm256_mul_epu32((__m256i) x, (__m256i) m);
#elif defined(__SSE2__)
    return (u64v) _mm_mul_epu32((__m128i) x, (__m128i) m);
#else
    return (x & 0xFFFFFFFFu) * m;
#endif
}

static inline void multiply_wide(u32v x, uint32_t factor, u32v *high, u32v *low)
{
    u64v m = (u64v){0} + (uint64_t) factor;
    u64v even = multiply_even((u64v) x, m), odd = multiply_even((u64v) x >> 32, m);
#if defined(VECTOR_AVX512)
    *low = (u32v) _mm512_mask_shuffle_epi32((__m512i) even, 0xAAAA, (__m512i) odd, _MM_PERM_CCAA);
    *high = (u32v) _mm512_mask_shuffle_epi32((__m512i) odd, 0x5555, (__m512i) even, _MM_PERM_DDBB);
#elif defined(VECTOR_AVX2)
    *low = (u32v) _mm256_blend_epi32((__m256i) even, (__m256i) (odd << 32), 0xAA);
    *high = (u32v) _mm256_blend_epi32((__m256i) (even >> 32), (__m256i) odd, 0xAA);
#else
    const u64v half = (u64v){0} + UINT64_C(0xFFFFFFFF);
    *low = (u32v) ((even & half) | (odd << 32));
    *high = (u32v) ((even >> 32) | (odd & ~half));
#endif
}

/* Round to nearest: hi * 2^16 and lo are exact, so their sum rounds once. */
static inline f32v float_of_u32(u32v x)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_cvtepu32_ps((__m512i) x);
#else
    f32v high = __builtin_convertvector((i32v) (x >> 16), f32v), low = __builtin_convertvector((i32v) (x & 0xFFFFu), f32v);
    return high * 65536.0f + low;
#endif
}

static inline f32v ceiling(f32v y)
{
#if defined(VECTOR_AVX512)
    return (f32v) _mm512_roundscale_ps((__m512) y, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
#elif defined(VECTOR_AVX2)
    return (f32v) _mm256_ceil_ps((__m256) y);
#else
    /* Floats of at least 2^23 are integers already; smaller ones fit an int32. */
    i32v small = (f32v) ((i32v) y & 0x7FFFFFFF) < splatf(0x1p23f);
    f32v part = (f32v) ((i32v) y & small);
    f32v whole = __builtin_convertvector(__builtin_convertvector(part, i32v), f32v);
    whole += (f32v) ((whole < part) & (i32v) splatf(1.0f));
    return pick(small, whole, y);
#endif
}

static inline f32v clamp(f32v y, float limit)
{
    y = pick(y < splatf(limit), y, splatf(limit));
    return pick(y > splatf(-limit), y, splatf(-limit));
}

#endif
