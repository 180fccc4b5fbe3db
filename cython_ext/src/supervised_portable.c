/* The supervised kernel for any machine. */
#define PATH portable
#include "supervised_path.h"
