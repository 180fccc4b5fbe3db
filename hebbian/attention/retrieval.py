r"""Continuous modern Hopfield networks: energy, one update (= attention), iteration to a fixed point for each query.

Memories x_1 .. x_K (rows of a (K, d) array), M the largest of their norms, state x, inverse temperature beta > 0:

    E(x) = -(1/beta) ln sum_k exp(beta x_k.x) + |x|^2 / 2 + (ln K) / beta + M^2 / 2,      0 <= E <= 2 M^2 on their hull,
    f(x) = sum_k p_k x_k,     p = softmax(beta x_1.x, ..., beta x_K.x),                     grad E = x - f(x)

(Ramsauer et al., "Hopfield networks is all you need", ICLR 2021; arXiv 2008.02217).  -lse is concave and |x|^2 / 2 is
1-strongly convex, so every update lowers the energy by E(x) - E(f(x)) >= |f(x) - x|^2 / 2 (derived here; a test asserts
it over 10^4 random cases).  f is one step of attention with keys = values = memories.

Here beta multiplies raw inner products.  In the statistical mechanics of K = exp(alpha d) patterns of norm sqrt(d),
hebbian.theory.modern, lam = beta for that normalisation; for unit patterns beta = lam d, for norm M beta = lam d / M^2.

Every function takes a query of any leading shape and `comm`, an object of hebbian.parallel with `maximum(array)` and
`sum(array)`, when each rank holds its own part of the memories.
"""

from dataclasses import dataclass, field

import numpy as np

from hebbian.attention import inputs, measures, separations
from hebbian.attention.streaming import softmax_sums
from hebbian.errors import InvalidInput, NotConverged

#: Scores held at once by separation functions that need the whole row.
SCORES = 2**24


@dataclass(frozen=True)
class FixedPoint:
    """Where the iteration of each query ended.

    state (..., d); weights (..., K) there; energy (...); steps (...) updates taken; residual (...), |f(x) - x| / M at the
    last one; converged (...), whether the residual reached the tolerance.
    """

    state: np.ndarray
    weights: np.ndarray = field(repr=False)
    energy: np.ndarray
    steps: np.ndarray
    residual: np.ndarray
    converged: np.ndarray

    @property
    def k90(self):
        """Number of memories that carry 0.90 of the weight, int array (...)."""
        return measures.k90(self.weights)

    @property
    def participation(self):
        """Participation ratio 1 / sum p^2, float array (...)."""
        return measures.participation(self.weights)

    @property
    def entropy(self):
        """Entropy of the weights in nats, float array (...)."""
        return measures.entropy(self.weights)

    @property
    def kind(self):
        """Class of each fixed point: "global", "large", "small" or "single"; see `measures.kind`."""
        return measures.kind(self.k90, self.weights.shape[-1])


@dataclass(frozen=True)
class Trajectory:
    """States (steps + 1, ..., d) and energies (steps + 1, ...) of every query from the start on."""

    states: np.ndarray
    energies: np.ndarray


def energy(state, memories, beta, *, blocked=None, comm=None) -> np.ndarray:
    """Energy E(x) of states in the field of the memories.

    Parameters
    ----------
    state : (..., d); memories : (K, d); beta : above 0.
    blocked : optional bool (K,) or (..., K), True where a state does not see a memory; K and M count all memories.

    Returns
    -------
    float64 array (...); +inf where every memory is blocked.  Raises InvalidInput on bad shapes, NaN or beta <= 0.
    """
    X, x, beta, blocked = _gate(state, memories, beta, blocked, "state")
    flat = x.reshape(-1, x.shape[-1])
    log_sum = softmax_sums(flat, X, beta, blocked=blocked, comm=comm).log_sum()
    norm2 = np.einsum("rd,rd->r", flat, flat, dtype=np.float64)
    value = -log_sum / beta + norm2 / 2 + np.log(_count(X, comm)) / beta + largest_norm(X, comm) ** 2 / 2
    return value.reshape(x.shape[:-1])


def weights(query, memories, beta, *, separation="softmax", blocked=None) -> np.ndarray:
    """Weights p of every memory for every query, (..., K): what one update averages with.  Rows fully blocked are 0."""
    X, q, beta, blocked = _gate(query, memories, beta, blocked)
    flat = q.reshape(-1, q.shape[-1])
    return _weights(flat, X, beta, separation, blocked).reshape(*q.shape[:-1], len(X))


def update(state, memories, beta, *, separation="softmax", values=None, blocked=None, comm=None) -> np.ndarray:
    """One update f(x) = sum_k p_k x_k of every state: one step of attention, `retrieve` with steps = 1."""
    return retrieve(state, memories, beta, 1, separation=separation, values=values, blocked=blocked, comm=comm)


def retrieve(query, memories, beta, steps=1, *, separation="softmax", values=None, blocked=None, tolerance=None,
             max_steps=10_000, comm=None) -> np.ndarray:
    """Retrieve a memory for every query: `steps` updates, or updates until each query has reached its own fixed point.

    Parameters
    ----------
    query : (..., d), the starting states.
    memories : (K, d); with `comm` the memories of this rank.
    beta : inverse temperature, above 0.
    steps : number of updates, at least 1, or "iterated".
    separation : "softmax", "sparsemax", "entmax15", or a function from scores (..., K) to weights (..., K).
    values : optional (K, d_v); the last update averages these instead of the memories (attention with keys and values).
    blocked : optional bool (K,) or (..., K), True where a query does not see a memory.
    tolerance : "iterated" stops a query once |f(x) - x| <= tolerance M; 1e-10 in float64, 1e-6 in float32 by default.
        The rule looks at one query at a time, so a result does not depend on which queries share a call.
    max_steps : limit of "iterated"; NotConverged beyond it.

    Returns
    -------
    array (..., d) or (..., d_v), float32 if query and memories are, float64 otherwise.  A query that every memory is
    blocked for returns 0.  Raises InvalidInput on empty memories, shapes that do not fit, NaN, or beta <= 0.
    """
    X, q, beta, blocked = _gate(query, memories, beta, blocked)
    if values is not None:
        values = np.ascontiguousarray(inputs.floats("values", values), X.dtype)
        if values.ndim != 2 or len(values) != len(X):
            raise InvalidInput(f"values has shape {values.shape}: give ({len(X)}, d_v), one row for each memory")
    flat = q.reshape(-1, q.shape[-1])
    if steps == "iterated":
        flat, _, residual, done = _iterate(flat, X, beta, separation, blocked, tolerance, max_steps, comm)
        if not done.all():
            raise NotConverged(f"{np.count_nonzero(~done)} of {len(done)} queries have residual up to {residual.max():.2g} "
                               f"after {max_steps} updates: raise max_steps or tolerance")
        last = flat if values is None else _average(flat, X, beta, separation, values, blocked, comm)
    else:
        if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
            raise InvalidInput(f"steps = {steps!r} is not allowed: give a whole number of at least 1, or 'iterated'")
        for _ in range(steps - 1):
            flat = _average(flat, X, beta, separation, None, blocked, comm)
        last = _average(flat, X, beta, separation, values, blocked, comm)
    return last.reshape(*q.shape[:-1], last.shape[-1])


def fixed_point(query, memories, beta, *, separation="softmax", blocked=None, tolerance=None,
                max_steps=10_000) -> FixedPoint:
    """The fixed point that each query falls into, with its weights, energy and class; see `retrieve` for the parameters."""
    X, q, beta, blocked = _gate(query, memories, beta, blocked)
    flat, lead = q.reshape(-1, q.shape[-1]), q.shape[:-1]
    state, steps, residual, done = _iterate(flat, X, beta, separation, blocked, tolerance, max_steps, None)
    return FixedPoint(
        state.reshape(q.shape), _weights(state, X, beta, separation, blocked).reshape(*lead, len(X)),
        energy(state, X, beta, blocked=blocked).reshape(lead),
        steps.reshape(lead), residual.reshape(lead), done.reshape(lead))


def trajectory(query, memories, beta, steps: int, *, separation="softmax", blocked=None) -> Trajectory:
    """The first `steps` updates of every query, at least 0, with the energy of each state.

    The energy is that of softmax updates; only for them is it a Lyapunov function.
    """
    X, q, beta, blocked = _gate(query, memories, beta, blocked)
    states = [q]
    for _ in range(inputs.count("steps", steps, 0)):
        states.append(update(states[-1], X, beta, separation=separation, blocked=blocked).astype(q.dtype))
    return Trajectory(np.stack(states), np.stack([energy(x, X, beta, blocked=blocked) for x in states]))


def _gate(query, memories, beta, blocked, name="query"):
    X, q = inputs.memories_and_query(memories, query, name)
    beta = inputs.positive("beta", beta)
    if blocked is not None:
        blocked = inputs.mask("blocked", blocked, (*q.shape[:-1], len(X))).reshape(-1, len(X))
    return X, q, beta, blocked


def _average(flat, X, beta, separation, values, blocked, comm):
    """One update of (R, d) states, in their own float type."""
    if separation == "softmax":
        return softmax_sums(flat, X, beta, values, blocked, comm).average().astype(flat.dtype)
    if comm is not None:
        raise InvalidInput(f"separation = {separation!r} needs all scores of a query at once: with comm use 'softmax'")
    values = X if values is None else values
    rows = max(1, SCORES // len(X))
    parts = [_weights(flat[k:k + rows], X, beta, separation, None if blocked is None else blocked[k:k + rows]) @ values
             for k in range(0, len(flat), rows)]
    return np.concatenate(parts).astype(flat.dtype) if parts else np.zeros((0, values.shape[1]), flat.dtype)


def _weights(flat, X, beta, separation, blocked):
    scores = (flat * flat.dtype.type(beta)) @ X.T
    if not np.isfinite(scores).all():
        inputs.require_finite("memories", X)
        raise InvalidInput(f"scores beta q . x overflow {X.dtype}: give float64 arrays, or a smaller beta")
    if blocked is not None:
        scores[blocked] = -np.inf
    return separations.apply(separation, scores)


def _iterate(flat, X, beta, separation, blocked, tolerance, max_steps, comm):
    """Update every query until its own residual is small; (state, steps, residual, converged)."""
    if tolerance is None:
        tolerance = 1e-10 if X.dtype == np.float64 else 1e-6
    reach = inputs.positive("tolerance", tolerance) * max(largest_norm(X, comm), np.finfo(X.dtype).tiny)
    state, steps = flat.copy(), np.zeros(len(flat), np.int64)
    change = np.full(len(flat), np.inf)
    active = np.arange(len(flat))
    for _ in range(inputs.count("max_steps", max_steps, 1)):
        if not active.size:
            break
        mask = None if blocked is None else blocked[active]
        new = _average(state[active], X, beta, separation, None, mask, comm)
        change[active] = np.linalg.norm((new - state[active]).astype(np.float64), axis=1)
        state[active] = new
        steps[active] += 1
        active = active[change[active] > reach]
    return state, steps, change * (tolerance / reach), change <= reach


def _count(X, comm):
    return len(X) if comm is None else float(comm.sum(np.array([float(len(X))]))[0])


def largest_norm(X, comm):
    largest = max(float(np.einsum("kd,kd->k", X[k:k + 65536], X[k:k + 65536], dtype=np.float64).max())
                  for k in range(0, len(X), 65536)) ** 0.5
    return largest if comm is None else float(comm.maximum(np.array([largest]))[0])
