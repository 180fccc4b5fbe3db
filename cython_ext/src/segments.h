/* Single inputs against many fixed segments: an inverted index, cell -> segments.
 *
 * Contract.  `ids` lists, cell by cell, the segments that have a synapse on it; inside a list they are sorted by blocks of
 * BLOCK and numbered within their block, so a number needs two bytes.  List (cell, block) runs from
 * start[cell * blocks + block] to the next start.  One input costs its active synapses plus the clearing of the counters:
 * the lists of a cell are one stretch of memory, fetched two cells ahead, and the counters are bytes (at most 255 synapses a
 * segment), which is what makes the index faster than a sparse matrix.  Nothing here allocates, validates or raises.
 */
#ifndef HEBBIAN_SEGMENTS_H
#define HEBBIAN_SEGMENTS_H

#include <stdint.h>
#include <string.h>

#define BLOCK 65536
#define LINE 32 /* numbers in a cache line */

typedef struct {
    int64_t cells, segments;
    const uint32_t *start;
    const uint16_t *ids;
} segment_index;

static inline int64_t index_blocks(int64_t segments)
{
    return (segments + BLOCK - 1) / BLOCK;
}

/* Fill an index by counting: `first` (segments + 1) delimits the synapses of each segment in `synapses`.  `start` has
 * cells * blocks + 1 entries and arrives zero; there are below 2^32 synapses. */
static void index_build(int64_t cells, int64_t segments, const int64_t *first, const int32_t *synapses, uint32_t *start,
                        uint16_t *ids)
{
    const int64_t blocks = index_blocks(segments), lists = blocks * cells;
    for (int64_t k = 0; k < segments; k++)
        for (int64_t j = first[k]; j < first[k + 1]; j++) start[synapses[j] * blocks + k / BLOCK + 1]++;
    for (int64_t i = 0; i < lists; i++) start[i + 1] += start[i];
    for (int64_t k = segments - 1; k >= 0; k--)
        for (int64_t j = first[k]; j < first[k + 1]; j++)
            ids[--start[synapses[j] * blocks + k / BLOCK + 1]] = (uint16_t) (k % BLOCK);
    /* Each list was filled from its end, so the entry after it now holds its start: move all starts down by one. */
    for (int64_t i = 0; i < lists; i++) start[i] = start[i + 1];
    start[lists] = (uint32_t) first[segments];
}

/* Overlap of every segment with one input, uint8 overlaps[segments]. */
static void index_overlaps(const segment_index *index, const int32_t *active, int64_t count, uint8_t *overlaps)
{
    const int64_t blocks = index_blocks(index->segments);
    const uint16_t *ids = index->ids;
    memset(overlaps, 0, index->segments);
    for (int64_t i = 0; i < count; i++) {
        if (i + 16 < count) __builtin_prefetch(index->start + active[i + 16] * blocks);
        if (i + 2 < count) {
            const uint32_t *ahead = index->start + active[i + 2] * blocks;
            for (uint32_t j = ahead[0]; j < ahead[blocks]; j += LINE) __builtin_prefetch(ids + j);
        }
        const uint32_t *start = index->start + active[i] * blocks;
        for (int64_t block = 0; block < blocks; block++) {
            /* Bytes may alias anything, so the end of the list is read before the first counter is written. */
            const uint32_t end = start[block + 1];
            uint8_t *counter = overlaps + block * BLOCK;
            for (uint32_t j = start[block]; j < end; j++) counter[ids[j]]++;
        }
    }
}

/* Number of segments that reach the threshold on each of `inputs` inputs of `count` active cells. */
static void index_spikes(const segment_index *index, const int32_t *active, int64_t inputs, int64_t count, int64_t threshold,
                         uint8_t *overlaps, int32_t *spikes)
{
    for (int64_t t = 0; t < inputs; t++) {
        int32_t reached = 0;
        index_overlaps(index, active + t * count, count, overlaps);
        for (int64_t k = 0; k < index->segments; k++) reached += overlaps[k] >= threshold;
        spikes[t] = reached;
    }
}

#endif
