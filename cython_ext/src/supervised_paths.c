/* The compiled paths of the supervised kernel by name. */
#include <string.h>

#include "supervised.h"

#if defined(__x86_64__)
extern const supervised_path supervised_avx512, supervised_avx2;
#endif
extern const supervised_path supervised_portable;

const supervised_path *supervised_path_of(const char *name)
{
#if defined(__x86_64__)
    if (!strncmp(name, "avx512", 6)) return &supervised_avx512;
    if (!strcmp(name, "avx2")) return &supervised_avx2;
#endif
    return &supervised_portable;
}
