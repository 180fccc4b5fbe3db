"""What the weights of a query say: how many memories it averages, and which kind of fixed point or head that makes."""

import numpy as np

from hebbian.errors import InvalidInput

#: Kinds from the widest to the narrowest, by k90 against the number K of memories: above K/2, K/8, K/32, and the rest.
KINDS = ("global", "large", "small", "single")


def k90(weights) -> np.ndarray:
    """Smallest number of weights whose sum reaches 0.90, over the last axis; (..., K) to int array (...).

    A fully blocked row, whose weights are all 0, has k90 = 0.
    """
    weights = _checked(weights)
    sums = np.cumsum(-np.sort(-weights, axis=-1), axis=-1)
    # A weight sum of 0.9 that rounding left one unit short has still reached it.
    enough = sums >= 0.9 * (1 - 1e-12)
    return np.where(sums[..., -1] > 0, enough.argmax(axis=-1) + 1, 0)


def participation(weights) -> np.ndarray:
    """Participation ratio 1 / sum_k p_k^2: 1 for one memory, K for a uniform average; (..., K) to (...), 0 without weight."""
    weights = _checked(weights)
    square = np.square(weights).sum(axis=-1)
    return np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)


def entropy(weights) -> np.ndarray:
    """Entropy -sum_k p_k ln p_k in nats, from 0 for a single memory to ln K; (..., K) to (...)."""
    weights = _checked(weights)
    return -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=-1)


def kind(count, K: int) -> np.ndarray:
    """Kind of a fixed point from its k90: "global" above K/2, "large" above K/8, "small" above K/32, else "single".

    The classes are those of Ramsauer et al. (2021), appendix on metastable states: average over all, over a large or a small
    cluster, and (nearly) one memory.  A k90 of 1 is "single" whatever K; one of 0, where every memory was blocked, "none".
    """
    count = np.asarray(count)
    return np.select([count == 0, count <= 1, count > K / 2, count > K / 8, count > K / 32],
                     ["none", "single", *KINDS[:3]], default="single")


def head_kind(weights) -> str:
    """Kind of an attention head: that of the median k90 over its queries; weights (..., K)."""
    weights = _checked(weights)
    return str(kind(np.median(k90(weights)), weights.shape[-1]))


def _checked(weights):
    weights = np.asarray(weights, float)
    if weights.ndim < 1 or weights.shape[-1] == 0:
        raise InvalidInput(f"weights has shape {weights.shape}: give (..., K) with at least one memory")
    if not (weights >= 0).all():
        raise InvalidInput("weights contains values that are negative or NaN: give weights of at least 0")
    return weights
