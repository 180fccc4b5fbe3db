r"""Theory of multitasking Hebbian networks: solutions of the exact mean field, phase diagram, learning threshold, high load.

Equations, notation and sources are in `multitasking_average` (averages over a site), `multitasking_branches` (low storage,
K patterns and N to infinity), `multitasking_lines` (boundaries) and `multitasking_load` (K = alpha N, extreme dilution).
Temperature, energies and overlaps are in the scale of the model, k_B = 1; energies are per spin.

Supervised and unsupervised learning have the same equations at low storage, for every M and r; they differ in the stability
of states whose overlaps with the examples of one pattern are equal, and in their energies by a constant.
"""

import math
from dataclasses import dataclass

import numpy as np

from hebbian.errors import InvalidInput, NoSolution, NotDefined
from hebbian.models import fields
from hebbian.models.multitasking import MultitaskingHopfield
from hebbian.theory import multitasking_branches as branches
from hebbian.theory import multitasking_load as load
from hebbian.theory import saddle
from hebbian.theory.multitasking_average import Entry, averages
from hebbian.theory.multitasking_lines import lines
from hebbian.theory.phases import PhaseDiagram

BRANCHES = ("global", "pure", "hierarchical", "parallel", "mixture")
EXAMPLES = ("exact", "gaussian")


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution(saddle.Solution):
    """A stationary state of a multitasking network; see `hebbian.theory.saddle.Solution` for the rest.

    Attributes
    ----------
    m : overlaps with the patterns sorted by size, array (K,); m2 : sum of their squares.
    n : overlaps with the mean examples, (1 / ((1 + rho) r N)) sum_i etabar_i s_i, array (K,); m itself for storage.
    q : overlap of two replicas, E tanh^2(h/T), sites that are blank in every pattern included.
    energy, free_energy : per spin.
    hessian_min : smallest eigenvalue of 1 - E w^mu w^nu sech^2(h/T) / (T (1 + rho)), the Hessian of the free energy scaled to
        1 for free spins; one minus the slowest factor of the iteration.  -inf at T = 0 where active sites have no field.
    example_stability : for "unsupervised", the smallest eigenvalue against unequal overlaps with the examples; else inf.
    kind : "P" one pattern, "hn" n distinct amplitudes, "Sn" n equal ones, "xn" n of which some are equal, "0" none.
    stable : whether both eigenvalues are positive.
    """

    m: np.ndarray
    m2: float
    n: np.ndarray
    q: float
    energy: float
    free_energy: float
    hessian_min: float
    example_stability: float
    kind: str


def solve(model: MultitaskingHopfield, *, T: float, branch: str = "global", start=None, examples: str = "exact") -> Solution:
    """Stationary state of a multitasking network at temperature T.

    Parameters
    ----------
    model : with K patterns for low storage, or with a load alpha (then see `multitasking_load.solve`: branch "pure", or
        "hierarchical" for two condensed patterns).
    T : temperature, T >= 0.  T = 0 is exact, for storage and up to 12 patterns ("pure", "parallel" and "hierarchical": any).
    branch : "global", the lowest of the minima found from structured starts (found, not proven, to be all that matters);
        "pure", one pattern; "parallel", K equal overlaps; "hierarchical", the minimum reached from amplitudes
        (1 - d) d^(k-1), where every overlap exceeds the sum of the smaller ones; "mixture", the lowest minimum where the
        largest does not exceed the sum of the others.  "pure" and "parallel" are returned with their instabilities.
    start : array (K,) of amplitudes, in the scale of the model, to iterate from instead; the branch is then called "start".
    examples : "exact", at the M of the model; "gaussian", the limit of large M at the same rho.

    Raises
    ------
    NoSolution : the branch does not exist at this point.   NotDefined : T = 0 outside the cases above.
    InvalidInput : a parameter is out of range.
    """
    T = fields.real("T", T, 0.0)
    branch = fields.choice("branch", branch, BRANCHES)
    examples = fields.choice("examples", examples, EXAMPLES)
    if model.alpha is not None:
        return load.solve(model, T, branch)
    entry, plain = entry_of(model, examples), T * model.unit
    if start is not None:
        branch, n = "start", _from_start(model, entry, plain, start)
    elif plain == 0:
        n = _frozen(model, entry, branch)
    else:
        n = _branch(model, entry, plain, branch)
    return _solution(model, T, entry, plain, branch, n)


def predict(model: MultitaskingHopfield, settings, **options) -> Solution:
    """The theory beside a simulation: `solve` at the temperature of its settings; options as for `solve`."""
    return solve(model, T=settings.T, **options)


def phase_diagram(model: MultitaskingHopfield, *, points: int = 200) -> PhaseDiagram:
    """Boundaries in the plane of dilution and temperature as lines by name, with arrays `d` and `T`; the model's d plays no role.

    Parameters
    ----------
    points : number of steps of the grid in d between 0 and 1, at least 20; multiples of 1 / points are on every line.

    Returns
    -------
    a mapping of `Line` by name, see `hebbian.theory.multitasking_lines` for what each means and where it ends: "T_c", "T_pure",
    "T_2", ..., "symmetric_2_lower", "symmetric_2_upper", ..., "d_star", and from three patterns on "d_c", "d_x".
    """
    if model.K is None:
        raise NotDefined("the phase diagram is that of a fixed number of patterns: give K instead of alpha")
    points = fields.integer("points", points, 20)
    return PhaseDiagram(model, lines(model, points), x="d")


def capacity(model: MultitaskingHopfield, *, T: float = 0.0) -> float:
    """Largest load alpha = K / N with a state that retrieves one pattern, replica-symmetric, at the model's dilution; T = 0."""
    if fields.real("T", T, 0.0) > 0:
        raise NotDefined(f"capacity at T = {T:g} is not defined for the family 'multitasking': take T = 0")
    return load.capacity(1 - model.d)


def learning_threshold(model: MultitaskingHopfield, *, p: float = math.erf(math.sqrt(0.5))) -> float:
    """Number of examples of the model's quality r from which overlaps reach the fraction p of their largest value 1 - d.

    One-step signal against noise: a site sees its leading pattern as n (1 + sqrt(rho) z), whatever the rank of the pattern and
    the dilution, so m / (1 - d) = erf(1 / sqrt(2 rho)) >= p asks for rho <= 1 / (2 erfinv(p)^2), and
    M = (1 - r^2) / (r^2 rho_p).  At the default p = erf(1/sqrt 2) = 0.683, one standard deviation, rho_p = 1.
    """
    from scipy.special import erfinv

    p = fields.real("p", p, 0.0, 1.0, open_low=True, open_high=True)
    return (1 - model.r**2) / model.r**2 * 2 * float(erfinv(p)) ** 2


def mean_field(patterns, *, T: float, start, tolerance: float = 1e-13) -> np.ndarray:
    """Fixed point of the mean-field equations of one sample's own patterns, in the plain scale and in their order.

    e_mu <- (1/N) sum_i xi_i^mu tanh(xi_i . e / T), iterated from `start`; sample-to-sample fluctuations of the patterns are
    in it, so that a simulation of the same sample can be compared without them.

    Parameters
    ----------
    patterns : array (K, N) with entries -1, 0, 1.   start : array (K,), for example measured overlaps.
    """
    kinds, weight = np.unique(np.asarray(patterns, np.int8), axis=1, return_counts=True)
    kinds, weight = kinds.astype(float), weight / weight.sum()
    m = np.array(start, float)
    for _ in range(200_000):
        image = kinds @ (weight * np.tanh(m @ kinds / T))
        if np.abs(image - m).max() < tolerance:
            return image
        m = image
    raise NoSolution(f"the mean-field map of these patterns has not settled at T = {T:g}: change {np.abs(image - m).max():.1e}; "
                     "start nearer, or keep away from a transition")


def entry_of(model: MultitaskingHopfield, examples: str = "exact") -> Entry:
    """Law of one site's entry of one pattern."""
    return Entry(1 - model.d, model.M, model.r, examples == "gaussian" and model.r < 1)


def _branch(model, entry, T, branch):
    K, a = model.K, entry.a
    if branch == "global":
        return branches.minima(entry, K, T)[0][1]
    if T >= a:
        raise NoSolution(f"no {branch} state of {model}: overlaps vanish above T_c = {a / model.unit:g}; "
                         "lower T or ask for branch='global'")
    if branch in ("pure", "parallel"):
        count = K if branch == "parallel" else 1
        n = np.zeros(K)
        n[:count] = branches.symmetric(entry, count, T)
        return n
    if branch == "hierarchical":
        n = branches.descend(entry, branches.ladder(a, K) + 1e-4 * a * 0.5 ** np.arange(K), T)
        if not branches.dominated(n):
            raise NoSolution(f"no hierarchical state of {model} at T = {T:g}: from amplitudes (1 - d) d^(k-1) the overlaps "
                             f"settle at {np.round(n, 6)}; lower d or ask for branch='mixture'")
        return n
    for _, n in branches.minima(entry, K, T):
        if n[0] <= n[1:].sum():
            return n
    raise NoSolution(f"no mixture of {model} at T = {T:g}: in every minimum found one pattern outweighs the others; "
                     "ask for branch='global'")


def _frozen(model, entry, branch):
    K, a, d = model.K, entry.a, model.d
    if branch == "pure":
        return np.array([a] + [0.0] * (K - 1))
    if branch == "hierarchical":
        if K > 1 and 1 - 2 * d + d**K <= 0:
            raise NoSolution(f"no hierarchical state of {model} at T = 0: 1 - 2 d + d^K = {1 - 2 * d + d**K:.3g} must be "
                             "positive; lower d or ask for branch='mixture'")
        return branches.ladder(a, K)
    if branch == "parallel":
        walk = branches.walk(a, K - 1)
        # E xi sign(xi + S) = a E sign(1 + S) = a (P(S = 0) + P(S = 1)), S the sum of the other K - 1 entries
        return np.full(K, a * walk[K - 1:K + 1].sum())
    _require_enumerable(model)
    for m in branches.attractors(a, K):
        if branch == "global" or m[0] <= m[1:].sum():
            return m
    raise NoSolution(f"no mixture of {model} at T = 0: in every solution found one pattern outweighs the others; "
                     "ask for branch='hierarchical'")


def _from_start(model, entry, T, start):
    n = np.asarray(start, float)
    if n.shape != (model.K,) or not np.all(np.isfinite(n)):
        raise InvalidInput(f"start is an array of shape {n.shape}: give K = {model.K} finite amplitudes")
    n = n * model.unit
    if T > 0:
        return branches.descend(entry, n, T)
    _require_enumerable(model)
    return branches.freeze(entry.a, n)


def _require_enumerable(model):
    if model.K > branches.ENUMERABLE:
        raise NotDefined(f"this branch at T = 0 sums over 3^K sites, too many for K = {model.K}: ask for T = 0.005, or for "
                         "branch='hierarchical'")


def _solution(model, T, entry, plain, branch, n):
    if plain == 0 and entry.r < 1:
        raise NotDefined("T = 0 is defined for protocol = 'storage' only: examples smear the chambers; take a small T")
    rho, unit = entry.rho, model.unit
    if plain > 0:
        mean = averages(entry, n / plain)
        m, q, f = mean.overlap, 1 - mean.sech2, branches.free_energy(entry, n, plain)
        residual = float(np.abs(branches.gradient(entry, n, plain)).max())
        lowest = float(np.linalg.eigvalsh(branches.hessian(entry, n, plain))[0])
    else:
        m, f = n, -float(n @ n) / 2
        residual, lowest, q = _frozen_verdict(model, entry, branch, n)
    examples = math.inf
    if model.protocol == "unsupervised" and entry.r < 1:
        examples = branches.example_stability(entry, n, plain)
    return Solution(
        model=model, T=T, N=None, branch=branch, residual=residual, stable=lowest > 0 and examples > 0,
        m=m / unit, m2=float(m @ m) / unit**2, n=n / unit, q=q, energy=-(1 + rho) / 2 * float(n @ n) / unit,
        free_energy=f / unit, hessian_min=lowest, example_stability=examples, kind=branches.kind(n, entry.a),
    )


def _frozen_verdict(model, entry, branch, m):
    """(residual, smallest Hessian eigenvalue, q) at T = 0: sites in a field are rigid, active sites without one are loose."""
    a, blank = entry.a, model.d**model.K
    if branch == "hierarchical":
        return 0.0, 1.0, 1 - blank
    if branch == "pure":
        loose = model.d - blank
    elif model.K > branches.ENUMERABLE:
        loose = float(branches.walk(a, model.K)[model.K]) - blank
    else:
        image, loose = branches.frozen_map(a, m)
        residual = float(np.abs(np.sort(image) - np.sort(m)).max())
        return residual, 1.0 if loose < 1e-14 else -math.inf, 1 - blank - loose
    return 0.0, 1.0 if loose < 1e-14 else -math.inf, 1 - blank - loose
