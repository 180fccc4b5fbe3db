/* The supervised kernel for AVX-512 with VNNI. */
#if defined(__x86_64__)
#include "target_avx512vnni.h"
#include "supervised_path.h"
#include "target_end.h"
#endif
