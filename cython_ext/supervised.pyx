# cython: language_level=3, boundscheck=False, wraparound=False
# distutils: sources = cython_ext/src/supervised_paths.c cython_ext/src/supervised_portable.c cython_ext/src/supervised_avx2.c cython_ext/src/supervised_avx512.c cython_ext/src/supervised_avx512vnni.c
"""Compiled sweeps over rows of small integers: supervised networks and synchronous dynamics.

Their contracts are at the heads of src/supervised.h and src/synchronous.h.

The owner object holds every buffer and chooses, once, the integers that provably hold every sum; the Python face
(hebbian.simulation.dense) has validated all that arrives here.
"""

from math import comb

import numpy as np

from hebbian._kernels import dense
from hebbian._kernels.integers import narrow_plan

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint32_t


cdef extern from "src/supervised.h" nogil:
    cdef enum:
        FLOATS, NARROW, BLOCKS, QUARTIC, SLACK

    ctypedef struct narrow_buffers:
        double slope
        const double *tops
        const int64_t *loads
        const int64_t *cubes
        int16_t *overlaps
        int32_t *condensed
        int32_t *values
        int32_t *count
        int64_t *magnitude
        int32_t *left
        int64_t limit, slack, tile
        int32_t shift
        int16_t *squares
        int32_t raised, level
        int64_t tiles
        double weight, lack
        float *acceptance

    ctypedef struct block_buffers:
        int8_t *entries
        int32_t *couplings
        const float *tops
        const float *rooms

    ctypedef struct float_buffers:
        const float *terms
        const float *bounds
        float room
        float *overlaps
        double *scale
        int32_t *left

    ctypedef struct supervised_system:
        int64_t sites, patterns, width, replicas, reach, unit, order, stretch
        int32_t form
        const int16_t *sums
        const int8_t *rows
        const int64_t *table
        int8_t *spins
        int32_t *overlaps
        int64_t *energy
        float *thresholds
        narrow_buffers narrow
        block_buffers block
        float_buffers floats

    ctypedef struct supervised_series:
        int32_t *overlap
        int64_t *energy
        int64_t *accepted
        int64_t *agreement
        int8_t *spins

    ctypedef struct synchronous_system:
        int64_t sites, patterns, width, replicas, reach, tile
        int32_t wide, planes
        const void *rows
        const int32_t *field
        const int64_t *table
        int8_t *spins
        int32_t *overlaps
        int16_t *low
        int16_t *high
        int64_t *fields
        int64_t *energy
        float *thresholds
        int32_t *flips

    ctypedef struct supervised_path:
        void (*start)(const supervised_system *system) noexcept nogil
        int64_t (*run)(const supervised_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                       float tau, int heat_bath, const supervised_series *series) noexcept nogil
        void (*synchronous_start)(const synchronous_system *system) noexcept nogil
        int64_t (*synchronous_run)(const synchronous_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                                   float tau, const supervised_series *series) noexcept nogil

    const supervised_path *supervised_path_of(const char *name)


#: Bytes of rows that the replicas of a sample visit in turn before the next: half of a private cache.
STRETCH = 2**17

FORMS = {"floats": FLOATS, "narrow": NARROW, "blocks": BLOCKS, "quartic": QUARTIC}


cdef class SupervisedKernel:
    """Replicas of one quenched sample: sums of examples, spins and what the form of the kernel keeps, advanced by `run`.

    sums : int16 (N, width), width a multiple of 32; K : number of archetypes; table : int64 (M N + 1,), U on the overlaps;
    polynomial : float (p + 1,), coefficients of U in units of the table, constant first; spins : int8 (replicas, N).
    `spins` and `energy` (sum_mu U(X_mu)) show the state without copying.  The path is that of the dense kernel.
    form : "floats", or "narrow" (p = 2 and 3), "blocks" (p = 2) or "quartic" (p = 4) where small integers hold the sums; None
        chooses the fastest.
    """

    cdef supervised_system system
    cdef const supervised_path *path
    cdef list _owned
    cdef object _overlaps
    cdef readonly object spins, energy
    cdef readonly str form

    def __init__(self, const int16_t[:, ::1] sums, int64_t K, const int64_t[::1] table, polynomial,
                 const int8_t[:, ::1] spins, form=None):
        cdef supervised_system *system = &self.system
        polynomial, plan = np.asarray(polynomial, float), narrow_plan(np.asarray(sums), K, polynomial)
        forms = ("floats",) if plan is None else ("floats", *plan.forms)
        form = max(forms, key=forms.index) if form is None else form
        if form not in forms:
            raise ValueError(f"form {form!r} cannot hold these sums: use 'floats'")
        self.form, self._owned = form, [table]
        system.form = FORMS[form]
        self.spins, self.energy = np.array(spins), np.zeros(spins.shape[0], np.int64)
        system.sites, system.patterns = sums.shape[0], K
        system.width, system.replicas = sums.shape[1], spins.shape[0]
        system.reach, system.order, system.unit = table.shape[0] - 1, len(polynomial) - 1, 1
        system.table = &table[0]
        self._overlaps = dense.aligned((system.replicas, system.width), np.int32)
        system.spins, system.energy = <int8_t *> self.hold(self.spins), <int64_t *> self.hold(self.energy)
        system.overlaps = <int32_t *> self.hold(self._overlaps)
        system.thresholds = <float *> self.hold(dense.aligned((system.replicas, -(-system.sites // 64) * 64), np.float32))
        together, row = 32 if form == "blocks" else 4, system.width * (2 if form == "floats" else 1)
        system.stretch = together * max(1, STRETCH // (together * row))
        self.path = supervised_path_of(dense.active().encode())
        if form == "floats":
            self._prepare_floats(np.asarray(sums), polynomial)
        else:
            self._prepare_narrow(plan)
        if form == "blocks":
            self._prepare_blocks(plan)
        if form == "quartic":
            self._prepare_quartic(plan.quartic)
        with nogil:
            self.path.start(&self.system)

    cdef size_t hold(self, array):
        """Address of a buffer that lives as long as the kernel."""
        self._owned.append(array)
        return array.ctypes.data

    def _prepare_floats(self, sums, polynomial):
        cdef supervised_system *system = &self.system
        cdef float_buffers *floats = &system.floats
        largest = max(int(sums.max()), -int(sums.min()))
        terms, bounds = _odd_terms(polynomial, largest)
        system.sums = <const int16_t *> self.hold(sums)
        floats.terms, floats.bounds = <const float *> self.hold(terms), <const float *> self.hold(bounds)
        floats.room = (2 * SLACK + 1) * largest
        floats.overlaps = <float *> self.hold(dense.aligned((system.replicas, system.width), np.float32))
        floats.scale = <double *> self.hold(np.zeros(system.replicas))
        floats.left = <int32_t *> self.hold(np.zeros(system.replicas, np.int32))

    def _prepare_narrow(self, plan):
        cdef supervised_system *system = &self.system
        cdef narrow_buffers *narrow = &system.narrow
        shape = (system.replicas, system.width)
        system.rows, system.unit = <const int8_t *> self.hold(plan.rows), plan.unit
        narrow.slope, narrow.limit, narrow.slack = plan.slope, plan.limit, plan.slack
        narrow.tile, narrow.shift = plan.tile, plan.shift
        narrow.tops, narrow.loads = <const double *> self.hold(plan.tops), <const int64_t *> self.hold(plan.loads)
        narrow.cubes = <const int64_t *> self.hold(plan.cubes)
        narrow.overlaps = <int16_t *> self.hold(dense.aligned(shape, np.int16))
        narrow.condensed = <int32_t *> self.hold(np.zeros(shape, np.int32))
        narrow.values = <int32_t *> self.hold(np.zeros(shape, np.int32))
        narrow.count = <int32_t *> self.hold(np.zeros(system.replicas, np.int32))
        narrow.left = <int32_t *> self.hold(np.zeros(system.replicas, np.int32))
        narrow.magnitude = <int64_t *> self.hold(np.zeros(system.replicas, np.int64))
        narrow.acceptance = <float *> self.hold(np.zeros(system.replicas, np.float32))

    def _prepare_blocks(self, plan):
        cdef supervised_system *system = &self.system
        padded = -(-system.sites // 32) * 32
        bounds = dense.aligned((2, padded), np.float32)
        bounds[:, :system.sites] = plan.tops, np.abs(plan.tops) * 2.0**-20 + system.patterns + 1
        system.block.entries = <int8_t *> self.hold(dense.aligned((padded, system.width), np.int8))
        system.block.couplings = <int32_t *> self.hold(dense.aligned((padded, 32), np.int32))
        system.block.tops, system.block.rooms = <const float *> self.hold(bounds[0]), <const float *> self.hold(bounds[1])

    def _prepare_quartic(self, quartic):
        cdef narrow_buffers *narrow = &self.system.narrow
        narrow.squares = <int16_t *> self.hold(dense.aligned((self.system.replicas, self.system.width), np.int16))
        narrow.raised, narrow.level, narrow.tiles = quartic.raised, quartic.level, quartic.tiles
        narrow.weight, narrow.lack = quartic.weight, quartic.lack

    @property
    def overlaps(self):
        """X_mu of every replica, a fresh int32 array (replicas, K)."""
        return int(self.system.unit) * self._overlaps[:, :self.system.patterns]

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement, int8_t[:, :, ::1] spins=None):
        """Advance by one sweep a row of the series arrays, from sweep index `first`; return the sweeps done.

        spins : int8 (sweeps, replicas, N), where the spins after every sweep are wanted too.
        Fewer rows than given are filled only at tau = 0, when the last one done accepted nothing.
        """
        cdef int64_t done = 0, sweeps = agreement.shape[0]
        cdef supervised_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        series.spins = NULL if spins is None else &spins[0, 0, 0]
        with nogil:
            done = self.path.run(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        return done


cdef class SynchronousKernel:
    """Replicas of one quenched sample under synchronous dynamics, advanced by `run`; the contract is src/synchronous.h.

    rows : int8 or int16 (N, width), width a multiple of 32, patterns or sums of examples; K : how many they are; table : int64,
    U on the overlaps; field : int32 of the same length, the field G of one pattern; spins : int8 (replicas, N).
    """

    cdef synchronous_system system
    cdef const supervised_path *path
    cdef list _owned
    cdef object _overlaps
    cdef readonly object spins, energy

    def __init__(self, rows, int64_t K, const int64_t[::1] table, const int32_t[::1] field, const int8_t[:, ::1] spins):
        cdef synchronous_system *system = &self.system
        replicas, sites = spins.shape[0], spins.shape[1]
        padded = -(-sites // 64) * 64
        shape = (replicas, rows.shape[1])
        self._owned = [table, field]
        self.spins, self.energy = np.array(spins), np.zeros(replicas, np.int64)
        self._overlaps = dense.aligned(shape, np.int32)
        system.sites, system.patterns, system.width, system.replicas = sites, K, rows.shape[1], replicas
        system.reach, system.wide = table.shape[0] - 1, rows.dtype == np.int16
        system.tile = max(1, (2**31 - 1) // (65536 * max(1, int(np.abs(rows).max()))))
        system.planes = 2 if np.abs(field).max() >= 2**15 else 1
        system.rows, system.table, system.field = <const void *> self.hold(rows), &table[0], &field[0]
        system.spins, system.energy = <int8_t *> self.hold(self.spins), <int64_t *> self.hold(self.energy)
        system.overlaps = <int32_t *> self.hold(self._overlaps)
        system.low = <int16_t *> self.hold(dense.aligned(shape, np.int16))
        system.high = <int16_t *> self.hold(dense.aligned(shape, np.int16))
        system.fields = <int64_t *> self.hold(np.zeros((replicas, 64), np.int64))
        system.thresholds = <float *> self.hold(dense.aligned((replicas, padded), np.float32))
        system.flips = <int32_t *> self.hold(np.zeros((replicas, sites), np.int32))
        self.path = supervised_path_of(dense.active().encode())
        with nogil:
            self.path.synchronous_start(system)

    cdef size_t hold(self, array):
        """Address of a buffer that lives as long as the kernel."""
        self._owned.append(array)
        return array.ctypes.data

    @property
    def overlaps(self):
        """X_mu of every replica, a fresh int32 array (replicas, K)."""
        return self._overlaps[:, :self.system.patterns].copy()

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement, int8_t[:, :, ::1] spins=None):
        """As the other kernels; the law is the heat bath's, `heat_bath` true."""
        cdef int64_t done = 0, sweeps = agreement.shape[0]
        cdef supervised_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        series.spins = NULL if spins is None else &spins[0, 0, 0]
        with nogil:
            done = self.path.synchronous_run(&self.system, k0, k1, first, sweeps, tau, &series)
        return done


def _odd_terms(polynomial, largest):
    """The odd powers of z in U(Y + z) - U(Y - z) = z (even order ? Y : 1) sum_jk terms_jk z^2j Y^2k, and their bounds.

    terms : float32 (d, d) with d = (order + 1) // 2.  bounds : float32 (d,), coefficients of |Y|^2k above those of a whole
    term, its factor |z| <= largest included.
    """
    order = len(polynomial) - 1
    if any(polynomial[order - 1::-2]):
        raise ValueError(f"a polynomial with even and odd powers, {polynomial}, has no form: give one of a single parity")
    d = (order + 1) // 2
    terms = np.zeros((d, d))
    for power in range(order, 0, -2):
        for j in range((power + 1) // 2):
            terms[j, (power - 1 - 2 * j) // 2] += 2 * comb(power, 2 * j + 1) * polynomial[power]
    bounds = (np.abs(terms) * float(largest) ** (2 * np.arange(d)[:, None] + 1)).sum(axis=0) * (1 + 2**-10)
    return terms.astype(np.float32), bounds.astype(np.float32)
