# cython: language_level=3, boundscheck=False, wraparound=False
# distutils: sources = cython_ext/src/paths.c cython_ext/src/path_portable.c cython_ext/src/path_avx2.c cython_ext/src/path_avx512.c cython_ext/src/path_avx512vnni.c
"""Compiled sweeps of dense Hopfield networks; the contract of the kernel is at the head of src/dense.h.

The owner object holds every buffer and chooses, once, the narrowest integers that provably hold every sum; the Python face
(hebbian.simulation.dense) has validated all that arrives here.
"""

import os

import numpy as np

from hebbian._kernels.integers import Plan

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint32_t, uint64_t


cdef extern from "src/dense.h" nogil:
    cdef enum:
        SQUARES, NARROW, WIDE, BLOCKED, SCREENED

    ctypedef struct dense_table:
        const int64_t *pairs
        int64_t unit, largest
        int64_t moment[3]
        int64_t square[2]
        int32_t coefficient[8]
        int32_t degree, shift

    ctypedef struct dense_system:
        int64_t sites, patterns, words, replicas
        int32_t form
        const uint64_t *bits
        dense_table table
        int8_t *spins
        int64_t *energy
        int64_t *thresholds
        int16_t *overlaps16
        int32_t *overlaps32
        int32_t *gains32
        int64_t *gains64
        int64_t *totals
        const int32_t *counts
        float *acceptance

    ctypedef struct dense_series:
        int32_t *overlap
        int64_t *energy
        int64_t *accepted
        int64_t *agreement

    ctypedef struct kernel_path:
        const char *name
        void (*thresholds)(int64_t *out, int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica,
                           float tau, int heat_bath) noexcept nogil
        void (*dense_start)(const dense_system *system) noexcept nogil
        int64_t (*dense_run)(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                             float tau, int heat_bath, const dense_series *series) noexcept nogil

    const kernel_path *const *kernel_paths
    const int kernel_path_count
    int kernel_path_runs(int index)


FORMS = {"squares": SQUARES, "narrow": NARROW, "wide": WIDE}

cdef const kernel_path *active_path = NULL


def paths():
    """Names of the kernel paths that this machine runs, best first."""
    return [kernel_paths[k].name.decode() for k in range(kernel_path_count) if kernel_path_runs(k)]


def active():
    """Name of the path that new kernels use."""
    return active_path.name.decode()


def select(name=None):
    """Use the named path, or the best one, for the kernels built from now on."""
    global active_path
    compiled = [kernel_paths[k].name.decode() for k in range(kernel_path_count)]
    if name is not None and name not in compiled:
        raise ValueError(f"HEBBIAN_SIMD = {name!r} is unknown: use one of {', '.join(compiled)}")
    if name is not None and name not in paths():
        raise ValueError(f"HEBBIAN_SIMD = {name!r} needs instructions that this machine lacks: use one of "
                         f"{', '.join(paths())}")
    active_path = kernel_paths[compiled.index(name or paths()[0])]


select(os.environ.get("HEBBIAN_SIMD"))


def thresholds(int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica, float tau, bint heat_bath):
    """Integer acceptance thresholds ceil(theta tau) of one sweep on the active path, int64 array (attempts,)."""
    out = np.zeros(-(-attempts // 64) * 64, np.int64)
    cdef int64_t[::1] view = out
    if attempts:
        active_path.thresholds(&view[0], attempts, k0, k1, sweep, replica, tau, heat_bath)
    return out[:attempts]


def aligned(shape, dtype):
    """Zeros that start on a cache line."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + size].view(dtype).reshape(shape)


cdef class DenseKernel:
    """Replicas of one quenched sample: packed patterns, spins, overlaps and gains, advanced by `run`.

    bits : uint64 (N, words), site-major patterns; K : number of patterns; table : int64 (N + 1,), U on the overlaps;
    spins : int8 (replicas, N).  `spins` and `energy` (sum_mu U(X_mu)) show the state without copying.
    form : the integers that sums run in; None chooses the narrowest that is exact.  `path` : the instruction set in use.
    """

    cdef dense_system system
    cdef const kernel_path *path_
    cdef object _owned, _overlaps
    cdef readonly object spins, energy
    cdef readonly str form, path

    def __init__(self, const uint64_t[:, ::1] bits, int64_t K, const int64_t[::1] table, const int8_t[:, ::1] spins,
                 form=None):
        cdef int64_t sites = bits.shape[0], words = bits.shape[1], replicas = spins.shape[0]
        plan = Plan(table, sites, K, form)
        self.form, self.path, self.path_ = plan.form, active(), active_path
        self.spins = np.array(spins)
        self.energy = np.zeros(replicas, np.int64)
        wide = self.form == "wide"
        self._overlaps = aligned((replicas, 64 * words), np.int32 if wide else np.int16)
        gains = aligned((replicas, 64 * words if self.form != "squares" else 0), np.int64 if wide else np.int32)
        totals = np.zeros((replicas, 3), np.int64)
        thresholds = aligned(-(-sites // 64) * 64, np.int64)
        counts = np.bitwise_count(np.asarray(bits)).sum(axis=1).astype(np.int32)
        acceptance = np.zeros(replicas, np.float32)
        self._owned = (bits, plan.pairs, gains, totals, thresholds, counts, acceptance)

        cdef dense_system *system = &self.system
        system.sites, system.patterns, system.words, system.replicas = sites, K, words, replicas
        system.form = FORMS[self.form]
        system.bits = &bits[0, 0]
        system.table.pairs = <const int64_t *> address(plan.pairs)
        system.table.unit, system.table.largest = plan.unit, plan.largest
        system.table.moment, system.table.square = plan.moment, plan.square
        system.table.degree, system.table.shift = len(plan.coefficient) - 1, plan.shift
        for k, c in enumerate(plan.coefficient):
            system.table.coefficient[k] = <int32_t> <uint32_t> c
        system.spins = <int8_t *> address(self.spins)
        system.energy = <int64_t *> address(self.energy)
        system.thresholds = <int64_t *> address(thresholds)
        system.overlaps16 = <int16_t *> address(self._overlaps)
        system.overlaps32 = <int32_t *> address(self._overlaps)
        system.gains32 = <int32_t *> address(gains)
        system.gains64 = <int64_t *> address(gains)
        system.totals = <int64_t *> address(totals)
        system.counts = <int32_t *> address(counts)
        system.acceptance = <float *> address(acceptance)
        with nogil:
            self.path_.dense_start(system)
        for replica, overlaps in enumerate(self.overlaps):
            self.energy[replica] = np.asarray(table)[(overlaps + sites) // 2].sum()

    @property
    def overlaps(self):
        """X_mu of every replica, a fresh int32 array (replicas, K)."""
        stored = self._overlaps
        if self.form != "wide":
            # Groups of 32 lie in the lane order of src/vector.h.
            stored = stored.reshape(len(stored), -1, 16, 2).swapaxes(2, 3).reshape(stored.shape)
        return stored[:, :self.system.patterns].astype(np.int32)

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement):
        """Advance by one sweep a row of the series arrays, from sweep index `first`; return the sweeps done.

        Fewer rows than given are filled only at tau = 0, when the last one done accepted nothing.
        """
        cdef int64_t done = 0, sweeps = agreement.shape[0]
        cdef dense_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        with nogil:
            done = self.path_.dense_run(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        return done


cdef size_t address(array):
    return array.ctypes.data
