r"""Multitasking Hebbian networks: Hopfield networks of diluted patterns, which retrieve many patterns at once.

Spins s_i = +-1, i = 1..N; patterns xi_i^mu in {-1, 0, 1}, mu = 1..K, independent entries with P(0) = d and
P(+1) = P(-1) = (1 - d)/2, so that m_mu = (1/N) sum_i xi_i^mu s_i lies in [-(1 - d), 1 - d].  Examples of quality r are
eta_i^{mu,A} = xi_i^mu chi_i^{mu,A}, A = 1..M, with P(chi = +-1) = (1 +- r)/2: a blank entry is blank in every example.  With
etabar = (1/M) sum_A eta, rho = (1 - r^2)/(M r^2) and R = r^2 (1 + rho) = r^2 + (1 - r^2)/M the Hamiltonians are

    storage        H = - (1/(2 N))     sum_mu        (sum_i xi_i^mu s_i)^2
    supervised     H = - (1/(2 N R))   sum_mu        (sum_i etabar_i^mu s_i)^2
    unsupervised   H = - (1/(2 N R M)) sum_mu sum_A  (sum_i eta_i^{mu,A} s_i)^2

all without their diagonal terms i = j: no self-coupling.  A site that is blank in every pattern has no field; at T = 0 it
keeps its spin, sign(0) = s_i.  `scale="plain"` measures H and T as above, so that a single pattern is retrieved below
T_c = 1 - d; `scale="unit"` divides H by 1 - d and overlaps by 1 - d, so that T_c = 1 and overlaps lie in [-1, 1].

Sources: Agliari, Barra, Galluzzi, Guerra, Moauro, Phys. Rev. Lett. 109, 268101 (2012) for diluted patterns (their T is the
plain one); Agliari, Alessandrelli, Barra, Ricci-Tersenghi, arXiv:2308.04106, for examples (unit scale).
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.records import MonteCarloSettings, Observable


@dataclass(frozen=True, kw_only=True)
class MultitaskingHopfield:
    """Hopfield network of diluted patterns, stored themselves or learned from examples.

    Parameters
    ----------
    d : dilution, the probability of a blank entry, in [0, 1).
    K : number of patterns.
    alpha : load K / N instead of K, above 0: the high-load regime.
    protocol : "storage", "supervised" or "unsupervised".
    M : examples of each pattern; r : their quality, in (0, 1].  Both belong to the two learning protocols.
    scale : "plain" (T_c = 1 - d) or "unit" (T_c = 1): the unit of temperature, energy and overlaps.
    """

    d: float
    K: int | None = None
    alpha: float | None = None
    protocol: str = "storage"
    M: int = 1
    r: float = 1.0
    scale: str = "plain"

    family: ClassVar[str] = "multitasking"
    PROTOCOLS: ClassVar[tuple[str, ...]] = ("storage", "supervised", "unsupervised")
    SCALES: ClassVar[tuple[str, ...]] = ("plain", "unit")

    def __post_init__(self):
        if (self.alpha is None) == (self.K is None):
            given = "were both given" if self.K is not None else "are both missing"
            raise InvalidInput(f"K = {self.K!r} and alpha = {self.alpha!r} {given}: give one of them")
        clean = {
            "d": fields.real("d", self.d, 0.0, 1.0, open_high=True),
            "K": None if self.K is None else fields.integer("K", self.K, 1),
            "alpha": None if self.alpha is None else fields.real("alpha", self.alpha, 0.0, open_low=True),
            "protocol": fields.choice("protocol", self.protocol, self.PROTOCOLS),
            "M": fields.integer("M", self.M, 1),
            "r": fields.real("r", self.r, 0.0, 1.0, open_low=True),
            "scale": fields.choice("scale", self.scale, self.SCALES),
        }
        for name, value in clean.items():
            object.__setattr__(self, name, value)
        if self.protocol == "storage" and (self.M, self.r) != (1, 1.0):
            raise InvalidInput(f"M = {self.M} and r = {self.r:g} have no meaning for protocol = 'storage': "
                               "leave them out, or give protocol = 'supervised' or 'unsupervised'")

    @property
    def rho(self) -> float:
        """Entropy of the data set, (1 - r^2) / (M r^2): the variance of the mean example in units of its signal."""
        return (1 - self.r**2) / (self.M * self.r**2)

    @property
    def unit(self) -> float:
        """Overlap, temperature and energy per spin of the plain scale that count as 1: 1, or 1 - d."""
        return 1.0 if self.scale == "plain" else 1.0 - self.d

    def patterns(self, N: int) -> int:
        """Number of patterns K at size N: K itself, or alpha N rounded to the nearest integer (ties to even)."""
        return self.K if self.K is not None else round(self.alpha * N)

    def rows(self, N: int) -> int:
        """Number of squares in the Hamiltonian at size N: K, or K M where every example counts by itself."""
        return self.patterns(N) * (self.M if self.protocol == "unsupervised" else 1)

    def coupling(self, N: int) -> Fraction:
        """Weight c of H = -(c/2) sum_k X_k^2 with integer X_k (sums over the M examples for "supervised"), exactly."""
        r, M = Fraction(self.r), self.M
        quality = r**2 + (1 - r**2) / M
        divisor = {"storage": 1, "supervised": quality * M**2, "unsupervised": quality * M}[self.protocol]
        return Fraction(1) / (N * divisor * (1 if self.scale == "plain" else 1 - Fraction(self.d)))


@dataclass(frozen=True, kw_only=True)
class Settings(MonteCarloSettings):
    __doc__ = MonteCarloSettings.__doc__.replace(
        'start : "pattern" (the retrieved pattern itself),',
        'start : "pattern" (the first pattern, blanks filled at random), "hierarchical" (every spin follows the first\n'
        '        pattern that is not blank there),').replace(
        'rule : "heat_bath" (Glauber) or "metropolis".',
        'rule : "heat_bath" (Glauber) or "metropolis"; Metropolis flips a spin without field at every sweep, so that in site\n'
        "        order its chain is not ergodic where sites are blank in every pattern.").replace(
        "if |m| over the last tenth of its run", "if its largest overlap, in units of 1 - d, over the last tenth of the run")

    STARTS: ClassVar[tuple[str, ...]] = ("pattern", "hierarchical", "noisy", "random", "array")


MODEL = MultitaskingHopfield

OBSERVABLES = (
    Observable("m", "m", axes=("pattern",)),
    Observable("n", "n", axes=("pattern",)),
    Observable("m2", r"\sum_\mu m_\mu^2"),
    Observable("q", "q"),
    Observable("energy", "e", "energy per spin"),
    Observable("acceptance", "A", "accepted flips per attempt"),
    Observable("tau", r"\tau_m", "sweeps"),
    Observable("retrieved", "retrieved", flag=True),
)

REPLICAS = 2


def check(model: MultitaskingHopfield, settings: MonteCarloSettings) -> None:
    """Raise InvalidInput where model and size do not fit together, or the kernel's integers could overflow."""
    N, K = settings.N, model.patterns(settings.N)
    if K < 1:
        raise InvalidInput(f"alpha = {model.alpha} with N = {N} rounds to K = 0 patterns: give alpha of at least {1 / N:.3g}")
    examples = 1 if model.protocol == "storage" else model.M
    if N * K * (model.M if model.protocol == "unsupervised" else 1) >= 2**30:
        raise InvalidInput(f"N = {N} spins with {model.rows(N)} squares in the energy overflow the fields of the kernel: "
                           f"keep N times their number below 2^30")
    if N * examples >= 2**30 or K * (N * examples) ** 2 >= 2**63:
        raise InvalidInput(f"N = {N} with M = {model.M} examples and K = {K} overflows the energies of the kernel: "
                           "lower N, M or K")


def realised(model: MultitaskingHopfield, settings: MonteCarloSettings) -> dict[str, float]:
    """The parameters as drawn: the number of patterns and the load K / N."""
    K = model.patterns(settings.N)
    return {"K": K, "load": K / settings.N}


def operations(model: MultitaskingHopfield, settings: MonteCarloSettings) -> float:
    """Pattern-terms that one sample costs: replicas x sweeps x N attempts x rows."""
    return float(REPLICAS) * (settings.burn_in + settings.sweeps) * settings.N * model.rows(settings.N)


def memory(model: MultitaskingHopfield, settings: MonteCarloSettings) -> int:
    """Bytes that one sample holds at its peak: entries as drawn and as packed, the overlaps of every sweep."""
    N, K, rows = settings.N, model.patterns(settings.N), model.rows(settings.N)
    width = K if model.protocol == "storage" else 2 * K
    series = (settings.burn_in + settings.sweeps) * REPLICAS * (4 * width + 16 + 4 * math.ceil(K / 2))
    entry = 8 if model.protocol == "supervised" else 2
    return N * (K + entry * rows + 16) + series
