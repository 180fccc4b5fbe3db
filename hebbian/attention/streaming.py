r"""Streaming retrieval: weighted sums over a memory of any size without ever holding all scores.

For scores s_rk = beta q_r . x_k the running triple of a query is

    maximum m_r,    total z_r = sum_k exp(s_rk - m_r),    out o_r = sum_k exp(s_rk - m_r) v_k,

and two triples over disjoint memories merge by m = max(m, m'), z = z e^(m_0 - m) + z' e^(m_0' - m), likewise o: the softmax
average is o / z and ln sum_k exp(s_rk) = m + ln z, which is all the energy needs.  The same rule joins blocks of a memory and
memories of several ranks: two small reductions a step, R and R (d + 1) numbers.

Peak use beyond the inputs is one block of scores and the result.  In float32 the sums of each block are added up in
float64, so the error does not grow with K.
"""

from dataclasses import dataclass

import numpy as np

from hebbian.errors import InvalidInput

#: Queries up to this number are served by the fused pass, more by two BLAS products a block.
FEW = 4
QUERY_BLOCK = 512
MEMORY_BLOCK = 2048


@dataclass
class Sums:
    """Running maximum (R,), total (R,) and weighted sum (R, d_v) of R queries, all float64."""

    maximum: np.ndarray
    total: np.ndarray
    out: np.ndarray

    @classmethod
    def empty(cls, queries: int, width: int) -> "Sums":
        return cls(np.full(queries, -np.inf), np.zeros(queries), np.zeros((queries, width)))

    def log_sum(self) -> np.ndarray:
        """ln sum_k exp(s_rk), float64 (R,); -inf where every memory was blocked."""
        with np.errstate(divide="ignore"):
            return self.maximum + np.log(self.total)

    def average(self) -> np.ndarray:
        """The softmax average o / z, float64 (R, d_v); 0 where every memory was blocked."""
        return np.divide(self.out, self.total[:, None], out=np.zeros_like(self.out), where=self.total[:, None] != 0)

    def merged(self, comm) -> "Sums":
        """The sums over the memories of all ranks of a communicator with `maximum(array)` and `sum(array)`."""
        top = comm.maximum(self.maximum)
        with np.errstate(invalid="ignore"):
            factor = np.where(self.maximum == top, 1.0, np.exp(self.maximum - top))[:, None]
        joined = comm.sum(np.hstack([self.total[:, None], self.out]) * factor)
        return Sums(top, joined[:, 0].copy(), joined[:, 1:].copy())


def softmax_sums(query, memories, beta, values=None, blocked=None, comm=None) -> Sums:
    """The triple (maximum, total, weighted sum) of every query over a memory, block by block.

    query : (R, d) and memories : (K, d), contiguous and of one float type; values : (K, d_v), the memories by default;
    blocked : bool (R, K) or None, True where a query may not see a memory; comm : other ranks that hold further memories.
    """
    values_ = memories if values is None else values
    sums = Sums.empty(len(query), values_.shape[1])
    with np.errstate(over="ignore"):
        scaled = query * query.dtype.type(beta)
    if values is None and blocked is None and len(query) <= FEW:
        from hebbian._kernels import attention

        attention.few(memories, scaled, sums.out, sums.maximum, sums.total)
    else:
        for first in range(0, len(query), QUERY_BLOCK):
            rows = slice(first, first + QUERY_BLOCK)
            part = Sums(sums.maximum[rows], sums.total[rows], sums.out[rows])
            _add_blocks(part, scaled[rows], memories, values_, None if blocked is None else blocked[rows])
    if comm is not None:
        sums = sums.merged(comm)
    if not (np.isfinite(sums.out).all() and np.isfinite(sums.total).all() and not np.any(sums.maximum == np.inf)):
        _explain(memories, values)
    return sums


def _add_blocks(sums: Sums, scaled, memories, values, blocked) -> None:
    """Add all memories to the sums of one block of queries, in place."""
    from hebbian._kernels import attention

    R, K = len(scaled), len(memories)
    width = min(MEMORY_BLOCK, K)
    buffer, partial = np.empty(R * width, scaled.dtype), np.empty((R, values.shape[1]), scaled.dtype)
    rescale = np.empty(R, scaled.dtype)
    for first in range(0, K, width):
        block = slice(first, min(first + width, K))
        scores = buffer[:R * (block.stop - first)].reshape(R, -1)
        with np.errstate(over="ignore", invalid="ignore"):
            np.matmul(scaled, memories[block].T, out=scores)
            if blocked is not None:
                scores[blocked[:, block]] = -np.inf
            attention.rows(scores, sums.maximum, sums.total, rescale)
            np.matmul(scores, values[block], out=partial)
        shrunk = np.flatnonzero(rescale != 1)
        sums.out[shrunk] *= rescale[shrunk, None]
        sums.out += partial


def _explain(memories, values):
    """Say which input made a result that is not finite."""
    from hebbian.attention.inputs import require_finite

    require_finite("memories", memories)
    if values is not None:
        require_finite("values", values)
    raise InvalidInput(f"scores beta q . x overflow {memories.dtype}: give float64 arrays, or a smaller beta")
