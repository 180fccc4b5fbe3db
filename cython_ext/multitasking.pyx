# cython: language_level=3, boundscheck=False, wraparound=False
# distutils: sources = cython_ext/src/multitasking_portable.c cython_ext/src/multitasking_avx2.c cython_ext/src/multitasking_avx512.c
"""Compiled sweeps of multitasking networks; the contract of the kernel is at the head of src/multitasking.h.

The owner object holds every buffer; the Python face (hebbian.simulation.multitasking) has validated all that arrives here.
"""

import numpy as np

from hebbian._kernels import dense
from hebbian._kernels.dense import aligned

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t


cdef extern from "src/multitasking.h" nogil:
    ctypedef struct multitasking_system:
        int64_t sites, blocks, replicas, rows, padded, patterns, truth_padded
        const uint32_t *planes
        const uint32_t *truth
        const int32_t *weights
        const int32_t *active
        int8_t *spins
        int32_t *overlaps

    ctypedef struct multitasking_series:
        int32_t *overlap
        int64_t *energy
        int64_t *accepted
        int64_t *agreement

    ctypedef int64_t multitasking_run(const multitasking_system *system, uint32_t k0, uint32_t k1, uint32_t first,
                                      int64_t sweeps, float tau, int heat_bath, const multitasking_series *series)
    multitasking_run *multitasking_path(int bits)


BITS = {"avx512": 512, "avx2": 256, "portable": 128}


def paths():
    """Names of the instruction sets that this machine can run, best first; all give the same integers."""
    return [name for name in BITS if name in dense.paths()]


def active():
    """Name of the path that new kernels use: that of the dense kernels, HEBBIAN_SIMD included, without VNNI."""
    return dense.active().removesuffix("vnni")


cdef class MultitaskingKernel:
    """Replicas of one quenched sample of H = -(1/2) sum_k X_k^2, advanced by `run`.

    rows : int8 (R, N) with entries -1, 0, +1, held as two bit planes; or int32 (R, N), held as weights.
    spins : int8 (replicas, N).
    truth : int8 (K, N), patterns to measure where they are not the rows; R is a multiple of K.
    path : one of `paths()`.
    """

    cdef multitasking_system system
    cdef multitasking_run *advance
    cdef object _owned, _spins
    cdef readonly object overlaps

    def __init__(self, rows, spins, truth=None, path=None):
        cdef int64_t sites = rows.shape[1], count = rows.shape[0], replicas = spins.shape[0]
        cdef int64_t blocks = -(-sites // 16), padded = -(-count // 16) * 16
        cdef const uint32_t[:, ::1] planes_view, truth_view
        cdef const int32_t[:, ::1] weight_view
        cdef const int32_t[::1] size_view
        cdef int8_t[:, ::1] spin_view
        cdef int32_t[:, ::1] overlap_view
        self.advance = multitasking_path(BITS[path or active()])
        self._spins = np.ones((replicas, 16 * blocks), np.int8)
        self._spins[:, :sites] = spins
        self.overlaps = aligned((replicas, padded), np.int32)
        for k, row in enumerate(rows):
            self.overlaps[:, k] = spins @ row.astype(np.int32)
        self._owned = [self.overlaps]
        self.system.sites, self.system.blocks, self.system.replicas = sites, blocks, replicas
        self.system.rows, self.system.padded = count, padded
        self.system.patterns = count if truth is None else len(truth)
        if rows.dtype == np.int8:
            planes, sizes = pack(rows), aligned((16 * blocks,), np.int32)
            sizes[:sites] = np.count_nonzero(rows, axis=0)
            planes_view, size_view = planes, sizes
            self.system.planes, self.system.active = &planes_view[0, 0], &size_view[0]
            self._owned += [planes, sizes]
        else:
            weights = aligned((sites, padded), np.int32)
            weights[:, :count] = rows.T
            weight_view = weights
            self.system.weights = &weight_view[0, 0]
            self._owned.append(weights)
        if truth is not None:
            measured = pack(truth)
            truth_view = measured
            self.system.truth, self.system.truth_padded = &truth_view[0, 0], measured.shape[1]
            self._owned.append(measured)
        spin_view, overlap_view = self._spins, self.overlaps
        self.system.spins, self.system.overlaps = &spin_view[0, 0], &overlap_view[0, 0]
        self.overlaps = self.overlaps[:, :count]

    @property
    def spins(self):
        """The spins now, int8 (replicas, N), without a copy."""
        return self._spins[:, :self.system.sites]

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, :, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement):
        """Advance by one sweep a row of the series arrays, from sweep index `first`; return the sweeps done.

        overlap : (sweeps, replicas, K), or 2 K with `truth`: the measured patterns, then the sums of X_k of each.
        Fewer rows than given are filled only at tau = 0, when the last one done accepted nothing.
        """
        cdef int64_t done = 0, sweeps = agreement.shape[0]
        cdef multitasking_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        with nogil:
            done = self.advance(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        return done


def pack(rows):
    """Two bit planes of int8 rows (R, N): uint32 (blocks, R padded to a multiple of 16), layout as in src/multitasking.h."""
    count, sites = rows.shape
    blocks = -(-sites // 16)
    planes = aligned((blocks, -(-count // 16) * 16), np.uint32)
    for k, row in enumerate(rows):
        half = np.zeros((2, 2 * blocks), np.uint8)
        for side, sign in enumerate((1, -1)):
            bits = np.packbits(row == sign, bitorder="little")
            half[side, :len(bits)] = bits
        low, high = half.view("<u2").astype(np.uint32)
        planes[:, k] = low | high << 16
    return planes
