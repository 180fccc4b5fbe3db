r"""Modern Hopfield networks with K = exp(alpha N) random patterns: the model, its finite-size settings, what is measured.

N is the dimension (d of the attention literature).  Patterns xi^1 .. xi^K in R^N:

    "sphere"   uniform on the sphere |xi|^2 = N
    "gauss"    independent standard normal entries, |xi|^2 = N up to fluctuations
    "binary"   independent fair signs

The state x is updated by x <- sum_mu p_mu xi^mu with p = separation(lam xi^mu . x), softmax by default: the continuous
Hopfield network, equal to one step of attention (Ramsauer et al., arXiv 2008.02217).  lam is the inverse temperature for
patterns of norm sqrt(N); for unit patterns beta = lam N, for norm M beta = lam N / M^2, and for keys of unit-variance
entries with scores q.k / sqrt(N) lam = 1 / sqrt(N).  m = x.xi^1 / N is the overlap with the pattern that is asked for,
which is one of the K.

Queries are noisy by `sigma`: xi^1 + sigma z with standard normal z for "sphere" and "gauss"; for "binary" spins flipped
with probability 1 / (1 + exp(2 / sigma^2)), so that tanh(1 / sigma^2) is their mean overlap.

At a temperature T (binary only) spins s_i = +-1 follow Glauber dynamics of

    H(s) = -(1 / lam) ln sum_mu exp(lam xi^mu . s).

T = 0 is the model of Demircigil et al., J. Stat. Phys. 168, 288 (2017), H = -sum_mu exp(xi^mu . s) for lam = 1: flips that
lower one lower the other.  At T > 0 the logarithm matters: with the bare exponential, gaps are exp(O(N)) and every finite
temperature acts as T = 0.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.records import Observable


@dataclass(frozen=True, kw_only=True)
class ModernHopfield:
    """Modern Hopfield network that stores K = exp(alpha N) random patterns.

    Parameters
    ----------
    alpha : load ln K / N, above 0; absent where only the load itself is asked for (capacities, phase diagrams).
    lam : inverse temperature for patterns of norm sqrt(N), above 0.
    ensemble : "sphere", "gauss" or "binary".
    separation : "softmax", "sparsemax" or "entmax15".
    sigma : noise of the query, at least 0.
    """

    alpha: float | None = None
    lam: float = 1.0
    ensemble: str = "sphere"
    separation: str = "softmax"
    sigma: float = 0.0

    family: ClassVar[str] = "modern"
    ENSEMBLES: ClassVar[tuple[str, ...]] = ("sphere", "gauss", "binary")
    SEPARATIONS: ClassVar[tuple[str, ...]] = ("softmax", "sparsemax", "entmax15")

    def __post_init__(self):
        if self.alpha is not None:
            object.__setattr__(self, "alpha", fields.real("alpha", self.alpha, 0.0, open_low=True))
        object.__setattr__(self, "lam", fields.real("lam", self.lam, 0.0, open_low=True))
        object.__setattr__(self, "ensemble", fields.choice("ensemble", self.ensemble, self.ENSEMBLES))
        object.__setattr__(self, "separation", fields.choice("separation", self.separation, self.SEPARATIONS))
        object.__setattr__(self, "sigma", fields.real("sigma", self.sigma, 0.0))

    def patterns(self, N: int) -> int:
        """Number of patterns K = exp(alpha N) at dimension N, rounded to the nearest integer (ties to even)."""
        exponent = self.load() * N
        if exponent > 62 * math.log(2):
            raise InvalidInput(f"alpha = {self.alpha} with N = {N} asks for exp({exponent:.0f}) patterns: lower alpha or N")
        return round(math.exp(exponent))

    def load(self, N: int | None = None) -> float:
        """Load ln K / N with the integer K of dimension N, or alpha itself where N is None."""
        if self.alpha is None:
            raise InvalidInput("alpha is missing: give the load alpha = ln K / N")
        return self.alpha if N is None else math.log(self.patterns(N)) / N


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a modern Hopfield network of finite dimension is simulated.  A sample is one memory with `queries` queries.

    Parameters
    ----------
    N : dimension.
    samples : number of independent memories.
    queries : queries of each memory, one for each of its first patterns.
    steps : updates of each query: a number, or "iterated" until it has reached its fixed point.
    T : temperature of Glauber dynamics for the binary ensemble, T >= 0; None for the updates of the continuous state.
    sweeps : Glauber sweeps of N attempts from the query on, where T is given; m is averaged over the second half.
    seed : root seed; with the parameters it fixes every random number.
    threshold : a sample counts as retrieved if more than this fraction of its queries is: if the weight of their pattern,
        at a temperature their overlap with it, is above 1/2.
    """

    N: int
    samples: int = 16
    queries: int = 64
    steps: int | str = 1
    T: float | None = None
    sweeps: int = 100
    seed: int = 1
    threshold: float = 0.5

    def __post_init__(self):
        clean = {
            "N": fields.integer("N", self.N, 2, 2**20),
            "samples": fields.integer("samples", self.samples, 1, 2**31),
            "queries": fields.integer("queries", self.queries, 1, 2**31),
            "steps": self.steps if self.steps == "iterated" else _steps(self.steps),
            "T": None if self.T is None else fields.real("T", self.T, 0.0),
            "sweeps": fields.integer("sweeps", self.sweeps, 1, 2**31),
            "seed": fields.integer("seed", self.seed, 0, 2**63 - 1),
            "threshold": fields.real("threshold", self.threshold, 0.0, 1.0),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)


MODEL = ModernHopfield

OBSERVABLES = (
    Observable("m", "m"),
    Observable("weight", "p_1", "weight of the pattern asked for"),
    Observable("success", "S", "fraction of queries retrieved"),
    Observable("top", "S_1", "fraction of queries whose pattern has the largest score"),
    Observable("exact", "S_e", "fraction of queries with weight 1"),
    Observable("norm", "r^2", "squared norm of the state per dimension"),
    Observable("participation", "n_p", "memories averaged, 1 / sum p^2"),
    Observable("lifetime", r"\tau", "sweeps until the overlap first falls to 1/2, at most all (Glauber dynamics only)"),
    Observable("retrieved", "retrieved", flag=True),
)

#: Updates that an iterated query takes on average, for estimates of cost only.
TYPICAL_STEPS = 20


def check(model: ModernHopfield, settings: Settings) -> None:
    """Raise InvalidInput where model and settings do not fit together."""
    K = model.patterns(settings.N)
    if K < 2:
        raise InvalidInput(f"alpha = {model.alpha} with N = {settings.N} rounds to K = {K} patterns: "
                           f"give alpha of at least {math.log(1.5) / settings.N:.3g}")
    if settings.T is not None and (model.ensemble != "binary" or model.separation != "softmax"):
        raise InvalidInput(f"T = {settings.T} needs ensemble = 'binary' and separation = 'softmax', not {model.ensemble!r} "
                           f"and {model.separation!r}: leave T out for the continuous state")


def realised(model: ModernHopfield, settings: Settings) -> dict[str, float]:
    """The parameters as drawn: the number of patterns and the load that its rounding gave."""
    return {"K": model.patterns(settings.N), "load": model.load(settings.N)}


def operations(model: ModernHopfield, settings: Settings) -> float:
    """Multiplications and exponentials that one sample costs."""
    K, N = float(model.patterns(settings.N)), settings.N
    queries = min(settings.queries, K)
    if settings.T is not None:
        return queries * settings.sweeps * N * K
    steps = TYPICAL_STEPS if settings.steps == "iterated" else settings.steps
    return K * N * (40 + 4 * queries * steps)


def memory(model: ModernHopfield, settings: Settings) -> int:
    """Bytes that one sample holds at its peak: the patterns, a block of scores, one row of weights a query block."""
    K = model.patterns(settings.N)
    size = 1 if settings.T is not None else 8
    return size * K * settings.N + 64 * K + 8 * min(settings.queries, K) * settings.N + 2**27


def _steps(value):
    try:
        return fields.integer("steps", value, 1, 2**31)
    except InvalidInput:
        raise InvalidInput(f"steps = {value!r} is not allowed: give a whole number of at least 1, or 'iterated'") from None
