r"""One step of replica symmetry breaking for the retrieval states of dense Hopfield networks.

Retrieval breaks up into states of overlap q1 with themselves and q0 with each other, weighted by exp(-y N f); y T is the
breaking parameter.  With h = t A + sqrt(lambda_0) z_0, H = h + sqrt(D) z_1, Lam = T ln 2cosh(H/T), L(h) = ln E_z1 exp(y Lam),
<.> the average over z_1 with the weight exp(y Lam), and E over z_0 and the examples t,

    -f = F(n) - n A + E L / y - alpha u,      A = F'(n),
    n = E t <tanh(H/T)>,     q0 = E <tanh>^2,     C = (1 - q1)/T = E <sech^2> / T,     d f/dy = 0,

where lambda_0 and D, per load, and u are the crosstalk of `dense_noise` ("common", "own", "free_energy").  All forms hold at
T = 0, with q1 = 1 and C finite; e = d(beta f)/d beta = -F(n) + alpha "energy".  q0 = q1 solves them for every y: that is
replica symmetry.  The solution with q0 < q1 leaves it on the de Almeida-Thouless line, and its capacity that of replica
symmetry at the temperature where that line meets the spinodal.

At a given n these are four equations for (alpha, q1 - q0, y, C); the capacity is the largest alpha over n.  (The one-step form
of M. Mezard, G. Parisi, M. Virasoro, Spin Glass Theory and Beyond (1987), chapter III; checked against the p = 2 value
0.138186 of H. Steffan, R. Kuehn, Z. Phys. B 95, 249 (1994) and the ground state of the Ising three-spin glass.)
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hebbian.errors import NoSolution, NotConverged
from hebbian.theory import dense_branches as branches
from hebbian.theory.dense_states import Equations
from hebbian.theory.saddle import RESIDUAL_BOUND
from hebbian.theory.tilted import field_nodes, tilted_averages

SPACING = 0.007  # of the overlaps n / E|t| at which the solution is followed
LEAPS = 5  # temperatures at which the capacity is followed from T = 0 to where replica symmetry holds
SHORTEST = 1e-4  # relative step in temperature below which the search is given up
JOINED = 0.02  # relative distance in T from where replica symmetry holds within which the law of the excess replaces the search
NODES = 5  # states, at most, that give the law of y where q1 and q0 nearly meet
JOINT = 1e-6  # difference of q1 and q0 below which they are taken as one
DISTINCT = 1e-5  # difference of q1 and q0 below which a solution is the replica-symmetric one in disguise


@dataclass(frozen=True)
class BrokenState:
    """A solution of the one-step equations."""

    equations: Equations
    T: float
    alpha: float
    n: float
    q0: float
    q1: float
    y: float
    C: float

    @property
    def gap(self):
        return self.q1 - self.q0

    @property
    def breaking(self):
        """Breaking parameter y T: the fraction of pairs of replicas that are in different states."""
        return self.y * self.T

    @property
    def q(self):
        """Mean overlap of two replicas."""
        return self.q1 - self.breaking * self.gap

    @property
    def crosstalk(self):
        return self.equations.noise.broken(self.q0, self.q1, self.C, self.y, self.T)

    @property
    def noise(self):
        """lambda_0 + D."""
        return self.alpha * (self.crosstalk.common + self.crosstalk.own)

    @property
    def averages(self):
        eq, crosstalk = self.equations, self.crosstalk
        A, s = eq.F(self.n, 1), np.sqrt(self.alpha * crosstalk.own)
        fields = eq.examples.fields(A, np.sqrt(self.alpha * crosstalk.common))
        rows = []
        for mean, deviation, _, _ in fields:
            h, weights = field_nodes(mean, deviation, np.hypot(s, self.T))
            L, tanh, sech2, sech4, size = tilted_averages(h, s, self.T, self.y)
            rows.append([weights @ g for g in (tanh, tanh**2, sech2, sech4, L, size)])
        rows, even, odd = np.array(rows), np.array([f[2] for f in fields]), np.array([f[3] for f in fields])
        q0, C, sech4, L, size = even @ rows[:, 1:]
        n = eq.examples.overlap(rows[:, 0], A, C + self.y * self.gap)
        return BrokenAverages(float(odd @ rows[:, 0]), float(n), q0, C, sech4, L, size)

    @property
    def m(self):
        return self.averages.m

    @property
    def free_energy(self):
        eq = self.equations
        return self.n * eq.F(self.n, 1) - eq.F(self.n) - self.averages.L / self.y + self.alpha * self.crosstalk.free_energy

    @property
    def energy(self):
        return -self.equations.F(self.n) + self.alpha * self.crosstalk.energy

    @property
    def scaled_replicon(self):
        """T times the left-hand side of the stability condition of a state within itself, finite at T = 0."""
        return self.alpha * self.equations.noise.replicon(self.q1, self.C) * self.averages.sech4

    @property
    def violation(self):
        """Of the equations for n, q1 - q0, C and y; scaled so that none fades with q1 - q0."""
        av, crosstalk, gap = self.averages, self.crosstalk, self.gap
        slope = av.size / self.y - av.L / self.y**2 + self.alpha * crosstalk.slope  # d(-f)/dy
        return np.array([av.n - self.n, (1 - self.T * av.C - av.q0) / gap - 1, av.C / self.C - 1,
                         slope / (self.alpha * crosstalk.own * gap)])

    @property
    def residual(self):
        """Largest violation of the equations for n, q1 - q0, C, and (d(-f)/dy) / D."""
        return float(np.abs(self.violation * [1, self.gap, 1, self.gap]).max())


@dataclass(frozen=True)
class BrokenAverages:
    """E over z_0 and t of <tanh>, t <tanh>, <tanh>^2, <sech^2>/T, <sech^4>/T, L and <Lam>."""

    m: float
    n: float
    q0: float
    C: float
    sech4: float
    L: float
    size: float


def _state(eq, T, n, alpha, x):
    """The trial state of unknowns x = (q1 - q0, ln y, ln C, or for p = 2 ln A_0 of the largest weight 1)."""
    gap, (y, last) = x[0], np.exp(x[1:])
    C = last if eq.p > 2 else 1 - last - y * gap
    q1 = 1 - T * C
    return BrokenState(eq, T, alpha, n, q1 - gap, q1, y, C)


def _unknowns(state):
    last = state.C if state.equations.p > 2 else 1 - state.C - state.y * state.gap
    return np.array([state.gap, np.log(state.y), np.log(last)])


def _solved(trial, guess, distinct=DISTINCT):
    """The state trial(x) that satisfies its equations next to x = guess, or None; as many equations as unknowns, in order."""
    from scipy.optimize import root

    def violation(x):
        state = trial(x)
        allowed = (0 < state.n < state.equations.examples.largest and 0 < state.alpha < 10 and 0 < state.q0 < state.q1 <= 1
                   and state.C > 0 and state.breaking < 0.99)
        return state.violation[:x.size] if allowed else np.full(x.size, 10.0)

    with np.errstate(all="ignore"):  # trial points of the search may overflow
        found = root(violation, guess, method="hybr", options={"xtol": 1e-13, "eps": 1e-11})
        state = trial(found.x)
        good = state.gap > distinct and state.residual < RESIDUAL_BOUND
    return state if good else None


def _at_overlap(eq, T, n, guess):
    """Solution at overlap n next to `guess` = (ln alpha, unknowns)."""
    return _solved(lambda x: _state(eq, T, n, np.exp(x[0]), x[1:]), guess)


def _at_load(eq, T, alpha, guess):
    """Solution at load alpha next to `guess` = (n, unknowns)."""
    return _solved(lambda x: _state(eq, T, x[0], alpha, x[1:]), guess)


def _moved(state, n):
    """The solution at another overlap near that of a state."""
    return _at_overlap(state.equations, state.T, n, [np.log(state.alpha), *_unknowns(state)])


# Capacity


def capacity(eq, T) -> float:
    """Largest load with a retrieval state at temperature T; that of replica symmetry where its spinodal is stable.

    Where the two meet, their difference closes as the square of the distance in temperature, times a smooth function.
    """
    end, flat = branches.spinodal_instability(eq), float(branches.spinodal_load(eq, T))
    if T >= end:
        return flat
    if T <= (1 - JOINED) * end:
        return float(largest(eq, T).alpha)
    x = JOINED * np.arange(1, 5)
    excess = [largest(eq, (1 - k) * end).alpha - float(branches.spinodal_load(eq, (1 - k) * end)) for k in x]
    law = np.polyfit(x, excess / x**2, x.size - 1)
    return flat + (1 - T / end) ** 2 * float(np.polyval(law, 1 - T / end))


@lru_cache(maxsize=256)
def largest(eq, T) -> BrokenState:
    """The retrieval state of largest load at a temperature below that where replica symmetry holds, reached from T = 0."""
    if T == 0:
        return _coldest(eq)
    leap = branches.spinodal_instability(eq) / LEAPS
    last = max(int(np.ceil(T / leap - 0.1)) - 1, 0)  # a stop that is not too near
    path = [largest(eq, k * leap) for k in range(max(last - 1, 0), last + 1)]
    while path[-1].T < T:
        _advance(path, T)
    return path[-1]


def _advance(path, T):
    """Append the state of largest load at temperature T, or at a lower one if that is too far from the end of the path."""
    last, step = path[-1], T - path[-1].T
    while step > SHORTEST * T:
        point = before = np.array([last.n, np.log(last.alpha), *_unknowns(last)])
        if len(path) > 1:  # on along the line
            before = np.array([path[-2].n, np.log(path[-2].alpha), *_unknowns(path[-2])])
            point = point + step / (last.T - path[-2].T) * (point - before)
        start = _at_overlap(last.equations, last.T + step, point[0], point[1:])
        if start is not None and (state := _top(start)) is not None:
            path.append(state)
            return
        step /= 2
    raise NotConverged(f"one-step solution for p = {last.equations.p} at T = {T:.6g} not found beyond T = {last.T:.6g}; "
                       "ask for rsb=0")


def _coldest(eq):
    """The state of largest load at T = 0, found by following the solution from above its overlap to below."""
    unit = eq.examples.largest
    top = float(branches.on_retrieval_curve(eq, branches.spinodal(eq, 0.0), 0.0).n) / unit
    states = []
    for n in np.arange(top + 0.4 * (1 - top), 0.3, -SPACING) * unit:
        found = [_moved(states[-1], n)] if states else (_at_overlap(eq, 0.0, n, guess) for guess in _guesses(eq, n))
        state = next((state for state in found if state is not None), None)
        if state is None:
            continue
        states.append(state)
        if state.alpha < 0.999 * max(s.alpha for s in states):
            break
    best = _top(max(states, key=lambda state: state.alpha)) if states else None
    if best is None:
        raise NotConverged(f"one-step solution for p = {eq.p} not found below the overlap {top:.6g} of replica symmetry; "
                           "ask for rsb=0")
    return best


def _guesses(eq, n):
    """Starting points at T = 0: the replica-symmetric load at this overlap, and states at several distances."""
    from scipy.special import erfinv

    flat = branches.on_retrieval_curve(eq, float(erfinv(n / eq.examples.largest)), 0.0)
    for near, weight, rest in ((2.0, 1.0, 0.0), (3.0, 1.0, 0.0), (4.0, 2.0, 1.0),
                               (3.0, 2.0, 0.0), (4.0, 3.0, 0.0), (5.0, 3.0, 1.0)):
        gap, y = 1 / (1 + np.exp(near)), np.exp(weight) / float(flat.a)
        last = y * gap * np.exp(rest) if eq.p == 2 else float(flat.C)
        yield np.array([np.log(float(flat.alpha)), gap, np.log(y), np.log(last)])


def _top(state):
    """The state of largest load next to `state`, by parabolas through three overlaps."""
    unit, gap = state.equations.examples.largest, state.gap
    h = min(SPACING / 2, gap / 8) * unit  # the solution ends at an overlap not much farther than gap
    for _ in range(30):
        low, high = _moved(state, state.n - h), _moved(state, state.n + h)
        if low is None or high is None:
            return None
        below, here, above = np.log([low.alpha, state.alpha, high.alpha])
        bend = above - 2 * here + below
        move = h * (below - above) / (2 * bend) if bend < 0 else np.copysign(h, above - below)
        move = float(np.clip(move, -3 * h, 3 * h))
        state = _moved(state, state.n + move)
        if state is None or abs(move) < 1e-4 * h:
            return state
        h = max(min(h, abs(move)), min(1e-2 * gap, 1e-3) * unit)
    return None


# Retrieval at a given load


def retrieval(eq, T, alpha) -> BrokenState | None:
    """The retrieval state at temperature T and load alpha; None where replica symmetry is stable there."""
    if T >= branches.spinodal_instability(eq):
        return None
    marginal = branches.marginal(eq, T)
    if marginal is None or alpha <= marginal.alpha:
        return None
    state = before = largest(eq, T)
    if alpha > state.alpha * (1 + 1e-12):
        raise NoSolution(f"no retrieval state at load {alpha:.9g} and T = {T:g} with one step of replica symmetry breaking: "
                         f"the largest load with one is {state.alpha:.9g}; lower alpha")
    if alpha >= state.alpha * (1 - 1e-12):
        return state
    path = []
    while state is not None and state.alpha > alpha:
        path.append(state)
        before, state = state, _moved(state, state.n + (float(marginal.n) - state.n) / 8)
    if state is not None:
        ends = [np.array([s.n, *_unknowns(s)]) for s in (before, state)]
        part = (before.alpha - alpha) / (before.alpha - state.alpha)
        state = _at_load(eq, T, alpha, (1 - part) * ends[0] + part * ends[1])
    if state is None and path:
        state = _nearly_joined(marginal, path, alpha)
    if state is None and not _joined(eq, T, alpha):
        raise NotConverged(f"one-step solution for p = {eq.p} at T = {T:g} and load {alpha:.9g} not reached: overlaps q1 and "
                           f"q0 nearly meet at load {float(marginal.alpha):.6g}; ask for rsb=0 or a higher load")
    return state


def _joined(eq, T, alpha) -> bool:
    """Whether q1 - q0 is below JOINT where replica symmetry has a solution; it grows as R^2 - T^2, R the scaled replicon."""
    flat = branches.retrieval(eq, np.float64(T), np.float64(alpha))
    return bool((flat.scaled_replicon**2 - T**2) / (alpha * eq.noise.replicon(flat.q, flat.C)) < JOINT)


def _nearly_joined(marginal, path, alpha):
    """The state at a load where q1 - q0 is too small for d f/dy, of its third order, to tell y; None where that fails.

    There 1/y^2 is a smooth function of q1 - q0: from its value where they join, and states at which it is known.
    """
    eq, T, last = marginal.equations, float(marginal.T), path[-1]
    known = path[::-2][:NODES]
    joined = 0.0 if T == 0 else _breaking_where_joined(marginal) ** -2
    law = np.polyfit([0.0, *(s.gap for s in known)], [joined, *(s.y**-2 for s in known)], len(known))
    part = (alpha - float(marginal.alpha)) / (last.alpha - float(marginal.alpha))

    def trial(x):
        gap = np.exp(x[1])
        return _state(eq, T, x[0], alpha, np.array([gap, -np.log(np.polyval(law, gap)) / 2, x[2]]))

    n = float(marginal.n) + part * (last.n - float(marginal.n))
    return _solved(trial, np.array([n, np.log(part * last.gap), _unknowns(last)[2]]), distinct=0.0)


def _breaking_where_joined(state):
    """The y of a replica-symmetric state on the de Almeida-Thouless line, in the limit of the states beyond it.

    With u = T ln 2cosh(H/T) and lambda a function of q, E u'''^2 - 2 y E u''^3 + lambda'' / lambda'^3 = 0: d f/dy = 0 to the
    third order in q1 - q0.
    """
    eq, T = state.equations, float(state.T)
    cubed = skewed = 0.0
    for mean, deviation, weight, _ in eq.examples.fields(eq.F(float(state.n), 1), float(state.a)):
        h, weights = field_nodes(mean, deviation, T)
        tanh, sech2 = np.tanh(h / T), np.cosh(np.minimum(np.abs(h) / T, 300)) ** -2.0
        cubed += weight * (weights @ sech2**3) / T**3
        skewed += weight * (weights @ (2 * tanh * sech2) ** 2) / T**4
    fixed, per_y = eq.noise.bend(float(state.q), float(state.C))
    alpha2 = float(state.alpha) ** 2
    return (skewed + fixed / alpha2) / (2 * cubed + per_y / alpha2)


# Glass


@lru_cache(maxsize=32)
def glass_energy(eq) -> float:
    """Ground-state energy per spin of the states without overlap at load 1, for p >= 3 where their glass is discontinuous.

    It scales as sqrt(alpha) and is the maximum over y of f with m = q0 = 0.
    """
    from scipy.optimize import minimize_scalar

    zeta1, D = eq.noise.zeta(1.0), eq.noise.zeta(1.0, 1)

    def minus_f(y):
        L = tilted_averages(np.zeros(1), np.sqrt(D), 0.0, y)[0, 0]
        return L / y - y * D / 2 + y * zeta1 / 2

    found = minimize_scalar(minus_f, bounds=(0.05 / np.sqrt(D), 20 / np.sqrt(D)), method="bounded", options={"xatol": 1e-10})
    return float(-found.fun)
