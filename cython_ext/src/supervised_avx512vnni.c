/* The supervised kernel for AVX-512 with VNNI. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,popcnt")
#endif
#define VECTOR_AVX512
#define VECTOR_VNNI
#define PATH avx512vnni
#include "supervised_path.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
