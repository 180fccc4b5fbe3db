r"""Unsupervised learning at finite size: how the overlaps with the examples of the retrieved archetype scatter.

At N spins the overlaps n_A of a retrieval state with the M examples of its archetype differ by N^(-1/2), while the theory for
N to infinity gives all of them the value n.  To second order in these differences the energy of the archetype is that of a
pairwise network whose patterns are the M - 1 differences, a load of (M - 1)/N, with the weight w = F''(n) (1 - r^2)/M: the
loop of `dense_noise`.  On a site with the mean example t their fields are noise in the proportion u = (1 - t^2)/(1 - R),
E u = 1, of how much the examples disagree there.  With Q = E u tanh^2(h/T), C' = (1 - Q)/T and v, g the variance and free
energy of the loop of weight w,

    h = t A + z sqrt(lambda + lambda' u),        lambda' = (M - 1)/N v(Q, C'),
    A = F'(n) - (M - 1)/N (dw/dn) [1 - T C'/(1 - w C') - Q/(1 - w C')^2] / 2,
    f = n A - F(n) - T E ln 2cosh(h/T) + alpha g_crosstalk + (M - 1)/N g(Q, C'),

and the crosstalk is that of the other K - 1 archetypes.  w C' is the `example_instability` of the infinite system.  Cold and
without load, the entropy rho of the examples becomes rho [1 + (p - 1)^2 (1 - r^2)/(N n^2 (1 - w C')^2)]: the scatter matters
where N n^2 is not large, as for poor examples.  Left out are the higher orders of the differences, which count where N n^2 is
small or w C' no longer well below 1, and the other corrections of order 1/N, which do not grow with M.

Derived here, for sums over distinct indices, where the constant parts of the squares are absent (p = 2: both energies).
"""

from dataclasses import dataclass

import numpy as np

from hebbian.theory import dense_branches as branches
from hebbian.theory import dense_states
from hebbian.theory.dense_noise import PairLoop
from hebbian.theory.gaussian import field_averages

STEPS = 6  # from the infinite system to the size N, along which the state is followed


@dataclass(frozen=True)
class Averages:
    """E over t and z of h = t A + z sqrt(lambda + lambda' u) at temperature T.

    m, n, q, C, sech4, log2cosh : as in `ExampleAverages`.   Q, response : E u tanh^2(h/T) and E u sech^2(h/T) / T.
    """

    m: float
    n: float
    q: float
    C: float
    sech4: float
    log2cosh: float
    Q: float
    response: float


@dataclass(frozen=True)
class State:
    """A retrieval state among N spins; the names of `dense_states.States`.

    A, a : signal, and deviation of the crosstalk of the other archetypes.   scatter : variance lambda' of the class's own.
    """

    equations: dense_states.Equations
    N: int
    T: float
    alpha: float
    n: float
    A: float
    a: float
    scatter: float

    @property
    def averages(self):
        return averages(self.equations, self.A, self.a**2, self.scatter, self.T)

    @property
    def loop(self):
        return loop(self.equations, self.n)

    @property
    def m(self):
        return self.averages.m

    @property
    def q(self):
        return self.averages.q

    @property
    def free_energy(self):
        eq, av = self.equations, self.averages
        return (self.n * self.A - eq.F(self.n) - av.log2cosh + self.alpha * eq.noise.free_energy(av.q, av.C, self.T)
                + (eq.M - 1) / self.N * self.loop.free_energy(av.Q, av.response, self.T))

    @property
    def energy(self):
        eq, av = self.equations, self.averages
        return (-eq.F(self.n) + self.alpha * eq.noise.energy(av.q, av.C, self.T)
                + (eq.M - 1) / self.N * self.loop.energy(av.Q, av.response, self.T))

    @property
    def scaled_replicon(self):
        av = self.averages
        return self.alpha * self.equations.noise.replicon(av.q, av.C) * av.sech4

    @property
    def example_instability(self):
        return self.loop.largest_weight * self.averages.response

    @property
    def residual(self):
        """Largest violation of the equations, relative to n, A and the whole noise."""
        values, noise = np.array([self.n, self.A, self.a**2, self.scatter]), self.a**2 + self.scatter
        violation = right_hand_sides(self.equations, values, self.T, self.alpha, (self.equations.M - 1) / self.N) - values
        return float(np.max(np.abs(violation) / [self.n, self.A, noise, noise]))


def averages(eq, A, variance, scatter, T) -> Averages:
    """Averages over the spins of a retrieval state."""
    t, even, odd = eq.examples.values
    u = (1 - t**2) / (even @ (1 - t**2))
    av = field_averages(t * A, np.sqrt(variance + scatter * u), T)
    return Averages(*map(float, (odd @ av.m, (even * t) @ av.m, even @ av.q, even @ av.C, even @ av.sech4, even @ av.log2cosh,
                                 (even * u) @ av.q, (even * u) @ av.C)))


def loop(eq, n) -> PairLoop:
    """The pairwise network of the differences between the examples."""
    return PairLoop(((eq.F(n, 2) * (1 - eq.examples.r**2) / eq.M, 1.0),))


def right_hand_sides(eq, values, T, alpha, load):
    """(n, A, lambda, lambda') as the equations give them from (n, A, lambda, lambda'); `load` is (M - 1)/N."""
    n, A, variance, scatter = values
    av = averages(eq, A, max(variance, 0.0), max(scatter, 0.0), T)
    own = loop(eq, n)
    stiffness = 1 - own.largest_weight * av.response
    slope = eq.F(n, 3) * (1 - eq.examples.r**2) / eq.M if eq.p > 2 else 0.0
    reaction = load * slope * (1 - T * av.response / stiffness - av.Q / stiffness**2) / 2
    noise = alpha * eq.noise.variance(av.q, av.C), load * own.variance(av.Q, av.response)
    return np.array([av.n, eq.F(n, 1) - reaction, *noise])


def retrieval(eq, N, T, alpha) -> State | None:
    """The retrieval state among N spins, followed from that of N to infinity; None where it is lost on the way.

    alpha : load of the other archetypes.
    """
    from scipy.optimize import root

    infinite = branches.retrieval(eq, T, alpha)
    if np.isnan(infinite.n):
        return None
    loads = (eq.M - 1) / N * np.arange(1, STEPS + 1) / STEPS
    values = np.array([infinite.n, eq.F(infinite.n, 1), infinite.a**2, 0.0], float)
    noise = right_hand_sides(eq, values, T, alpha, loads[-1])[2:].sum()
    scale = np.array([values[0], values[1], noise, noise])
    for load in loads:
        found = root(lambda x: right_hand_sides(eq, x * scale, T, alpha, load) / scale - x, values / scale, tol=1e-14)  # noqa: B023
        values = np.maximum(found.x, 0.0) * scale
        lost = values[0] == 0 or loop(eq, values[0]).largest_weight * averages(eq, *values[1:], T).response >= 1
        if lost or np.abs(found.fun).max() > 1e-9:
            return None
    n, A, variance, scatter = (float(x) for x in values)
    return State(eq, N, np.float64(T), float(alpha), n, A, variance**0.5, scatter)
