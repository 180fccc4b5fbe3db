/* The supervised kernel for AVX2. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,popcnt")
#endif
#define VECTOR_AVX2
#define PATH avx2
#include "supervised_path.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
