"""False positives when activity varies from cell to cell or from input to input, and other laws of noise.

The closed forms of `hebbian.theory.dendrites` hold for inputs uniform among a-subsets.  Heterogeneity changes them by
orders of magnitude, because tails are made by the busiest cells and the busiest moments.  All functions return laws of the
overlap X of one segment of s synapses (arrays over b = 0 .. s) or probabilities derived from them.  Derived here; checked by
enumeration and sampling.  Correlations between cells are outside all of them.
"""

import math
from fractions import Fraction

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.models import fields
from hebbian.models.dendrites import Dendrite
from hebbian.theory import counting


def tail(law: np.ndarray, theta: int) -> float:
    """P(X >= theta) of an overlap law."""
    return math.fsum(law[theta:])


def random_level_law(n: int, s: int, levels) -> np.ndarray:
    """Overlap law when the number of active cells is itself random; `levels` maps a to its probability."""
    result = np.zeros(s + 1)
    for a, probability in levels.items():
        part = counting.law(n, s, fields.integer("a", a, 0, n))
        result[:len(part)] += fields.real("probability", probability, 0.0, 1.0) * part
    return result


def binomial_law(s: int, rate: float) -> np.ndarray:
    """Overlap law of cells that are active independently at one rate."""
    return rate_law(np.full(s, fields.real("rate", rate, 0.0, 1.0)))


def beta_binomial_law(s: int, A: float, B: float) -> np.ndarray:
    """Overlap law of independent cells at a common rate that is drawn from Beta(A, B) for every input."""
    A, B = fields.real("A", A, 0.0, open_low=True), fields.real("B", B, 0.0, open_low=True)
    def rising(x, k):
        return math.prod(x + i for i in range(k))
    whole = rising(A + B, s)
    return np.array([math.comb(s, b) * rising(A, b) * rising(B, s - b) / whole for b in range(s + 1)])


def rate_law(rates) -> np.ndarray:
    """Overlap law of given synapses whose cells are active independently at the given rates (Poisson-binomial)."""
    law = np.array([1.0])
    for rate in _rates(rates):
        law = np.append(law * (1 - rate), 0.0) + np.append(0.0, law * rate)
    return law


def selected_law(rates, s: int, selection: str = "uniform") -> np.ndarray:
    """Overlap law of s synapses chosen among cells that are active independently at given rates.

    Parameters
    ----------
    rates : activity of each of the n cells, in [0, 1].
    s : number of synapses.
    selection : "uniform" (any s cells) or "hebbian" (s active cells of a stored pattern that follows the same rates).

    Uniform synapses are exact: the law is e_s of the variables (1 - p_i) + p_i z over C(n, s), e_s the elementary symmetric
    polynomial.  Hebbian synapses sit on busy cells: a set D is chosen with a weight prod_{i in D} p_i, up to the fluctuation
    of the size of the stored pattern, of relative order 1 / a.  At small rates this is a binomial at the rate
    `hebbian_rate`.
    """
    rates = _rates(rates)
    s = fields.integer("s", s, 1, len(rates))
    weights = {"uniform": np.ones_like(rates), "hebbian": rates}[fields.choice("selection", selection, ("uniform", "hebbian"))]
    # Entry (k, b): weight of the sets of k cells with b of them active, one cell more at each step, every term positive.
    table = np.zeros((s + 1, s + 1))
    table[0, 0] = 1.0
    scale = s / weights.sum()
    for weight, rate in zip(weights * scale, rates):
        grown = weight * (1 - rate) * table[:-1]
        grown[:, 1:] += weight * rate * table[:-1, :-1]
        table[1:] += grown
    return table[s] / table[s].sum()


def hebbian_rate(rates) -> float:
    """Mean activity of a cell that a Hebbian synapse sits on, <p^2> / <p> = rho (1 + CV^2)."""
    rates = _rates(rates)
    return float(np.mean(rates**2) / np.mean(rates))


def independent_loss(model: Dendrite, q: float) -> float:
    """Miss of a stored pattern when each of its cells falls silent independently with probability q."""
    q = Fraction(fields.real("q", q, 0.0, 1.0))
    s = model.s
    lost = range(s - model.theta + 1, s + 1)
    return float(sum((math.comb(s, b) * q**b * (1 - q) ** (s - b) for b in lost), Fraction(0)))


def random_noise(model: Dendrite, levels) -> float:
    """Miss of a stored pattern when the number v of replaced cells is random; `levels` maps v to its probability."""
    total = 0.0
    for v, probability in levels.items():
        v = fields.integer("noise", v, 0, model.a)
        miss = counting.divide(*counting.upper(model.a, model.s, v, model.s - model.theta + 1))
        total += fields.real("probability", probability, 0.0, 1.0) * miss
    return total


def _rates(rates):
    rates = np.asarray(rates, float)
    if rates.ndim != 1 or not rates.size or not np.all((rates >= 0) & (rates <= 1)) or not rates.any():
        raise InvalidInput(f"rates is an array of shape {rates.shape}: give activities of the cells, in [0, 1], not all 0")
    return rates
