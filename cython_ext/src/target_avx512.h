/* What follows, up to target_end.h, is compiled for AVX-512 (f, bw, vl, dq). */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,popcnt")
#endif
#define VECTOR_AVX512
#define PATH avx512
