r"""Theory of dense Hopfield networks that store random patterns: replica-symmetric saddle points and phase diagram.

Equations, notation and sources are in `dense_branches` (saddle points), `dense_noise` (crosstalk) and `dense_glass`
(glass transition for p >= 3).  Temperatures are in units of the couplings of the Hamiltonian, k_B = 1; energies are
per spin and counted from the mean energy of a random configuration, as in simulations.
"""

from dataclasses import dataclass

import numpy as np

from hebbian.errors import NoSolution, NotDefined
from hebbian.models import fields
from hebbian.models.dense import DenseHopfield
from hebbian.theory import dense_branches as branches
from hebbian.theory import saddle
from hebbian.theory.dense_lines import lines
from hebbian.theory.phases import PhaseDiagram

BRANCHES = ("retrieval", "glass", "paramagnet")


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution(saddle.Solution):
    """A replica-symmetric saddle point of a dense Hopfield network; see `hebbian.theory.saddle.Solution` for the rest.

    Attributes
    ----------
    m : overlap with the retrieved pattern.
    q : overlap of two replicas.
    noise : variance lambda of the crosstalk field on a spin.
    energy, free_energy : per spin, without the mean energy of a random configuration.
    """

    m: float
    q: float
    noise: float
    energy: float
    free_energy: float


def solve(model: DenseHopfield, *, T: float, N: int | None = None, branch: str = "retrieval") -> Solution:
    """Replica-symmetric saddle point of a dense Hopfield network at temperature T.

    Parameters
    ----------
    model : with a load alpha, or a fixed number K of patterns (load 0 for N to infinity).
    T : temperature, T >= 0; T = 0 is exact.
    N : number of spins, for the load that the integer number of patterns realises.  For p >= 3 and distinct indices the
        leading finite-size effect is included: signal and noise both carry c = prod_{j<p} (1 - j/N), the fraction of
        index tuples that are distinct, so the system at (T, alpha) behaves as the infinite one at (T/c, alpha/c), with
        free energy and energy multiplied by c and the noise variance by c^2.  Elsewhere N -> infinity at that load.
    branch : "retrieval", the state with m > 0 that is stable at fixed load (the larger m of the two that merge at the
        spinodal); "paramagnet", m = q = 0; or "glass", m = 0 with q > 0.

        The paramagnet needs T > 1 for p = 2, T > 0 for p >= 3, and no random field: with energy="power" and odd p the
        crosstalk polarises the spins at every temperature, and the single m = 0 state is called "glass".  It is a
        frozen paramagnet, with replicon < 1, above its glass temperature.  Otherwise the glass appears continuously at
        T = 1 + sqrt(alpha) (p = 2) or at T = sqrt(alpha zeta''(0)) (power, p = 4, 6, 8), and discontinuously for
        distinct indices and p >= 3, where it is the replica-symmetric caricature of a phase whose transition is in
        `phase_diagram`.

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
    eq = _equations(model)
    if N is not None:
        N = fields.integer("N", N, model.p)
    alpha, c = model.load(N), 1.0
    if N is not None and model.p >= 3 and model.energy == "distinct":
        c = float(np.prod(1 - np.arange(1, model.p) / N))
    state = {"retrieval": _retrieval, "glass": _glass, "paramagnet": _paramagnet}[branch](model, eq, T, alpha, c)
    with np.errstate(divide="ignore", invalid="ignore"):
        replicon = float(np.where(state.scaled_replicon > 0, state.scaled_replicon / state.T, 0.0))
    return Solution(
        model=model, T=T, N=N, branch=branch, residual=float(state.residual), replicon=replicon, stable=replicon < 1,
        m=float(state.m), q=float(state.q), noise=c**2 * float(state.a) ** 2,
        energy=c * float(state.energy), free_energy=c * float(state.free_energy),
    )


def predict(model: DenseHopfield, settings, **options) -> Solution:
    """The theory beside a simulation: `solve` at the temperature and size of its settings; options as for `solve`."""
    return solve(model, T=settings.T, N=settings.N, **options)


def capacity(model: DenseHopfield, *, T: float = 0.0) -> float:
    """Largest load alpha with a retrieval state at temperature T, in replica symmetry.

    The load of `model` plays no role.

    At low T the spinodal is unstable to replica symmetry breaking, which raises the T = 0 value (by 0.2 % for p = 2, by
    22 % for p = 3 with distinct indices).

    Raises NoSolution where no load has one, NotDefined where the energy is a table.
    """
    T = fields.real("T", T, 0.0)
    eq = _equations(model)
    load = float(branches.spinodal_load(eq, T))
    if np.isnan(load):
        raise NoSolution(f"no retrieval state of {model} at T = {T:g} at any load: one pattern alone is retrieved "
                         f"below T = {branches.zero_load_temperature(eq):.6g}; lower T")
    return load


def spinodal_temperature(model: DenseHopfield) -> float:
    """Largest temperature with a retrieval state at the load of `model`, in replica symmetry.

    The spinodal load first rises with T (re-entrance), so for loads just above the capacity at T = 0 retrieval also
    needs a lowest temperature: it exists where capacity(model, T=T) >= alpha.

    Raises NoSolution where the load is above the capacity at every temperature, NotDefined where the energy is a table.
    """
    eq, alpha = _equations(model), model.load()
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


def phase_diagram(model: DenseHopfield, *, points: int = 60) -> PhaseDiagram:
    """Phase diagram in load and temperature as lines by name, each with arrays `T` and `alpha`.

    The load of `model` plays no role.

    Parameters
    ----------
    points : number of points of every line, at least 2.

    Returns
    -------
    a mapping of `Line` by name, with attribute `model`.  What each line means and where it ends is said in
    `hebbian.theory.dense_lines`; the names are "spinodal", "first_order", "glass", "replicon", and "dynamical" where
    the glass transition is discontinuous.
    """
    points = fields.integer("points", points, 2)
    return PhaseDiagram(model, lines(_equations(model), points))


def _equations(model):
    if not isinstance(model.energy, str):
        raise NotDefined("theory is defined for energy = 'distinct' and 'power', not for a table of U: its values at "
                         "one size N have no limit for N to infinity; simulate it instead")
    return branches.equations(model.p, model.energy)


def _retrieval(model, eq, T, alpha, c):
    state = branches.retrieval(eq, T / c, alpha / c)
    if np.isnan(state.m):
        capacity = c * float(branches.spinodal_load(eq, T / c))
        if np.isnan(capacity):
            raise NoSolution(f"no retrieval state of {model} at T = {T:g}: one pattern alone is retrieved below "
                             f"T = {c * branches.zero_load_temperature(eq):.6g}; lower T")
        raise NoSolution(f"no retrieval state of {model} at T = {T:g} and load {alpha:.9g}: the largest load with one "
                         f"is {capacity:.9g} at this temperature; lower alpha or ask for branch='glass'")
    return state


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
