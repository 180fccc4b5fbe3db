"""Is this installation right? `hebbian check` answers in about a minute; the first line of a batch job.

Every check compares two independent routes: compiled kernels with their readable twins, long runs with exact enumeration,
saddle points with limits known in closed form, the launcher's word with the MPI world.
"""

import math
import platform
import sys
import time
from itertools import product

import numpy as np

from hebbian import machine, patterns, reference, streams
from hebbian.errors import HebbianError
from hebbian.models.dense import DenseHopfield, integer_table


def run(out=None) -> bool:
    """Run every check, print one line each, and return whether all passed."""
    out = sys.stdout if out is None else out
    passed = True
    for check in (known_answers, kernel_equals_twin, kernel_samples_boltzmann, dendrites_follow_counting,
                  saddles_have_their_limits, world_is_whole):
        began = time.perf_counter()
        try:
            good, detail = check()
        except (HebbianError, ImportError, OSError) as error:
            good, detail = False, f"{type(error).__name__}: {error}"
        name = check.__name__.replace("_", " ")
        print(f"{'ok  ' if good else 'FAIL'} {name}: {detail} ({time.perf_counter() - began:.1f} s)", file=out, flush=True)
        passed = passed and good
    return passed


def known_answers():
    """Philox4x32-10 against its published zero-key, zero-counter words."""
    words = tuple(int(word) for word in streams.words((0, 0), 0))
    return words == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8), "Philox4x32-10 gives its published words"


def kernel_equals_twin():
    """Compiled sweeps and their Python twin, spin for spin."""
    sweeps = 8
    for p, energy, rule, N, K, T in ((2, "distinct", "heat_bath", 70, 30, 0.5), (3, "power", "metropolis", 41, 130, 0.3),
                                     (4, "distinct", "heat_bath", 30, 200, 0.05)):
        packed, table, spins, tau = _system(DenseHopfield(p=p, energy=energy, K=K), N, T, replicas=2)
        kernel, twin = _kernel(packed, table, spins), reference.DenseTwin(packed.unpack(), table.values, spins)
        _advance(kernel, sweeps, tau, rule)
        for t in range(sweeps):
            twin.sweep(_KEY, t, tau, rule)
        if not (np.array_equal(kernel.spins, twin.spins) and np.array_equal(kernel.overlaps, twin.overlaps)):
            return False, f"p = {p} {energy} {rule} differs from its twin"
    return True, f"spins and overlaps equal for p = 2, 3, 4 on path {machine.kernel()['kernel_path']}"


def kernel_samples_boltzmann():
    """The kernel's distribution over all 2^8 states of one sample against the exact one."""
    from scipy.stats import chi2

    N, T, draws, gap = 8, 0.25, 5, 15
    model = DenseHopfield(p=3, K=6)
    packed, table, spins, tau = _system(model, N, T, replicas=10_000)
    kernel = _kernel(packed, table, spins)
    counts, weights = np.zeros(2**N, np.int64), 2 ** np.arange(N)[::-1]
    for draw in range(draws):
        _advance(kernel, gap if draw else 40, tau, "heat_bath", first=40 + gap * draw)
        counts += np.bincount((kernel.spins > 0) @ weights, minlength=2**N)
    states = np.array(list(product((-1, 1), repeat=N)))
    utility = table.values[(states @ packed.unpack().T.astype(int) + N) // 2].sum(axis=1) * float(table.unit)
    weight = np.exp((utility - utility.max()) / T)
    expected = weight / weight.sum() * counts.sum()
    p = chi2.sf(((counts - expected) ** 2 / expected).sum(), 2**N - 1)
    return p > 1e-6, f"exact enumeration of 2^{N} states, chi-square p = {p:.2g}"


def dendrites_follow_counting():
    """Overlap counts of segments with their Python twin, and a sampled false positive with the exact one."""
    from hebbian import reference_dendrites, simulate, solve
    from hebbian._kernels import dendrites as kernel
    from hebbian.models.dendrites import Dendrite
    from hebbian.simulation.dendrites import stored

    small = Dendrite(n=41, a=8, s=8, theta=2, patterns=3, segments=2, noise=3)
    key = streams.key("segments", small.family, 41, 8, 8, 3, 2, 3, seed=1, sample=0)
    twin = reference_dendrites.BatchTwin.store(small, 4, key)
    inputs = [reference_dendrites.random_input(41, 8, _KEY, t) for t in range(kernel.LANES)]
    found, hits = stored(small, 4, seed=1, sample=0).count(kernel.probes(41, 8, kernel.LANES, *_KEY))
    expected, expected_hits = twin.count(inputs, small.theta)
    if not np.array_equal(found[:len(expected)], expected) or hits != expected_hits:
        return False, "overlap counts differ from their twin"
    model = Dendrite(n=500, a=64, s=24, theta=8)
    run, exact = simulate(model, trials=10_000_000, seed=1), solve(model).false_positive
    z = (run.false_positive.mean - exact) / run.false_positive.error
    return abs(z) < 5, f"false positive {run.false_positive} and exactly {exact:.6f}"


def saddles_have_their_limits():
    """Saddle points against the T = 0 capacity in closed form and the mean-field magnet at zero load."""
    from scipy.optimize import brentq, minimize_scalar

    from hebbian.theory import dense

    def load(y):
        return (math.erf(y) / y - 2 / math.sqrt(math.pi) * math.exp(-y * y)) ** 2 / 2

    exact = -minimize_scalar(lambda y: -load(y), bounds=(1, 2), method="bounded", options={"xatol": 1e-12}).fun
    capacity = dense.capacity(DenseHopfield(p=2), T=0.0)
    magnet = brentq(lambda m: m - math.tanh(m / 0.5), 0.5, 1.0, xtol=1e-15)
    m = dense.solve(DenseHopfield(p=2, alpha=0.0), T=0.5).m
    good = abs(capacity - exact) < 1e-10 and abs(m - magnet) < 1e-10
    return good, f"alpha_c(T = 0) = {capacity:.12f}, m(alpha = 0, T = 0.5) = {m:.12f}"


def world_is_whole():
    """Every rank that a launcher announced is in one MPI world; a mismatch raises."""
    from hebbian import parallel

    world = parallel.launched()
    return True, f"{world.size} rank{'s' if world.size > 1 else ''}"


def info() -> dict:
    """Versions, processor, kernel path and libraries: what a bug report or a run's log needs."""
    from hebbian import parallel

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": machine.processor(),
        "memory_GiB": round(machine.available_memory() / 2**30, 2),
        "numerics": streams.NUMERICS,
        **machine.packages(),
        **machine.kernel(),
        "mpi": parallel.mpi_version(),
    }


_KEY = (2026, 11)


def _system(model, N, T, replicas):
    packed = patterns.rademacher(N, model.K, seed=1, sample=0)
    table = integer_table(model, N)
    spins = np.stack([streams.signs((5, 6), N, 0, replica) for replica in range(replicas)])
    return packed, table, spins, float(np.float32(T / float(table.unit)))


def _kernel(packed, table, spins):
    from hebbian._kernels.dense import DenseKernel

    return DenseKernel(packed.rows, packed.K, table.values, spins)


def _advance(kernel, sweeps, tau, rule, first=0):
    shape = (sweeps, len(kernel.spins))
    kernel.run(*_KEY, first, tau, rule == "heat_bath", np.zeros(shape, np.int32), np.zeros(shape, np.int64),
               np.zeros(shape, np.int64), np.zeros(sweeps, np.int64))
