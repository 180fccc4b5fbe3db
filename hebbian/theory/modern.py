r"""Theory of modern Hopfield networks with K = exp(alpha N) random patterns: random-energy thresholds of retrieval.

A query x with overlap m = x.xi^1 / N and norm r = |x| / sqrt(N) sees its pattern with weight exp(N lam m) and the K - 1 others
with total weight exp(N Phi_alpha(lam r)),

    Phi_alpha(h) = alpha + phi(h) if alpha >= alpha* = I(phi'(h))     many patterns share the noise: averaging
                 = h q_max, I(q_max) = alpha, otherwise               the best wrong pattern alone: frozen (condensed)

(rate I and cumulant phi of each ensemble: modern_ensembles).  One step returns the pattern iff lam m > Phi, that is below

    alpha_1(lam; m, r) = I(m / r) if m / r <= phi'(lam r), else lam m - phi(lam r).

After a step won, x = xi^1 up to exp(-O(N)), so Phi_alpha(lam) / lam is also the boundary m_c of the basin.  The averaging state
has r = phi'(lam r): 0 for lam <= 1, on the sphere r^2 = 1 - 1/lam above; it exists while its own noise is not condensed,
alpha > I(r), on the sphere alpha > (1/2) ln lam.  Sparse separations have no averaging branch: alpha_1 = I(m / r).

Noise sigma of the query enters as m = 1, r^2 = 1 + sigma^2 (sphere, Gauss) or m = tanh(1/sigma^2) (binary): for
lam >= 1/sigma^2 alpha_1 is the capacity of the Gaussian channel, (1/2) ln(1 + 1/sigma^2), and of the binary symmetric channel.

Derived here; checked by simulation without a fit (tests/physics/test_modern.py).  The structure agrees with Lucibello and
Mezard, arXiv 2304.14964.  Finite N: modern_finite; Glauber dynamics of the binary model: modern_binary.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from hebbian.errors import NotDefined
from hebbian.models import fields
from hebbian.models.modern import ModernHopfield
from hebbian.theory import modern_binary, modern_finite, modern_law
from hebbian.theory.modern_ensembles import ENSEMBLES
from hebbian.theory.phases import Line, PhaseDiagram


@dataclass(frozen=True, kw_only=True)
class Solution:
    """Retrieval at one load; the rest is what `solve` was asked for.

    Attributes
    ----------
    alpha : load, the realised ln K / N where N is given.
    alpha_1 : largest load at which one step retrieves (capacity of this query at this N and these steps).
    alpha_star : condensation of the noise on the query; below it the best wrong patterns alone matter.
    collapse : load below which no averaging state exists, so that every query ends at a pattern or a few.
    basin : m_c, smallest overlap of a query of norm 1 that is retrieved; above 1 not even the pattern itself is.
    phase : "single" (only patterns are fixed points), "coexist" (patterns and the averaging state), "average" (only that)
        or "condensed" (neither: queries end in mixtures of a few wrong patterns).
    m, weight, success, norm : overlap with the pattern, its weight, fraction of queries retrieved, squared norm of the state
        per dimension, after the steps; 0 or 1 for N to infinity.  At finite N success after one step is exact (modern_law), the
        others are annealed averages.
    exact : probability that the weight is exactly 1; 0 for softmax.
    """

    model: ModernHopfield
    N: int | None
    T: float | None
    steps: int | str
    alpha: float
    alpha_1: float
    alpha_star: float
    collapse: float
    basin: float
    phase: str
    m: float
    weight: float
    success: float
    norm: float
    exact: float


def solve(model: ModernHopfield, *, N: int | None = None, T: float | None = None, steps: int | str = 1) -> Solution:
    """Thresholds, phase and state after retrieval of a modern Hopfield network with load alpha.

    Parameters
    ----------
    model : with alpha; its `sigma` is the noise of the query.
    N : dimension, None for infinity.
    T : temperature of Glauber dynamics (binary ensemble); None for updates of the continuous state.
    steps : number of updates, or "iterated"; for N to infinity one step decides, and more do not matter.

    Raises InvalidInput where alpha is missing, NotDefined where T is given for another ensemble.
    """
    alpha, law = model.load(N), ENSEMBLES[model.ensemble]
    m, r = query(model)
    edge, lam = capacity(model, N=N, T=T, steps=steps), model.lam
    sparse = model.separation != "softmax"
    h = 2 * lam if T == 0 else lam
    retrieved = alpha < edge
    state = _state(model, law, alpha, m, r, N, T, steps, retrieved)
    return Solution(
        model=model, N=N, T=T, steps=steps, alpha=alpha, alpha_1=edge,
        alpha_star=np.inf if sparse else float(law.rate(law.slope(h * r))), collapse=_collapse(model, law),
        basin=float(noise(law, alpha, h, sparse) / h), phase=_phase(model, law, alpha, T), **state)


def predict(model: ModernHopfield, settings, **options) -> Solution:
    """The theory beside a simulation: `solve` at the dimension, temperature and steps of its settings."""
    return solve(model, N=settings.N, T=settings.T, steps=settings.steps, **options)


def capacity(model: ModernHopfield, *, N: int | None = None, T: float | None = None, steps: int | str = 1,
             patterns: str = "typical") -> float:
    """Largest load alpha = ln K / N at which a query retrieves its pattern; +inf where there is no limit.

    Parameters
    ----------
    model : its own alpha plays no role.
    N : dimension; None for infinity.  One step from a clean query is exact in the annealed average (sphere: Bessel function),
        from a noisy one, and with sparse weights, half of the queries retrieve (modern_law; a second of work).
    T : temperature of Glauber dynamics (binary ensemble), for N to infinity whatever N; None for updates of the state.
    steps : "iterated" (or any number above 1, whose limit it is) asks that the pattern is kept, not only found: lower by
        ln N / N at finite N, the same for N to infinity.
    patterns : "typical", or "all": no pattern of the K is lost.  Gauss: (ln 2) / 4 or less, set by pairs and by patterns of
        small norm; binary: at most (ln 2) / 2, where patterns start to coincide; sphere: as typical.
    """
    m, r = query(model)
    fields.choice("patterns", patterns, ("typical", "all"))
    if N is not None:
        N = fields.integer("N", N, 2)
    if steps != "iterated":
        steps = fields.integer("steps", steps, 1)
    if T is not None:
        return _glauber(model, m, fields.real("T", T, 0.0), patterns)
    law, sparse = ENSEMBLES[model.ensemble], model.separation != "softmax"
    if N is None:
        typical = threshold(law, model.lam, m, r, sparse)
    else:
        typical = modern_finite.one_step(model, N)
        if steps != 1 and not sparse:
            typical = min(typical, modern_finite.iterated(model, N))
    if patterns == "typical" or model.ensemble == "sphere":
        return typical
    return min(typical, _all_patterns(model, N))


def phase_diagram(model: ModernHopfield, *, points: int = 200) -> PhaseDiagram:
    """Lines of the phase diagram in the plane of load and temperature of the weights, T = 1 / lam, from lam = 1/4 to 20.

    "retrieval": alpha_1 of the model's query; "condensation": alpha*; "collapse": below it no averaging state.  The
    collapse line is asymptotic: at N <= 15 queries end in clusters far above it.
    """
    lam = np.geomspace(0.25, 20.0, points)
    law, sparse = ENSEMBLES[model.ensemble], model.separation != "softmax"
    m, r = query(model)
    lines = {"retrieval": ([threshold(law, x, m, r, sparse) for x in lam], "one step retrieves to the left of this line")}
    if not sparse:
        lines["condensation"] = ([law.rate(law.slope(x * r)) for x in lam], "to the left the best wrong pattern is the noise")
        lines["collapse"] = ([_collapse_at(law, x) for x in lam], "to the left every query ends at a pattern or a few")
    return PhaseDiagram(model, {name: Line(1 / lam, np.array(alpha), meaning) for name, (alpha, meaning) in lines.items()})


def query(model) -> tuple[float, float]:
    """Overlap m and norm r of a query with noise sigma."""
    if model.sigma == 0:
        return 1.0, 1.0
    if model.ensemble == "binary":
        return float(np.tanh(model.sigma**-2)), 1.0
    return 1.0, float(np.sqrt(1 + model.sigma**2))


def threshold(law, lam: float, m: float, r: float, sparse: bool = False) -> float:
    """alpha_1(lam; m, r) for N to infinity."""
    if sparse or m / r <= law.slope(lam * r):
        return float(law.rate(m / r))
    return float(lam * m - law.cumulant(lam * r))


def noise(law, alpha: float, h: float, sparse: bool = False) -> float:
    """Exponent Phi_alpha(h) of the total weight of the wrong patterns."""
    if not sparse and alpha >= law.rate(law.slope(h)):
        return float(alpha + law.cumulant(h))
    return float(h * law.inverse_rate(alpha))


def _collapse_at(law, lam):
    """Load below which the averaging state condenses; r = phi'(lam r) there."""
    if lam <= 1:
        return 0.0
    r = 1.0
    if np.isinf(law.largest):
        return np.inf
    for _ in range(10_000):
        new = float(law.slope(lam * r))
        if abs(new - r) < 1e-15:
            break
        r = new
    return float(law.rate(r))


def _collapse(model, law):
    return np.inf if model.separation != "softmax" else _collapse_at(law, model.lam)


def _phase(model, law, alpha, T):
    sparse = model.separation != "softmax"
    kept = modern_binary.threshold(model.lam, 1.0, T) if T is not None else threshold(law, model.lam, 1.0, 1.0, sparse)
    averaging = alpha > _collapse(model, law)
    if alpha < kept:
        return "coexist" if averaging else "single"
    return "average" if averaging else "condensed"


def _state(model, law, alpha, m, r, N, T, steps, retrieved):
    """Overlap, weight, success, norm and exactness of the state after the steps."""
    sparse = model.separation != "softmax"
    if T is not None:
        kept = 1.0 if T == 0 else float(np.tanh(1 / T))
        return dict(m=kept if retrieved else np.nan, weight=np.nan, success=float(retrieved), norm=1.0, exact=np.nan)
    if N is None or sparse:
        exact = 0.0 if not sparse else np.nan if N is None else modern_law.success(model, N, np.log(model.patterns(N)))
        won = float(retrieved)
        return dict(m=1.0 if retrieved else np.nan, weight=won, success=won,
                    norm=1.0 if retrieved else _lost_norm(law, alpha, model.lam * r, sparse), exact=exact)
    p = modern_finite.weight(model, m, r, N)
    q = law.finite_slope(model.lam * r, N)
    a = p + (1 - p) * q * m / r
    if steps != 1:
        a, p = modern_finite.iterated_state(model, N) if p > 0.5 else (np.nan, 0.0)
    norm = p * p + (1 - p) ** 2 * q * q + 2 * p * (1 - p) * q * m / r
    won = modern_law.success(model, N, np.log(model.patterns(N))) if steps == 1 else float(p > 0.5)
    return dict(m=float(a), weight=float(p), success=won, norm=float(norm) if steps == 1 else np.nan, exact=0.0)


def _lost_norm(law, alpha, h, sparse):
    """Squared norm after a lost step: the averaging state, or q^2 + (1 - q^2) sum p^2 of the condensed patterns."""
    q_star = law.slope(h)
    if not sparse and alpha >= law.rate(q_star):
        return float(q_star**2)
    if np.isinf(law.largest):
        return np.nan
    q = law.inverse_rate(alpha)
    critical = q / (1 - q * q) if law is ENSEMBLES["sphere"] else np.arctanh(q)
    square = 1.0 if sparse else 1 - critical / h
    return float(q * q + (1 - q * q) * square)


def _glauber(model, m, T, patterns):
    if model.ensemble != "binary" or model.separation != "softmax":
        raise NotDefined(f"T = {T:g} is defined for ensemble = 'binary' with separation = 'softmax', not for {model}")
    typical = modern_binary.threshold(model.lam, m, T)
    return typical if patterns == "typical" else min(typical, np.log(2) / 2)


def _all_patterns(model, N):
    """Largest load at which no pattern is lost by its own small norm or by a near copy."""
    if model.ensemble == "binary":
        if N is None:
            return float(np.log(2) / 2)
        return float(np.log(np.sqrt(2 * np.log(2)) * 2 ** (N / 2)) / N)
    if N is not None:
        return modern_finite.all_gauss(model.lam if model.separation == "softmax" else np.inf, N)
    pairs = np.log(2) / 4
    if model.separation != "softmax" or model.lam >= 1:
        return float(pairs)
    gain = model.lam - model.lam**2 / 2
    # The smallest norm rho N of exp(alpha N) patterns has (rho - 1 - ln rho) / 2 = alpha and needs alpha < rho gain.
    rho = brentq(lambda rho: (rho - 1 - np.log(rho)) / 2 - rho * gain, 1e-12, 1.0, xtol=1e-15, rtol=1e-14)
    return float(min(pairs, rho * gain))
