/* The compiled paths of the supervised kernel by name. */
#include <string.h>

#include "supervised.h"

#if defined(__x86_64__)
extern const supervised_path supervised_avx512vnni, supervised_avx512, supervised_avx2;
#endif
extern const supervised_path supervised_portable;

const supervised_path *supervised_path_of(const char *name)
{
#if defined(__x86_64__)
    const supervised_path *paths[] = {&supervised_avx512vnni, &supervised_avx512, &supervised_avx2};
    for (int k = 0; k < 3; k++)
        if (!strcmp(name, paths[k]->name)) return paths[k];
#endif
    return &supervised_portable;
}
