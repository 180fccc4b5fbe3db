"""How the false positive of one segment scales: exponents, bounds and limits in closed form.

With tau = theta / s and rho = a / n, ln p_fp ~ -s KL(tau || rho) - (ln s) / 2: exponential in s at fixed tau and rho.  At
fixed a, s and theta it is a power law, p_fp ~ C(s, theta) (a/n)^theta ~ n^-theta.  At fixed rho it rises slightly with n
and saturates at the binomial value.  Derived here; checked against the exact law.
"""

import math
from fractions import Fraction
from math import comb, perm

from hebbian.models import fields
from hebbian.models.dendrites import Dendrite
from hebbian.theory import counting


def relative_entropy(tau: float, rho: float) -> float:
    """Kullback-Leibler divergence KL(tau || rho) of two coins, in nats; tau in [0, 1], rho in (0, 1)."""
    tau = fields.real("tau", tau, 0.0, 1.0)
    rho = fields.real("rho", rho, 0.0, 1.0, open_low=True, open_high=True)
    low = (1 - tau) * math.log((1 - tau) / (1 - rho)) if tau < 1 else 0.0
    return low + (tau * math.log(tau / rho) if tau > 0 else 0.0)


def chernoff(model: Dendrite) -> float:
    """Upper bound exp(-s KL(tau || rho)) of the false positive of one pattern; its exponent is right, its prefactor is not."""
    if model.theta / model.s <= model.activity:
        return 1.0
    return math.exp(-model.s * relative_entropy(model.theta / model.s, model.activity))


def factorial_moment(model: Dendrite, j: int) -> Fraction:
    """E C(X, j) = C(s, j) (a)_j / (n)_j of the overlap X with a random pattern, exactly."""
    return Fraction(comb(model.s, j) * perm(model.a, j), perm(model.n, j)) if j <= model.n else Fraction(0)


def bonferroni(model: Dendrite) -> tuple[float, float]:
    """Lower and upper bound of the false positive from two factorial moments; the upper one is exact at theta = s."""
    first, second = (factorial_moment(model, j) for j in (model.theta, model.theta + 1))
    return max(0.0, float(first - model.theta * second)), float(first)


def binomial(model: Dendrite) -> float:
    """Limit of the false positive for n to infinity at fixed rho: cells active independently at rate a / n.

    It overestimates the finite value: 1.6 times at n = 4000, 3.2 times at n = 2000 of the examples in the tests.
    """
    a, n = model.a, model.n
    terms = [comb(model.s, b) * a**b * (n - a) ** (model.s - b) for b in range(model.theta, model.s + 1)]
    return counting.divide(sum(terms), n**model.s)


def size_exponent(model: Dendrite) -> float:
    """Local slope -d ln p_fp / d ln n at fixed a, s and theta, from the exact law at n and n + n/100; theta at large n."""
    larger = model.n + max(1, model.n // 100)
    ratio = Fraction(*counting.upper(model.n, model.s, model.a, model.theta)) \
        / Fraction(*counting.upper(larger, model.s, model.a, model.theta))
    return math.log(ratio) / math.log(larger / model.n)


def synapse_exponent(model: Dendrite) -> float:
    """Decades that one more synapse gains at fixed tau and rho, KL(tau || rho) / ln 10, the limit for large s."""
    return relative_entropy(model.theta / model.s, model.activity) / math.log(10)


def recognition_information(model: Dendrite) -> float:
    """Bits per synapse of recognition, [KL(tau || rho) / ln 2 - log2(K) / s]: log2(1/eps) bits a pattern in the exponent.

    At most log2(1 / rho); addressing a synapse costs log2(n) bits.
    """
    bits = relative_entropy(model.theta / model.s, model.activity) / math.log(2)
    return bits - math.log2(model.segments) / model.s


def inversion(model: Dendrite) -> Fraction:
    """The exact tail from factorial moments, sum_j (-1)^(j-theta) C(j-1, theta-1) E C(X, j): alternating, integers only."""
    theta = model.theta
    return sum(((-1) ** (j - theta) * comb(j - 1, theta - 1) * factorial_moment(model, j)
                for j in range(theta, model.s + 1)), Fraction(0))
