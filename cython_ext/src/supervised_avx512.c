/* The supervised kernel for AVX-512 (f, bw, vl, dq). */
#if defined(__x86_64__)
#include "target_avx512.h"
#include "supervised_path.h"
#include "target_end.h"
#endif
