/* The multitasking kernel in the baseline of the architecture: SSE2 on x86-64, NEON on arm64. */
#define RUN multitasking_portable
#include "multitasking_run.h"
