"""Quenched disorder from keyed counters: fair +-1 patterns, diluted patterns, their examples; and the gate for a user's own."""

from dataclasses import dataclass

import numpy as np

from hebbian import streams
from hebbian.errors import InvalidInput


@dataclass(frozen=True)
class PackedPatterns:
    """K patterns of N signs, one bit each.

    rows : uint64 array (N, words); bit mu of row i says whether xi_i^mu = +1, padding bits are 0.
    """

    rows: np.ndarray
    K: int

    @property
    def N(self) -> int:
        return len(self.rows)

    def unpack(self, low: int = 0, high: int | None = None) -> np.ndarray:
        """Patterns low .. high-1 (all of them by default) as signs, int8 array (high - low, N)."""
        high = self.K if high is None else high
        first = low // 64
        words = np.ascontiguousarray(self.rows[:, first:-(-high // 64)])
        bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, low - 64 * first:high - 64 * first]
        return (2 * bits.T.astype(np.int8) - 1).astype(np.int8)


def rademacher(N: int, K: int, *, seed: int, sample: int) -> PackedPatterns:
    """K independent fair patterns of N signs: the storage ensemble.

    The key knows N, the seed and the sample only, and every pattern has its own counters: more patterns extend fewer, and
    models at any load, order and temperature share their disorder.
    """
    from hebbian._kernels import bits

    k0, k1 = streams.key("patterns", "rademacher", N, seed=seed, sample=sample)
    return PackedPatterns(bits.rademacher(N, K, k0, k1), K)


def diluted(N: int, K: int, d: float, *, seed: int, sample: int) -> np.ndarray:
    """K independent patterns of N entries with P(0) = d and fair signs otherwise, int8 array (K, N).

    d is resolved to 2^-31.  The key knows N, the seed and the sample only: more patterns extend fewer, and a larger
    dilution only blanks more entries of the same patterns.
    """
    from hebbian._kernels import diluted as kernel

    return kernel.entries(N, K, round(d * 2**31), *streams.key("patterns", "diluted", N, seed=seed, sample=sample))


def examples(entries: np.ndarray, M: int, r: float, *, seed: int, sample: int) -> np.ndarray:
    """M examples eta = xi chi of every pattern, P(chi = +1) = (1 + r)/2, int8 array (K M, N); blank entries stay blank.

    Example A of pattern mu is row mu M + A.  r is resolved to 2^-32.  More examples extend fewer, and a better quality only
    corrects entries of the same examples.
    """
    from hebbian._kernels import diluted as kernel

    return kernel.examples(entries, M, *_examples_key(entries, r, seed, sample))


def example_sums(entries: np.ndarray, M: int, r: float, *, seed: int, sample: int) -> np.ndarray:
    """Sum over the M examples that `examples` draws of every pattern, int32 array (K, N)."""
    from hebbian._kernels import diluted as kernel

    return kernel.sums(entries, M, *_examples_key(entries, r, seed, sample))


def _examples_key(entries, r, seed, sample):
    return round((1 + r) / 2 * 2**32), *streams.key("examples", "diluted", entries.shape[1], seed=seed, sample=sample)


def pack(signs: np.ndarray) -> PackedPatterns:
    """Pack a (K, N) array of +-1."""
    K, N = signs.shape
    packed = np.packbits(signs.T > 0, axis=1, bitorder="little")
    rows = np.zeros((N, -(-K // 64) * 8), np.uint8)
    rows[:, :packed.shape[1]] = packed
    return PackedPatterns(rows.view(np.uint64), K)


def given(patterns, N: int, samples: int, blanks: bool = False) -> np.ndarray:
    """A user's patterns as signs, int8 array (K, N) for all samples or (samples, K, N), one set a sample.

    blanks : whether entries may also be 0.
    """
    array = np.asarray(patterns)
    if array.ndim not in (2, 3) or array.shape[-1] != N or (array.ndim == 3 and len(array) != samples) or not array.size:
        raise InvalidInput(f"patterns has shape {array.shape}: give (K, N) or (samples, K, N) with N = {N} "
                           f"and samples = {samples}")
    return require_signs("patterns", array, blanks)


def require_signs(name: str, array, blanks: bool = False) -> np.ndarray:
    """`array` as int8 if every entry is +1 or -1, or also 0 where `blanks` are allowed."""
    array = np.asarray(array)
    allowed = np.isin(array, (-1, 0, 1) if blanks else (-1, 1)) & (array.dtype.kind in "iuf")
    if not allowed.all():
        raise InvalidInput(f"{name} contains {array[~allowed].flat[0].item()!r}: every entry must be "
                           f"{'+1, 0 or -1' if blanks else '+1 or -1'}")
    return array.astype(np.int8)
