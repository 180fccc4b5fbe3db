"""First-order sequence memory in closed form.

A cell that does not come next is predicted by one of the T - 1 other transitions with probability p a / n each: the cell must
belong to what follows, and its segment must match by chance.  Patterns are independent, so exactly
    F = 1 - (1 - p a / n)^(T-1),       p = P(Hyp(n, s, a) >= theta).
Derived here and checked by simulation; the published code uses 1 - (1 - p)^(T a / n), which differs in the sixth digit of its
example.
"""

import math
from dataclasses import dataclass

from hebbian.models.sequence import SequenceMemory
from hebbian.theory import counting


@dataclass(frozen=True)
class Solution:
    """False prediction of a cell, `jaccard` as the ratio of means a / (a + F (n - a)), and the published `approximate` F."""

    model: SequenceMemory
    false_prediction: float
    jaccard: float
    approximate: float


def solve(model: SequenceMemory) -> Solution:
    """False predictions after a learnt pattern; exact but for `jaccard`, a ratio of means that is off by O(1/n)."""
    p = counting.divide(*counting.upper(model.n, model.s, model.a, model.theta))
    q = counting.divide(*counting.lower(model.n, model.s, model.a, model.theta))
    f = model.a / model.n
    # 1 - p f is also 1 - f + q f: the form without cancellation where p f is close to 1.
    each = math.log1p(-p * f) if p * f < 0.5 else math.log(max(1 - f + q * f, 0.0)) if 1 - f + q * f > 0 else -math.inf
    F = -math.expm1((model.transitions - 1) * each) if model.transitions > 1 else 0.0
    approximate = -math.expm1(model.transitions * f * math.log1p(-p)) if p < 1 else 1.0
    return Solution(model, F, model.a / (model.a + F * (model.n - model.a)), approximate)


def predict(model: SequenceMemory, settings=None, **options) -> Solution:
    """The theory column of a sweep: counting theory knows no settings, so this is `solve`."""
    return solve(model, **options)
