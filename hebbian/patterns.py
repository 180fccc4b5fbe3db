"""Quenched disorder from keyed counters: fair and diluted patterns, noisy examples of both; the gate for a user's own."""

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


def continuous(ensemble: str, N: int, first: int, count: int, *, seed: int, sample: int) -> np.ndarray:
    """Patterns first .. first + count - 1 of a memory of real vectors, float64 (count, N).

    ensemble : "gauss" (independent standard normal entries) or "sphere" (the same, scaled to norm sqrt(N)).
    As for `rademacher` every pattern has its own counters, so memories nest and can be made in pieces.
    """
    from hebbian._kernels import normals

    rows = normals.rows(first, count, N, *streams.key("memories", ensemble, N, seed=seed, sample=sample))
    if ensemble == "sphere":
        rows *= np.sqrt(N / np.einsum("kn,kn->k", rows, rows))[:, None]
    return rows


@dataclass(frozen=True)
class ExampleSums:
    """Sums of the examples of each of K archetypes.

    rows : int16 array (N, width); entry mu of row i is sum_A eta_i^{mu A}, the padding beyond K is 0.
    """

    rows: np.ndarray
    K: int


WIDTH = 32  # archetypes a row of sums is padded to: two vectors of the kernel


def examples(archetypes: PackedPatterns, M: int, r: float, *, seed: int, sample: int) -> PackedPatterns:
    """M noisy examples eta = xi chi of every archetype, Pr(chi = +-1) = (1 +- r)/2.

    Example A of archetype mu is pattern mu M + A.  The key knows N, r, the seed and the sample only, and every example has its
    own counters: more examples extend fewer.
    """
    from hebbian._kernels import examples as kernel

    rows = kernel.packed(_site_words(archetypes), archetypes.N, M, *_example_stream(archetypes.N, r, seed, sample))
    return PackedPatterns(rows, archetypes.K * M)


def example_sums(archetypes: PackedPatterns, M: int, r: float, *, seed: int, sample: int) -> ExampleSums:
    """Sums over the same M examples as those of `examples`, without holding them."""
    from hebbian._kernels import examples as kernel

    width = -(-archetypes.K // WIDTH) * WIDTH
    rows = kernel.sums(_site_words(archetypes), archetypes.N, M, width, *_example_stream(archetypes.N, r, seed, sample))
    return ExampleSums(rows, archetypes.K)


def _example_stream(N, r, seed, sample):
    return *streams.key("examples", "rademacher", N, r, seed=seed, sample=sample), round((1 - r) / 2 * 2**32)


def _site_words(packed):
    """The patterns as rows of bits over sites: uint64 array (K, ceil(N / 64))."""
    bits = np.packbits(packed.unpack() > 0, axis=1, bitorder="little")
    words = np.zeros((packed.K, -(-packed.N // 64) * 8), np.uint8)
    words[:, :bits.shape[1]] = bits
    return words.view(np.uint64)


def sum_examples(signs: np.ndarray) -> ExampleSums:
    """Sums of given examples, +-1 array (K, M, N)."""
    K, _, N = signs.shape
    rows = np.zeros((N, -(-K // WIDTH) * WIDTH), np.int16)
    rows[:, :K] = signs.sum(axis=1, dtype=np.int64).T
    return ExampleSums(rows, K)


def diluted(N: int, K: int, d: float, *, seed: int, sample: int) -> np.ndarray:
    """K independent patterns of N entries with P(0) = d and fair signs otherwise, int8 array (K, N).

    d is resolved to 2^-31.  The key knows N, the seed and the sample only: more patterns extend fewer, and a larger
    dilution only blanks more entries of the same patterns.
    """
    from hebbian._kernels import diluted as kernel

    return kernel.entries(N, K, round(d * 2**31), *streams.key("patterns", "diluted", N, seed=seed, sample=sample))


def diluted_examples(entries: np.ndarray, M: int, r: float, *, seed: int, sample: int) -> np.ndarray:
    """M examples eta = xi chi of every pattern, P(chi = +1) = (1 + r)/2, int8 array (K M, N); blank entries stay blank.

    Example A of pattern mu is row mu M + A.  r is resolved to 2^-32.  More examples extend fewer, and a better quality only
    corrects entries of the same examples.
    """
    from hebbian._kernels import diluted as kernel

    return kernel.examples(entries, M, *_diluted_key(entries, r, seed, sample))


def diluted_example_sums(entries: np.ndarray, M: int, r: float, *, seed: int, sample: int) -> np.ndarray:
    """Sum over the M examples that `diluted_examples` draws of every pattern, int32 array (K, N)."""
    from hebbian._kernels import diluted as kernel

    return kernel.sums(entries, M, *_diluted_key(entries, r, seed, sample))


def _diluted_key(entries, r, seed, sample):
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


def given_examples(examples, patterns: np.ndarray, M: int) -> np.ndarray:
    """A user's examples as signs, int8 array (K, M, N) or (samples, K, M, N), for archetypes (K, N) or (samples, K, N)."""
    array = np.asarray(examples)
    K, N = patterns.shape[-2:]
    if array.ndim not in (3, 4) or array.shape[-3:] != (K, M, N) or (array.ndim == 4 and patterns.ndim == 3
                                                                     and len(array) != len(patterns)):
        raise InvalidInput(f"examples has shape {array.shape}: give (K, M, N) = ({K}, {M}, {N}) for the archetypes in "
                           "patterns and the M of the model, with the samples as a first axis where each has its own")
    return require_signs("examples", array)


def require_signs(name: str, array, blanks: bool = False) -> np.ndarray:
    """`array` as int8 if every entry is +1 or -1, or also 0 where `blanks` are allowed."""
    array = np.asarray(array)
    allowed = np.isin(array, (-1, 0, 1) if blanks else (-1, 1)) & (array.dtype.kind in "iuf")
    if not allowed.all():
        raise InvalidInput(f"{name} contains {array[~allowed].flat[0].item()!r}: every entry must be "
                           f"{'+1, 0 or -1' if blanks else '+1 or -1'}")
    return array.astype(np.int8)
