r"""Dense (P-spin) Hopfield networks: the Hamiltonian, its finite-size settings and what is measured.

Spins s_i = +-1, i = 1..N; patterns xi_i^mu = +-1, mu = 1..K, independent and fair; X_mu = sum_i xi_i^mu s_i is the
integer overlap of the spins with pattern mu and m_mu = X_mu / N its Mattis magnetization.  The Hamiltonian is

    H = - sum_mu U(X_mu),       Boltzmann weight exp(-H / T),       load alpha = K / N^(p-1).

`energy="distinct"`  U(X) = N^(1-p) e_p(X): the sum over i_1 < ... < i_p of the products of p fields xi_i s_i.  e_p is the
    elementary symmetric polynomial of N signs that sum to X; (k+1) e_{k+1} = X e_k - (N-k+1) e_{k-1}.  For p = 2 this is
    the Hopfield model without self-coupling (Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987)).
`energy="power"`     U(X) = N m^p / p!: the same sum over all index tuples, divided by p!.  For p >= 3 it contains lower
    orders in the crosstalk and has another phase diagram at the same (alpha, T).
a table              U on the N + 1 overlaps X = -N, -N+2, ..., N.

Learning from examples.  The network sees M examples eta^{mu A} = xi^mu chi^{mu A} of each archetype xi^mu, with independent
Pr(chi = +-1) = (1 +- r)/2.  With c_i^mu = sum_A eta_i^{mu A}, R = r^2 + (1 - r^2)/M the mean of (c/M)^2 and
rho = (1 - r^2)/(M r^2) the entropy of the data set (arXiv 2212.00606, 2211.14067):

`protocol="storage"`       the patterns themselves, as above.
`protocol="unsupervised"`  H = -(1 / (M R^(p/2))) sum_{mu A} U(eta^{mu A} . s): every example is a pattern.
`protocol="supervised"`    a teacher says which examples belong together: H = -sum_mu U(c^mu . s), with
    x = c . s / sqrt(M^2 N R) of variance 1 and U = N^(1-p/2) x^p / p! ("power") or N^(1-p/2) He_p(x) / p! ("distinct"; the
    Wick-ordered power, which has the same limit as the sum over distinct indices but is a function of the overlap alone).
"""

import numbers
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.dense_energy import (  # noqa: F401, the room's own names
    IntegerTable,
    coefficients,
    energy_table,
    integer_table,
    mean_energy,
    polynomial,
    rounded_table,
    terms,
)
from hebbian.models.records import MonteCarloSettings, Observable, described


@dataclass(frozen=True, kw_only=True, repr=False)
class DenseHopfield:
    """Dense Hopfield network with Hamiltonian H = -sum_mu U(X_mu) that stores K random patterns or learns them from examples.

    Parameters
    ----------
    alpha : load K / N^(p-1), at least 0; absent where only the load itself is asked for (phase diagrams).
    K : number of patterns (archetypes), instead of `alpha`; its load vanishes as N grows.
    p : interaction order, 2 to 8.
    energy : "distinct", "power", or the N + 1 values of U (numbers) for simulation only.
    protocol : "storage" of the patterns, or "supervised" or "unsupervised" learning from noisy examples of them.
    M : number of examples of each archetype, at least 1 (1 for storage).
    r : quality of the examples, their mean overlap with the archetype, 0 < r <= 1 (1 for storage).
    """

    alpha: float | None = None
    K: int | None = None
    p: int = 2
    energy: str | tuple = "distinct"
    protocol: str = "storage"
    M: int = 1
    r: float = 1.0

    family: ClassVar[str] = "dense"
    ENERGIES: ClassVar[tuple[str, ...]] = ("distinct", "power")
    PROTOCOLS: ClassVar[tuple[str, ...]] = ("storage", "supervised", "unsupervised")

    def __post_init__(self):
        if self.alpha is not None and self.K is not None:
            raise InvalidInput(f"alpha = {self.alpha!r} and K = {self.K!r} were both given: give one of them")
        if self.alpha is not None:
            object.__setattr__(self, "alpha", fields.real("alpha", self.alpha, 0.0))
        if self.K is not None:
            object.__setattr__(self, "K", fields.integer("K", self.K, 1))
        object.__setattr__(self, "p", fields.integer("p", self.p, 2, 8))
        object.__setattr__(self, "energy", _energy(self.energy))
        object.__setattr__(self, "protocol", fields.choice("protocol", self.protocol, self.PROTOCOLS))
        object.__setattr__(self, "M", fields.integer("M", self.M, 1, 2**31))
        object.__setattr__(self, "r", fields.real("r", self.r, 0.0, 1.0, open_low=True))
        if self.protocol == "supervised" and not isinstance(self.energy, str):
            raise InvalidInput("energy is a table, which supervised learning cannot use because its overlaps are not the "
                               "N + 1 of a pattern: give 'distinct' or 'power'")

    def __repr__(self):
        return f"DenseHopfield({', '.join(f'{name}={value!r}' for name, value in described(self))})"

    def patterns(self, N: int) -> int:
        """Number of patterns K at size N: K itself, or alpha N^(p-1) rounded to the nearest integer (ties to even)."""
        if self.K is not None:
            return self.K
        if self.alpha is None:
            raise InvalidInput("alpha is missing: give the load alpha or the number of patterns K")
        return round(self.alpha * N ** (self.p - 1))

    def load(self, N: int | None = None) -> float:
        """Load: K / N^(p-1) with the integer K of size N, or its limit for N to infinity where N is None."""
        if N is not None:
            return self.patterns(N) / N ** (self.p - 1)
        if self.alpha is None and self.K is None:
            raise InvalidInput("alpha is missing: give the load alpha or the number of patterns K")
        return 0.0 if self.alpha is None else self.alpha

    def require_role_of_examples(self) -> None:
        """Raise InvalidInput where M or r is given to storage, which has no examples (fields may still be set one by one)."""
        if self.protocol == "storage" and (self.M, self.r) != (1, 1.0):
            raise InvalidInput(f"M = {self.M} and r = {self.r:g} have no role in storage: give protocol='supervised' or "
                               "'unsupervised', or leave them out")

    @property
    def R(self) -> float:
        """Mean square of the average example on a site, r^2 + (1 - r^2)/M = r^2 (1 + rho)."""
        return self.r**2 + (1 - self.r**2) / self.M

    @property
    def rho(self) -> float:
        """Entropy of the data set, (1 - r^2) / (M r^2): noise over signal of the average example."""
        return (1 - self.r**2) / (self.M * self.r**2)


@dataclass(frozen=True, kw_only=True)
class Settings(MonteCarloSettings):
    __doc__ = MonteCarloSettings.__doc__.rstrip() + """
    order : "sequential" (sites 0 .. N-1), "random" (each attempt at an independent random site), "waiting" (the dynamics of
        "random", whose rejected attempts are counted and not made: the faster way below about one flip a sweep, the slower
        one above; its spins at every sweep have the law of "random" and other random numbers) or "synchronous" (all spins at
        once from their mean-field fields, another law: see `hebbian.models.dense_field`).
    gains : "exact" (energy changes in integers) or "float32" (rounded, at T > 0; faster where the integers need 64 bits, as for
        large p or N; which flip a near tie decides then depends on the instruction set).
    """

    order: str = "sequential"
    gains: str = "exact"

    ORDERS: ClassVar[tuple[str, ...]] = ("sequential", "random", "waiting", "synchronous")
    GAINS: ClassVar[tuple[str, ...]] = ("exact", "float32")

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "order", fields.choice("order", self.order, self.ORDERS))
        object.__setattr__(self, "gains", fields.choice("gains", self.gains, self.GAINS))


MODEL = DenseHopfield

OBSERVABLES = (
    Observable("m", "m"),
    Observable("q", "q"),
    Observable("energy", "e", "energy per spin"),
    Observable("n", "n"),
    Observable("acceptance", "A", "accepted flips per attempt"),
    Observable("tau", r"\tau_m", "sweeps"),
    Observable("retrieved", "retrieved", flag=True),
)

REPLICAS = 2

#: Bytes of a process before it simulates anything.
INTERPRETER = 36 * 2**20


def check(model: DenseHopfield, settings: MonteCarloSettings) -> None:
    """Raise InvalidInput where model and size do not fit together."""
    model.require_role_of_examples()
    N = settings.N
    if N < model.p:
        raise InvalidInput(f"N = {N} is too small: give at least p = {model.p} spins")
    if model.patterns(N) < 1:
        raise InvalidInput(f"alpha = {model.alpha} with N = {N} rounds to K = 0 patterns: "
                           f"give alpha of at least {1 / N ** (model.p - 1):.3g} or K")
    if not isinstance(model.energy, str) and len(model.energy) != N + 1:
        raise InvalidInput(f"energy has {len(model.energy)} values but N = {N} has {N + 1} overlaps "
                           "X = -N, -N+2, ..., N: give N + 1 values")
    order = getattr(settings, "order", "sequential")
    if order == "synchronous":
        _check_synchronous(model, settings)
    elif order != "sequential" and model.protocol != "storage":
        raise InvalidInput(f"order = {order!r} is for stored patterns, not for protocol = {model.protocol!r}: "
                           "give order = 'sequential'")
    if getattr(settings, "gains", "exact") == "float32":
        _check_rounded(model, settings)
    if model.protocol == "supervised" and (model.M >= 2**15 or model.M * N >= 2**26):
        raise InvalidInput(f"M = {model.M} with N = {N} is too large for the sums of examples: give M below 32768 and M N "
                           "below 67108864")


def _check_rounded(model, settings):
    if model.protocol != "storage":
        raise InvalidInput(f"gains = 'float32' is for stored patterns, not for protocol = {model.protocol!r}: "
                           "give gains = 'exact'")
    if settings.order == "synchronous":
        raise InvalidInput("gains = 'float32' has no role in order = 'synchronous', which sums no gains: give gains = 'exact'")
    if settings.T == 0:
        raise InvalidInput("gains = 'float32' rounds energy changes, whose sign T = 0 needs: give gains = 'exact'")
    if settings.N >= 2**15:
        raise InvalidInput(f"gains = 'float32' holds N below 32768 and N = {settings.N}: give gains = 'exact'")


def _check_synchronous(model, settings):
    if settings.rule != "heat_bath":
        raise InvalidInput(f"rule = {settings.rule!r} has no synchronous form: give rule = 'heat_bath'")
    if not isinstance(model.energy, str):
        raise InvalidInput("energy is a table, which has no derivative and so no mean-field field: give 'distinct' or 'power'")
    if terms(model, settings.N) * model.M >= 2**30:
        raise InvalidInput(f"K = {model.patterns(settings.N)} with M = {model.M} is too large for synchronous sums: "
                           f"give K M below {2**30}")


def realised(model: DenseHopfield, settings: MonteCarloSettings) -> dict[str, float]:
    """The parameters as drawn: the number of patterns, the load that its rounding gave, the kernel's quantum of energy."""
    quantum = float(integer_table(model, settings.N).unit)
    return {"K": model.patterns(settings.N), "load": model.load(settings.N), "quantum": quantum}


def operations(model: DenseHopfield, settings: MonteCarloSettings) -> float:
    """Pattern-terms that one sample costs: replicas x sweeps x N attempts x terms of the Hamiltonian."""
    sweeps = settings.burn_in + settings.sweeps
    return float(REPLICAS) * sweeps * settings.N * terms(model, settings.N)


def companions(model: DenseHopfield, settings: MonteCarloSettings):
    """What points of a sweep share that are simulated together, or None for a point that goes alone.

    Temperatures of one quadratic network that stores its patterns run side by side, within the integers of those lanes;
    series of more than 65536 sweeps would take too much memory for many points at once.
    """
    short = settings.burn_in + settings.sweeps <= 2**16
    default = (model.protocol, settings.order, settings.gains) == ("storage", "sequential", "exact")
    if default and short and runs_in_lanes(model, settings.N):
        return model, replace(settings, T=0.0, samples=1)
    return None


def runs_in_lanes(model: DenseHopfield, N: int) -> bool:
    """Whether replicas may share the lanes of a kernel: a quadratic U with overlaps and couplings that fit int16."""
    return isinstance(model.energy, str) and model.p == 2 and N < 2**15 and terms(model, N) < 2**14


def memory(model: DenseHopfield, settings: MonteCarloSettings, points: int = 1) -> int:
    """Bytes that a process needs at its peak, checked against the peak measured for sizes from 36 to 500 MiB.

    The interpreter and its libraries; the exact table of U; packed patterns, or sums of examples in int16 and as the int8
    rows of the kernel; overlaps and gains of both replicas while they are set up; the couplings of p = 2, which the kernel
    keeps up to 8192 spins; the series of all points that are simulated together and the transform behind the
    autocorrelation of one.
    """
    N, count = settings.N, terms(model, settings.N)
    padded = 64 * -(-count // 64)
    series = (112 + 48 * points) * (settings.burn_in + settings.sweeps)
    if getattr(settings, "order", "sequential") == "synchronous":
        entry, reach = (2, model.M * N) if model.protocol == "supervised" else (1, N)
        return INTERPRETER + 700 * reach + (3 * entry * N + 12 * REPLICAS) * padded + series
    if model.protocol == "supervised":
        return INTERPRETER + 320 * model.M * N + (4 * N + 16 * REPLICAS * model.p) * padded + N * padded // 8 + series
    # The kernel builds couplings where a run is long enough to gain from them; waiting needs them.
    coupled = operations(model, settings) > 200 * N * N or getattr(settings, "order", "sequential") == "waiting"
    couplings = 2 * N * N if model.p == 2 and N <= 8192 and coupled else 0
    return INTERPRETER + 500 * N + N * padded // 8 + 30 * padded + couplings + series


def _energy(energy):
    if isinstance(energy, str):
        return fields.choice("energy", energy, DenseHopfield.ENERGIES)
    values = np.asarray(energy)
    if values.ndim != 1 or values.size < 3:
        raise InvalidInput(f"energy is an array of shape {values.shape}: give 'distinct', 'power' or the N + 1 values of U, "
                           "at least 3 numbers")
    cleaned = tuple(int(v) if isinstance(v, numbers.Integral) else float(v) for v in values.tolist())
    if not all(isinstance(v, int) or np.isfinite(v) for v in cleaned):
        raise InvalidInput("energy contains values that are not finite: give finite numbers")
    return cleaned
