"""The attention kernel: every code path of this machine against NumPy in double, NaN and blocked scores."""

import numpy as np
import pytest

from hebbian._kernels import attention

TARGETS = range(attention.PATHS.index(attention.PATH) + 1)


def few(X, Q, target):
    out, maximum, total = np.zeros(Q.shape), np.full(len(Q), -np.inf), np.zeros(len(Q))
    attention.few(X, Q, out, maximum, total, target)
    return out, maximum, total


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 3e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize("rows, K, d", [(1, 1, 1), (1, 127, 16), (2, 128, 17), (3, 1000, 64), (1, 129, 200)])
def test_few_queries_on_every_path(rows, K, d, dtype, tolerance, target):
    draw = np.random.default_rng(K)
    X, Q = draw.standard_normal((K, d)).astype(dtype), draw.standard_normal((rows, d)).astype(dtype)
    out, maximum, total = few(X, Q, target)
    scores = Q.astype(float) @ X.T.astype(float)
    weights = np.exp(scores - maximum[:, None])
    reach = tolerance * max(1, np.abs(scores).max())
    assert np.abs(maximum - scores.max(axis=1)).max() < reach
    assert np.all(np.abs(total / weights.sum(axis=1) - 1) < reach)
    assert np.abs(out / total[:, None] - weights @ X / weights.sum(axis=1, keepdims=True)).max() < reach * np.abs(X).max()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 4e-7), (np.float64, 5e-16)])
def test_the_exponential_over_its_whole_range(dtype, tolerance, target):
    lowest = -87.0 if dtype == np.float32 else -708.0
    gaps = np.concatenate([np.linspace(lowest, 0, 100_001), [lowest - 1, -1e4, -np.inf]]).astype(dtype)
    scores = gaps[None].copy()
    maximum, total, rescale = np.zeros(1), np.zeros(1), np.empty(1, dtype)
    attention.rows(scores, maximum, total, rescale, target)
    exact = np.exp(gaps[:-3].astype(np.longdouble))
    assert np.abs(scores[0, :-3] / exact - 1).max() < tolerance
    assert not scores[0, -3:].any() and rescale[0] == 1


@pytest.mark.parametrize("target", TARGETS)
def test_blocks_of_scores_join_and_blocked_rows_stay_empty(target):
    draw = np.random.default_rng(1)
    scores = 30 * draw.standard_normal((3, 500))
    scores[1], scores[2, :250] = -np.inf, -np.inf
    maximum, total, rescale = np.full(3, -np.inf), np.zeros(3), np.empty(3)
    for part in (scores[:, :250].copy(), scores[:, 250:].copy()):
        attention.rows(part, maximum, total, rescale, target)
    assert total[1] == 0 and maximum[1] == -np.inf
    for row in (0, 2):
        assert total[row] == pytest.approx(np.exp(scores[row] - scores[row].max()).sum(), rel=1e-13)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("where", [0, 130, 299])
def test_a_nan_anywhere_reaches_the_result(where, dtype, target):
    X, Q = np.ones((300, 20), dtype), np.ones((1, 20), dtype)
    X[where, 3] = np.nan
    out, _, total = few(X, Q, target)
    assert np.isnan(total[0]) and np.isnan(out[0, 3])
