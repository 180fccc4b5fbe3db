r"""The theorems on storage and retrieval as checkable certificates: each returns a bound and whether it applies.

K memories x_i of largest norm M, separation Delta_i = x_i.x_i - max_{j != i} x_i.x_j, and for queries xi with
|xi - x_i| <= R the number eps_i = (K - 1) exp(-beta (Delta_i - 2 M R)).  Then, for every such query,

    1 - p_i <= eps_i                              as |x_j.xi - x_j.x_i| <= M R                           (derived here)
    |f(xi) - x_i| <= 2 M eps_i                    as f(xi) - x_i = sum_{j != i} p_j (x_j - x_i)           (theorem 5)
    |df/dxi| <= 2 beta K M^2 eps_i                and  <= 4 beta M^2 eps_i, as the Jacobian is beta times the covariance of
                                                  the memories, at most beta sum_j p_j |x_j - x_i|^2     (derived here)

(Ramsauer et al., arXiv 2008.02217; the constants of the capacity theorem reproduce their published examples.)  Worst
cases: a typical random memory holds exponentially more, hebbian.theory.modern.  Tests compare every bound with
measurements on well-separated memories: none was exceeded.
"""

from dataclasses import dataclass

import numpy as np

from hebbian.attention import inputs
from hebbian.attention.retrieval import largest_norm
from hebbian.errors import InvalidInput


@dataclass(frozen=True)
class Certificate:
    """A theorem evaluated: the bound, whether its condition holds, and that condition in words.

    bound : float64 array (K,) or scalar; applies : bool of the same shape.  Where it does not apply the bound promises
    nothing.
    """

    bound: np.ndarray
    applies: np.ndarray
    condition: str


def separation(memories) -> np.ndarray:
    """Separation Delta_i = x_i.x_i - max_{j != i} x_i.x_j of every memory, float64 (K,); +inf for a single memory.

    memories : (K, d), finite.  Negative where another memory has the larger overlap: that memory cannot be a best match.
    """
    X = inputs.memories_only(memories).astype(np.float64)
    result = np.empty(len(X))
    for first in range(0, len(X), 1024):
        rows = X[first:first + 1024]
        overlaps = rows @ X.T
        index = np.arange(len(rows))
        own = overlaps[index, first + index].copy()
        overlaps[index, first + index] = -np.inf
        result[first:first + 1024] = own - overlaps.max(axis=1)
    return result


def ball_radius(memories, beta) -> float:
    """Radius 1 / (beta K M) of the ball around a memory in which a stored pattern must have its one fixed point.

    +inf where all memories are 0, which attracts everything.
    """
    X, beta = inputs.memories_only(memories), inputs.positive("beta", beta)
    norm = _norm(X)
    return 1 / (beta * len(X) * norm) if norm > 0 else np.inf


def well_separated(memories, beta) -> Certificate:
    """Whether each memory is so far from the others that it is stored: one attracting fixed point in its ball.

    bound : 2 / (beta K) + ln(2 (K - 1) K beta M^2) / beta, the separation that theorem 4 asks for.  Where it applies, one
    update maps the ball of `ball_radius` around the memory into itself and contracts there.
    """
    X, beta = inputs.memories_only(memories), inputs.positive("beta", beta)
    K = len(X)
    with np.errstate(divide="ignore"):
        needed = 2 / (beta * K) + np.log(2.0 * (K - 1) * K * beta * _norm(X) ** 2) / beta
    return Certificate(np.full(K, needed), separation(X) >= needed, "separation of at least the bound")


def weight_bound(memories, beta, radius=0.0) -> Certificate:
    """Largest weight eps_i that all other memories together can take from a query within `radius` of memory i.

    bound : float64 (K,); applies where it is below 1 and so says something.
    """
    eps = _eps(memories, beta, radius)
    return Certificate(eps, eps < 1, "eps below 1")


def retrieval_bound(memories, beta, radius=0.0) -> Certificate:
    """Largest distance |f(xi) - x_i| <= 2 M eps_i of one update from memory i, for queries within `radius` of it."""
    eps = _eps(memories, beta, radius)
    return Certificate(2 * _norm(inputs.memories_only(memories)) * eps, eps < 1, "eps below 1")


def contraction_bound(memories, beta, radius=0.0) -> Certificate:
    """Largest factor by which one update within `radius` of memory i stretches distances, min(4, 2 K) beta M^2 eps_i.

    Below 1 the update contracts: with a fixed point x* in the ball, |f(xi) - x*| <= bound |xi - x*|.
    """
    X = inputs.memories_only(memories)
    bound = min(4, 2 * len(X)) * inputs.positive("beta", beta) * _norm(X) ** 2 * _eps(X, beta, radius)
    return Certificate(bound, bound < 1, "bound below 1: the update contracts")


def fixed_point_bound(memories, beta) -> Certificate:
    """Largest distance 2 e (K - 1) M exp(-beta Delta_i) of memory i from its fixed point, where it is well separated."""
    X, beta = inputs.memories_only(memories), inputs.positive("beta", beta)
    bound = 2 * np.e * (len(X) - 1) * _norm(X) * np.exp(-beta * separation(X)) if len(X) > 1 else np.zeros(1)
    stored = well_separated(X, beta)
    return Certificate(bound, stored.applies, f"well separated: {stored.condition}")


def one_fixed_point(memories, beta) -> Certificate:
    """Whether there is one fixed point only, the global average: beta D^2 / 4 < 1 with D the diameter of the memories.

    The Jacobian is beta times a covariance, whose largest eigenvalue is at most (D / 2)^2 (Popoviciu), so the update
    contracts everywhere (derived here).  Sharp: two orthonormal memories split exactly at beta = 2.
    """
    X, beta = inputs.memories_only(memories).astype(np.float64), inputs.positive("beta", beta)
    norms = np.einsum("kd,kd->k", X, X)
    diameter2 = max(float((norms[k:k + 1024, None] + norms - 2 * X[k:k + 1024] @ X.T).max())
                    for k in range(0, len(X), 1024))
    bound = beta * max(diameter2, 0.0) / 4
    return Certificate(np.float64(bound), np.bool_(bound < 1), "bound below 1")


def guaranteed_capacity(d: int, beta, factor, failure) -> Certificate:
    """Number of random patterns of radius M = factor sqrt(d - 1) that theorem 3 guarantees to be stored.

    Parameters
    ----------
    d : dimension, at least 2; beta, factor : above 0; failure : probability in (0, 1) that the promise fails.

    Returns
    -------
    Certificate with bound sqrt(p) c^((d-1)/4), c = b / W0(exp(a + ln b)), a = 2 (1 + ln(2 beta factor^2 p (d-1))) / (d-1),
    b = 2 factor^2 beta / 5, which applies where c >= (2 / sqrt p)^(4 / (d-1)).  Published: c = 3.1546 at beta = 1, factor 3,
    d = 20, p = 0.001 (7.4 patterns) and 1.3718 at factor 1, d = 75; typical thresholds there are 2.8e13 and 1.2e20.
    """
    from scipy.special import lambertw

    beta, factor = inputs.positive("beta", beta), inputs.positive("factor", factor)
    if isinstance(d, bool) or not isinstance(d, (int, np.integer)) or d < 2:
        raise InvalidInput(f"d = {d!r} is not allowed: give a whole number of at least 2")
    if not 0 < inputs.positive("failure", failure) < 1:
        raise InvalidInput(f"failure = {failure!r} is not allowed: give a probability between 0 and 1")
    a = 2 / (d - 1) * (1 + np.log(2 * beta * factor**2 * failure * (d - 1)))
    b = 2 * factor**2 * beta / 5
    c = b / lambertw(np.exp(a + np.log(b))).real
    return Certificate(np.float64(np.sqrt(failure) * c ** ((d - 1) / 4)),
                       np.bool_(c >= (2 / np.sqrt(failure)) ** (4 / (d - 1))), "c of at least (2 / sqrt p)^(4 / (d - 1))")


def _eps(memories, beta, radius):
    X, beta = inputs.memories_only(memories), inputs.positive("beta", beta)
    radius = np.asarray(radius, float)
    if not np.all(radius >= 0) or radius.shape not in ((), (len(X),)):
        raise InvalidInput(f"radius = {radius} is not allowed: give a distance of at least 0, or one for each of the {len(X)} "
                           "memories")
    with np.errstate(over="ignore"):  # a bound of +inf promises nothing, and says so
        return (len(X) - 1) * np.exp(-beta * (separation(X) - 2 * _norm(X) * radius))


def _norm(X):
    return largest_norm(X, None)
