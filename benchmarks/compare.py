"""Kernels of hebbian against its peers: ratios of CPU time in one process, product and peer in turn.

    python benchmarks/compare.py            # makes benchmarks/.venv with the peers, installs this tree, runs there
    python benchmarks/compare.py --here     # uses the running interpreter, which has everything
    python benchmarks/compare.py --here p=2 lanes   # only the rows whose name contains one of the words; "machine" the limits

Every pair is timed A B A B ... in thread CPU time; a row is the median of the pairwise ratios with its range.  Samplers that
build their problem at every call are timed by the slope between a short and a long run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

PAIRS = 7
HERE = Path(__file__).resolve().parent
PEERS = ("numba", "dwave-samplers", "openjij")

# Name of a row -> the ratio it was built to reach, product over peer.
BARS = {
    "p=2 N=1000 retrieval / dwave": 10, "p=2 N=1000 retrieval / openjij": 7, "p=2 N=1000 retrieval / numba cached fields": 8,
    "p=2 N=1000 retrieval / numba int8 overlaps": 10,
    "p=2 N=1000 random / dwave": 18, "p=2 N=1000 random / openjij": 6, "p=2 N=1000 random / numba cached fields": 6,
    "p=2 N=1000 random / numba int8 overlaps": 4,
    "p=2 N=4000 retrieval / dwave": 6, "p=2 N=4000 retrieval / openjij": 5, "p=2 N=4000 retrieval / numba cached fields": 5,
    "p=2 N=4000 retrieval / numba int8 overlaps": 5,
    "p=2 N=4000 random / dwave": 50, "p=2 N=4000 random / openjij": 20, "p=2 N=4000 random / numba int8 overlaps": 3.3,
    "p=3 N=1000 K=5e4 retrieval / numba naive": 9, "p=3 N=1000 K=5e4 retrieval / numba informed": 5.5,
    "p=3 N=1000 K=5e4 hot / numba naive": 4.5, "p=3 N=1000 K=5e4 hot / numba informed": 3,
    "p=4 N=200 K=8e4 retrieval / numba naive": 6, "p=4 N=200 K=8e4 retrieval / numba informed": 3.5,
    "p=4 N=200 K=8e4 hot / numba naive": 1.8, "p=4 N=200 K=8e4 hot / numba informed": 1.2,
    "p=3 N=200 K=2e3 retrieval / numba naive": 3.5, "p=3 N=200 K=2e3 retrieval / numba informed": 1.4,
    "p=3 N=200 K=2e3 hot / numba naive": 2.7, "p=3 N=200 K=2e3 hot / numba informed": 1.6,
    "p=3 N=1000 K=5e4 retrieval / numba float64": 250, "p=3 N=1000 K=5e4 retrieval / NumPy": 3000,
    "p=3 N=120 K=1024 retrieval / openjij polynomial": 100,
    "lanes N=1000 / best numba": 8, "lanes N=4000 / best numba": 4.5, "lanes N=1000 / own single replica": 2,
    "lanes N=4000 / own single replica": 1.3,
    "avx512vnni / plain bit shifts": 10, "avx512 / plain bit shifts": 10, "avx2 / plain bit shifts": 6,
    "portable / plain bit shifts": 2,
}

BARS |= {"int16 squares / own int32 gains": 1.25}

# Name of a scan -> the least fraction of the machine's limit that it was to reach.
SCANS = {"four sites a pass, p=4 N=200 K=8e4 retrieval": 0.45, "one site a pass, p=4 N=200 K=8e4 retrieval": 0.6,
         "one site a pass, p=4 N=500 K=1e6 retrieval": 0.75}

# Name of a share -> the most of a kernel's time that it was to take.
SHARES = {
    "random words of p=2 N=1000 retrieval": 0.35, "random words of p=2 N=1000 random": 0.15,
    "random words of p=2 N=4000 retrieval": 0.15, "random words of p=2 N=4000 random": 0.15,
    "random words of p=3 N=200 K=2e3 retrieval": 0.15, "random words of p=3 N=1000 K=5e4 retrieval": 0.15,
    "random words of lanes N=1000": 0.15, "random words of lanes N=4000": 0.15,
    "calls of 1e5 attempts, p=2 N=1000 retrieval": 0.02, "calls of 1e5 attempts, p=2 N=1000 random": 0.02,
}


def install():
    """An environment of its own with the peers and this tree."""
    python = HERE / ".venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HERE / ".venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS, HERE.parent], check=True)
    os.execv(python, [str(python), str(HERE / "compare.py"), "--here", *sys.argv[1:]])


def cpu(function, *arguments):
    start = time.thread_time()
    function(*arguments)
    return time.thread_time() - start


def sized(function, duration):
    """Sweeps that take about `duration` seconds."""
    function(1)
    sweeps = 1
    while (used := cpu(function, sweeps)) < duration / 6:
        sweeps *= 4
    return max(1, round(sweeps * duration / used))


def slope(function, short, long):
    return (cpu(function, long) - cpu(function, short)) / (long - short)


class Table:
    def __init__(self, words):
        self.words = words
        self.begin("row", "product M/s", "ratio", "range", "bar", "")

    def begin(self, *columns):
        """A table of these columns, printed with its first line."""
        self.head = f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|\n"

    def line(self, *cells):
        print(f"{self.head}| {' | '.join(cells)} |", flush=True)
        self.head = ""

    def wanted(self, name):
        return not self.words or any(word in name for word in self.words)

    def row(self, name, work, product, peer, duration=0.15, sliced=None, part=1.0, bar=None):
        """One ratio.  product, peer : functions of a number of sweeps of `work` attempts; sliced : lengths for a slope;
        part : fraction of a sweep that the peer does; bar : the ratio to reach, that of BARS where it is None."""
        if not self.wanted(name):
            return
        ours = sized(product, duration)
        theirs = None if sliced else sized(peer, duration)
        ratios, rates = [], []
        for _ in range(PAIRS):
            a = cpu(product, ours) / ours
            b = slope(peer, *sliced) if sliced else cpu(peer, theirs) / theirs
            ratios.append(b / part / a)
            rates.append(work / a)
        median, bar = statistics.median(ratios), bar or BARS.get(name)
        verdict = "" if bar is None else "ok" if median >= bar else "MISSED"
        self.line(name, f"{statistics.median(rates) / 1e6:.3g}", f"{median:.3g}", f"{min(ratios):.3g}-{max(ratios):.3g}",
                  f"{bar or ''}", verdict)


    def share(self, name, sample):
        """One share of a kernel's time; `sample` measures it once a call."""
        shares, bar = [sample() for _ in range(PAIRS)], SHARES.get(name)
        median = statistics.median(shares)
        verdict = "" if bar is None else "ok" if median <= bar else "MISSED"
        self.line(name, f"{median:.1%}", f"{min(shares):.1%} to {max(shares):.1%}", f"{bar:.0%}" if bar else "", verdict)


def pairwise(table):
    import numpy as np
    import peers

    from hebbian.bench import WORKS, settled

    for work in (w for w in WORKS if w.p == 2):
        if not any(table.wanted(name) for name in BARS if name.startswith(work.name)):
            continue
        product = settled(work)
        spins = product.kernel.spins[0].copy()
        rows = unpacked(work)
        J = (rows.astype(np.float32) @ rows.T.astype(np.float32)).astype(np.float64) / work.N
        np.fill_diagonal(J, 0.0)
        beta, N = 1 / work.T, work.N

        long = 160000 // (N // 100) // (8 if work.start == "random" else 1)
        dwave = peers.DwaveMetropolis(J)
        table.row(f"{work.name} / dwave", N, product, partial(dwave, spins, beta), sliced=(long // 10, long))
        openjij = peers.OpenjijMetropolis(J)
        table.row(f"{work.name} / openjij", N, product, partial(openjij, spins, beta))
        s, h = spins.astype(np.float64), J @ spins
        table.row(f"{work.name} / numba cached fields", N, product, partial(peers.pairwise_cached, J, s, h, beta))
        s8, n8 = spins.copy(), (spins.astype(np.int32) @ rows.astype(np.int32)).astype(np.int32)
        table.row(f"{work.name} / numba int8 overlaps", N, product,
                  partial(peers.pairwise_overlaps, rows, s8, n8, beta))
        del J, dwave, openjij


def unpacked(work):
    """int8 patterns (N, K) of a benchmark problem."""
    import numpy as np

    from hebbian import patterns

    return np.ascontiguousarray(patterns.rademacher(work.N, work.K, seed=1, sample=0).unpack().T)


def dense(table):
    import numpy as np
    import peers

    from hebbian.bench import WORKS, Advance, Work, settled

    for work in (w for w in WORKS if w.p > 2):
        if not any(table.wanted(name) for name in BARS if name.startswith(work.name)):
            continue
        product = settled(work)
        kernel = product.kernel
        rows, beta = unpacked(work), 1 / work.T
        s = [kernel.spins[0].copy() for _ in range(3)]
        n = [np.ascontiguousarray(kernel.overlaps[0]) for _ in range(2)]
        gain = np.zeros(work.K, np.float32)
        table.row(f"{work.name} / numba naive", work.N, product,
                  partial(peers.dense_naive, rows, s[0], n[0], work.p, beta))
        table.row(f"{work.name} / numba informed", work.N, product,
                  partial(peers.dense_informed, rows, s[1], n[1], gain, work.p, beta))
        if work.name == "p=3 N=1000 K=5e4 retrieval":
            few, rng = 100, np.random.default_rng(1)
            x = np.ascontiguousarray(rows.T[:, :few]).astype(np.float64)
            values = kernel.overlaps[0].astype(np.float64)
            s64 = s[2][:few].astype(np.float64)
            table.row(f"{work.name} / numba float64", work.N, product,
                      partial(peers.dense_float64, x, s64, values, work.p, beta), part=few / work.N)
            loop = partial(peers.dense_numpy, x, s64, values, work.p, beta, few, rng)
            table.row(f"{work.name} / NumPy", work.N, product, lambda k, loop=loop: loop(), part=few / work.N)
    if table.wanted("int16 squares / own int32 gains"):
        work = next(work for work in WORKS if work.name == "p=3 N=1000 K=5e4 retrieval")
        table.row("int16 squares / own int32 gains", work.N, settled(work), settled(work, "narrow"))
    work = Work("p=3 N=120 K=1024 retrieval", 3, 120, 1024, 0.6, "retrieval")
    if table.wanted(f"{work.name} / openjij polynomial"):
        product = Advance(*work.kernel())
        polynomial = peers.OpenjijPolynomial(unpacked(work).T)
        table.row(f"{work.name} / openjij polynomial", work.N, product, lambda n: polynomial(1 / work.T, n), sliced=(5, 30))


LANES, LADDERS = 64, ((1000, 50), (4000, 200))


class AdvanceLanes:
    """64 temperatures of one sample in lanes, from random starts, relaxed; further sweeps at every call."""

    def __init__(self, N, K):
        import numpy as np
        from hebbian._kernels.dense import LaneKernel

        from hebbian import patterns, streams
        from hebbian.bench import Work
        from hebbian.models.dense import DenseHopfield, integer_table

        self.T = np.linspace(0.2, 1.2, LANES)
        self.table = integer_table(DenseHopfield(K=K, p=2, energy="power"), N)
        self.taus = [Work("", 2, N, K, T, "random").tau(self.table) for T in self.T]
        self.packed = patterns.rademacher(N, K, seed=1, sample=0)
        spins = np.stack([streams.signs((1, 2), N, 0, r) for r in range(LANES)])
        self.kernel, self.done = LaneKernel(self.packed.rows, K, self.table.values, spins), 0
        self(200)

    def __call__(self, sweeps):
        self.kernel.run([(1, r) for r in range(LANES)], [0] * LANES, self.done, self.taus, False, sweeps)
        self.done += sweeps


def lanes(table):
    import numpy as np
    import peers
    from hebbian._kernels.dense import DenseKernel

    from hebbian.bench import Advance

    R = LANES
    for N, K in LADDERS:
        if not table.wanted(f"lanes N={N} / best numba"):
            continue
        product = AdvanceLanes(N, K)
        kernel, packed, table_, T, taus = product.kernel, product.packed, product.table, product.T, product.taus
        singles = [Advance(DenseKernel(packed.rows, K, table_.values, kernel.spins[r:r + 1]), taus[r]) for r in range(R)]

        def single(sweeps, singles=singles):
            for advance in singles:
                advance(sweeps)

        single(10)
        table.row(f"lanes N={N} / own single replica", N * R, product, single, duration=0.3)
        rows = np.ascontiguousarray(packed.unpack().T)
        s = [one.copy() for one in kernel.spins]
        n = [np.ascontiguousarray(one) for one in kernel.overlaps]

        def numba(sweeps, rows=rows, s=s, n=n, T=T):
            for r in range(R):
                peers.pairwise_overlaps(rows, s[r], n[r], 1 / T[r], sweeps)

        table.row(f"lanes N={N} / best numba", N * R, product, numba, duration=0.3)


def options(table):
    """Waiting times and rounded gains against the default of the same problem, at their own states."""
    from hebbian.bench import Advance, Work

    for p, N, K, temperatures in ((2, 1000, 50, (0.4, 0.3, 0.25, 0.2, 0.15, 0.1)), (3, 1000, 10000, (0.7, 0.5, 0.4)),
                                  (3, 1000, 50176, (0.3,))):
        for T in temperatures:
            name = f"waiting p={p} N={N} K={K} T={T}"
            if not table.wanted(name):
                continue
            work = Work(name, p, N, K, T, "retrieval")
            sequential, waiting = (Advance(*work.kernel(order=order)) for order in ("sequential", "waiting"))
            for advance in (sequential, waiting):
                advance(20000 if p == 2 else 4)
            flips = flips_of(waiting, 20000 if p == 2 else 200)
            table.row(f"{name} ({flips:.2g} flips a sweep) / own {sequential.kernel.form}", N, waiting, sequential)
    for p, N, T, start in ((8, 100, 1.5, "retrieval"), (8, 100, 10.0, "random"), (6, 300, 2.0, "retrieval"),
                           (4, 2000, 1.6, "retrieval"), (4, 2000, 6.0, "random"), (5, 100, 1.2, "retrieval"),
                           (5, 100, 6.0, "random")):
        K = 20000
        name = f"float32 p={p} N={N} K={K} {start}"
        if table.wanted(name):
            work = Work(name, p, N, K, T, start)
            exact, rounded = (Advance(*work.kernel(form)) for form in (None, "float32"))
            accepted = flips_of(exact, 8) / N
            table.row(f"{name} (acceptance {accepted:.2g}) / own {exact.kernel.form}", N, rounded, exact)


def flips_of(advance, sweeps):
    """Flips a sweep over the next sweeps."""
    advance(sweeps)
    return advance.acceptance_of_last() * advance.kernel.spins.shape[1]


def paths(table):
    """The scan of the dense kernel on every path of this machine against a plain loop over bits built like the wheel."""
    import ctypes
    import tempfile

    import numpy as np

    from hebbian import patterns
    from hebbian._kernels import dense as kernels
    from hebbian.bench import Advance, Work

    work = Work("scan", 4, 200, 4096, 0.1, "retrieval")
    packed, before = patterns.rademacher(work.N, work.K, seed=1, sample=0), kernels.active()
    gains = np.arange(work.K, dtype=np.int32)
    with tempfile.TemporaryDirectory() as build:
        library = Path(build) / "plain.so"
        subprocess.run(["cc", "-O3", "-shared", "-fPIC", HERE / "plain.c", "-o", library], check=True)
        scan = ctypes.CDLL(library).scan

        def plain(sweeps):
            scan(*(ctypes.c_void_p(array.ctypes.data) for array in (packed.rows, gains)),
                 *(ctypes.c_int64(n) for n in (work.N, work.K, sweeps)))

        for path in kernels.paths():
            kernels.select(path)
            table.row(f"{path} / plain bit shifts", work.N, Advance(*work.kernel("narrow")), plain)
    kernels.select(before)


def shares(table):
    """What random words, the thresholds made of them, and calls from Python take of a kernel's time."""
    from hebbian._kernels.dense import random_words

    from hebbian.bench import WORKS, overheads, settled

    def part_of(advance, attempts, sweeps, thresholds):
        return cpu(random_words, sweeps * attempts, thresholds) / cpu(advance, sweeps)

    kernels = [(work.name, work.N, lambda work=work: settled(work)) for work in WORKS
               if f"random words of {work.name}" in SHARES]
    kernels += [(f"lanes N={N}", N * LANES, lambda N=N, K=K: AdvanceLanes(N, K)) for N, K in LADDERS]
    parts = (("random words", False), ("thresholds", True))
    table.begin("share of a kernel's time", "median", "range", "bar", "")
    for name, attempts, make in kernels:
        names = [(f"{part} of {name}", thresholds) for part, thresholds in parts if table.wanted(f"{part} of {name}")]
        advance = make() if names else None
        for title, thresholds in names:
            table.share(title, partial(part_of, advance, attempts, sized(advance, 0.15), thresholds))
    for work in WORKS[:2]:
        title = f"calls of 1e5 attempts, {work.name}"
        if table.wanted(title):
            table.share(title, iter(overheads(work, 10**5, PAIRS)).__next__)


def scans(table):
    """Sums of gains against what the machine could do at most: float32 adds, or reads of as many bytes as the gains have."""
    import numpy as np

    from hebbian._kernels import dense as kernels
    from hebbian.bench import WORKS, settled

    table.begin("scan", "G terms/s", "GB/s of gains", "of the limit", "range", "bar", "")
    for name, bar in SCANS.items():
        passes, work = name.split(", ")
        work = next(w for w in WORKS if w.name == work)
        if not table.wanted(name):
            continue
        one = passes.startswith("one")
        advance, gains = settled(work, order="random" if one else "sequential"), np.ones(work.K, np.int32)
        rounds, sweeps, terms, fractions = max(1, 2**26 // gains.nbytes), sized(advance, 0.15), [], []
        for _ in range(PAIRS):
            terms.append(work.N * work.K * sweeps / cpu(advance, sweeps))
            begun = time.thread_time()
            limit = kernels.read_buffer(gains, rounds) / 4 if one else kernels.float_adds(2 * 10**6)
            fractions.append(terms[-1] * (time.thread_time() - begun) / limit)
        median, rate = statistics.median(fractions), statistics.median(terms) / 1e9
        table.line(name, f"{rate:.3g}", f"{4 * rate:.3g}", f"{median:.0%}", f"{min(fractions):.0%} to {max(fractions):.0%}",
                   f"{bar:.0%}", "ok" if median >= bar else "MISSED")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true")
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    if not arguments.here:
        install()
    sys.path.insert(0, str(HERE))
    from hebbian import bench

    if not arguments.words or "machine" in arguments.words:
        bench.run()
        print()
    table = Table(arguments.words)
    pairwise(table)
    dense(table)
    lanes(table)
    options(table)
    paths(table)
    shares(table)
    scans(table)


if __name__ == "__main__":
    main()
