/* The compiled paths, best first, and what this machine can run. */
#include "dense.h"

#if defined(__x86_64__)
extern const kernel_path path_avx512vnni, path_avx512, path_avx2;
#endif
extern const kernel_path path_portable;

const kernel_path *const kernel_paths[] = {
#if defined(__x86_64__)
    &path_avx512vnni, &path_avx512, &path_avx2,
#endif
    &path_portable,
};

const int kernel_path_count = sizeof kernel_paths / sizeof *kernel_paths;

const char *const kernel_compiler = __VERSION__;
const char *const kernel_flags = HEBBIAN_FLAGS;

int kernel_path_runs(int index)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                 && __builtin_cpu_supports("avx512dq");
    int runs[] = {avx512 && __builtin_cpu_supports("avx512vnni"), avx512, __builtin_cpu_supports("avx2"), 1};
    return runs[index];
#else
    return index == 0;
#endif
}
