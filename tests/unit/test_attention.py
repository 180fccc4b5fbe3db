"""Modern Hopfield networks as functions: descent, fixed points, certificates, weights, streaming, inputs refused."""

import numpy as np
import pytest

import hebbian as hb
from hebbian import attention
from hebbian.attention import streaming


def rng(seed=7):
    return np.random.default_rng(seed)


def cases(count, seed):
    """Random memories (K, d), queries (d,) and betas, from far apart to collapsed, over five decades of beta."""
    draw = rng(seed)
    for _ in range(count):
        K, d = draw.integers(1, 12), draw.integers(1, 9)
        X = draw.standard_normal((K, d)) * 10 ** draw.uniform(-1, 0.7)
        yield X, draw.standard_normal(d) * 10 ** draw.uniform(-1, 1), 10 ** draw.uniform(-3, 2)


def test_energy_falls_by_half_the_squared_step_in_ten_thousand_random_cases():
    # Rounding of E grows with its terms: |x|^2 / 2 and M^2 / 2 in units of the double's 2e-16, times a few operations.
    moved = 0
    for X, x, beta in cases(10_000, seed=1):
        after = attention.update(x, X, beta)
        before_energy, after_energy = attention.energy(x, X, beta), attention.energy(after, X, beta)
        drop, step = before_energy - after_energy, np.sum((after - x) ** 2)
        size = x @ x + (X**2).sum(axis=1).max() * (1 + beta) + (1 + np.log(len(X))) / beta
        assert drop >= step / 2 - 1e-14 * size
        moved += step > 1e-6
    assert moved > 9_000


def test_a_wrong_beta_breaks_the_descent():
    # Control: updates at another beta are no descent of this energy.
    falls = [attention.energy(x, X, beta) - attention.energy(attention.update(x, X, 30 * beta), X, beta)
             - np.sum((attention.update(x, X, 30 * beta) - x) ** 2) / 2 for X, x, beta in cases(500, seed=1)]
    assert min(falls) < -1e-3


def test_energy_is_bounded_on_the_hull_and_its_gradient_is_the_step():
    for X, _, beta in cases(300, seed=2):
        x = rng(len(X)).dirichlet(np.ones(len(X))) @ X
        M2 = (X**2).sum(axis=1).max()
        assert -1e-12 * (1 + M2) <= attention.energy(x, X, beta) <= 2 * M2 * (1 + 1e-12) + 1e-12
    X, x = rng(3).standard_normal((6, 4)), rng(4).standard_normal(4)
    h = 1e-6
    slopes = [(attention.energy(x + h * e, X, 1.3) - attention.energy(x - h * e, X, 1.3)) / (2 * h) for e in np.eye(4)]
    assert np.abs(slopes - (x - attention.update(x, X, 1.3))).max() < 1e-8  # h^2 of the central difference and 1e-16 / h


def test_trajectories_descend_and_fixed_points_are_fixed():
    X, q = rng().standard_normal((20, 6)), rng(8).standard_normal((5, 6))
    path = attention.trajectory(q, X, 1.5, 30)
    assert path.states.shape == (31, 5, 6) and np.all(np.diff(path.energies, axis=0) <= 1e-13)
    found = attention.fixed_point(q, X, 1.5)
    assert found.converged.all() and np.abs(attention.update(found.state, X, 1.5) - found.state).max() < 1e-9
    assert np.allclose(found.weights.sum(axis=-1), 1) and found.k90.shape == (5,)
    assert np.array_equal(attention.retrieve(q, X, 1.5, "iterated"), found.state)
    with pytest.raises(hb.NotConverged, match="raise max_steps"):
        attention.retrieve(q, X, 1.5, "iterated", max_steps=2)


def test_each_query_stops_by_itself():
    X, q = rng().standard_normal((50, 8)), rng(8).standard_normal((40, 8))
    together = attention.fixed_point(q, X, 1.0)
    apart = [attention.fixed_point(query, X, 1.0) for query in q]
    assert np.array_equal(together.steps, [one.steps for one in apart]) and len(set(together.steps.tolist())) > 5
    assert np.abs(together.state - [one.state for one in apart]).max() < 1e-12


def test_two_orthonormal_memories_split_exactly_at_beta_two():
    X, start = np.eye(2), np.array([0.9, 0.1])
    for beta, split in ((1.98, False), (2.02, True)):
        state = attention.retrieve(start, X, beta, "iterated", tolerance=1e-12, max_steps=100_000)
        assert (abs(state[0] - state[1]) > 0.1) == split
        assert bool(attention.one_fixed_point(X, beta).applies) is not split
    u = attention.retrieve(start, X, 3.0, "iterated", tolerance=1e-14) @ [1, -1]
    assert u == pytest.approx(np.tanh(3 * u / 2), abs=1e-12)


def well_separated_cases():
    """Random memories that meet the condition of the storage theorem, with queries on a sphere around each."""
    draw, found = rng(11), 0
    while found < 400:
        K, d = draw.integers(2, 8), draw.integers(4, 30)
        X = draw.standard_normal((K, d)) * draw.uniform(0.5, 2)
        beta = 10 ** draw.uniform(-1, 1)
        if not attention.well_separated(X, beta).applies.all():
            continue
        found += 1
        radius = attention.ball_radius(X, beta) * draw.uniform(0.2, 1)
        direction = draw.standard_normal((K, d))
        yield X, beta, radius, X + radius * direction / np.linalg.norm(direction, axis=1, keepdims=True)


def test_no_bound_is_ever_exceeded_where_its_condition_holds():
    largest = dict.fromkeys(("weight", "retrieval", "contraction", "fixed point", "ball"), 0.0)
    for X, beta, radius, queries in well_separated_cases():
        own = np.arange(len(X))
        p = attention.weights(queries, X, beta)
        tiny = 1e-13 * np.linalg.norm(X, axis=1).max()  # below rounding of a distance nothing can be compared
        new = attention.update(queries, X, beta)
        fixed = attention.fixed_point(X, X, beta).state
        jacobian = [np.linalg.norm(beta * (X.T * w @ X - np.outer(w @ X, w @ X)), 2) for w in p]
        measured = {
            "weight": (np.delete(p.ravel(), own * (len(X) + 1)).reshape(len(X), -1).sum(axis=1),
                       attention.weight_bound(X, beta, radius)),
            "retrieval": (np.linalg.norm(new - X, axis=1), attention.retrieval_bound(X, beta, radius)),
            "contraction": (np.array(jacobian), attention.contraction_bound(X, beta, radius)),
            "fixed point": (np.linalg.norm(fixed - X, axis=1), attention.fixed_point_bound(X, beta)),
        }
        for name, (value, certificate) in measured.items():
            assert np.all(value[certificate.applies] <= certificate.bound[certificate.applies] + tiny)
            seen = certificate.applies & (certificate.bound > 100 * tiny)
            if seen.any():
                largest[name] = max(largest[name], float((value / certificate.bound)[seen].max()))
        ball = np.linalg.norm(new - X, axis=1) / attention.ball_radius(X, beta)
        assert np.all(ball <= 1 + tiny)
        largest["ball"] = max(largest["ball"], float(ball.max()))
    # Two-sided: the measurements come within a factor of a hundred of every bound, so a bound 100 times lower would fail.
    assert all(0.01 < ratio <= 1 for ratio in largest.values()), largest


def test_separation_by_hand_and_in_blocks():
    X = np.array([[1.0, 0.0], [0.0, 2.0], [0.5, 0.5]])
    assert np.allclose(attention.separation(X), [0.5, 3.0, -0.5])
    assert attention.separation(np.ones((1, 3)))[0] == np.inf
    many = rng().standard_normal((2500, 5))
    overlaps = many @ many.T
    own = np.diag(overlaps).copy()
    np.fill_diagonal(overlaps, -np.inf)
    assert np.allclose(attention.separation(many), own - overlaps.max(axis=1))


@pytest.mark.parametrize("d, factor, c", [(20, 3.0, 3.1546), (75, 1.0, 1.3718)])
def test_the_capacity_theorem_reproduces_the_published_constants(d, factor, c):
    found = attention.guaranteed_capacity(d, 1.0, factor, 0.001)
    assert (found.bound / np.sqrt(0.001)) ** (4 / (d - 1)) == pytest.approx(c, abs=1e-4)  # four printed digits, cut off
    assert found.applies


def test_measures_of_weights():
    uniform = np.full((2, 20), 1 / 20)
    assert np.array_equal(attention.k90(uniform), [18, 18])
    assert np.allclose(attention.participation(uniform), 20) and np.allclose(attention.entropy(uniform), np.log(20))
    single = np.eye(1, 20)[0]
    assert attention.k90(single) == 1 and attention.participation(single) == 1 and attention.entropy(single) == 0
    assert attention.k90(np.zeros(4)) == 0 == attention.participation(np.zeros(4))
    assert attention.kind([1, 2, 4, 9, 17], 32).tolist() == ["single", "small", "small", "large", "global"]
    assert attention.head_kind(uniform) == "global" and attention.head_kind(single[None]) == "single"


def projected(scores, order):
    """Sparse weights by bisection on tau: an independent route to sparsemax (order 2) and entmax-1.5."""
    low, high = scores.max() - 3.0, scores.max()
    def of(tau):
        gap = np.maximum((order - 1) * (scores - tau), 0)
        return gap ** (1 / (order - 1))
    for _ in range(200):
        mid = (low + high) / 2
        low, high = (mid, high) if of(mid).sum() > 1 else (low, mid)
    return of(low)


@pytest.mark.parametrize("function, order, margin", [(attention.sparsemax, 2.0, 1.0), (attention.entmax15, 1.5, 2.0)])
def test_sparse_separation_functions(function, order, margin):
    scores = rng().standard_normal((200, 40)) * np.logspace(-2, 2, 200)[:, None]
    weights = function(scores)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-12)
    assert max(np.abs(w - projected(s, order)).max() for w, s in zip(weights, scores, strict=True)) < 1e-12
    for lead, exact in ((margin - 1e-6, False), (margin + 1e-6, True)):
        assert (function(np.array([lead, 0.0]))[0] == 1) == exact
    blocked = np.where(np.arange(40) < 5, -np.inf, scores)
    assert np.allclose(function(blocked)[:, 5:], function(scores[:, 5:])) and not function(blocked)[:, :5].any()
    assert not function(np.full((2, 3), -np.inf)).any()


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-13), (np.float32, 3e-6)])
@pytest.mark.parametrize("R, K, d", [(1, 1, 1), (1, 5000, 33), (4, 300, 64), (5, 5000, 7), (600, 4100, 16)])
def test_streaming_equals_the_materialised_softmax(R, K, d, dtype, tolerance):
    X, q = rng().standard_normal((K, d)).astype(dtype), rng(9).standard_normal((R, d)).astype(dtype)
    scores = 1.7 * q.astype(float) @ X.astype(float).T
    w = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = w @ X / w.sum(axis=1, keepdims=True)
    found = attention.retrieve(q, X, 1.7)
    assert found.dtype == dtype and np.abs(found - expected).max() < tolerance * np.abs(X).max()
    lse = np.log(w.sum(axis=1)) + scores.max(axis=1)
    assert np.abs(streaming.softmax_sums(q, X, 1.7).log_sum() - lse).max() < 10 * tolerance * np.abs(scores).max()


def test_float32_keeps_its_accuracy_over_many_small_weights():
    # One dominant memory first, then 1e5 tiny weights: added one by one in float32 they lose 1e-4 of the result.
    K, d = 100_000, 64
    X = rng().uniform(0.9999, 1.0001, (K, d)).astype(np.float32)
    X[0] = 3
    q = np.full(d, np.float32(np.log(K) / (2 * d)))
    reference = attention.retrieve(q.astype(float), X.astype(float), 1.0)
    exact = np.linalg.norm(reference)
    for queries in (q[None], np.repeat(q[None], 8, axis=0)):
        assert np.linalg.norm(attention.retrieve(queries, X, 1.0)[0] - reference) < 5e-6 * exact
    scores = X @ q
    weights = np.exp(scores - scores.max())
    one_by_one = np.add.accumulate(weights[:, None] * X, axis=0)[-1] / np.add.accumulate(weights)[-1]
    assert np.linalg.norm(one_by_one - reference) > 2e-5 * exact


class Ranks:
    """A communicator of threads: each rank's arrays meet at a barrier, as an allreduce would have it."""

    def __init__(self, size):
        import threading

        self.barrier, self.slots, self.local = threading.Barrier(size), [None] * size, threading.local()

    def _meet(self, array, join):
        self.slots[self.local.rank] = array
        self.barrier.wait()
        result = join(np.stack(self.slots), axis=0)
        self.barrier.wait()
        return result

    def maximum(self, array):
        return self._meet(array, np.max)

    def sum(self, array):
        return self._meet(array, np.sum)


def test_a_memory_spread_over_ranks_gives_the_same_result():
    from concurrent.futures import ThreadPoolExecutor

    X, q = rng().standard_normal((300, 10)), rng(9).standard_normal((7, 10))
    ranks, parts = Ranks(3), np.split(X, [50, 220])

    def run(rank):
        ranks.local.rank = rank
        own = parts[rank]
        return (attention.retrieve(q, own, 1.2, 3, comm=ranks), attention.retrieve(q, own, 1.2, "iterated", comm=ranks),
                attention.energy(q, own, 1.2, comm=ranks))

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(run, range(3)))
    whole = attention.retrieve(q, X, 1.2, 3), attention.retrieve(q, X, 1.2, "iterated"), attention.energy(q, X, 1.2)
    for rank in found:
        assert all(np.abs(a - b).max() < 1e-12 for a, b in zip(rank, whole, strict=True))
    assert np.abs(attention.retrieve(q, parts[0], 1.2, 3) - whole[0]).max() > 1e-3


def test_values_beside_keys_are_attention():
    X, V, q = rng().standard_normal((30, 4)), rng(9).standard_normal((30, 6)), rng(10).standard_normal((2, 5, 4))
    expected = attention.weights(q, X, 0.8) @ V
    assert np.allclose(attention.retrieve(q, X, 0.8, values=V), expected) and expected.shape == (2, 5, 6)


def test_blocked_memories_are_not_seen():
    X, q = rng().standard_normal((30, 4)), rng(9).standard_normal((6, 4))
    blocked = np.arange(30) >= 20
    for separation in attention.SEPARATIONS:
        found = attention.retrieve(q, X, 0.8, separation=separation, blocked=blocked)
        assert np.allclose(found, attention.retrieve(q, X[:20], 0.8, separation=separation), atol=1e-13)
        one = np.zeros((6, 30), bool)
        one[2] = True
        found = attention.retrieve(q, X, 0.8, separation=separation, blocked=one)
        assert not found[2].any() and np.all(np.abs(np.delete(found, 2, 0)).max(axis=1) > 0)
        assert not attention.weights(q, X, 0.8, separation=separation, blocked=one)[2].any()
    assert np.isposinf(attention.energy(q, X, 0.8, blocked=one)[2])


def test_values_at_the_edges_are_the_documented_ones():
    X, q, every = rng().standard_normal((6, 4)), rng(9).standard_normal((2, 4)), np.ones(6, bool)
    best = X[(q @ X.T).argmax(axis=1)]
    assert np.array_equal(attention.retrieve(q, X, 1e300), best)
    assert np.allclose(attention.retrieve(q, X, 1e-300), X.mean(axis=0), atol=1e-15)
    blocked = attention.fixed_point(q, X, 1.0, blocked=every)
    assert blocked.kind.tolist() == ["none", "none"] and not blocked.state.any() and np.isposinf(blocked.energy).all()
    assert not attention.retrieve(q, np.zeros((3, 4)), 1.0, "iterated").any()
    assert attention.ball_radius(np.zeros((3, 4)), 1.0) == np.inf
    assert attention.weight_bound(1e3 * np.ones((3, 2)), 1e3, 1e3).bound[0] == np.inf
    assert attention.fixed_point(np.zeros((0, 4)), X, 1.0).kind.shape == (0,)


def test_empty_batches_pass_through():
    assert attention.retrieve(np.zeros((0, 4)), np.ones((3, 4)), 1.0).shape == (0, 4)
    assert attention.energy(np.zeros((2, 0, 4)), np.ones((3, 4)), 1.0).shape == (2, 0)


GOOD, NAN = np.ones((3, 4)), np.full((3, 4), np.nan)
BAD = [
    (lambda: attention.retrieve(GOOD, np.ones((0, 4)), 1.0), r"memories has shape \(0, 4\)"),
    (lambda: attention.retrieve(GOOD, np.ones(4), 1.0), "memories has shape"),
    (lambda: attention.retrieve(np.ones(5), GOOD, 1.0), "query has shape"),
    (lambda: attention.retrieve(NAN, GOOD, 1.0), r"query contains nan at index \(0, 0\)"),
    (lambda: attention.retrieve(GOOD, NAN, 1.0), "memories contains nan"),
    (lambda: attention.retrieve(np.ones((9, 4)), NAN, 1.0), "memories contains nan"),
    (lambda: attention.retrieve(GOOD, NAN, 1.0, separation="sparsemax"), "memories contains nan"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, values=NAN), "values contains nan"),
    (lambda: attention.retrieve(GOOD, np.full((3, 4), -np.inf), 1.0), "memories contains -inf"),
    (lambda: attention.retrieve(np.float32([1e30]), np.float32([[1e30]]), 1.0), "overflow float32"),
    (lambda: attention.energy(GOOD, GOOD, 0.0), "beta = 0.0"),
    (lambda: attention.energy(GOOD, GOOD, -1.0), "beta = -1.0"),
    (lambda: attention.retrieve(GOOD, GOOD, np.nan), "beta = nan"),
    (lambda: attention.retrieve(GOOD, GOOD, "8"), "beta = '8'"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, steps=0), "steps = 0"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, steps="all"), "steps = 'all'"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, separation="softmx"), "did you mean 'softmax'"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, separation=lambda s: s[..., 0]), "separation returned shape"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, blocked=np.ones(2, bool)), "blocked has shape"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, blocked=np.ones(3)), "blocked has type"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, values=np.ones((2, 4))), "values has shape"),
    (lambda: attention.retrieve(GOOD.astype(complex), GOOD, 1.0), "type complex128"),
    (lambda: attention.energy(GOOD, GOOD, 1e-320), "beta = 1e-320"),
    (lambda: attention.retrieve([[1.0, 2.0], [1.0]], GOOD, 1.0), "rows of different lengths"),
    (lambda: attention.trajectory(GOOD, GOOD, 1.0, -1), "steps = -1"),
    (lambda: attention.trajectory(GOOD, GOOD, 1.0, 1.5), "steps = 1.5"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, "iterated", max_steps=0), "max_steps = 0"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, "iterated", tolerance=0.0), "tolerance = 0.0"),
    (lambda: attention.retrieve(GOOD, GOOD, 1.0, separation=lambda s: s * np.nan), "separation returned NaN"),
    (lambda: attention.retrieve(np.float32(GOOD), np.float32(GOOD), 1e39), "overflow float32"),
    (lambda: attention.weight_bound(GOOD, 1.0, np.ones(2)), "radius"),
    (lambda: attention.weight_bound(GOOD, 1.0, -1.0), "radius"),
    (lambda: attention.guaranteed_capacity(1, 1.0, 1.0, 0.1), "d = 1"),
    (lambda: attention.guaranteed_capacity(20, 1.0, 1.0, 2.0), "failure = 2.0"),
    (lambda: attention.k90(np.full(3, np.nan)), "weights contains"),
    (lambda: attention.k90(np.zeros((2, 0))), "weights has shape"),
]


@pytest.mark.parametrize("call, words", BAD, ids=[words for _, words in BAD])
def test_bad_input_is_one_clear_sentence(call, words):
    with pytest.raises(hb.InvalidInput, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
