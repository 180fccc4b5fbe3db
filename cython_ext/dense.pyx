# cython: language_level=3, boundscheck=False, wraparound=False, warn.multiple_declarators=False
# distutils: sources = cython_ext/src/paths.c cython_ext/src/path_portable.c cython_ext/src/path_avx2.c cython_ext/src/path_avx512.c cython_ext/src/path_avx512vnni.c
"""Compiled sweeps of dense Hopfield networks; the contract of the kernel is at the head of src/dense.h.

The owner object holds every buffer and chooses, once, the narrowest integers that provably hold every sum; the Python face
(hebbian.simulation.dense) has validated all that arrives here.
"""

import os

import numpy as np

from hebbian._kernels.integers import plan_of

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t


cdef extern from "src/dense.h" nogil:
    cdef enum:
        SQUARES, NARROW, WIDE, FLOATS, BLOCKED, SCREENED, SEQUENTIAL, RANDOM, WAITING

    ctypedef struct dense_table:
        const int64_t *values
        const int64_t *pairs
        const int64_t *packed
        int64_t up_unit, unit, largest
        int64_t moment[3]
        int64_t square[2]
        int32_t coefficient[8]
        int32_t degree, shift

    ctypedef struct pair_buffers:
        int64_t blocks, stride, ground, curvature
        float scale
        int32_t unit
        uint32_t *masks
        int16_t *tiles, *couplings, *signs, *fields
        int32_t *reach, *wide, *first

    ctypedef struct waiting_buffers:
        double base
        float *rates
        int64_t *sums
        double *hazard

    ctypedef struct dense_system:
        int64_t sites, patterns, words, replicas
        int32_t form, order
        const uint64_t *bits
        dense_table table
        pair_buffers pair
        int8_t *spins
        int64_t *energy, *thresholds
        int16_t *overlaps16
        int32_t *overlaps32
        int32_t *gains32
        int64_t *gains64
        float *floats
        int64_t *totals
        const int32_t *counts
        int32_t *visits
        waiting_buffers waiting
        float *acceptance

    ctypedef struct dense_series:
        int32_t *overlap
        int64_t *energy, *accepted, *agreement
        int8_t *spins

    ctypedef struct lane_system:
        int64_t sites, patterns, pairs, words, groups, ground, curvature
        float scale
        int32_t unit
        const uint64_t *bits
        uint8_t *signs
        int16_t *tiles, *excess, *spins, *overlaps, *sums, *accepted
        int32_t *thresholds
        const uint32_t *k0, *k1, *replica
        const float *tau

    ctypedef struct kernel_path:
        const char *name
        void (*thresholds)(int64_t *out, int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica,
                           float tau, int heat_bath) noexcept nogil
        void (*dense_start)(const dense_system *system) noexcept nogil
        void (*build_blocks)(const dense_system *system) noexcept nogil
        int64_t (*build_couplings)(const dense_system *system) noexcept nogil
        void (*start_waiting)(const dense_system *system, float tau, int heat_bath) noexcept nogil
        int64_t (*dense_run)(const dense_system *system, uint32_t k0, uint32_t k1, uint32_t first, int64_t sweeps,
                             float tau, int heat_bath, const dense_series *series) noexcept nogil
        void (*lane_start)(const lane_system *system) noexcept nogil
        void (*lane_run)(const lane_system *system, uint32_t first, int64_t sweeps, int heat_bath,
                         const dense_series *series) noexcept nogil
        int adds
        float (*float_adds)(int64_t rounds) noexcept nogil
        int64_t (*read_buffer)(const int32_t *buffer, int64_t bytes, int64_t rounds) noexcept nogil
        uint32_t (*random_words)(int64_t blocks, int thresholds) noexcept nogil

    const kernel_path *const *kernel_paths
    const int kernel_path_count
    int kernel_path_runs(int index)
    const char *kernel_compiler
    const char *kernel_flags


FORMS = {"squares": SQUARES, "narrow": NARROW, "wide": WIDE, "float32": FLOATS, "blocked": BLOCKED, "screened": SCREENED}
ORDERS = {"sequential": SEQUENTIAL, "random": RANDOM, "waiting": WAITING}

# Costs in ns of a quadratic U on one core: a site and a flip of each form, and their parts that grow with K or N.
cdef double BLOCK_SITE = 1.0, BLOCK_TERM = 0.02, BLOCK_FLIP = 20.0, BLOCK_MOVE = 0.1
cdef double SCREEN_SITE = 1.0, SCREEN_FLIP = 10.0, SCREEN_COUPLING = 0.04
cdef double SCREEN_PAIR = 4.0, SCREEN_WORD = 0.6  # to build a coupling, and its part a word of pattern bits
SCREEN_SITES = 8192  # couplings of more sites would take over 128 MiB

# Costs in ns of an attempt in all lanes of a group, and its part that grows with K.
cdef double LANES_SITE = 70.0, LANES_TERM = 0.45

GROUP = 32  # lanes of a LaneKernel that move together

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


select(os.environ.get("HEBBIAN_SIMD") or None)


cdef double blocked_cost(double patterns, double acceptance):
    """Nanoseconds of an attempt of a quadratic U in the form "blocked", roughly."""
    return BLOCK_SITE + BLOCK_TERM * patterns + acceptance * (BLOCK_FLIP + BLOCK_MOVE * patterns)


cdef double screened_cost(double sites, double acceptance):
    """The same in the form "screened"."""
    return SCREEN_SITE + acceptance * (SCREEN_FLIP + SCREEN_COUPLING * sites)


def lanes_pay(sites, patterns, acceptances):
    """Whether a `LaneKernel` of replicas with these acceptances takes less time than a `DenseKernel` for every one of them."""
    alone = sum(min(blocked_cost(patterns, a), screened_cost(sites, a)) for a in acceptances)
    return -(-len(acceptances) // GROUP) * (LANES_SITE + LANES_TERM * patterns) < alone


def build():
    """Compiler and flags of this build, for logs."""
    return {"compiler": kernel_compiler.decode(), "flags": kernel_flags.decode()}


def thresholds(int64_t attempts, uint32_t k0, uint32_t k1, uint32_t sweep, uint32_t replica, float tau, bint heat_bath):
    """Integer acceptance thresholds ceil(theta tau) of one sweep on the active path, int64 array (attempts,)."""
    out = np.zeros(-(-attempts // 64) * 64, np.int64)
    cdef int64_t[::1] view = out
    if attempts:
        active_path.thresholds(&view[0], attempts, k0, k1, sweep, replica, tau, heat_bath)
    return out[:attempts]


def float_adds(int64_t rounds):
    """Do a number of float32 adds in registers on the active path, and return how many they were."""
    with nogil:
        active_path.float_adds(rounds)
    return rounds * active_path.adds


def read_buffer(buffer, int64_t rounds):
    """Read an int32 array of a multiple of 128 entries `rounds` times on the active path; return the bytes read."""
    cdef const int32_t *start = <int32_t *> address(buffer)
    cdef int64_t size = buffer.nbytes
    with nogil:
        active_path.read_buffer(start, size, rounds)
    return size * rounds


def random_words(int64_t attempts, bint thresholds=False):
    """Make the random words of a number of attempts on the active path, or their Metropolis thresholds, and drop them.

    Returns the number made, whole blocks of 64.
    """
    cdef int64_t blocks = -(-attempts // 64)
    with nogil:
        active_path.random_words(blocks, thresholds)
    return 64 * blocks


def aligned(shape, dtype):
    """Zeros that start on a cache line."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start:start + size].view(dtype).reshape(shape)


cdef class DenseKernel:
    """Replicas of one quenched sample: packed patterns, spins and what the form of the kernel keeps, advanced by `run`.

    bits : uint64 (N, words), site-major patterns; K : number of patterns; table : int64 (N + 1,), U on the overlaps;
    spins : int8 (replicas, N).  `spins` and `energy` (sum_mu U(X_mu)) show the state without copying.
    form : the integers that sums run in, or "blocked" or "screened" for a quadratic U; None chooses the fastest that is
        exact, and goes on choosing between the last two.  "float32" rounds (src/floats.h).  path : the instruction set in use.
    order : "sequential"; "random" for N attempts a sweep at independent random sites; "waiting" for the law of "random" at
        the cost of its flips alone.
    rates : for "waiting", the acceptance of every flip after the last run, float32 (replicas, N).
    """

    cdef dense_system system
    cdef const kernel_path *path_
    cdef list _owned
    cdef object _overlaps, _rates_of
    cdef bint _fixed
    cdef double _missed
    cdef readonly object spins, energy, rates
    cdef readonly str form, path

    def __init__(self, const uint64_t[:, ::1] bits, int64_t K, const int64_t[::1] table, const int8_t[:, ::1] spins,
                 form=None, order="sequential"):
        cdef int64_t sites = bits.shape[0], words = bits.shape[1], replicas = spins.shape[0]
        plan = plan_of(table, sites, K, "pairs" if form in ("blocked", "screened") else form, order != "random")
        self.path, self.path_, self._owned = active(), active_path, [bits]
        self._fixed = form is not None or order == "waiting"
        self.spins, self.energy = np.array(spins), np.zeros(replicas, np.int64)
        cdef dense_system *system = &self.system
        system.sites, system.patterns, system.words, system.replicas = sites, K, words, replicas
        system.order, system.bits = ORDERS[order], &bits[0, 0]
        system.spins = <int8_t *> self.hold(self.spins)
        system.energy = <int64_t *> self.hold(self.energy)
        system.thresholds = <int64_t *> self.hold(aligned(-(-sites // 64) * 64, np.int64))
        system.counts = <int32_t *> self.hold(np.bitwise_count(np.asarray(bits)).sum(axis=1).astype(np.int32))
        system.totals = <int64_t *> self.hold(np.zeros((replicas, 3), np.int64))
        system.acceptance = <float *> self.hold(np.zeros(replicas, np.float32))
        if order == "random":
            system.visits = <int32_t *> self.hold(aligned(-(-sites // 64) * 64, np.int32))
        if order == "waiting":
            self._prepare_waiting()
        if plan.form == "pairs":
            self._prepare_pairs(plan)
            if order == "waiting" and form is None and not self._can_screen(SCREEN_SITES**2):
                plan = plan_of(table, sites, K, None, False)
        if plan.form == "pairs":
            if form == "blocked" and order == "waiting":
                raise ValueError("form 'blocked' keeps no fields to wait with: use 'screened' or give order = 'sequential'")
            if form == "screened" and not self._can_screen(sites * sites):
                raise ValueError("form 'screened' cannot hold these fields in 16 bits: use 'blocked'")
            self._enter(form or ("screened" if order == "waiting" else "blocked"))
        else:
            self._prepare_gains(plan)
            self._enter(plan.form)
        for replica, overlaps in enumerate(self.overlaps):
            self.energy[replica] = np.asarray(table)[(overlaps + sites) // 2].sum()

    cdef size_t hold(self, array):
        """Address of a buffer that lives as long as the kernel."""
        self._owned.append(array)
        return array.ctypes.data

    def _prepare_gains(self, plan):
        cdef dense_system *system = &self.system
        shape = (system.replicas, 64 * system.words)
        self._overlaps = aligned(shape, np.int32 if plan.form == "wide" else np.int16)
        gains = aligned(shape if plan.form != "squares" else 0,
                        {"wide": np.int64, "float32": np.float32}.get(plan.form, np.int32))
        system.overlaps16, system.overlaps32 = <int16_t *> self.hold(self._overlaps), <int32_t *> self.hold(self._overlaps)
        system.gains32, system.gains64 = <int32_t *> self.hold(gains), <int64_t *> self.hold(gains)
        system.floats = <float *> self.hold(gains)
        system.table.values = <const int64_t *> self.hold(plan.values)
        system.table.pairs = <const int64_t *> self.hold(plan.pairs)
        system.table.packed = <const int64_t *> self.hold(plan.packed) if plan.packed is not None else NULL
        system.table.up_unit, system.table.unit, system.table.largest = plan.up_unit, plan.unit, plan.largest
        system.table.moment, system.table.square = plan.moment, plan.square
        system.table.degree, system.table.shift = len(plan.coefficient) - 1, plan.shift
        for k, c in enumerate(plan.coefficient):
            system.table.coefficient[k] = <int32_t> <uint32_t> c

    def _prepare_waiting(self):
        cdef dense_system *system = &self.system
        replicas, blocks = system.replicas, -(-system.sites // 64)
        rates = aligned((replicas, 64 * blocks), np.float32)
        self.rates = rates[:, :system.sites]
        # The sum of N rates of at most 1 stays below 2^63 quanta.
        system.waiting.base = 2.0 ** max(0, int(system.sites - 1).bit_length() - 10)
        system.waiting.rates = <float *> self.hold(rates)
        system.waiting.sums = <int64_t *> self.hold(np.zeros((replicas, blocks + 1), np.int64))
        system.waiting.hazard = <double *> self.hold(np.zeros(replicas, np.float64))

    def _prepare_pairs(self, plan):
        cdef dense_system *system = &self.system
        cdef pair_buffers *pair = &system.pair
        blocks, stride = -(-system.sites // 32), -(-system.patterns // 4) * 4
        pair.blocks, pair.stride = blocks, stride
        pair.ground, pair.curvature, pair.scale = plan.ground, plan.curvature, 2.0 / plan.curvature
        pair.unit = 2 - system.sites % 2
        self._overlaps = aligned((system.replicas, 64 * system.words), np.int32)
        system.overlaps32 = <int32_t *> self.hold(self._overlaps)
        pair.masks = <uint32_t *> self.hold(aligned((blocks, stride), np.uint32))
        pair.tiles = <int16_t *> self.hold(aligned((blocks, 32, 32), np.int16))
        pair.reach = <int32_t *> self.hold(np.zeros(blocks, np.int32))
        pair.signs = <int16_t *> self.hold(aligned((system.replicas, 32 * blocks), np.int16))
        pair.wide = <int32_t *> self.hold(np.zeros(system.replicas, np.int32))
        pair.first = <int32_t *> self.hold(np.zeros(system.replicas, np.int32))
        with nogil:
            self.path_.build_blocks(system)

    cdef bint _can_screen(self, double budget):
        """Whether fields of all sites fit int16; their couplings are built, once, if they cost no more than `budget`."""
        cdef dense_system *system = &self.system
        cdef int64_t largest
        if system.pair.couplings == NULL and system.pair.fields == NULL:
            if <double> system.sites * system.sites > budget:
                return False
            padded = 32 * system.pair.blocks
            couplings = aligned((system.sites, padded), np.int16)
            system.pair.couplings = <int16_t *> <size_t> couplings.ctypes.data
            with nogil:
                largest = self.path_.build_couplings(system)
            system.pair.fields = <int16_t *> self.hold(aligned((system.replicas, padded), np.int16))
            system.pair.couplings = <int16_t *> self.hold(couplings) if largest <= 32766 * system.pair.unit else NULL
        return system.pair.couplings != NULL

    def _enter(self, form):
        if form == self.form:
            return
        self.form, self.system.form = form, FORMS[form]
        with nogil:
            self.path_.dense_start(&self.system)

    cdef _reconsider(self, double acceptance, double attempts):
        """Blocked or screened, whichever its measured costs make faster at this acceptance.

        Couplings are built once screening would have saved their cost, so that short runs never pay for them.
        """
        cdef double N = self.system.sites
        cdef double gain = blocked_cost(self.system.patterns, acceptance) - screened_cost(N, acceptance)
        if gain > 0:
            self._missed += gain * attempts
        cdef bint built = self.system.pair.fields != NULL
        cdef bint worth = built or self._missed > N * N * (SCREEN_PAIR + SCREEN_WORD * self.system.words)
        self._enter("screened" if gain > 0 and worth and self._can_screen(SCREEN_SITES**2) else "blocked")

    @property
    def overlaps(self):
        """X_mu of every replica, a fresh int32 array (replicas, K)."""
        stored, K = self._overlaps, self.system.patterns
        if self.form in ("squares", "narrow", "float32"):
            # Groups of 32 lie in the lane order of src/vector.h.
            stored = stored.reshape(len(stored), -1, 16, 2).swapaxes(2, 3).reshape(stored.shape)
        if self.form == "blocked":
            wide = np.array([self.system.pair.wide[replica] for replica in range(len(stored))], bool)
            stored = np.where(wide[:, None], stored, self.system.pair.unit * stored.astype(np.int16).astype(np.int32))
        if self.form == "screened":
            rows = np.asarray(self._owned[0]).view(np.uint8)
            stored = self.spins.astype(np.float32) @ (2 * np.unpackbits(rows, axis=1, bitorder="little").astype(np.float32) - 1)
        return stored[:, :K].astype(np.int32)

    def run(self, uint32_t k0, uint32_t k1, uint32_t first, float tau, bint heat_bath, int32_t[:, ::1] overlap,
            int64_t[:, ::1] energy, int64_t[:, ::1] accepted, int64_t[::1] agreement, int8_t[:, :, ::1] spins=None):
        """Advance by one sweep a row of the series arrays, from sweep index `first`; return the sweeps done.

        spins : int8 (sweeps, replicas, N), where the spins after every sweep are wanted too.
        Fewer rows than given are filled only at tau = 0, when nothing can flip any more.
        """
        cdef int64_t done = 0, sweeps = agreement.shape[0], flips = 0, t, r
        cdef double attempts
        cdef dense_series series
        if sweeps == 0:
            return 0
        series.overlap, series.energy = &overlap[0, 0], &energy[0, 0]
        series.accepted, series.agreement = &accepted[0, 0], &agreement[0]
        series.spins = NULL if spins is None else &spins[0, 0, 0]
        if self.system.order == WAITING and self._rates_of != (tau, heat_bath):
            self._rates_of = (tau, heat_bath)
            with nogil:
                self.path_.start_waiting(&self.system, tau, heat_bath)
        with nogil:
            done = self.path_.dense_run(&self.system, k0, k1, first, sweeps, tau, heat_bath, &series)
        if self.system.form >= BLOCKED and not self._fixed:
            for t in range(done):
                for r in range(self.system.replicas):
                    flips += accepted[t, r]
            attempts = <double> done * self.system.sites * self.system.replicas
            self._reconsider(<double> flips / attempts, attempts)
        return done


cdef class LaneKernel:
    """Replicas of one quenched sample of a quadratic U side by side, each with its own temperature and random key.

    bits, K, table : as for `DenseKernel`; spins : int8 (replicas, N), N below 32768.  Every replica is bit for bit the
    `DenseKernel` run with its key, its replica index and its tau; 16 replicas or more are faster together.
    """

    cdef lane_system system
    cdef const kernel_path *path_
    cdef list _owned
    cdef object _spins, _overlaps, _streams
    cdef readonly int64_t replicas
    cdef readonly str path

    def __init__(self, const uint64_t[:, ::1] bits, int64_t K, const int64_t[::1] table, const int8_t[:, ::1] spins):
        cdef lane_system *system = &self.system
        cdef int64_t sites = bits.shape[0]
        plan = plan_of(table, sites, K)
        if plan.form != "pairs" or sites > 32767:
            raise ValueError("lanes need a quadratic U and at most 32767 spins: use DenseKernel")
        self.path, self.path_, self._owned = active(), active_path, [bits]
        self.replicas = spins.shape[0]
        groups, blocks, pairs = -(-self.replicas // GROUP), -(-sites // 8), -(-K // 2)
        lanes = GROUP * groups
        system.sites, system.patterns, system.pairs, system.words, system.groups = sites, K, pairs, bits.shape[1], groups
        system.ground, system.curvature, system.scale = plan.ground, plan.curvature, 2.0 / plan.curvature
        system.unit = 2 - sites % 2
        system.bits = &bits[0, 0]
        self._spins, self._overlaps = aligned((groups, sites, GROUP), np.int16), aligned((groups, pairs, 4, GROUP), np.int16)
        filled = np.asarray(spins)[np.arange(lanes) % self.replicas]
        self._spins[:] = filled.reshape(groups, GROUP, sites).swapaxes(1, 2)
        self._streams = [aligned(lanes, dtype) for dtype in (np.uint32, np.uint32, np.uint32, np.float32)]
        system.signs = <uint8_t *> self.hold(aligned((blocks, 2 * pairs), np.uint8))
        system.tiles = <int16_t *> self.hold(aligned((blocks, 8, 8), np.int16))
        system.excess = <int16_t *> self.hold(aligned(8 * blocks, np.int16))
        system.spins, system.overlaps = <int16_t *> self.hold(self._spins), <int16_t *> self.hold(self._overlaps)
        system.sums = <int16_t *> self.hold(aligned(lanes, np.int16))
        system.accepted = <int16_t *> self.hold(aligned(lanes, np.int16))
        system.thresholds = <int32_t *> self.hold(aligned((64, GROUP), np.int32))
        system.k0, system.k1 = <uint32_t *> self.hold(self._streams[0]), <uint32_t *> self.hold(self._streams[1])
        system.replica = <uint32_t *> self.hold(self._streams[2])
        system.tau = <float *> self.hold(self._streams[3])
        with nogil:
            self.path_.lane_start(system)

    cdef size_t hold(self, array):
        self._owned.append(array)
        return array.ctypes.data

    @property
    def spins(self):
        """Spins, a fresh int8 array (replicas, N)."""
        return self._of_replicas(self._spins).astype(np.int8)

    @property
    def overlaps(self):
        """X_mu of every replica, a fresh int32 array (replicas, K)."""
        stored = self._overlaps[:, :, 1:3].reshape(self.system.groups, -1, GROUP)[:, :self.system.patterns]
        return self.system.unit * self._of_replicas(stored).astype(np.int32)

    def _of_replicas(self, grouped):
        return np.ascontiguousarray(grouped.swapaxes(1, 2).reshape(-1, grouped.shape[1])[:self.replicas])

    def run(self, keys, indices, uint32_t first, taus, bint heat_bath, int64_t sweeps):
        """Advance all replicas from sweep index `first`.

        keys : two words a replica; indices : the replica index of its counters; taus : its temperature in units of the
        integer energy.  Returns overlap X_0, energy, accepted, each (sweeps, replicas), and the agreement sum_i s_i s_i' of
        replicas 2k and 2k + 1, (sweeps, replicas // 2).
        """
        cdef dense_series series
        lanes = GROUP * self.system.groups
        filled = np.arange(lanes) % self.replicas
        keys = np.asarray(keys, np.uint32)
        for array, values in zip(self._streams, (keys[:, 0], keys[:, 1], indices, taus)):
            array[:] = np.asarray(values).astype(array.dtype)[filled]
        overlap, energy = np.zeros((sweeps, lanes), np.int32), np.zeros((sweeps, lanes), np.int64)
        accepted, agreement = np.zeros((sweeps, lanes), np.int64), np.zeros((sweeps, lanes // 2), np.int64)
        series.overlap, series.energy = <int32_t *> address(overlap), <int64_t *> address(energy)
        series.accepted, series.agreement = <int64_t *> address(accepted), <int64_t *> address(agreement)
        series.spins = NULL
        with nogil:
            self.path_.lane_run(&self.system, first, sweeps, heat_bath, &series)
        R = self.replicas
        return overlap[:, :R], energy[:, :R], accepted[:, :R], agreement[:, :R // 2]


cdef size_t address(array):
    return array.ctypes.data
