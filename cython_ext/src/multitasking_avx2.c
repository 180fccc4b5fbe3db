/* The multitasking kernel for AVX2. */
#if defined(__x86_64__)
#include "target_avx2.h"
#define RUN multitasking_avx2
#include "multitasking_run.h"
#include "target_end.h"
#endif
