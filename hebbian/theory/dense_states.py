r"""Saddle-point equations of dense Hopfield networks in replica symmetry, and the states that solve them.

With F(n) = n^p / (p! N), the field on a spin along the retrieved pattern is h = t A + a z, A = F'(n), a = sqrt(lambda),
where t is the mean of the examples of the pattern on that site (`dense_examples`) and N = R^(p/2).  For storage t = N = 1
and n = m.  With E over t and z,

    m = E tanh(h/T),     n = E t tanh(h/T),     q = E tanh^2(h/T),     C = (1 - q)/T,     lambda = alpha v(q, C),
    f = n F'(n) - F(n) - T E ln 2cosh(h/T) + alpha g(q, C, T),
    e = d(beta f)/d beta = -F(n) + alpha u(q, C, T),
    stability against replica symmetry breaking:  alpha r(q, C) E sech^4(h/T) / T^2 < 1,
    stability against unequal overlaps with the examples (unsupervised):  F''(n) E (1 - t^2) sech^2(h/T) / ((M-1) T) < 1,

where v, g, u, r are the crosstalk of `dense_noise` (p = 2: Amit, Gutfreund, Sompolinsky, Ann. Phys. 173, 30 (1987);
p >= 3: derived from the replicated noise weight, which becomes Gaussian for N to infinity; it reduces to E. Gardner,
J. Phys. A 20, 3453 (1987) for distinct indices, with her alpha the alpha p!/2 of here and her beta the 2 beta / p!).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import factorial

import numpy as np

from hebbian.theory.dense_examples import Binomial, ExampleAverages, Gaussian
from hebbian.theory.dense_noise import MixedSpin, PairLoop, crosstalk


@dataclass(frozen=True)
class Equations:
    """The saddle-point equations of one model: its interaction order, its crosstalk and the examples of a pattern.

    norm : N = R^(p/2), which divides the signal.   M : number of examples that must keep equal overlaps, 1 where none must.
    """

    p: int
    noise: PairLoop | MixedSpin
    examples: Binomial | Gaussian = Binomial(1, 1.0)
    norm: float = 1.0
    M: int = 1

    def F(self, n, order=0):
        """The derivative of the given order of the signal function F(n) = n^p / (p! N)."""
        return n ** (self.p - order) / (factorial(self.p - order) * self.norm)

    @property
    def random_field(self) -> float:
        """zeta'(0): variance per load of the crosstalk at q = 0; where it is not zero there is no paramagnet."""
        return self.noise.zeta(0.0, 1) if isinstance(self.noise, MixedSpin) else 0.0


@dataclass(frozen=True)
class States:
    """Points that satisfy the equations: arrays of one shape; `a` is the square root of the noise lambda."""

    equations: Equations
    T: np.ndarray
    alpha: np.ndarray
    n: np.ndarray
    a: np.ndarray
    averages: ExampleAverages

    @property
    def m(self):
        return np.where(self.n == 0, 0.0, self.averages.m)

    @property
    def C(self):
        return self.averages.C

    @property
    def q(self):
        return self.averages.q

    @property
    def free_energy(self):
        eq = self.equations
        return (self.n * eq.F(self.n, 1) - eq.F(self.n) - self.averages.log2cosh
                + self.alpha * eq.noise.free_energy(self.q, self.C, self.T))

    @property
    def energy(self):
        return -self.equations.F(self.n) + self.alpha * self.equations.noise.energy(self.q, self.C, self.T)

    @property
    def scaled_replicon(self):
        """T times the left-hand side of the stability condition; finite at T = 0, where that diverges."""
        return self.alpha * self.equations.noise.replicon(self.q, self.C) * self.averages.sech4

    @property
    def example_instability(self):
        """Left-hand side of the condition for equal overlaps with all examples; 0 where there is one or a teacher."""
        if self.equations.M == 1:
            return np.zeros(self.n.shape)
        return self.equations.F(self.n, 2) * (self.C - self.averages.n_signal) / (self.equations.M - 1)

    @property
    def residual(self):
        """Largest violation of the equations for n, q and lambda, relative to the scale of each."""
        averages = self.equations.examples.averages(self.equations.F(self.n, 1), self.a, self.T)
        q = averages.q
        excess = np.abs(self.equations.noise.excess(self.a, self.alpha, q, averages.C))
        noise = excess / np.maximum(self.a, np.finfo(float).tiny)
        return np.maximum(np.maximum(np.abs(self.n - averages.n), np.abs(self.q - q)), noise)


@lru_cache(maxsize=64)
def equations(p, energy, protocol="storage", M=1, r=1.0, average="binomial") -> Equations:
    """Equations of storage or of learning from M examples of quality r; for p = 2 both energies have the same ones."""
    R, rho = r**2 + (1 - r**2) / M, (1 - r**2) / (M * r**2)
    examples = Gaussian(rho, r) if average == "gaussian" and rho > 0 else Binomial(M, r)
    return Equations(p, crosstalk(p, energy, protocol, M, r), examples, R ** (p / 2), M if protocol == "unsupervised" else 1)
