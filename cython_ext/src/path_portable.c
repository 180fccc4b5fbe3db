/* The kernels in the baseline of the architecture: SSE2 on x86-64, NEON on arm64. */
#define PATH portable
#include "path.h"
