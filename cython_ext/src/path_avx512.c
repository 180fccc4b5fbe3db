/* The kernels for AVX-512 (f, bw, vl, dq). */
#if defined(__x86_64__)
#include "target_avx512.h"
#include "path.h"
#include "target_end.h"
#endif
