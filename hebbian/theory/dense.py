r"""Theory of dense Hopfield networks that store patterns or learn them from examples: saddle points and phase diagram.

Equations, notation and sources are in `dense_states` (saddle points), `dense_branches` (which of them exist where),
`dense_examples` (average over the examples), `dense_noise` (crosstalk), `dense_class` (size dependence of unsupervised
learning), `dense_glass` (glass transition for p >= 3), `dense_rsb` (replica symmetry breaking) and `dense_synchronous` (all
spins at once).  Temperatures are in units of the couplings of the Hamiltonian, k_B = 1; energies are per spin and counted
from the mean energy of a random configuration, as in simulations.
"""

from dataclasses import dataclass, replace

import numpy as np

from hebbian.errors import InvalidInput, NoSolution, NotDefined
from hebbian.models import fields
from hebbian.models.dense import DenseHopfield
from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_class, dense_learning, dense_planes, dense_rsb, dense_states, dense_synchronous, saddle
from hebbian.theory.dense_lines import CONTINUOUS, lines
from hebbian.theory.phases import PhaseDiagram

BRANCHES = ("retrieval", "glass", "paramagnet")
AVERAGES = ("binomial", "gaussian")


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution(saddle.Solution):
    """A replica-symmetric saddle point of a dense Hopfield network; see `hebbian.theory.saddle.Solution` for the rest.

    Attributes
    ----------
    m : overlap with the retrieved pattern (archetype).
    q : overlap of two replicas.
    n : overlap with the mean of the examples of that archetype, divided by r (1 + rho) so that it is m for perfect examples.
    noise : variance lambda of the crosstalk field on a spin.
    energy, free_energy : per spin, without the mean energy of a random configuration.
    example_instability : left-hand side of the condition `example_instability` < 1 under which the overlaps with all examples
        stay equal; 0 where there is one example or a teacher.
    """

    m: float
    q: float
    n: float
    noise: float
    energy: float
    free_energy: float
    example_instability: float


@dataclass(frozen=True, kw_only=True, repr=False)
class BrokenSolution(saddle.Solution):
    """A retrieval state in one step of replica symmetry breaking: states of overlap q1 with themselves and q0 with each other.

    Attributes
    ----------
    m, n, noise, energy, free_energy : as in `Solution`.
    q : mean overlap of two replicas, breaking q0 + (1 - breaking) q1.
    q0, q1 : overlap of two replicas in different states, and in one.
    breaking : fraction of pairs of replicas in different states; 0 at T = 0.
    replicon : left-hand side of the condition `replicon` < 1 under which the states do not break up further.
    """

    m: float
    q: float
    q0: float
    q1: float
    breaking: float
    n: float
    noise: float
    energy: float
    free_energy: float


def solve(model: DenseHopfield, *, T: float, N: int | None = None, branch: str = "retrieval",
          average: str = "binomial", rsb: int = 0) -> Solution | BrokenSolution:
    """Saddle point of a dense Hopfield network at temperature T, replica-symmetric or with one step of symmetry breaking.

    Parameters
    ----------
    model : with a load alpha, or a fixed number K of patterns (load 0 for N to infinity).
    T : temperature, T >= 0; T = 0 is exact.
    N : number of spins, for the load that the integer number of patterns realises.  For p >= 3 and sums over distinct indices
        (not the Wick-ordered power of supervised learning) the leading finite-size effect is included: signal and noise
        both carry c = prod_{j<p} (1 - j/N), the fraction of index tuples that are distinct, so the system at (T, alpha)
        behaves as the infinite one at (T/c, alpha/c), with free energy and energy multiplied by c and the noise variance by
        c^2.  Retrieval by unsupervised learning from two or more examples, with sums over distinct indices or p = 2 and the
        binomial average, includes the scatter of its overlaps with the examples (`dense_class`).  Elsewhere N -> infinity at
        that load.
    branch : "retrieval", the state with m > 0 that is stable at fixed load (the larger m of the two that merge at the
        spinodal); "paramagnet", m = q = 0; or "glass", m = 0 with q > 0.

        The paramagnet needs T > 1 for p = 2, T > 0 for p >= 3, and no random field: with energy="power" and odd p the
        crosstalk polarises the spins at every temperature, and the single m = 0 state is called "glass".  It is a
        frozen paramagnet, with replicon < 1, above its glass temperature.  Otherwise the glass appears continuously at
        T = 1 + sqrt(alpha) (p = 2) or at T = sqrt(alpha zeta''(0)) (power, p = 4, 6, 8), and discontinuously for
        distinct indices and p >= 3, where it is the replica-symmetric caricature of a phase whose transition is in
        `phase_diagram`.
    average : "binomial", the exact average over M examples, or "gaussian", its limit for many.
    rsb : steps of replica symmetry breaking, 0 or 1, of the retrieval state.  One step returns a `BrokenSolution` where the
        replica-symmetric state is unstable or absent, below the AT line, and the `Solution` elsewhere: there the overlaps of
        one step coincide.  The scatter of unsupervised learning is left out of a `BrokenSolution`.

    Raises
    ------
    NoSolution : the branch does not exist at this point.   NotDefined : the energy is a table.
    InvalidInput : a parameter is missing or out of range.

    Sources: Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987) for p = 2; E. Gardner, J. Phys. A 20, 3453 (1987)
    for distinct indices; the mixed p-spin noise of "power" is derived in `dense_noise`.  The 1/N rescaling is derived
    from e_p(N m) -> binomial(N, p) m^p near m = 1 and from the variance of e_p; it leaves fluctuations of the same
    order out.
    """
    T = fields.real("T", T, 0.0)
    branch = fields.choice("branch", branch, BRANCHES)
    eq = _equations(model, average)
    if N is not None:
        N = fields.integer("N", N, model.p)
    alpha, c = model.load(N), 1.0
    if N is not None and model.p >= 3 and model.energy == "distinct" and model.protocol != "supervised":
        c = float(np.prod(1 - np.arange(1, model.p) / N))
    if fields.integer("rsb", rsb, 0, 1):
        if branch != "retrieval":
            raise NotDefined("one step of replica symmetry breaking is defined for branch='retrieval', "
                             f"not {branch!r}: give rsb=0")
        broken = dense_rsb.retrieval(eq, T / c, alpha / c)
        if broken is not None:
            return _broken_solution(model, broken, T, N, c)
    if branch == "retrieval" and N is not None and _scatters(model, average):
        state = _scattered(model, eq, T, alpha, c, N)
    else:
        state = {"retrieval": _retrieval, "glass": _glass, "paramagnet": _paramagnet}[branch](model, eq, T, alpha, c)
    with np.errstate(divide="ignore", invalid="ignore"):
        replicon = float(np.where(state.scaled_replicon > 0, state.scaled_replicon / state.T, 0.0))
    return Solution(
        model=model, T=T, N=N, branch=branch, residual=float(state.residual), replicon=replicon,
        stable=replicon < 1 and bool(state.example_instability < 1),
        m=float(state.m), q=float(state.q), n=float(state.n) / (model.r * (1 + model.rho)), noise=c**2 * float(state.a) ** 2,
        energy=c * float(state.energy), free_energy=c * float(state.free_energy),
        example_instability=float(state.example_instability),
    )


def predict(model: DenseHopfield, settings, **options) -> Solution:
    """The theory beside a simulation: `solve` at the temperature and size of its settings; options as for `solve`.

    Synchronous dynamics has a law of its own: its theory is that of `dense_synchronous`, without options.
    """
    if getattr(settings, "order", "sequential") != "synchronous":
        return solve(model, T=settings.T, N=settings.N, **options)
    if settings.T == 0:
        raise NotDefined("the synchronous theory is for T > 0: order = 'synchronous' has no prediction at T = 0")
    if options:
        raise InvalidInput(f"{', '.join(options)} is not for order = 'synchronous': its theory has no options")
    return dense_synchronous.solve(model, T=settings.T, N=settings.N)


def capacity(model: DenseHopfield, *, T: float = 0.0, average: str = "binomial", rsb: int = 0) -> float:
    """Largest load alpha with a retrieval state at temperature T; the load of `model` plays no role.

    Parameters
    ----------
    T : temperature, T >= 0.
    average : "binomial" or "gaussian", as for `solve`.
    rsb : steps of replica symmetry breaking, 0 or 1.  At low T the replica-symmetric spinodal is unstable; one step, for
        storage at T = 0, raises it by 0.2 % for p = 2, and with distinct indices by 22 % for p = 3 and 16 % for p = 4.  The
        two join where the spinodal becomes stable, at T = 0.02507, 0.15486, 0.03835, and are one above.

    Raises NoSolution where no load has a retrieval state, NotDefined where the energy is a table, NotConverged where the
    one-step search fails.
    """
    T, rsb = fields.real("T", T, 0.0), fields.integer("rsb", rsb, 0, 1)
    eq = _equations(model, average)
    load = dense_rsb.capacity(eq, T) if rsb else float(branches.spinodal_load(eq, T))
    if np.isnan(load):
        raise NoSolution(f"no retrieval state of {model} at T = {T:g} at any load: one pattern alone is retrieved "
                         f"below T = {branches.zero_load_temperature(eq):.6g}; lower T")
    return load


def learning_threshold(model: DenseHopfield, *, T: float = 0.0, odd_only: bool = True, average: str = "binomial") -> int:
    """Smallest number M >= 2 of examples from which on a retrieval state exists at the load of `model`.

    The set of such M has gaps: unsupervised learning from a few examples retrieves neither them nor the archetype.

    Parameters
    ----------
    model : with a learning protocol, a load and a quality r; its own M plays no role.
    T : temperature, T >= 0.
    odd_only : count odd M only; an even M has spins whose examples tie, and can fail where its neighbours do not.
    average : "binomial" or "gaussian", as for `solve`.

    Raises NoSolution where the load is too large for any M.  Expected to scale as r^-2 with a teacher and as r^(-2p) without.
    """
    T = fields.real("T", T, 0.0)
    if not isinstance(odd_only, (bool, np.bool_)):
        raise InvalidInput(f"odd_only = {odd_only!r} is not allowed: give True or False")
    if model.protocol == "storage":
        raise NotDefined("the learning threshold is a number of examples: give protocol='supervised' or 'unsupervised'")
    return dense_learning.threshold(lambda M: _equations(replace(model, M=M), average), model.load(), T,
                                    step=2 if odd_only else 1)


def spinodal_temperature(model: DenseHopfield, *, average: str = "binomial") -> float:
    """Largest temperature with a retrieval state at the load of `model`, in replica symmetry.

    The spinodal load first rises with T (re-entrance), so for loads just above the capacity at T = 0 retrieval also
    needs a lowest temperature: it exists where capacity(model, T=T) >= alpha.

    Raises NoSolution where the load is above the capacity at every temperature, NotDefined where the energy is a table.
    """
    eq, alpha = _equations(model, average), model.load()
    highest = branches.zero_load_temperature(eq)
    if alpha == 0:
        return highest

    T, largest = branches.largest_load(eq)
    if alpha > largest:
        raise NoSolution(f"no retrieval state of {model} at any temperature: the largest load with one is "
                         f"{largest:.9g}, at T = {T:.4g}; lower alpha")

    def excess(T):
        load = branches.spinodal_load(eq, T)
        return np.where(np.isnan(load), 0.0, load) - alpha  # one pattern alone is lost at `highest`

    return float(saddle.bracketed_root(excess, T, highest))


def phase_diagram(model: DenseHopfield, *, x: str = "alpha", y: str = "T", values=None, T: float = 0.0, points: int = 60,
                  average: str = "binomial", rsb: int = 0) -> PhaseDiagram:
    """Phase diagram in two of load alpha, temperature T, number M and quality r of examples, and rho, as lines by name.

    Parameters
    ----------
    x, y : the axes, two of "alpha", "T", "M", "r", "rho".  `rho` is varied through r at the M of the model.
    values : values of M, r or rho at which the lines are computed (of x where both axes are such); by default a dozen or so
        of M from 1 to 301, r from 0.3 to 1, rho from 0 to 2.
    T : temperature, where it is not an axis.   points : number of points of every line of alpha and T, at least 2.
    average : "binomial" or "gaussian", as for `solve`.
    rsb : 1 adds "one_step", the capacity in one step of replica symmetry breaking, beside that of replica symmetry, in planes
        with alpha; it takes about a second a point.

    Returns
    -------
    a mapping of `Line` by name, with attributes `model`, `x`, `y` and `absent`, which says why a line is not there; each line
    has arrays named as the axes.  What each line means and where it ends is said in `hebbian.theory.dense_lines`; the names
    are "spinodal", "first_order", "glass", "replicon", and "dynamical" where the glass transition is discontinuous.  Along M
    with neither alpha nor T there is "spinodal" alone; `hebbian.theory.dense_planes` says what a line is in each plane.
    """
    axes = [fields.choice(name, value, dense_planes.AXES) for name, value in (("x", x), ("y", y))]
    if x == y or set(axes) == {"r", "rho"}:
        raise InvalidInput(f"x = {x!r} and y = {y!r} are not two independent parameters: give two of {dense_planes.AXES}")
    points, rsb = fields.integer("points", points, 2), fields.integer("rsb", rsb, 0, 1)
    if set(axes) == {"alpha", "T"} and values is not None:
        raise InvalidInput(f"values = {values!r} are of M, r or rho, and the axes are alpha and T: leave them out")
    if set(axes) == {"alpha", "T"}:
        found = lines(_equations(model, average), points, rsb)
        return PhaseDiagram(model, found, x, y, {} if "dynamical" in found else {"dynamical": CONTINUOUS})
    if model.protocol == "storage":
        raise NotDefined(f"x = {x!r} and y = {y!r} vary the examples: give protocol='supervised' or 'unsupervised'")
    across = x if x not in ("alpha", "T") else y
    bounds = {"M": (1, 2**24), "r": (1e-6, 1.0), "rho": (0.0, 1e12)}[across]
    values = dense_planes.VALUES[across] if values is None else values
    if np.ndim(values) != 1 or not len(values):
        raise InvalidInput(f"values = {values!r} is no list: give the values of {across} along the lines")
    check = fields.integer if across == "M" else fields.real
    values = [check(f"values of {across}", value, *bounds) for value in values]
    T = fields.real("T", T, 0.0)
    found, absent = dense_planes.lines(lambda model: _equations(model, average), model, x, y, values, T, rsb)
    return PhaseDiagram(model, found, x, y, absent)


def _equations(model, average="binomial"):
    model.require_role_of_examples()
    average = fields.choice("average", average, AVERAGES)
    if not isinstance(model.energy, str):
        raise NotDefined("theory is defined for energy = 'distinct' and 'power', not for a table of U: its values at "
                         "one size N have no limit for N to infinity; simulate it instead")
    return dense_states.equations(model.p, model.energy, model.protocol, model.M, model.r, average)


def _retrieval(model, eq, T, alpha, c):
    highest = c * branches.zero_load_temperature(eq)
    if T >= highest:
        raise NoSolution(f"no retrieval state of {model} at T = {T:g}: one pattern alone is retrieved below "
                         f"T = {highest:.6g}; lower T")
    state = branches.retrieval(eq, T / c, alpha / c)
    if np.isnan(state.n):
        capacity = c * float(branches.spinodal_load(eq, T / c))
        raise NoSolution(f"no retrieval state of {model} at T = {T:g} and load {alpha:.9g}: the largest load with one "
                         f"is {capacity:.9g} at this temperature; lower alpha or ask for branch='glass'")
    return state


def _scatters(model, average):
    """Whether the overlaps with the examples of the retrieved archetype scatter at finite N in a way that is known."""
    several = model.protocol == "unsupervised" and model.M > 1 and model.r < 1
    return several and average == "binomial" and (model.energy == "distinct" or model.p == 2)


def _scattered(model, eq, T, alpha, c, N):
    """The retrieval state among N spins, with the crosstalk of the K - 1 other archetypes."""
    state = dense_class.retrieval(eq, N, T / c, max(alpha - N ** (1.0 - model.p), 0.0) / c)
    if state is None:
        _retrieval(model, eq, T, alpha, c)  # says so where the infinite system has none either
        raise NoSolution(f"no retrieval state of {model} at T = {T:g} and load {alpha:.9g} among N = {N} spins: the overlaps "
                         "with the examples scatter too much; raise N or M")
    return state


def _broken_solution(model, state, T, N, c):
    replicon = float(state.scaled_replicon / state.T) if state.T > 0 else np.inf
    return BrokenSolution(
        model=model, T=T, N=N, branch="retrieval", residual=state.residual, replicon=replicon, stable=replicon < 1,
        m=state.m, q=float(state.q), q0=float(state.q0), q1=float(state.q1), breaking=float(state.breaking),
        n=float(state.n) / (model.r * (1 + model.rho)), noise=c**2 * float(state.noise),
        energy=c * float(state.energy), free_energy=c * float(state.free_energy),
    )


def _paramagnet(model, eq, T, alpha, c):
    if eq.random_field and alpha > 0:
        raise NoSolution(f"no paramagnet of {model} at T = {T:g}: the crosstalk is a random field and q > 0 at every "
                         "temperature; ask for branch='glass', the state with m = 0")
    if model.p == 2 and T <= 1:
        raise NoSolution(f"no paramagnet of {model} at T = {T:g}: for p = 2 it exists above T = 1; raise T or ask for "
                         "branch='glass'")
    if T == 0:
        raise NoSolution(f"no paramagnet of {model} at T = 0: q = 0 needs thermal noise; raise T or ask for "
                         "branch='glass'")
    return branches.paramagnet(eq, T / c, alpha / c)


def _glass(model, eq, T, alpha, c):
    state = branches.glass(eq, T / c, alpha / c)
    if np.isnan(state.a):
        highest = c * branches.glass_end(eq, alpha / c)
        raise NoSolution(f"no glass of {model} at T = {T:g} and load {alpha:.9g}: states with m = 0 and q > 0 exist "
                         f"below T = {highest:.6g}; lower T or ask for branch='paramagnet'")
    return state
