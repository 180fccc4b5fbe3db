r"""Exact law of one step at finite dimension N with K patterns: how many queries get their pattern back.

A query of overlap m = x.xi^1 / N and norm r = |x| / sqrt(N) keeps its pattern (weight above 1/2) iff the K - 1 wrong patterns,
of independent scores t_mu, together weigh less than it,

    S = sum_mu X_mu < 1,      X_mu = exp(N lam (r t_mu - m)).

Then every X_mu < 1, so the law of S below 1 has the Laplace transform

    E(s) = E[exp(-s X); X < 1]^(K-1) = [1 - P(X >= 1) - E(1 - exp(-s X); X < 1)]^(K-1),

one integral over t, and P(S < 1) is its inverse at 1: the Fourier series of Abate and Whitt (ORSA J. Computing 7, 36 (1995),
error exp(-A)) with Euler's summation.  Where S is narrower than that resolves, the normal law of its mean and variance.

Sparse weights are exactly 1 iff no wrong score comes within the margin g: P(t < (m - g / (lam N)) / r)^(K-1).

Noise of the query makes m and r random (`queries`), and half of the queries retrieve where the average over them is 1/2.  The
averaging side, the frozen side and their crossing are one formula here.

Derived here; checked by sampled scores and by simulation (tests/theory, tests/physics, experiments/one_step_capacity).
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq
from scipy.special import betaln, chdtri, gammaln, ndtr, roots_genlaguerre

from hebbian.theory.modern_ensembles import ENSEMBLES, MARGINS

#: Discretisation of the inverse transform, its terms that are averaged at the end, the fewest and most before them.
A, EULER, FEWEST, MOST = 18.4, 12, 80, 1200
#: Overlaps of noisy queries.
OVERLAPS = 60
#: Gauss-Legendre rule of one panel, and panels where exp(-s X) is smooth and where it turns.
NODE, WEIGHT = np.polynomial.legendre.leggauss(16)
SMOOTH, TURNING = 6, 12


def success(model, N: int, ln_K: float) -> float:
    """Fraction of queries that one step returns to their pattern: with weight above 1/2 (softmax), exactly 1 (sparse)."""
    weight, kept = _queries_kept(model, N)
    return float(weight @ kept(ln_K))


def half_load(model, N: int) -> float:
    """Load ln K / N at which half of the queries are returned; 0 where a single wrong pattern is too many, +inf if none is."""
    weight, kept = _queries_kept(model, N)

    def excess(ln_K):
        return weight @ kept(ln_K) - 0.5

    low = high = np.log(2.0)
    if excess(low) <= 0:
        return 0.0
    while excess(high) > 0:
        low, high = high, 2 * high
        if high > 1e5:
            return np.inf
    return float(brentq(excess, low, high, xtol=1e-12)) / N


def queries(model, N: int, overlaps: int = OVERLAPS) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, overlaps m and norms r that represent the noisy queries of one dimension, (n,) or (overlaps, norms).

    sphere  m = 1 + sigma z / sqrt N,  r^2 = 1 + 2 sigma z / sqrt N + sigma^2 (z^2 + chi^2_(N-1)) / N
    gauss   r^2 = (1 + sigma^2) chi^2_N / N,  m = r^2 / (1 + sigma^2) + r sigma z / sqrt(N (1 + sigma^2))
    binary  m = 1 - 2 n / N with binomial n, r = 1
    """
    sigma = model.sigma
    if model.ensemble == "binary":
        n = np.arange(N + 1)
        # exp(-2 / sigma^2) is the odds of a flip; without noise only n = 0 stays.
        odds = np.exp(-2 / sigma**2) if sigma else 0.0
        log = gammaln(N + 1) - gammaln(n + 1) - gammaln(N - n + 1) - N * np.log1p(odds)
        weight = np.exp(log + n * np.log(odds)) if odds else (n == 0).astype(float)
        m, r = 1 - 2 * n / N, np.ones(N + 1)
    elif sigma == 0:
        m, r, weight = np.ones(1), np.ones(1), np.ones(1)
        if model.ensemble == "gauss":
            # Few queries are near the norm that decides, so the norms are taken finely, at equal steps of their quantile.
            m = chdtri(N, (np.arange(400) + 0.5) / 400) / N
            r, weight = np.sqrt(m), np.full(400, 1 / 400)
    else:
        z = np.linspace(-6.5, 6.5, overlaps)[:, None]
        freedom = N if model.ensemble == "gauss" else N - 1
        half, weight = roots_genlaguerre(10, freedom / 2 - 1)
        weight = np.exp(-z * z / 2) * weight
        if model.ensemble == "gauss":
            r = np.sqrt((1 + sigma**2) * 2 * half / N) + 0 * z
            m = r**2 / (1 + sigma**2) + r * sigma * z / np.sqrt(N * (1 + sigma**2))
        else:
            m = 1 + sigma * z / np.sqrt(N) + 0 * half
            r = np.sqrt(2 * m - 1 + sigma**2 * (z * z + 2 * half) / N)
    return weight / weight.sum(), m, r


def _queries_kept(model, N):
    """Weights of the queries, and the function of ln K that gives the probability of each to be returned."""
    law, lam = ENSEMBLES[model.ensemble], model.lam
    if model.separation != "softmax":
        weight, m, r = (part.ravel() for part in queries(model, N))
        reach = (m - MARGINS[model.separation] / (lam * N)) / r
        with np.errstate(divide="ignore"):
            log = np.log1p(-np.array([law.tail(t, N) for t in reach]))
        return weight, lambda ln_K: np.exp(np.expm1(ln_K) * log)
    if model.sigma == 0 or model.ensemble == "binary":
        weight, m, r = queries(model, N)
        laws = [Below(law, N, lam, *query) for query in zip(m, r, strict=True)]
        return weight, lambda ln_K: np.array([below(ln_K) for below in laws])
    # Where S is narrow the queries between two overlaps share one law, shifted by the change of ln E[X; X < 1]: a sum over the
    # overlaps alone would be a staircase in ln K.
    width = Below(law, N, lam, 1.0, np.sqrt(1 + model.sigma**2)).width
    shared = 2 * int(np.clip(13 * lam * model.sigma * np.sqrt(N) / width / OVERLAPS / 2, 0, 20)) + 1
    weight, m, r = queries(model, N, OVERLAPS * shared)
    middle = slice(shared // 2, None, shared)
    seen = weight.reshape(OVERLAPS, shared, -1).sum(axis=1) > 1e-9
    laws = {(i, j): Below(law, N, lam, m[middle][i, j], r[middle][i, j]) for i, j in np.argwhere(seen)}
    log, index = np.full(m.shape, -np.inf), np.arange(len(m))
    for j in np.flatnonzero(seen.any(axis=0)):
        rows = np.flatnonzero(seen[:, j])
        values = np.log([max(laws[i, j].mean, 1e-300) for i in rows])
        # One or two overlaps of such a norm are too rare to matter, and make no curve.
        log[:, j] = CubicSpline(index[middle][rows], values)(index) if len(rows) > 2 else values[0]

    def kept(ln_K):
        result = np.zeros(weight.shape)
        for (i, j), below in laws.items():
            rows = slice(i * shared, (i + 1) * shared)
            result[rows, j] = below(ln_K + log[rows, j] - log[i * shared + shared // 2, j])
        return result.ravel()

    return weight.ravel(), kept


class Below:
    """P(S < 1) of one query of overlap m and norm r, as a function of ln K; error below 1e-5 where K is not a handful."""

    def __init__(self, law, N, lam, m, r):
        t, p = _scores(law, N, lam, m, r)
        X = np.exp(N * lam * (r * t - m))
        self.reaches = 1 - p.sum() if law is ENSEMBLES["binary"] else law.tail(m / r, N)
        self.mean, self.square = p @ X, p @ (X * X)
        # Relative width of S where its mean is 1; the transform falls as exp(-(width s)^2 / 2).
        self.width = np.sqrt(self.square / self.mean) if self.mean > 0 else 1.0
        self.narrow = self.width < 4 / MOST
        terms = 1 if self.narrow else max(FEWEST, int(4 / self.width)) + EULER
        self.s = A / 2 + 1j * np.pi * np.arange(terms)
        self.lost = self.reaches - np.expm1(-np.multiply.outer(self.s, X)) @ p
        signs = (-1.0) ** np.arange(terms)
        signs[0] = 0.5
        if terms > EULER:
            signs[-EULER:] *= 1 - np.cumsum(_binomial(EULER))
        self.factor = np.exp(A / 2) * signs / self.s

    def __call__(self, ln_K):
        """The probability at ln K, a number or an array (n,)."""
        others = np.expm1(np.minimum(ln_K, 700.0))
        if self.narrow:
            free = np.exp(others * np.log1p(-self.reaches))
            return free * ndtr((1 - others * self.mean) / np.sqrt(others * self.square))
        # log1p of NumPy forgets small real parts of complex numbers.
        x, y = -self.lost.real, -self.lost.imag
        with np.errstate(divide="ignore", invalid="ignore"):
            log = 0.5 * np.log1p(x * (2 + x) + y * y) + 1j * np.arctan2(y, 1 + x)
            transform = np.exp(np.multiply.outer(others, log))
        return np.clip((np.nan_to_num(transform) @ self.factor).real, 0, 1)


def _binomial(n):
    """Weights with which Euler's summation averages the last n partial sums."""
    k = np.arange(n)
    return np.exp(gammaln(n) - gammaln(k + 1) - gammaln(n - k) - (n - 1) * np.log(2))


def _scores(law, N, lam, m, r):
    """Scores t with X < 1 and their probabilities, as nodes and weights of an integral over exp(-s X)."""
    if law is ENSEMBLES["binary"]:
        n = np.arange(N + 1)
        t, p = 1 - 2 * n / N, np.exp(gammaln(N + 1) - gammaln(n + 1) - gammaln(N - n + 1) - N * np.log(2))
        below = t < m / r - 1e-12
        return t[below], p[below]
    if law is ENSEMBLES["sphere"]:
        angle, low = np.arcsin(min(m / r, 1.0)) if m > -r else -np.pi / 2, -np.pi / 2

        def density(u):
            return (N - 2) * np.log(np.maximum(np.cos(u), 1e-300)) - betaln(0.5, (N - 1) / 2)

        score, top = np.sin, angle
    else:
        top, low = np.sqrt(N) * m / r, -12.0

        def density(u):
            return -u * u / 2 - 0.5 * np.log(2 * np.pi)

        def score(u):
            return u / np.sqrt(N)
    if top <= low:
        return np.zeros(0), np.zeros(0)
    u = np.linspace(low, top, 2001)
    y = N * lam * (r * score(u) - m)
    size = y + density(u)
    seen = np.flatnonzero(size > size.max() - 45)
    low, top = u[max(seen[0] - 1, 0)], u[min(seen[-1] + 1, 2000)]
    turn = np.clip(np.interp(-8.0, y, u), low, top)
    ends = np.concatenate([np.linspace(low, turn, SMOOTH + 1), np.linspace(turn, top, TURNING + 1)[1:]])
    half = np.diff(ends)[:, None] / 2
    u, width = (ends[:-1, None] + half * (1 + NODE)).ravel(), (half * WEIGHT).ravel()
    return score(u), width * np.exp(density(u))
