r"""Theory of the binary exponential model: thresholds at T = 0 and T > 0, stability of single spins at finite N.

H = -(1/lam) ln sum_mu exp(lam xi^mu . s).  At T = 0 a spin compares energies with itself up and down, so the noise on it is
2 sinh(lam) sum_mu xi_i^mu exp(lam S_mu), S_mu the overlap of the other spins, with independent random signs: the square root
of the random-energy sum at 2 lam.  With Phi_alpha(h) = alpha + ln cosh h (many patterns) or h q_max (frozen), a state of
overlap m is stable iff lam m > Phi_alpha(2 lam) / 2,

    alpha_1 = I(m) if m <= tanh 2 lam, else 2 lam m - ln cosh 2 lam.

At T > 0 the retrieval state has m = tanh(1/T) and lasts (metastable) iff lam m > Phi_alpha(lam), I(m) or
lam m - ln cosh lam: T -> 0 and T = 0 differ, since at T = 0 exponentially small gaps still steer the dynamics.

Demircigil et al., J. Stat. Phys. 168, 288 (2017), prove stability of all patterns for alpha < (ln 2) / 2 at m = 1; derived here
beyond that, checked by simulation (tests/physics/test_modern.py).
"""

import numpy as np
from scipy.special import binom

from hebbian.errors import InvalidInput
from hebbian.theory.modern_ensembles import Binary


def threshold(lam: float, m: float, T: float) -> float:
    """Largest load at which a state of overlap m is stable at T = 0, or lasts at T > 0 where m = min(m, tanh(1/T))."""
    h = 2 * lam if T == 0 else lam
    m = m if T == 0 else min(m, float(np.tanh(1 / T)))
    if m <= np.tanh(h):
        return float(Binary.rate(m))
    return float(h * m - Binary.cumulant(h))


def spin_stability(lam: float, K: int, N: int) -> float:
    """Probability that a spin of a stored pattern is stable at T = 0, with Poisson numbers of the other patterns.

    P(1 + sum_s (n_s^+ - n_s^-) exp(lam (s - N + 1)) > 0), n_s^+- independent Poisson numbers of patterns at cavity overlap s
    with mean (K - 1) binomial(N - 1, (N - 1 + s) / 2) / 2^N each.  The law of the symmetric sum S is inverted from its
    characteristic function, P(S > -1) = 1/2 + (1/pi) int_0^inf sin(u) / u E exp(i u S) du.
    """
    flipped = np.arange(N)
    weight = np.exp(-2 * lam * flipped)
    mean = (K - 1) * binom(N - 1, flipped) * 0.5 ** (N - 1)
    # E cos(u S) falls below 1e-16 once u^2 var / 2 does, but for patterns so rare that they leave an atom at S = 0.
    many = mean > 40
    spread = np.sqrt(np.sum((mean * weight**2)[many])) if many.any() else 0.0
    if spread < 1e-5:
        raise InvalidInput(f"K = {K} patterns at N = {N} make too little noise to invert its law: give a larger K")
    step, total, start = 0.02, 0.0, 0.0
    while start * spread < 9:
        u = start + step * (np.arange(20_000) + 0.5)
        law = np.exp(-(mean * (1 - np.cos(np.multiply.outer(u, weight)))).sum(axis=1))
        total += step * np.sum(np.sin(u) / u * law)
        start = u[-1] + step / 2
    return 0.5 + total / np.pi
