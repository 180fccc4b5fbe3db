r"""Averages over a Gaussian field of spins whose states are weighted: one step of replica symmetry breaking.

A state sees the field H = h + s z, z ~ N(0, 1), and carries the weight (2cosh(H/T))^(y T) = exp(y Lam), Lam = T ln 2cosh(H/T),
with y T in [0, 1) the breaking parameter.  With <.> the average over z with that weight,

    L = ln E exp(y Lam),     <tanh(H/T)>,     <sech^2(H/T)> / T,     <sech^4(H/T)> / T,     <Lam>.

Two exact representations, as in `gaussian`:

noise below a few T    the average over z itself, by the trapezoidal rule;
noise above            the thermal average as a second noise.  g = (2cosh(H/T))^(yT) obeys
    g'' - y^2 g = (y/T)(1 - yT) sech^2(H/T) g and exp(y |H|) / (2y) is the Green function of the left-hand side, so that

        (2cosh(H/T))^(yT) = int du k(u) exp(y |H - u|),     k(u) = (1 - yT) / (2T) sech^2(u/T) (2cosh(u/T))^(yT),

    and the average of exp(y |h - u + s z|) over z is in closed form.  k becomes a delta function for T -> 0 (derived here).
"""

import numpy as np

# Both rules: error exp(-pi^2 / STEP) = 3e-20, times up to (2 pi / STEP)^3 = 2e4 for the fourth-order poles of sech^4.
STEP = 0.22
Z_MAX = 12.0
U_MAX = 20.0  # exp(-40) = 4e-18
SHARP = 4.0  # noise above this many T is handled by the second representation


def tilted_averages(h, s, T, y):
    """(L, <tanh>, <sech^2>/T, <sech^4>/T, <Lam>) of the fields h + s z at temperature T and weight y: array (5, points).

    Parameters
    ----------
    h : array (points,), mean fields.   s : standard deviation > 0 of the noise.   T : temperature >= 0.
    y : weight > 0, with y T < 1.
    """
    return _direct(h[:, None], s, T, y) if s < SHARP * T else _thermal(h[:, None], s, T, y)


def _direct(h, s, T, y):
    step = STEP * min(1.0, T / s)
    z = _grid(Z_MAX + y * s, step)  # the weight moves the Gaussian by at most y s
    H = h + s * z
    size = np.abs(H) / T
    tail = np.exp(-2 * size)
    Lam = T * (size + np.log1p(tail))
    exponent = y * Lam - z * z / 2
    top = exponent.max(axis=1)
    weight = np.exp(exponent - top[:, None])
    total = weight.sum(axis=1)

    def mean(g):
        return (weight * g).sum(axis=1) / total

    sech2 = 4 * tail / (1 + tail) ** 2
    return np.array([top + np.log(step / np.sqrt(2 * np.pi) * total), mean(np.tanh(H / T)), mean(sech2) / T,
                     mean(sech2**2) / T, mean(Lam)])


def _thermal(h, s, T, y):
    from scipy.special import log_ndtr

    u, log_kernel, sech2, lam_of_u = _thermal_noise(T, y * T)
    v, D = h - u, s * s
    up, down = y * v + log_ndtr(v / s + y * s), -y * v + log_ndtr(-v / s + y * s)  # halves H > 0 and H < 0 of E exp(y |H|)
    exponent = log_kernel + np.logaddexp(up, down)
    top = exponent.max(axis=1)[:, None]
    plus, minus = np.exp(log_kernel + up - top), np.exp(log_kernel + down - top)
    density = np.exp(log_kernel - v * v / (2 * D) - y * y * D / 2 - top) / np.sqrt(2 * np.pi * D)
    total = (plus + minus).sum(axis=1)
    # E |H| exp(y |H|) of each half: its mean shifted by +- y D, plus the boundary term; then d ln k / dy
    size = (plus * (v + y * D) + minus * (y * D - v) + 2 * D * density).sum(axis=1) / total
    thermal = ((plus + minus) * (lam_of_u - T / (1 - y * T))).sum(axis=1) / total
    density *= 2 / (1 - y * T)
    return np.array([top[:, 0] + y * y * D / 2 + np.log(total), (plus - minus).sum(axis=1) / total, density.sum(axis=1) / total,
                     density @ sech2 / total, size + thermal])


def _thermal_noise(T, breaking):
    """Nodes u, ln of kernel times spacing, sech^2(u/T), and Lam(u); at T = 0 one node does.

    With the growth of exp(y |u|) the kernel falls as exp(-2 (1 - yT) |u| / T).
    """
    if T == 0:
        return np.zeros(1), np.zeros(1), np.full(1, 2 / 3), np.zeros(1)  # the mean 2/3 of sech^2
    x = _grid(U_MAX / (1 - breaking), STEP)
    log2cosh = np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))
    kernel = np.log(2 * STEP * (1 - breaking)) + (breaking - 2) * log2cosh
    return T * x, kernel, np.cosh(np.minimum(np.abs(x), 300)) ** -2.0, T * log2cosh


def field_nodes(A, a, width):
    """Nodes h and weights of the average over h = A + a z of functions that bend at h = 0 over `width`, smooth elsewhere.

    The trapezoidal rule in t of h = width sinh(t), which is dense where the function bends; its error is below rounding where
    the function is analytic up to |Im h| ~ width.
    """
    step = min(0.1, 0.5 * a / np.hypot(width, A))
    low, high = (np.arcsinh((A + side * Z_MAX * a) / width) for side in (-1, 1))
    t = step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    h = width * np.sinh(t)
    return h, step * width * np.cosh(t) * np.exp(-(((h - A) / a) ** 2) / 2) / np.sqrt(2 * np.pi) / a


def _grid(reach, step):
    n = int(np.ceil(reach / step))
    return step * np.arange(-n, n + 1)
