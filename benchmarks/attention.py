"""Streaming retrieval beside NumPy and PyTorch in one run, one thread: ratios, the fraction of the matrix-product rate, memory.

Run with OMP_NUM_THREADS=1; PyTorch is compared where it is installed.  Times are CPU times of the thread, the best of
several rounds that take turns, because a shared machine only ever adds to them.
"""

import time
import tracemalloc

import numpy as np

from hebbian import attention
from hebbian._kernels import attention as kernel

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None


def materialised(query, memories, beta):
    """What a careful NumPy user writes: all scores at once, in place."""
    scores = (beta * query) @ memories.T
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores @ memories


def sdpa(query, memories, beta):
    """PyTorch's scaled_dot_product_attention with keys = values = memories."""
    q, x = torch.from_numpy(query)[None, None], torch.from_numpy(memories)[None, None]
    return torch.nn.functional.scaled_dot_product_attention(q, x, x, scale=beta)[0, 0].numpy()


def best(functions, rounds):
    """Least thread time of every function, in turns."""
    times = dict.fromkeys(functions, np.inf)
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.thread_time()
            function()
            times[name] = min(times[name], time.thread_time() - start)
    return times


def ratios(R, K, d, rounds, beta):
    """Times of hebbian, NumPy, PyTorch and of the two bare matrix products of one step."""
    draw = np.random.default_rng(0)
    X, q = draw.standard_normal((K, d), dtype=np.float32), draw.standard_normal((R, d), dtype=np.float32)
    functions = {"hebbian": lambda: attention.retrieve(q, X, beta), "numpy": lambda: materialised(q, X, beta)}
    if torch is not None:
        functions["torch"] = lambda: sdpa(q, X, beta)
    if R > 1:
        width = 2048
        block, scores = X[:width], np.empty((R, width), np.float32)
        out = np.empty((R, d), np.float32)

        def products():
            for _ in range(K // width):
                np.matmul(q, block.T, out=scores)
                np.matmul(scores, block, out=out)

        side = draw.standard_normal((1024, 1024), dtype=np.float32)
        functions |= {"products": products, "sgemm": lambda: np.matmul(side, side)}
    reference = materialised(q[:2].astype(float), X.astype(float), beta)
    scale = np.abs(reference).max()
    print(f"R = {R}, K = {K}, d = {d}, float32, path {kernel.PATH}")
    for name in sorted(functions.keys() - {"products", "sgemm"}):
        print(f"  error of {name}: {np.abs(functions[name]()[:2] - reference).max() / scale:.1e}")
    times = best(functions, rounds)
    for name, value in times.items():
        print(f"  {name:9s} {1e3 * value:9.2f} ms   {value / times['hebbian']:.2f} x hebbian")
    return times


def memory(R, K, d):
    """Peak of the arrays that a retrieval allocates, its result included, in MB."""
    draw = np.random.default_rng(0)
    X, q = draw.standard_normal((K, d), dtype=np.float32), draw.standard_normal((R, d), dtype=np.float32)
    tracemalloc.start()
    attention.retrieve(q, X, d**-0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


if __name__ == "__main__":
    ratios(1, 10**6, 64, 9, 64**-0.5)
    ratios(1, 10**5, 256, 15, 256**-0.5)
    times = ratios(256, 10**5, 256, 9, 256**-0.5)
    rate = 2 * 1024**3 / times["sgemm"]
    fraction = 4 * 256 * 10**5 * 256 / times["hebbian"] / rate
    print(f"  sgemm of 1024 x 1024: {rate / 1e9:.0f} GFLOP/s; one retrieval at {fraction:.2f} of that rate, at "
          f"{times['products'] / times['hebbian']:.2f} of the rate of its two products alone")
    ratios(256, 10**4, 64, 15, 64**-0.5)
    print(f"R = 10^4, K = 10^6, d = 16: {memory(10**4, 10**6, 16):.0f} MB beyond memories and queries "
          f"(all scores at once: {4e10 / 2**20:.0f} MB)")
