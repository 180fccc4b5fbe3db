# cython: language_level=3, boundscheck=False, wraparound=False
"""Compiled sweeps of dense Hopfield networks; the contract of the kernel is at the head of src/dense.h.

The owner object holds every buffer; the Python face (hebbian.simulation.dense) has validated all that arrives here.
"""

import numpy as np

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t


cdef extern from "src/dense.h" nogil:
    ctypedef struct dense_system:
        int64_t sites, patterns, words, replicas
        const uint64_t *bits
        const int64_t *up
        const int64_t *diff
        int8_t *spins
        int32_t *overlaps
        int64_t *gains
        int64_t *totals
        int64_t *energy
        int64_t *thresholds

    ctypedef struct dense_series:
        int32_t *overlap
        int64_t *energy
        int64_t *accepted
        int64_t *agreement

    void dense_start(const dense_system *system)
    int64_t dense_run(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps, float tau,
                      int heat_bath, const dense_series *series)


cdef class DenseKernel:
    """Replicas of one quenched sample: packed patterns, spins, overlaps and gains, advanced by `run`.

    bits : uint64 (N, words), site-major patterns; K : number of patterns; table : int64 (N + 1,), U on the overlaps;
    spins : int8 (replicas, N).  `spins`, `overlaps` and `energy` (sum_mu U(X_mu)) show the state without copying.
    """

    cdef dense_system system
    cdef object _owned
    cdef readonly object spins, overlaps, energy

    def __init__(self, const uint64_t[:, ::1] bits, int64_t K, const int64_t[::1] table, const int8_t[:, ::1] spins):
        cdef int64_t sites = bits.shape[0], words = bits.shape[1], replicas = spins.shape[0]
        steps = np.diff(np.asarray(table))
        up, down = np.append(steps, 0), np.append(0, -steps)
        diff = down - up
        self.spins = np.array(spins)
        self.overlaps = np.zeros((replicas, 64 * words), np.int32)
        gains = np.zeros((replicas, 64 * words), np.int64)
        totals = np.zeros((replicas, 2), np.int64)
        thresholds = np.zeros(-(-sites // 64) * 64, np.int64)
        self.energy = np.zeros(replicas, np.int64)
        self._owned = (bits, up, diff, gains, totals, thresholds)

        self.system.sites, self.system.patterns = sites, K
        self.system.words, self.system.replicas = words, replicas
        self.system.bits = &bits[0, 0]
        cdef const int64_t[::1] up_view = up, diff_view = diff
        cdef int8_t[:, ::1] spin_view = self.spins
        cdef int32_t[:, ::1] overlap_view = self.overlaps
        cdef int64_t[:, ::1] gain_view = gains, total_view = totals
        cdef int64_t[::1] energy_view = self.energy, threshold_view = thresholds
        self.system.up, self.system.diff = &up_view[0], &diff_view[0]
        self.system.spins, self.system.overlaps = &spin_view[0, 0], &overlap_view[0, 0]
        self.system.gains, self.system.totals = &gain_view[0, 0], &total_view[0, 0]
        self.system.energy, self.system.thresholds = &energy_view[0], &threshold_view[0]
        with nogil:
            dense_start(&self.system)
        self.overlaps = self.overlaps[:, :K]
        for replica in range(replicas):
            self.energy[replica] = np.asarray(table)[(self.overlaps[replica] + sites) // 2].sum()

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
            done = dense_run(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        return done
