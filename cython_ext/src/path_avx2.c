/* The kernels for AVX2. */
#if defined(__x86_64__)
#include "target_avx2.h"
#include "path.h"
#include "target_end.h"
#endif
