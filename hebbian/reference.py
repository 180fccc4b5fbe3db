"""Slow, readable twins of the integer kernels: the same spins, overlaps and acceptance counts, bit for bit.

Each twin computes what the kernel promises straight from the definitions, with NumPy and Python integers, and shares no
code with it.  They are for tests and for reading, at sizes of a few hundred spins.
"""

import math
from dataclasses import dataclass

import numpy as np

from hebbian import streams

_LN2 = np.float32(0.69314718056)
_SERIES = [np.float32(value) for value in (2 / 9, 2 / 7, 2 / 5, 2 / 3, 2.0)]


def log_float(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of positive normal float32 numbers by the fixed float32 sequence of the kernels."""
    bits = np.asarray(x, np.float32).view(np.int32)
    exponent = (bits - np.int32(0x3F400000)) >> np.int32(23)
    mantissa = (bits - exponent * np.int32(2**23)).view(np.float32)
    s = (mantissa - np.float32(1)) / (mantissa + np.float32(1))
    q = s * s
    series = _SERIES[0]
    for coefficient in _SERIES[1:]:
        series = series * q + coefficient
    return exponent.astype(np.float32) * _LN2 + s * series


def thetas(words: np.ndarray, rule: str) -> np.ndarray:
    """Acceptance thresholds theta of 32-bit words, float32: -ln u for Metropolis, ln((1-u)/u) for the heat bath."""
    def log_uniform(r):
        return log_float((r.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32))

    words = np.asarray(words, np.uint32)
    above = log_uniform(~words) if rule == "heat_bath" else np.float32(0)
    return above - log_uniform(words)


def acceptances(changes: np.ndarray, tau: float, rule: str) -> np.ndarray:
    """Acceptance of flips that change the energy by these integers, float32, by the fixed float32 sequence of the kernels."""
    one, tau = np.float32(1), np.float32(tau)
    scale = np.float32(1 / math.log(2)) / tau if tau > np.float32(1e-37) else np.float32(1e38)
    with np.errstate(over="ignore"):
        y = (np.asarray(changes).astype(np.float32) + np.float32(0 if tau else 0.5)) * scale
    halvings = np.minimum(np.abs(y) if rule == "heat_bath" else np.maximum(y, np.float32(0)), np.float32(115))
    magic = np.float32(1.5 * 2**23)
    n = (halvings + magic) - magic
    series = np.float32(0)
    for k in range(6, -1, -1):
        series = series * (n - halvings) + np.float32(math.log(2) ** k / math.factorial(k))
    decay = np.ldexp(series, -n.astype(np.int32))
    if rule == "metropolis":
        return decay
    return np.where(y < 0, one, decay) / (decay + one)


def hazard(x: float) -> float:
    """-ln(1 - x) for 0 <= x <= 1 in the fixed float64 sequence of the kernels; about 709 at x = 1."""
    y = np.float64(1.0) - x
    bits = int(y.view(np.int64))
    exponent = (bits - 0x3FE8000000000000) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    s = (1.0 - mantissa if exponent else x) / (1.0 + mantissa)
    q, series = s * s, 2.0 / 17.0
    for k in range(15, 0, -2):
        series = series * q + 2.0 / k
    return float(s * series - float(exponent) * math.log(2))


def rademacher(N: int, K: int, key: tuple[int, int]) -> np.ndarray:
    """Fair patterns, int8 array (K, N): pattern mu reads its own counters."""
    return np.array([streams.signs(key, N, mu % 2**32, mu // 2**32) for mu in range(K)], np.int8).reshape(K, N)


def examples(archetypes: np.ndarray, M: int, key: tuple[int, int], flip: int) -> np.ndarray:
    """Noisy examples of archetypes (K, N), int8 array (K, M, N): flipped where the 32-bit number of a site is below `flip`."""
    K, N = archetypes.shape
    blocks = np.arange(-(-N // 128))
    result = np.empty((K, M, N), np.int8)
    for mu in range(K):
        for A in range(M):
            number = np.zeros(N, np.uint64)
            for plane in range(32):
                words = streams.words(key, blocks, mu % 2**32, A, 32 * (mu // 2**32) + plane).reshape(-1)
                bits = (words[:, None] >> np.arange(32, dtype=np.uint32)).reshape(-1)[:N] & np.uint32(1)
                number = 2 * number + bits
            result[mu, A] = np.where(number < flip, -archetypes[mu], archetypes[mu])
    return result


@dataclass
class DenseTwin:
    """Twin of `DenseKernel` and `SupervisedKernel`: replicas of one sample of H = -sum_mu U(X_mu), advanced sweep by sweep.

    patterns : int (K, N), signs or sums of M signs; table : the integers U(-M N), U(-M N + 2), ..., U(M N); spins : int8
    (replicas, N).
    """

    patterns: np.ndarray
    table: np.ndarray
    spins: np.ndarray

    def __post_init__(self):
        self.patterns = np.asarray(self.patterns, np.int64)
        self.table = np.asarray(self.table, np.int64)
        self.spins = np.array(self.spins, np.int64)

    @property
    def overlaps(self) -> np.ndarray:
        """X_mu of every replica, int64 (replicas, K)."""
        return self.spins @ self.patterns.T

    @property
    def energy(self) -> np.ndarray:
        """sum_mu U(X_mu) of every replica, int64 (replicas,); the energy is minus this."""
        return self.utility(self.overlaps)

    def utility(self, overlaps):
        return self.table[(overlaps + len(self.table) - 1) // 2].sum(axis=-1)

    def sweep(self, key: tuple[int, int], sweep: int, tau: float, rule: str, order: str = "sequential") -> np.ndarray:
        """One sweep of every replica, N attempts in site or random order; returns the accepted flips, int64 (replicas,).

        order "waiting" has the law of "random" and counts attempts that flip nothing without making them.
        """
        if order == "waiting":
            return np.array([self._wait(spins, key, sweep, replica, tau, rule) for replica, spins in enumerate(self.spins)])
        accepted = np.zeros(len(self.spins), np.int64)
        N = self.patterns.shape[1]
        for replica, spins in enumerate(self.spins):
            theta = thetas(streams.attempt_words(key, N, sweep, replica), rule)
            threshold = np.ceil(theta * np.float32(tau)).astype(np.float64)
            overlaps = self.patterns @ spins
            sites = streams.random_sites(key, N, sweep, replica) if order == "random" else range(N)
            for attempt, i in enumerate(sites):
                flipped = overlaps - 2 * self.patterns[:, i] * spins[i]
                change = int(self.utility(overlaps) - self.utility(flipped))
                if change < threshold[attempt]:
                    overlaps = flipped
                    spins[i] = -spins[i]
                    accepted[replica] += 1
        return accepted

    def rates(self, spins, tau: float, rule: str) -> np.ndarray:
        """Acceptance of the flip of every site, float32 (N,)."""
        overlaps = self.patterns @ spins
        flipped = overlaps[:, None] - 2 * self.patterns * spins
        return acceptances(self.utility(overlaps) - self.utility(flipped.T), tau, rule)

    def _wait(self, spins, key, sweep, replica, tau, rule) -> int:
        N, flips, left = len(spins), 0, len(spins)
        one = 1 << min(52, 62 - (N - 1).bit_length())
        while True:
            # Python rounds to even, as the kernel does; the product with a power of two is exact.
            rates = [round(float(rate) * one) for rate in self.rates(spins, tau, rule)]
            words = [int(word) for word in streams.words(key, flips, sweep, replica, 2)]
            u = (((words[0] | words[1] << 32) >> 12) + 0.5) * 2.0**-52
            once = hazard(sum(rates) / one / N)
            if not once or hazard(u) / once >= left:
                return flips
            left -= 1 + int(hazard(u) / once)
            rest, site = (words[2] | words[3] << 32) * sum(rates) >> 64, 0
            while rest >= rates[site]:
                rest, site = rest - rates[site], site + 1
            spins[site] = -spins[site]
            flips += 1


@dataclass
class SynchronousTwin:
    """Twin of `SynchronousKernel`: all spins at once, flipped where s_i sum_mu c_i G(X_mu) is below the heat-bath threshold.

    patterns : int (K, N), signs or sums of M signs; field : the integers G(-M N), ..., G(M N); spins : int8 (replicas, N).
    """

    patterns: np.ndarray
    field: np.ndarray
    spins: np.ndarray

    def __post_init__(self):
        self.patterns = np.asarray(self.patterns, np.int64)
        self.field = np.asarray(self.field, np.int64)
        self.spins = np.array(self.spins, np.int64)

    @property
    def overlaps(self) -> np.ndarray:
        """X_mu of every replica, int64 (replicas, K)."""
        return self.spins @ self.patterns.T

    def sweep(self, key: tuple[int, int], sweep: int, tau: float) -> np.ndarray:
        """One step of every replica; returns the flips, int64 (replicas,)."""
        fields = self.field[(self.overlaps + len(self.field) - 1) // 2] @ self.patterns
        flips = np.empty(fields.shape, bool)
        for replica in range(len(self.spins)):
            theta = thetas(streams.attempt_words(key, fields.shape[1], sweep, replica), "heat_bath")
            threshold = np.ceil(theta * np.float32(tau)).astype(np.float64)
            flips[replica] = self.spins[replica] * fields[replica] < threshold
        self.spins[flips] *= -1
        return flips.sum(axis=1)


def diluted(N: int, K: int, d: float, key: tuple[int, int]) -> np.ndarray:
    """Diluted patterns, int8 array (K, N): one word an entry, its upper bits blank it, its lowest bit is the sign."""
    words = np.stack([streams.words(key, np.arange(-(-N // 4)), mu % 2**32, mu // 2**32).reshape(-1)[:N] for mu in range(K)])
    signs = np.where(words & 1, 1, -1)
    return np.where((words >> 1) < round(d * 2**31), 0, signs).astype(np.int8)


def diluted_examples(entries: np.ndarray, M: int, r: float, key: tuple[int, int]) -> np.ndarray:
    """Examples of diluted patterns, int8 array (K M, N): every entry keeps its sign with probability (1 + r)/2."""
    N = entries.shape[1]
    rows = []
    for mu, entry in enumerate(entries):
        for A in range(M):
            words = streams.words(key, np.arange(-(-N // 4)), mu, A).reshape(-1)[:N]
            rows.append(entry * np.where(words < round((1 + r) / 2 * 2**32), 1, -1))
    return np.array(rows, np.int8)


@dataclass
class MultitaskingTwin:
    """Twin of `MultitaskingKernel`: replicas of one sample of H = -(1/2) sum_k X_k^2 without self-coupling.

    rows : integers (R, N); spins : int8 (replicas, N).
    """

    rows: np.ndarray
    spins: np.ndarray

    def __post_init__(self):
        self.rows = np.asarray(self.rows, np.int64)
        self.spins = np.array(self.spins, np.int64)
        self.couplings = self.rows.T @ self.rows
        np.fill_diagonal(self.couplings, 0)

    @property
    def overlaps(self) -> np.ndarray:
        """X_k of every replica, int64 (replicas, R)."""
        return self.spins @ self.rows.T

    def sweep(self, key: tuple[int, int], sweep: int, tau: float, rule: str) -> np.ndarray:
        """One sweep of every replica in site order; returns the accepted flips, int64 (replicas,)."""
        N = self.rows.shape[1]
        accepted = np.zeros(len(self.spins), np.int64)
        for replica, spins in enumerate(self.spins):
            theta = thetas(streams.attempt_words(key, N, sweep, replica), rule)
            threshold = np.ceil(theta * np.float32(tau)).astype(np.float64)
            for i in range(N):
                if spins[i] * (self.couplings[i] @ spins) < threshold[i]:
                    spins[i] = -spins[i]
                    accepted[replica] += 1
        return accepted
