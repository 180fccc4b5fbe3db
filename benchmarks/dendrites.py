"""Overlap kernels of dendritic segments beside scipy.sparse, in one run: ratios to the faster form of the peer.

    python benchmarks/dendrites.py

Single inputs: the inverted index against (a) the sum of the active columns of a CSC matrix, by `bincount` of their row
indices, and (b) a float32 CSR matrix times the dense input.  Batches: the bit-sliced counters against CSR times a dense
block of inputs.  Best of several repeats, the peers interleaved, so that a loaded machine slows all of them; every result is
compared with the peer's before it is timed.  Building an index or matrix is left out on both sides.
"""

import time

import numpy as np
import scipy.sparse as sp

from hebbian._kernels import dendrites as kernel

SINGLE = [(2048, 40, 32768, 20), (20000, 400, 20000, 24), (20000, 400, 200000, 24), (200000, 2000, 100000, 20)]
BATCH = [(2000, 40, 20), (2000, 64, 24), (20000, 400, 24)]
INPUTS, ROUNDS = 20, 40


def matrices(n, segments):
    """Segments as a float32 CSR and an int32 CSC matrix (segments, cells)."""
    K, s = segments.shape
    # 32-bit indices throughout: SciPy is a third as fast with 64-bit ones.
    first = np.arange(K + 1, dtype=np.int32) * np.int32(s)
    rows = sp.csr_matrix((np.ones(K * s, np.float32), segments.reshape(-1), first), shape=(K, n))
    return rows, rows.astype(np.int32).tocsc()


def best(functions, arguments=(None,), rounds=ROUNDS):
    """Shortest time of each function on each argument over interleaved rounds, averaged over the arguments, in seconds.

    Single calls are timed, so that a call between two interruptions by other work counts.
    """
    times = np.full((len(functions), len(arguments)), np.inf)
    for _ in range(rounds):
        for k, function in enumerate(functions):
            for i, argument in enumerate(arguments):
                began = time.perf_counter()
                function(argument)
                times[k, i] = min(times[k, i], time.perf_counter() - began)
    return times.mean(axis=1)


def single(n, a, K, s):
    """Time per input of the index, of CSC columns and of CSR times a vector."""
    segments, inputs = kernel.subsets(n, s, K, 1, 2), kernel.subsets(n, a, INPUTS, 3, 4)
    index = kernel.Index(n, np.arange(K + 1, dtype=np.int64) * s, segments.reshape(-1))
    rows, columns = matrices(n, segments)
    dense = np.zeros((INPUTS, n), np.float32)
    np.put_along_axis(dense, inputs.astype(np.int64), 1, axis=1)
    out = np.empty(K, np.uint8)
    expected = rows @ dense[0]
    assert np.array_equal(index.overlaps(inputs[0], out), expected)
    assert np.array_equal(np.bincount(columns[:, inputs[0]].indices, minlength=K), expected)
    own, by_columns = best([lambda i: index.overlaps(inputs[i], out),
                            lambda i: np.bincount(columns[:, inputs[i]].indices, minlength=K)], range(INPUTS))
    return own, by_columns, best([lambda i: rows @ dense[i]], range(2))[0]


def batch(n, a, s, K=4000, probes=1024):
    """Comparisons a second of the bit-sliced counters, wide and portable, and of CSR times a dense block."""
    store = kernel.Batch(n, a, s, 1, 0, K, 1, s // 2, False, 1, 2)
    lanes = kernel.probes(n, a, probes, 3, 4)
    rows, _ = matrices(n, np.ascontiguousarray(store.rows[:, :s]))
    block = np.zeros((n, probes), np.float32)
    block[kernel.subsets(n, a, probes, 3, 4).T, np.arange(probes)] = 1
    histogram, _ = store.count(lanes)
    assert np.array_equal(np.bincount((rows @ block).astype(np.int64).reshape(-1), minlength=len(histogram)), histogram)
    times = best([lambda _: store.count(lanes, True), lambda _: store.count(lanes, False), lambda _: rows @ block], rounds=5)
    return K * probes / times


def main():
    print("| n, a, K, s | index, us | CSC columns, us | CSR x vector, us | ratio to the faster |\n|---|---|---|---|---|")
    for case in SINGLE:
        own, columns, rows = (1e6 * seconds for seconds in single(*case))
        print(
            f"| {', '.join(map(str, case))} | {own:.1f} | {columns:.1f} | {rows:.0f} | {min(columns, rows) / own:.1f} |",
            flush=True,
        )
    print("\n| n, a, s | wide, comparisons/s | portable | CSR x block | ratio |\n|---|---|---|---|---|")
    for case in BATCH:
        wide, portable, rows = batch(*case)
        print(f"| {', '.join(map(str, case))} | {wide:.2g} | {portable:.2g} | {rows:.2g} | {wide / rows:.0f} |", flush=True)


if __name__ == "__main__":
    main()
