/* Dendritic segments: storing patterns, drawing probes, and counting overlaps for many probes at once.
 *
 * Contract.  A segment is a row of `width` cell numbers, its synapses first and then the number n, a cell that is never
 * active; row lengths in use are multiples of 4.  Probes are bit lanes: blocks of LANES probes, each block n + 1 rows of
 * LANES bits, row n zero.  Random subsets follow src/subsets.h.  Nothing here allocates, validates or raises; buffers
 * `order` (n, identity), `swaps` (n), `on` (n + 1 bytes, zero) come back as they were.
 *
 * Counting is bit-sliced: a carry-save adder sums four synapses a step into bit planes that hold LANES counters side by side,
 * about five logical operations a synapse for LANES comparisons.  The planes are then split by value until no lane is
 * left.  Cost: segments x blocks x (5 synapses + (largest overlap + 1) planes) vector operations.
 */
#ifndef HEBBIAN_DENDRITES_H
#define HEBBIAN_DENDRITES_H

#include "subsets.h"

#define LANES 256
#define LANE_WORDS (LANES / 64)
#define PLANES 17 /* counters up to 2^17 - 1 */

typedef uint64_t lanes_t __attribute__((vector_size(LANES / 8), aligned(8)));

typedef struct {
    int64_t cells, active, synapses, patterns, noise, segments, neurons, width, threshold;
    int multiplicity;
    int32_t *rows;     /* (neurons * segments, width) */
    int32_t *sizes;    /* synapses of each segment */
    int32_t *order, *swaps, *local;
    uint8_t *on;
} dendrite_batch;

static inline int64_t padded(int64_t size)
{
    return (size + 3) / 4 * 4;
}

/* Add the cells of one stored pattern to a segment; a union leaves out those it has. */
static inline void dendrite_connect(const dendrite_batch *batch, int64_t segment, const int32_t *cells)
{
    int32_t *row = batch->rows + segment * batch->width;
    int64_t size = batch->sizes[segment];
    for (int64_t j = 0; j < batch->synapses; j++) {
        if (!batch->multiplicity && batch->on[cells[j]]) continue;
        batch->on[cells[j]] = 1;
        row[size++] = cells[j];
    }
    batch->sizes[segment] = (int32_t) size;
}

static inline int64_t row_overlap(const int32_t *row, int64_t size, const uint8_t *on)
{
    int64_t overlap = 0;
    for (int64_t j = 0; j < size; j++) overlap += on[row[j]];
    return overlap;
}

/* Store the patterns of every segment and show each neuron the noisy version of the first pattern of its first segment.
 * Pattern m of segment g is subset g * patterns + m, part 0; of the first a cells, the first s become synapses; cells
 * a .. a + v - 1 replace the v that subset g * patterns of part 1 takes from the a.  own[neuron]: overlap of the first
 * segment; fired[neuron]: whether any segment reaches the threshold. */
static void dendrite_store(const dendrite_batch *batch, uint32_t k0, uint32_t k1, int32_t *own, uint8_t *fired)
{
    const int64_t n = batch->cells, a = batch->active, v = batch->noise, M = batch->patterns;
    int32_t *order = batch->order, *swaps = batch->swaps, *noisy = batch->local;
    for (int64_t neuron = 0; neuron < batch->neurons; neuron++) {
        for (int64_t k = 0; k < batch->segments; k++) {
            int64_t g = neuron * batch->segments + k;
            int32_t *row = batch->rows + g * batch->width;
            batch->sizes[g] = 0;
            for (int64_t m = 0; m < M; m++) {
                int target = k == 0 && m == 0;
                int64_t drawn = target ? a + v : batch->synapses;
                subset_draw(order, swaps, n, drawn, k0, k1, (uint64_t) (g * M + m), 0);
                dendrite_connect(batch, g, order);
                if (target)
                    for (int64_t i = 0; i < a + v; i++) noisy[i] = order[i];
                subset_undo(order, swaps, drawn);
            }
            for (int64_t j = 0; j < batch->sizes[g]; j++) batch->on[row[j]] = 0;
            for (int64_t j = batch->sizes[g]; j < padded(batch->sizes[g]); j++) row[j] = (int32_t) n;
        }
        int64_t first = neuron * batch->segments;
        subset_draw(noisy, swaps, a, v, k0, k1, (uint64_t) (first * M), 1);
        for (int64_t i = v; i < a + v; i++) batch->on[noisy[i]] = 1;
        fired[neuron] = 0;
        for (int64_t g = first; g < first + batch->segments; g++) {
            int64_t overlap = row_overlap(batch->rows + g * batch->width, batch->sizes[g], batch->on);
            if (g == first) own[neuron] = (int32_t) overlap;
            fired[neuron] |= overlap >= batch->threshold;
        }
        for (int64_t i = v; i < a + v; i++) batch->on[noisy[i]] = 0;
    }
}

/* Random patterns as lanes: probe t is subset t, part 0, in lane t mod LANES of block t div LANES.  `lanes` starts zero. */
static void dendrite_probes(int64_t n, int64_t a, int64_t probes, uint32_t k0, uint32_t k1, int32_t *order,
                            int32_t *swaps, uint64_t *lanes)
{
    for (int64_t t = 0; t < probes; t++) {
        uint64_t *word = lanes + t / LANES * (n + 1) * LANE_WORDS + t % LANES / 64;
        subset_draw(order, swaps, n, a, k0, k1, (uint64_t) t, 0);
        for (int64_t i = 0; i < a; i++) word[order[i] * LANE_WORDS] |= UINT64_C(1) << (t % 64);
        subset_undo(order, swaps, a);
    }
}

#define CSA(high, low, a, b, c)                   \
    do {                                          \
        lanes_t half_ = (a) ^ (b), third_ = (c);  \
        (high) = ((a) & (b)) | (half_ & third_);  \
        (low) = half_ ^ third_;                   \
    } while (0)

static inline __attribute__((always_inline)) int64_t lanes_count(const lanes_t *x)
{
    int64_t count = 0;
    for (int w = 0; w < LANE_WORDS; w++) count += __builtin_popcountll((*x)[w]);
    return count;
}

static inline __attribute__((always_inline)) int lanes_any(const lanes_t *x)
{
    uint64_t any = 0;
    for (int w = 0; w < LANE_WORDS; w++) any |= (*x)[w];
    return any != 0;
}

/* Overlap histogram of all segments with all probes of `blocks` blocks, added to histogram[0 .. width]; neuron_hits gains
 * the number of (neuron, probe) pairs in which any segment of the neuron reaches the threshold. */
static inline __attribute__((always_inline)) void count_body(const dendrite_batch *batch, const uint64_t *lanes, int64_t blocks,
                                                             int64_t *histogram, int64_t *neuron_hits)
{
    const lanes_t zero = {0};
    for (int64_t block = 0; block < blocks; block++) {
        const lanes_t *active = (const lanes_t *) lanes + block * (batch->cells + 1);
        for (int64_t neuron = 0; neuron < batch->neurons; neuron++) {
            lanes_t fired = zero;
            for (int64_t k = 0; k < batch->segments; k++) {
                int64_t segment = neuron * batch->segments + k;
                const int32_t *row = batch->rows + segment * batch->width;
                const int64_t steps = padded(batch->sizes[segment]) / 4;
                lanes_t plane[PLANES];
                lanes_t ones = zero, twos = zero, carry, first, second;
                int planes = 2;
                for (int64_t j = 0; j < steps; j++, row += 4) {
                    CSA(first, ones, ones, active[row[0]], active[row[1]]);
                    CSA(second, ones, ones, active[row[2]], active[row[3]]);
                    CSA(carry, twos, twos, first, second);
                    for (int p = 2; p < planes; p++) {
                        lanes_t both = plane[p] & carry;
                        plane[p] ^= carry;
                        carry = both;
                    }
                    /* After 2^i steps the fours count to 2^i for the first time and need one plane more. */
                    if (((j + 1) & j) == 0) plane[planes++] = carry;
                }
                plane[0] = ones;
                plane[1] = twos;
                lanes_t left = ~zero;
                for (int64_t value = 0; lanes_any(&left); value++) {
                    lanes_t equal = left;
                    for (int p = 0; p < planes; p++) equal &= value >> p & 1 ? plane[p] : ~plane[p];
                    histogram[value] += lanes_count(&equal);
                    left ^= equal;
                    if (value >= batch->threshold) fired |= equal;
                }
            }
            *neuron_hits += lanes_count(&fired);
        }
    }
}

static void count_portable(const dendrite_batch *batch, const uint64_t *lanes, int64_t blocks, int64_t *histogram,
                           int64_t *neuron_hits)
{
    count_body(batch, lanes, blocks, histogram, neuron_hits);
}

#if defined(__x86_64__)
__attribute__((target("avx2,popcnt"))) static void count_avx2(const dendrite_batch *batch, const uint64_t *lanes,
                                                              int64_t blocks, int64_t *histogram, int64_t *neuron_hits)
{
    count_body(batch, lanes, blocks, histogram, neuron_hits);
}
#endif

/* Both paths are the same integers; the wide one only takes fewer instructions. */
static void dendrite_count(const dendrite_batch *batch, const uint64_t *lanes, int64_t blocks, int wide, int64_t *histogram,
                           int64_t *neuron_hits)
{
#if defined(__x86_64__)
    if (wide) {
        count_avx2(batch, lanes, blocks, histogram, neuron_hits);
        return;
    }
#endif
    (void) wide;
    count_portable(batch, lanes, blocks, histogram, neuron_hits);
}

static int dendrite_wide(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
#else
    return 0;
#endif
}

#endif
