/* The multitasking kernel for AVX-512 (f, bw, vl, dq). */
#if defined(__x86_64__)
#include "target_avx512.h"
#define RUN multitasking_avx512
#include "multitasking_run.h"
#include "target_end.h"
#endif
