/* The supervised kernel for AVX2. */
#if defined(__x86_64__)
#include "target_avx2.h"
#include "supervised_path.h"
#include "target_end.h"
#endif
