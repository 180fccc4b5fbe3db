# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled counting of overlaps on dendritic segments; contracts at the heads of src/dendrites.h, segments.h, rare.h, subsets.h.

The Python faces (hebbian.simulation.dendrites, hebbian.simulation.segments) have validated all that arrives here.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "src/dendrites.h" nogil:
    ctypedef struct dendrite_batch:
        int64_t cells, active, synapses, patterns, noise, segments, neurons, width, threshold
        int multiplicity
        int32_t *rows
        int32_t *sizes
        int32_t *order
        int32_t *swaps
        int32_t *local
        uint8_t *on

    void dendrite_store(const dendrite_batch *batch, uint32_t k0, uint32_t k1, int32_t *own, uint8_t *fired)
    void dendrite_probes(int64_t n, int64_t a, int64_t probes, uint32_t k0, uint32_t k1, int32_t *order, int32_t *swaps,
                         uint64_t *lanes)
    void dendrite_count(const dendrite_batch *batch, const uint64_t *lanes, int64_t blocks, int wide, int64_t *histogram,
                        int64_t *neuron_hits)
    int dendrite_wide()
    void subset_draw(int32_t *order, int32_t *swaps, int64_t range, int64_t size, uint32_t k0, uint32_t k1, uint64_t subset,
                     uint32_t part)
    void subset_undo(int32_t *order, const int32_t *swaps, int64_t size)
    void philox4x32(uint32_t *c, uint32_t k0, uint32_t k1)

cdef extern from "src/segments.h" nogil:
    ctypedef struct segment_index:
        int64_t cells, segments
        const uint32_t *start
        const uint16_t *ids

    int64_t index_blocks(int64_t segments)
    void index_build(int64_t cells, int64_t segments, const int64_t *first, const int32_t *synapses, uint32_t *start,
                     uint16_t *ids)
    void index_overlaps(const segment_index *index, const int32_t *active, int64_t count, uint8_t *overlaps)
    void index_spikes(const segment_index *index, const int32_t *active, int64_t inputs, int64_t count, int64_t threshold,
                      uint8_t *overlaps, int32_t *spikes)

cdef extern from "src/rare.h" nogil:
    ctypedef struct particle_system:
        int64_t cells, active, segments
        const int64_t *start
        const int32_t *ids

    void conditional_input(int64_t n, int64_t a, const int32_t *row, int64_t size, int64_t overlap, uint32_t k0, uint32_t k1,
                           uint64_t t, int32_t *order, int32_t *swaps, int32_t *local, int32_t *out)
    int64_t particle_moves(const particle_system *system, int64_t moves, int64_t level, uint32_t k0, uint32_t k1,
                           uint32_t particle, int32_t *cells, int32_t *overlaps)

LANES = 256


def subsets(int64_t n, int64_t size, int64_t count, uint32_t k0, uint32_t k1, int64_t first=0, uint32_t part=0):
    """Uniform `size`-subsets of n cells, numbers `first`, `first` + 1, ... of a key: int32 array (count, size)."""
    found = np.empty((count, size), np.int32)
    cdef int32_t[:, ::1] view = found
    cdef int32_t[::1] order = np.arange(n, dtype=np.int32), swaps = np.empty(max(size, 1), np.int32)
    cdef int64_t t, i
    if count == 0 or size == 0:
        return found
    with nogil:
        for t in range(count):
            subset_draw(&order[0], &swaps[0], n, size, k0, k1, <uint64_t> (first + t), part)
            for i in range(size):
                view[t, i] = order[i]
            subset_undo(&order[0], &swaps[0], size)
    return found


def words(int64_t count, uint32_t c1, uint32_t c2, uint32_t k0, uint32_t k1):
    """Philox words of the counters (0, c1, c2, 0), (1, c1, c2, 0), ...: uint32 array (count, 4), as `streams.words` gives them."""
    found = np.empty((count, 4), np.uint32)
    cdef uint32_t[:, ::1] view = found
    cdef int64_t t
    with nogil:
        for t in range(count):
            view[t, 0], view[t, 1], view[t, 2], view[t, 3] = <uint32_t> t, c1, c2, 0
            philox4x32(&view[t, 0], k0, k1)
    return found


def probes(int64_t n, int64_t a, int64_t count, uint32_t k0, uint32_t k1):
    """Random patterns as bit lanes: uint64 array (blocks, n + 1, LANES / 64), probe t in lane t; `count` fills whole blocks."""
    found = np.zeros((count // LANES, n + 1, LANES // 64), np.uint64)
    cdef uint64_t[:, :, ::1] view = found
    cdef int32_t[::1] order = np.arange(n, dtype=np.int32), swaps = np.empty(n, np.int32)
    with nogil:
        dendrite_probes(n, a, count, k0, k1, &order[0], &swaps[0], &view[0, 0, 0])
    return found


cdef class Batch:
    """Neurons with freshly stored segments, ready to be counted against lanes of probes.

    rows : int32 (neurons * segments, width), cells of each segment padded with n; sizes : int32, synapses of each;
    own : int32 (neurons,), overlap of each neuron's first segment with its own noisy pattern; fired : uint8 (neurons,),
    whether any segment reached the threshold on it.
    """

    cdef dendrite_batch batch
    cdef object _owned
    cdef readonly object rows, sizes, own, fired

    def __init__(self, int64_t n, int64_t a, int64_t s, int64_t patterns, int64_t noise, int64_t neurons, int64_t segments,
                 int64_t theta, bint multiplicity, uint32_t k0, uint32_t k1):
        cdef int64_t most = patterns * s if multiplicity else min(n, patterns * s)
        cdef int64_t width = (most + 3) // 4 * 4
        self.rows = np.full((neurons * segments, width), n, np.int32)
        self.sizes = np.zeros(neurons * segments, np.int32)
        self.own = np.zeros(neurons, np.int32)
        self.fired = np.zeros(neurons, np.uint8)
        cdef int32_t[:, ::1] rows = self.rows
        cdef int32_t[::1] sizes = self.sizes, own = self.own, order = np.arange(n, dtype=np.int32)
        cdef int32_t[::1] swaps = np.empty(n, np.int32), local = np.empty(a + noise, np.int32)
        cdef uint8_t[::1] on = np.zeros(n + 1, np.uint8), fired = self.fired
        self._owned = (order, swaps, local, on)
        self.batch.cells, self.batch.active, self.batch.synapses, self.batch.patterns = n, a, s, patterns
        self.batch.noise, self.batch.segments, self.batch.neurons, self.batch.width = noise, segments, neurons, width
        self.batch.threshold, self.batch.multiplicity = theta, multiplicity
        self.batch.rows, self.batch.sizes = &rows[0, 0], &sizes[0]
        self.batch.order, self.batch.swaps, self.batch.local, self.batch.on = &order[0], &swaps[0], &local[0], &on[0]
        with nogil:
            dendrite_store(&self.batch, k0, k1, &own[0], &fired[0])

    def count(self, const uint64_t[:, :, ::1] lanes, bint wide=True):
        """Overlap histogram with every probe, int64 (width + 1,), and the number of (neuron, probe) pairs that fire.

        wide : use the wide instructions where the machine has them; the counts are the same.
        """
        cdef int64_t[::1] histogram = np.zeros(self.batch.width + 1, np.int64)
        cdef int64_t hits = 0, blocks = lanes.shape[0]
        cdef int use = wide and dendrite_wide()
        with nogil:
            dendrite_count(&self.batch, &lanes[0, 0, 0], blocks, use, &histogram[0], &hits)
        return np.asarray(histogram), hits


cdef class Index:
    """Inverted index of fixed segments for single inputs.

    first : int64 (segments + 1,), where the synapses of each segment begin in `synapses`, int32 cell numbers below `cells`.
    """

    cdef segment_index index
    cdef object _owned
    cdef uint8_t[::1] _overlaps

    def __init__(self, int64_t cells, const int64_t[::1] first, const int32_t[::1] synapses):
        cdef int64_t segments = first.shape[0] - 1
        cdef uint32_t[::1] start = np.zeros(index_blocks(segments) * cells + 1, np.uint32)
        cdef uint16_t[::1] ids = np.empty(max(1, synapses.shape[0]), np.uint16)
        self._overlaps = np.zeros(segments, np.uint8)
        self._owned = (start, ids)
        self.index.cells, self.index.segments = cells, segments
        self.index.start, self.index.ids = &start[0], &ids[0]
        if synapses.shape[0]:
            with nogil:
                index_build(cells, segments, &first[0], &synapses[0], &start[0], &ids[0])

    def overlaps(self, const int32_t[::1] active, uint8_t[::1] out=None):
        """Overlap of every segment with one input, given as its active cells: uint8 (segments,)."""
        if out is None:
            out = np.empty(self.index.segments, np.uint8)
        cdef int64_t count = active.shape[0]
        if count == 0:
            out[:] = 0
            return np.asarray(out)
        with nogil:
            index_overlaps(&self.index, &active[0], count, &out[0])
        return np.asarray(out)

    def spikes(self, const int32_t[:, ::1] active, int64_t threshold):
        """Number of segments that reach the threshold on each input, int32 (inputs,); active : int32 (inputs, a)."""
        found = np.zeros(active.shape[0], np.int32)
        cdef int32_t[::1] view = found
        cdef int64_t inputs = active.shape[0], count = active.shape[1]
        if inputs and count:
            with nogil:
                index_spikes(&self.index, &active[0, 0], inputs, count, threshold, &self._overlaps[0], &view[0])
        return found


def conditional_inputs(int64_t n, int64_t a, const int32_t[:, ::1] rows, const int32_t[::1] sizes, const int64_t[::1] chosen,
                       const int64_t[::1] overlaps, uint32_t k0, uint32_t k1):
    """Inputs t = 0, 1, ..., uniform among those that share overlaps[t] cells with segment chosen[t]: int32 (inputs, a).

    rows : sorted rows of cells, padded at their end; sizes : synapses in each.
    """
    cdef int64_t t, inputs = chosen.shape[0]
    found = np.empty((inputs, a), np.int32)
    cdef int32_t[:, ::1] view = found
    cdef int32_t[::1] order = np.arange(n, dtype=np.int32), swaps = np.empty(n, np.int32)
    cdef int32_t[::1] local = np.empty(max(1, rows.shape[1]), np.int32)
    with nogil:
        for t in range(inputs):
            conditional_input(n, a, &rows[chosen[t], 0], sizes[chosen[t]], overlaps[t], k0, k1, <uint64_t> t, &order[0],
                              &swaps[0], &local[0], &view[t, 0])
    return found


def swap_moves(int64_t a, const int64_t[::1] start, const int32_t[::1] ids, int64_t moves, int64_t level, uint32_t k0,
               uint32_t k1, int32_t[:, ::1] cells, int32_t[:, ::1] overlaps):
    """Swap moves of every particle that keep some segment at or above the level; returns the number of kept moves.

    start, ids : segments of each cell; cells : int32 (particles, n), active cells first; overlaps : int32 (particles,
    segments).  `cells` and `overlaps` change in place.
    """
    cdef particle_system system
    cdef int64_t t, kept = 0
    system.cells, system.active, system.segments = cells.shape[1], a, overlaps.shape[1]
    system.start, system.ids = &start[0], &ids[0]
    with nogil:
        for t in range(cells.shape[0]):
            kept += particle_moves(&system, moves, level, k0, k1, <uint32_t> t, &cells[t, 0], &overlaps[t, 0])
    return kept
