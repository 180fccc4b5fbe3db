r"""Many diluted patterns: K = alpha N at fixed dilution, and K = alpha N^delta at dilution d = 1 - c / N^gamma.

High load, replica-symmetric, unit scale, with a = 1 - d and h = xi . m + s z, z ~ N(0, 1), over the condensed patterns:

    m_mu = E xi^mu tanh(h/T) / a,   q = E tanh^2(h/T),   C = (1 - q)/T,   s^2 = alpha q / (1 - C)^2

Sites that are blank in every condensed pattern are in the averages: they freeze in the noise.  Given s, overlaps follow and
the load is explicit; it rises with s from where C = 1, and the branch up to its maximum is the retrieval state.  At T = 0 and
one pattern, with y = m / (s sqrt 2),  sqrt(2 alpha) = (erf y - (2 y / sqrt pi)(a e^(-y^2) + d)) / y.  Replica symmetry is an
approximation here: null sites freeze as a spin glass at low T (`replicon`).

Extreme dilution, delta = gamma < 1, lambda = alpha c: a spin of one pattern meets Skellam(lambda/2, lambda/2) signed
others, and

    m = E tanh(m (1 + S)/T)     with all overlaps equal, T_c = 1 (unit scale);

a single overlap that departs from the others relaxes with 1 - E sech^2(m (1 + S)/T)/T, which vanishes at T_sym(lambda).
(Derived here; d = 0 is Amit, Gutfreund, Sompolinsky 1987, whose r is q / (1 - C)^2.)
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import erf, ive

from hebbian.errors import NoSolution
from hebbian.theory import saddle
from hebbian.theory.gaussian import field_averages


@dataclass(frozen=True, kw_only=True, repr=False)
class LoadSolution(saddle.Solution):
    """Replica-symmetric retrieval state at high load; see `hebbian.theory.saddle.Solution` for the rest.

    m : overlaps with the condensed patterns, array; m2 : sum of their squares; q : overlap of two replicas.
    noise : variance of the crosstalk field on a spin.
    """

    m: np.ndarray
    m2: float
    q: float
    noise: float


def solve(model, T, branch) -> LoadSolution:
    """Retrieval state of a network with a load alpha, one condensed pattern ("pure", "global") or two ("hierarchical")."""
    a, unit = 1 - model.d, model.unit
    t = T * unit / a
    count = 2 if branch == "hierarchical" else 1
    if branch not in ("pure", "hierarchical", "global"):
        raise NoSolution(f"no {branch} state of {model}: at high load one or two patterns condense, "
                         "ask for branch='pure' or 'hierarchical'")

    def load_of(s):
        m, load = _state(a, count, s, t)[:2]
        return load if m[-1] > 1e-6 else 0.0

    # the load rises with the noise to its largest value and falls again: retrieval is the rising part
    grid = np.geomspace(1e-3, 1.5, 80)
    loads = np.array([load_of(s) for s in grid])
    falls = np.flatnonzero((np.diff(loads) < 0) & (loads[:-1] > 0))
    top = int(falls[0]) if len(falls) else len(grid) - 1
    peak = minimize_scalar(lambda s: -load_of(s), bounds=(grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)]),
                           method="bounded", options={"xatol": 1e-10})
    if -peak.fun < model.alpha:
        raise NoSolution(f"no {branch} state of {model} at T = {T:g}: the largest load with {count} condensed pattern(s) is "
                         f"{-peak.fun:.6g} at this temperature; lower alpha")
    s = brentq(lambda s: load_of(s) - model.alpha, 1e-6, peak.x, xtol=1e-15)
    m, alpha, q, replicon, residual = _state(a, count, s, t)
    return LoadSolution(
        model=model, T=T, N=None, branch=branch, residual=max(residual, abs(alpha / model.alpha - 1)), replicon=replicon,
        stable=replicon < 1, m=m * a / unit, m2=float(m @ m) * (a / unit) ** 2, q=q, noise=(s * a / unit) ** 2)


def branch_curve(a: float, count: int, T: float, points: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Load and last overlap along the retrieval branch of `count` condensed patterns up to its largest load, unit scale."""
    found = []
    for s in np.geomspace(1e-3, 1.5, points):
        m, load = _state(a, count, s, T)[:2]
        if found and load < found[-1][0]:
            break
        if load > 0 and m[-1] > 1e-6:
            found.append((load, m[-1]))
    load, m = np.array(found).T
    return load, m


def capacity(a: float) -> float:
    """Largest load with a retrieval state of one pattern at T = 0; NoSolution for a <= 1/3."""
    def load(y):
        root = (erf(y) - 2 * y / np.sqrt(np.pi) * (a * np.exp(-y * y) + 1 - a)) / y
        return np.where(root > 0, root, 0.0) ** 2 / 2

    best = saddle.maximum(load, np.linspace(1e-3, 6.0, 4000))[1]
    if best <= 0:
        raise NoSolution(f"no retrieval state at any load for d = {1 - a:g}: it needs d < 2/3; lower d")
    return best


def _state(a, count, s, t):
    """(m, load, q, replicon, residual) of `count` condensed patterns in noise of standard deviation s at temperature t."""
    sites = np.array(list(product((-1, 0, 1), repeat=count)))
    weight = np.prod(np.where(sites == 0, 1 - a, a / 2), axis=1)
    m = np.array((1 - a) ** np.arange(count)) if count > 1 else np.ones(1)
    for _ in range(5000):
        image = (weight * field_averages(sites @ m, s, t).m) @ sites / a
        change = np.abs(image - m).max()
        m = image
        if change < 1e-15:
            break
    mean = field_averages(sites @ m, s, t)
    residual = float(np.abs((weight * mean.m) @ sites / a - m).max())
    C, q = float(weight @ mean.C), float(weight @ mean.q)
    if C >= 1 or q <= 0:  # sites without field are too soft for so little noise
        return m, 0.0, q, np.inf, residual
    load = s * s * (1 - C) ** 2 / q
    with np.errstate(divide="ignore", invalid="ignore"):
        replicon = float(load * (weight @ mean.sech4) / np.float64(t) / (1 - C) ** 2)
    return m, load, q, replicon, residual


# --- extreme dilution ------------------------------------------------------------------------------------------------

def extreme_overlap(lam: float, T: float) -> float:
    """Common overlap of all patterns at delta = gamma, lambda = alpha c, temperature T < 1 (unit scale)."""
    S, weight = _skellam(lam)
    if T >= 1:
        raise NoSolution(f"no retrieval at T = {T:g}: at extreme dilution overlaps vanish above T = 1; lower T")
    y = brentq(lambda y: weight @ np.tanh(y * (1 + S)) / y - T, 1e-9, 1e9 if T < 1e-6 else 10 / T, xtol=1e-300, rtol=1e-15)
    return y * T


def extreme_limit(lam: float) -> float:
    """T_sym(lambda): below it the state of equal overlaps is unstable at extreme dilution, delta = gamma."""
    S, weight = _skellam(lam)

    def margin(y):
        return weight @ np.tanh(y * (1 + S)) / y - weight @ (1 / np.cosh(np.minimum(np.abs(y * (1 + S)), 300)) ** 2)

    y = np.geomspace(1e-2, 1e4, 400)
    values = np.array([margin(v) for v in y])
    crossing = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))[0]
    y = brentq(margin, y[crossing], y[crossing + 1], xtol=1e-300, rtol=1e-15)
    return float(weight @ np.tanh(y * (1 + S)) / y)


def extreme_overlaps(lam: float, T: float, count: int = 100, tolerance: float = 1e-7) -> np.ndarray:
    """Overlaps of `count` equally frequent kinds of patterns at extreme dilution, delta = gamma, sorted, array (count,).

    m_k = E tanh((m_k + h)/T), with h the sum of Poisson(lambda) signed overlaps of all kinds, iterated from overlaps spread
    evenly by a third around the common one: equal above T_sym, unequal below it.  With E cos(q h) =
    exp(lambda (mean_k cos(q m_k) - 1)) the average is the Fourier integral of `multitasking_average`.
    """
    m = extreme_overlap(lam, T) * (1 + np.linspace(-1, 1, count) / 3)
    step = 2 * np.pi / ((lam + 10 * np.sqrt(lam) + 10) / T + 19)  # the chance of more other patterns on a spin is 1e-12
    q = step * np.arange(1, int(np.ceil(24.0 / step)) + 1)  # sinh(pi q / 2) is 1e16 at the cut
    weight = step / np.sinh(np.pi * q / 2)
    for _ in range(20_000):
        wave = np.outer(m / T, q)
        image = np.sin(wave) @ (weight * np.exp(lam * (np.cos(wave).mean(axis=0) - 1))) + step / np.pi * m / T
        change = np.abs(image - m).max()
        m = image
        if change < tolerance:
            return np.sort(m)
    raise NoSolution(f"the overlaps at lambda = {lam:g}, T = {T:g} still move by {change:.1e} a step: keep away from T_sym = "
                     f"{extreme_limit(lam):.4f}, or raise the tolerance")


def _skellam(lam):
    """Support and probabilities of the difference of two Poisson numbers of mean lambda / 2."""
    reach = int(np.ceil(12 * np.sqrt(lam) + 30))
    S = np.arange(-reach, reach + 1)
    return S, ive(np.abs(S), lam)
