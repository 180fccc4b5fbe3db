r"""Separation functions: how scores become weights.  The one place where softmax is exchanged for something sparser.

A separation function maps scores s (..., K), already multiplied by beta, to weights p >= 0 that sum to 1 over the last
axis.  All three here maximise p.s + H(p) over the simplex for an entropy H (Peters, Niculae, Martins, ACL 2019):

    softmax    p_k = exp(s_k) / sum_l exp(s_l)       Shannon entropy; every weight is positive
    entmax15   p_k = max(s_k / 2 - tau, 0)^2         Tsallis entropy of order 3/2
    sparsemax  p_k = max(s_k - tau, 0)               Gini entropy, order 2: the projection on the simplex

with tau fixed by the sum.  The sparse two give weight exactly 1 to the best score as soon as its lead over the second
reaches the margin, 2 for entmax15 and 1 for sparsemax (1 / (order - 1)); softmax has no margin.  That is why they have no
averaging limit at exponential load (hebbian.theory.modern).

A score of -inf has weight 0.  A row in which every score is -inf has all weights 0: nothing to choose from, nothing chosen.
"""

from collections.abc import Callable

import numpy as np

from hebbian.errors import InvalidInput
from hebbian.families import unknown


def softmax(scores: np.ndarray) -> np.ndarray:
    """Weights exp(s_k) / sum_l exp(s_l) over the last axis; float array (..., K) to the same shape."""
    weights = np.exp(_below_maximum(np.asarray(scores)))
    total = weights.sum(axis=-1, keepdims=True)
    return np.divide(weights, total, out=weights, where=total > 0)


def sparsemax(scores: np.ndarray) -> np.ndarray:
    """Weights max(s_k - tau, 0), the nearest point of the simplex (Martins and Astudillo, ICML 2016); (..., K) to (..., K)."""
    gaps = _below_maximum(np.asarray(scores))
    best = _descending(gaps, -1.0)
    count = np.arange(1, best.shape[-1] + 1)
    sums = np.cumsum(best, axis=-1)
    support = np.count_nonzero(1 + count * best > sums, axis=-1, keepdims=True)
    tau = (np.take_along_axis(sums, np.maximum(support, 1) - 1, -1) - 1) / np.maximum(support, 1)
    return np.where(np.isfinite(gaps), np.maximum(gaps - tau, 0), 0)


def entmax15(scores: np.ndarray) -> np.ndarray:
    """Weights max(s_k / 2 - tau, 0)^2 (Peters, Niculae, Martins, ACL 2019, algorithm 2); (..., K) to the same shape."""
    gaps = _below_maximum(np.asarray(scores)) / 2
    best = _descending(gaps, -1.0)
    count = np.arange(1, best.shape[-1] + 1)
    with np.errstate(invalid="ignore"):
        mean = np.cumsum(best, axis=-1) / count
        spread = np.cumsum(best**2, axis=-1) - count * mean**2
        thresholds = mean - np.sqrt(np.maximum((1 - spread) / count, 0))
        support = np.count_nonzero(thresholds <= best, axis=-1, keepdims=True)
    tau = np.take_along_axis(thresholds, np.maximum(support, 1) - 1, -1)
    return np.where(np.isfinite(gaps), np.maximum(gaps - tau, 0) ** 2, 0)


#: Name -> (function, margin); the margin is the lead at which a single weight becomes exactly 1.
SEPARATIONS: dict[str, tuple[Callable, float]] = {
    "softmax": (softmax, np.inf),
    "sparsemax": (sparsemax, 1.0),
    "entmax15": (entmax15, 2.0),
}


def function(separation) -> Callable[[np.ndarray], np.ndarray]:
    """The function behind a name; a callable of the user's own is returned as it is."""
    if callable(separation):
        return separation
    if separation not in SEPARATIONS:
        raise unknown("separation", str(separation), SEPARATIONS)
    return SEPARATIONS[separation][0]


def apply(separation, scores: np.ndarray) -> np.ndarray:
    """Weights of a named or the user's own separation function, whose result must have the shape of the scores and no NaN."""
    weights = np.asarray(function(separation)(scores))
    if weights.shape != scores.shape:
        raise InvalidInput(f"separation returned shape {weights.shape} for scores of shape {scores.shape}: "
                           "return one weight for each score")
    if callable(separation) and np.isnan(weights).any() and not np.isnan(scores).any():
        raise InvalidInput("separation returned NaN: return weights of at least 0 that sum to 1, also where scores are -inf")
    return weights


def _below_maximum(scores):
    """Scores minus the largest of their row, at most 0; a row of -inf stays -inf."""
    top = scores.max(axis=-1, keepdims=True)
    return scores - np.where(np.isfinite(top), top, 0)


def _descending(gaps, lowest):
    """The gaps above `lowest`, which alone can be in the support, sorted; shorter rows are filled up with what is below."""
    count = max(1, int(np.count_nonzero(gaps > lowest, axis=-1).max(initial=0)))
    best = np.partition(gaps, -count, axis=-1)[..., -count:] if count < gaps.shape[-1] else gaps
    # Below `lowest` every value is outside the support, and a finite one keeps the running sums free of inf - inf.
    return np.maximum(np.sort(best, axis=-1)[..., ::-1], 2 * lowest)
