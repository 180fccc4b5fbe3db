# cython: language_level=3, boundscheck=False, wraparound=False
# distutils: sources = cython_ext/src/supervised_paths.c cython_ext/src/supervised_portable.c cython_ext/src/supervised_avx2.c cython_ext/src/supervised_avx512.c
"""Compiled sweeps of supervised dense networks; the contract of the kernel is at the head of src/supervised.h.

The owner object holds every buffer; the Python face (hebbian.simulation.dense) has validated all that arrives here.
"""

import numpy as np

from hebbian._kernels import dense

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint32_t


cdef extern from "src/supervised.h" nogil:
    ctypedef struct supervised_system:
        int64_t sites, patterns, width, replicas, reach, order
        const int16_t *sums
        const int64_t *table
        const double *slopes
        const double *tops
        const double *bounds
        int8_t *spins
        int32_t *overlaps
        float *gains
        double *scale
        int64_t *energy
        int64_t *thresholds

    ctypedef struct supervised_series:
        int32_t *overlap
        int64_t *energy
        int64_t *accepted
        int64_t *agreement

    ctypedef struct supervised_path:
        void (*start)(const supervised_system *system) noexcept nogil
        int64_t (*run)(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                       float tau, int heat_bath, const supervised_series *series) noexcept nogil

    const supervised_path *supervised_path_of(const char *name)


cdef class SupervisedKernel:
    """Replicas of one quenched sample: sums of examples, spins, overlaps and gains, advanced by `run`.

    sums : int16 (N, width), width a multiple of 32; K : number of archetypes; table : int64 (M N + 1,), U on the overlaps;
    polynomial : float (p + 1,), coefficients of U in units of the table, constant first; spins : int8 (replicas, N).
    `spins`, `overlaps` and `energy` (sum_mu U(X_mu)) show the state without copying.  The path is that of the dense kernel.
    """

    cdef supervised_system system
    cdef const supervised_path *path
    cdef object _owned
    cdef readonly object spins, overlaps, energy

    def __init__(self, const int16_t[:, ::1] sums, int64_t K, const int64_t[::1] table, polynomial,
                 const int8_t[:, ::1] spins):
        cdef int64_t sites = sums.shape[0], width = sums.shape[1], replicas = spins.shape[0]
        cdef int64_t order = len(polynomial) - 1
        slopes, bounds = _slopes(np.asarray(polynomial, float), int(np.abs(sums).max()))
        tops = slopes[-1, 0] * (np.asarray(sums, float)**order).sum(axis=1)
        self.spins = np.array(spins)
        self.overlaps = np.zeros((replicas, width), np.int32)
        self.energy = np.zeros(replicas, np.int64)
        gains = np.zeros((replicas, order - 1, width), np.float32)
        scale = np.zeros(replicas)
        thresholds = np.zeros(-(-sites // 64) * 64, np.int64)
        self._owned = (sums, table, slopes, tops, bounds, gains, scale, thresholds)

        self.system.sites, self.system.patterns = sites, K
        self.system.width, self.system.replicas = width, replicas
        self.system.reach, self.system.order = table.shape[0] - 1, order
        self.system.sums, self.system.table = &sums[0, 0], &table[0]
        cdef const double[:, ::1] slope_view = slopes
        cdef const double[::1] top_view = tops, bound_view = bounds
        cdef int8_t[:, ::1] spin_view = self.spins
        cdef int32_t[:, ::1] overlap_view = self.overlaps
        cdef float[:, :, ::1] gain_view = gains
        cdef double[::1] scale_view = scale
        cdef int64_t[::1] energy_view = self.energy, threshold_view = thresholds
        self.system.slopes, self.system.tops, self.system.bounds = &slope_view[0, 0], &top_view[0], &bound_view[0]
        self.system.spins, self.system.overlaps = &spin_view[0, 0], &overlap_view[0, 0]
        self.system.gains, self.system.scale = &gain_view[0, 0, 0], &scale_view[0]
        self.system.energy, self.system.thresholds = &energy_view[0], &threshold_view[0]
        self.path = supervised_path_of(dense.active().encode())
        with nogil:
            self.path.start(&self.system)
        self.overlaps = self.overlaps[:, :K]

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement):
        """Advance by one sweep a row of the series arrays, from sweep index `first`; return the sweeps done.

        Fewer rows than given are filled only at tau = 0, when the last one done accepted nothing.
        """
        cdef int64_t done = 0, sweeps = agreement.shape[0]
        cdef supervised_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        with nogil:
            done = self.path.run(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        return done


def _slopes(polynomial, largest):
    """Coefficients (order, order) of (-2)^k U^(k) / k!, k = 1 .. order, and (order,) of their bound at |c| = largest."""
    order = len(polynomial) - 1
    slopes, derivative = np.zeros((order, order)), np.polynomial.Polynomial(polynomial)
    for k in range(1, order + 1):
        derivative = derivative.deriv() * (-2 / k)
        slopes[k - 1, :order - k + 1] = derivative.coef
    return slopes, float(largest) ** np.arange(1, order + 1) @ np.abs(slopes)
