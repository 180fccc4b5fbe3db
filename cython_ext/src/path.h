/* All kernels, compiled for the path of the including file. */
#include "dense.h"
#include "forms.h"
#include "lanes.h"
#include "roofline.h"
#include "pairwise.h"
#include "sweeps.h"
#include "thresholds.h"

#define JOIN(a, b) a##b
#define NAMED(name) JOIN(path_, name)
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)

const kernel_path NAMED(PATH) = {
    QUOTED(PATH), thresholds64, dense_start, build_blocks, build_couplings, start_waiting, dense_run, lane_start, lane_run,
    CHAINS * LANES32, float_adds, read_buffer, random_words,
};
