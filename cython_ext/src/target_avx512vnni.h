/* What follows, up to target_end.h, is compiled for AVX-512 with VNNI. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,popcnt")
#endif
#define VECTOR_AVX512
#define VECTOR_VNNI
#define PATH avx512vnni
