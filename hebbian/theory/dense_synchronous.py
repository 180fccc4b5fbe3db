r"""Replica-symmetric theory of the synchronous (Little) dynamics of pairwise networks, p = 2.

The stationary law prod_i 2 cosh(beta h_i), h_i = sum_j J_ij s_j with the self-coupling kept (hebbian.models.dense_field), is
the marginal of a two-layer network: the sum over s' of exp(beta sum_i s_i' h_i(s)), with s' the configuration after s.  Its
order parameters are m and n-hat = E t <s>, q the overlap of replicas, equal within and across the layers, and w the overlap of
s with s'.  A pattern that is not retrieved enters by exp(beta x x') with Gaussian x, x' of covariance w, which splits into
(x + x') / sqrt 2 and (x - x') / sqrt 2.  With the loop eigenvalues w_k of multiplicity nu_k (storage and supervised: 1;
unsupervised: those of the M examples of an archetype) and A = n-hat / R,

    C_u = beta (1 + w - 2 q),    C_v = beta (1 - w),
    lambda = alpha q sum_k nu_k w_k^2 / (1 - w_k C_u)^2,
    B = (alpha beta / 2) sum_k nu_k w_k [1 / (1 - w_k C_u) + 1 / (1 + w_k C_v)],
    H = beta (t A + sqrt(lambda) z),    D = e^B cosh 2H + e^-B,
    m = E e^B sinh 2H / D,    q = E (e^B sinh 2H / D)^2,    w = E (e^B cosh 2H - e^-B) / D.

B couples a spin to its own successor: the self-coupling and the reaction of the other spins.  It is absent for alpha = 0,
where <s> = tanh H and all agrees with the sequential theory.  The pseudo free energy of which this is the saddle point,

    -beta f = -beta n-hat^2 / R + G(q, w) + 2 beta^2 lambda q - (B + beta^2 lambda) w - beta^2 lambda + E ln 2 D,
    G = alpha sum_k nu_k [-ln(1 - w_k C_u) / 2 + w_k beta q / (1 - w_k C_u) - ln(1 + w_k C_v) / 2],

counts both layers.  Derived here in the manner of J. F. Fontanari, R. Koeberle, J. Phys. France 49, 13 (1988); checked by the
derivatives of f and by simulation.  Stability against replica symmetry breaking is not examined.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hebbian.errors import NoSolution, NotDefined
from hebbian.models import fields
from hebbian.models.dense import DenseHopfield
from hebbian.theory.gaussian import gaussian_average


@dataclass(frozen=True)
class Solution:
    """Retrieval state of the synchronous dynamics; infinite N.

    m : overlap with the retrieved archetype.   n : overlap with the mean of its examples, divided by r (1 + rho).
    q : overlap of two replicas.   successive : overlap w of the configurations before and after one step.
    noise : variance lambda of the crosstalk.   energy : mean of the Hamiltonian of `hebbian.models.dense` per spin.
    free_energy : pseudo free energy f per spin, of both layers.   residual : largest violation of the saddle-point equations.
    T, load : temperature and load K / N at which it was solved.
    """

    order: ClassVar[str] = "synchronous"

    m: float
    n: float
    q: float
    successive: float
    noise: float
    energy: float
    free_energy: float
    residual: float
    T: float
    load: float


def solve(model: DenseHopfield, *, T: float, N: int | None = None, iterations: int = 20_000) -> Solution:
    """Retrieval state of the synchronous dynamics of a pairwise network at temperature T > 0.

    Parameters
    ----------
    model : p = 2, any protocol, a named energy (both have the same dynamics).   T : temperature.
    N : size whose integer number of patterns gives the load; infinite otherwise.

    Raises
    ------
    NotDefined : p >= 3, where the stationary law is not known.   NoSolution : the iteration left the retrieval state or
    did not settle.
    """
    if model.p != 2 or not isinstance(model.energy, str):
        raise NotDefined(f"the synchronous theory is for p = 2 and a named energy, not for {model}: simulate it")
    T = fields.real("T", T, 0.0, open_low=True)
    system = _System(model, T, model.load(N))
    state = np.array([system.t_weight @ np.abs(system.t), 1.0, 1.0])
    for _ in range(iterations):
        moved = system.step(state)
        residual = float(np.abs(moved - state).max()) if np.isfinite(moved).all() else np.inf
        state = (state + moved) / 2
        if residual < 1e-14 or not np.isfinite(residual):
            break
    if not residual < 1e-11 or state[0] < 1e-3 * model.r:
        raise NoSolution(f"no retrieval state of the synchronous dynamics of {model} found at T = {T:g}: lower the load or T")
    return system.solution(model, state, residual)


class _System:
    """The saddle-point equations at one load and temperature, over states (n-hat, q, w)."""

    def __init__(self, model, T, alpha):
        from scipy.stats import binom

        M, r = model.M, model.r
        k = np.arange(M + 1)
        self.t, self.t_weight = (2 * k - M) / M, binom.pmf(k, M, (1 + r) / 2)
        kept = self.t_weight > 1e-20
        self.t, self.t_weight = self.t[kept], self.t_weight[kept]
        self.T, self.beta, self.alpha, self.R = T, 1 / T, alpha, model.R
        if model.protocol == "unsupervised":
            self.nu = np.array([M - 1, 1.0])
            self.weight = np.array([1 - r**2, 1 - r**2 + M * r**2]) / (M * model.R)
        else:
            self.nu, self.weight = np.ones(1), np.ones(1)

    def loops(self, q, w):
        """(noise lambda, reaction B, 1 - w_k C_u, 1 + w_k C_v)."""
        u = 1 - self.weight * self.beta * (1 + w - 2 * q)
        v = 1 + self.weight * self.beta * (1 - w)
        if (u <= 0).any():
            return np.nan, np.nan, u, v
        noise = self.alpha * q * (self.nu * self.weight**2 / u**2).sum()
        return noise, self.alpha * self.beta / 2 * (self.nu * self.weight * (1 / u + 1 / v)).sum(), u, v

    def averages(self, n, noise, B):
        """(m, n-hat, q, w, E ln 2D)."""
        def site(z):
            H = 2 * self.beta * (self.t[:, None] * n / self.R + np.sqrt(noise) * z)
            size = np.abs(H)
            fall, back = np.exp(-2 * size), 2 * np.exp(-2 * B - size)  # of 2 e^-B D e^-|2H|, which cannot overflow
            D = 1 + fall + back
            s = np.sign(H) * (1 - fall) / D
            log = B + size + np.log(D)
            both = (1 + fall - back) / D
            return np.stack([self.t_weight @ s, (self.t_weight * self.t) @ s, self.t_weight @ s**2, self.t_weight @ both,
                             self.t_weight @ log])

        # D vanishes no closer than 2 H = i pi / 2 to the real axis: the rule errs by exp(-pi^2 T / (2 sqrt(noise) step)).
        return gaussian_average(site, min(0.1, 0.1 * self.T / max(np.sqrt(noise), 1e-12)))

    def step(self, state):
        n, q, w = state
        noise, B, _, _ = self.loops(q, w)
        if not np.isfinite(noise):
            return np.full(3, np.nan)
        return self.averages(n, noise, B)[1:4]

    def free_energy(self, n, q, w, noise, B):
        """f as a function of the order parameters and their conjugates."""
        beta = self.beta
        u, v = self.loops(q, w)[2:]
        G = self.alpha * (self.nu * (-np.log(u) / 2 + self.weight * beta * q / u - np.log(v) / 2)).sum()
        last = self.averages(n, noise, B)[4]
        conjugate = 2 * beta**2 * noise * q - (B + beta**2 * noise) * w - beta**2 * noise
        return -(-beta * n**2 / self.R + G + conjugate + last) / beta

    def solution(self, model, state, residual):
        n, q, w = (float(x) for x in state)
        noise, B, u, v = self.loops(q, w)
        m = float(self.averages(n, noise, B)[0])
        square = ((1 + w - 2 * q) / u + 2 * q / u**2 + (1 - w) / v) / 2  # <x^2> of a pattern in each mode
        energy = -n**2 / (2 * self.R) - self.alpha / 2 * (self.nu * self.weight * (square - 1)).sum()
        return Solution(m, n / (model.r * (1 + model.rho)), q, w, float(noise), float(energy),
                        float(self.free_energy(n, q, w, noise, B)), residual, self.T, self.alpha)
