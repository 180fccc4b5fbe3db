r"""Theory of multitasking Hebbian networks: solutions of the exact mean field, phase diagram, learning threshold, high load.

Equations, notation and sources are in `multitasking_average` (averages over a site), `multitasking_branches` (low storage,
K patterns and N to infinity), `multitasking_frozen` (the same at T = 0), `multitasking_lines` (boundaries) and
`multitasking_load` (K = alpha N, extreme dilution).
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
from hebbian.theory import multitasking_frozen as frozen
from hebbian.theory import multitasking_load as load
from hebbian.theory import saddle
from hebbian.theory.multitasking_average import Entry
from hebbian.theory.multitasking_lines import absent, lines
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
    T : temperature, T >= 0.  T = 0 is exact; it sums over the values that half of the patterns take at a site, at most 100 000
        (20 patterns for storage, 10 with 5 examples, 2 with 10^4); Gaussian examples up to 8 patterns.
    branch : "global", the lowest minimum found from structured and random starts (not proven to be the lowest: of many
        patterns that learn, at low T, the runner-up can be returned, higher by 1e-7);
        "pure", one pattern; "parallel", K equal overlaps; "hierarchical", the minimum reached from amplitudes
        (1 - d) d^(k-1), where every overlap exceeds the sum of the smaller ones; "mixture", the lowest minimum where the
        largest does not exceed the sum of the others.  "pure" and "parallel" are returned with their instabilities.
    start : array (K,) of amplitudes, in the scale of the model, to iterate from instead; the branch is then called "start".
    examples : "exact", at the M of the model; "gaussian", the limit of large M at the same rho.

    Raises
    ------
    NoSolution : the branch does not exist at this point.   NotDefined : T = 0 with more patterns than above.
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
    else:
        if plain == 0:
            _require_feasible(model, entry, branch)
        n = _branch(model, entry, plain, branch)
    return _solution(model, T, entry, plain, branch, n)


def predict(model: MultitaskingHopfield, settings, **options) -> Solution:
    """The theory beside a simulation: `solve` at the temperature of its settings; options as for `solve`."""
    return solve(model, T=settings.T, **options)


def phase_diagram(model: MultitaskingHopfield, *, points: int = 200) -> PhaseDiagram:
    """Boundaries in the plane of dilution and temperature as lines by name, arrays `d` and `T`; the model's d plays no role.

    Parameters
    ----------
    points : number of steps of the grid in d between 0 and 1, at least 20; multiples of 1 / points are on every line.

    Returns
    -------
    a mapping of `Line` by name, see `hebbian.theory.multitasking_lines` for what each means and where it ends: "T_c", "T_pure",
    "T_2", ..., "T_(K-1)", "symmetric_2_lower", "symmetric_2_upper", ..., "symmetric_K_upper", "d_star", and for storage of
    three patterns and more "d_c", of three to six "d_x" and "mixture_limit".
    """
    if model.K is None:
        raise NotDefined("the phase diagram is that of a fixed number of patterns: give K instead of alpha")
    points = fields.integer("points", points, 20)
    return PhaseDiagram(model, lines(model, points), x="d", absent=absent(model))


def capacity(model: MultitaskingHopfield, *, T: float = 0.0) -> float:
    """Largest load alpha = K / N with a state that retrieves one pattern, replica-symmetric, at the model's dilution; T = 0."""
    if fields.real("T", T, 0.0) > 0:
        raise NotDefined(f"capacity at T = {T:g} is not defined for the family 'multitasking': take T = 0")
    return load.capacity(1 - model.d)


def learning_threshold(model: MultitaskingHopfield, *, p: float = math.erf(math.sqrt(0.5))) -> int:
    """Smallest number M of examples of quality r from which on overlaps reach the fraction p of their largest value.

    One-step signal against noise in the Gaussian limit: a site sees its leading pattern as n (1 + sqrt(rho) z), whatever the
    rank of the pattern and the dilution, so m / (1 - d) = erf(1 / sqrt(2 rho)) >= p asks for rho <= rho_p =
    1 / (2 erfinv(p)^2), and M >= (1 - r^2) / (r^2 rho_p).  At the default p = erf(1/sqrt 2) = 0.683, one standard deviation,
    rho_p = 1.

    Parameters
    ----------
    model : with a learning protocol and a quality r; its own M plays no role.
    p : fraction of the largest overlap 1 - d, in (0, 1).
    """
    from scipy.special import erfinv

    p = fields.real("p", p, 0.0, 1.0, open_low=True, open_high=True)
    if model.protocol == "storage":
        raise NotDefined("the learning threshold is a number of examples: give protocol='supervised' or 'unsupervised'")
    least = (1 - model.r**2) / model.r**2 * 2 * float(erfinv(p)) ** 2
    return max(1, math.ceil(least * (1 - 1e-12)))  # 24.000000000000004 is 24


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
    raise NoSolution(f"the mean-field map of these patterns has not settled at T = {T:g}: change "
                     f"{np.abs(image - m).max():.1e}; start nearer, or keep away from a transition")


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
        start = branches.ladder(a, K)
        if T == 0 and not entry.gaussian:
            n = _frozen_ladder(model) if entry.r == 1 else frozen.freeze(entry, start)
        else:
            n = branches.descend(entry, start + 1e-4 * a * 0.5 ** np.arange(K), T)
        if not branches.dominated(n):
            raise NoSolution(f"no hierarchical state of {model} at T = {T:g}: from amplitudes (1 - d) d^(k-1) the overlaps "
                             f"settle at {np.round(n, 6)}; lower d or ask for branch='mixture'")
        return n
    for _, n in branches.minima(entry, K, T):
        if not branches.outweighs(n[0], n[1:]):
            return n
    raise NoSolution(f"no mixture of {model} at T = {T:g}: in every minimum found one pattern outweighs the others; "
                     "ask for branch='global'")


def _frozen_ladder(model):
    K, d = model.K, model.d
    if K > 1 and 1 - 2 * d + d**K <= 0:
        raise NoSolution(f"no hierarchical state of {model} at T = 0: 1 - 2 d + d^K = {1 - 2 * d + d**K:.3g} must be "
                         "positive; lower d or ask for branch='mixture'")
    return branches.ladder(1 - d, K)


def _from_start(model, entry, T, start):
    n = np.asarray(start, float)
    if n.shape != (model.K,) or not np.all(np.isfinite(n)):
        raise InvalidInput(f"start is an array of shape {n.shape}: give K = {model.K} finite amplitudes")
    n = n * model.unit
    if T > 0:
        return branches.descend(entry, n, T)
    _require_feasible(model, entry, "start")
    return branches.descend(entry, n, T) if entry.gaussian else frozen.freeze(entry, n)


def _require_feasible(model, entry, branch):
    closed = branch in ("pure", "parallel") or (branch == "hierarchical" and entry.r == 1)
    if frozen.terms(entry, model.K) > frozen.LARGEST_SUM and (entry.gaussian or not closed):
        raise NotDefined(f"branch '{branch}' at T = 0 sums over all sites of K = {model.K} patterns, too many with "
                         f"M = {model.M} examples: ask for T = 0.005, or for fewer patterns")


def _solution(model, T, entry, plain, branch, n):
    rho, unit, K = entry.rho, model.unit, model.K
    if plain == 0 and not entry.gaussian:
        image, m, null = _frozen_sums(model, entry, branch, n)
        f, residual = -(1 + rho) / 2 * float(n @ n), float(np.abs(image / (1 + rho) - n).max())
        lowest = -math.inf if frozen.loose(entry, K, null) else 1.0
        # active sites without field follow single examples
        examples = 1.0 if entry.M == 1 or null - model.d**K < 1e-13 else -math.inf
    else:
        mean, here = branches.site(entry, n, plain), branches.at(entry, n, plain)
        m, null, f, residual = mean.overlap, mean.sech2, here.free_energy, float(np.abs(here.gradient).max())
        lowest, examples = float(np.linalg.eigvalsh(here.hessian)[0]), branches.example_stability(entry, n, plain)
        if plain == 0 and null - model.d**K > 1e-13:
            lowest = examples = -math.inf
    if model.protocol != "unsupervised" or entry.r == 1:
        examples = math.inf
    return Solution(
        model=model, T=T, N=None, branch=branch, residual=residual, stable=lowest > 0 and examples > 0,
        m=m / unit + 0.0, m2=float(m @ m) / unit**2, n=n / unit, q=1 - null, energy=-(1 + rho) / 2 * float(n @ n) / unit,
        free_energy=f / unit, hessian_min=lowest, example_stability=examples, kind=branches.kind(n, entry.a),
    )


def _frozen_sums(model, entry, branch, n):
    """(E w sign h, E xi sign h, probability of h = 0); ladder and equal overlaps have them in closed form for any K."""
    K, on = model.K, np.count_nonzero(n)
    if branch == "hierarchical" and entry.r == 1:
        return n, n, model.d**K
    if np.ptp(n[:on]) == 0:
        response, overlap, null = frozen.equal(entry, on)
        return np.where(n, response, 0.0), np.where(n, overlap, 0.0), null
    return frozen.sums(entry, n)
