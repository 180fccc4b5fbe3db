/* What follows, up to target_end.h, is compiled for AVX2. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,popcnt")
#endif
#define VECTOR_AVX2
#define PATH avx2
