"""The replica-symmetric equations written a second time, from their textbook form, in 26-digit arithmetic.

Nothing is shared with the package: averages over z by adaptive quadrature, a two-dimensional Newton search in (m, q),
and free energies as printed, without the rearrangements that keep double precision exact.
"""

from math import factorial

import mpmath as mp

DIGITS = 26


def average(function, A, a, T):
    """E function((A + a z)/T) over z ~ N(0, 1); the interval is cut where the integrand bends."""
    cuts = {mp.mpf(x) for x in (-12, -5, 0, 5, 12)}  # density 1e-32 at 12
    if a > 0:
        centre, width = -A / a, T / a
        cuts |= {c for k in (-24, -4, 0, 4, 24) if -12 < (c := centre + k * width) < 12}
    weight = 1 / mp.sqrt(2 * mp.pi)
    return mp.quad(
        lambda z: function((A + a * z) / T) * weight * mp.exp(-z * z / 2), sorted(cuts), method="gauss-legendre"
    )


def zeta(p, energy, q, order=0):
    """Derivative of the noise covariance of p >= 3."""
    total = mp.mpf(0)
    for j in range(p, 0, -2) if energy == "power" else [p]:
        half = (p - j) // 2
        if j >= order:
            total += mp.mpf(q) ** (j - order) / (factorial(j - order) * factorial(half) ** 2 * mp.mpf(4) ** half)
    return total


def noise(p, energy, alpha, q, T):
    return alpha * q / (1 - (1 - q) / T) ** 2 if p == 2 else alpha * zeta(p, energy, q, 1)


def equations(p, energy, alpha, T, m, q):
    """Right-hand sides (M, Q) of m = M, q = Q."""
    A, a = m ** (p - 1) / factorial(p - 1), mp.sqrt(noise(p, energy, alpha, q, T))
    return average(mp.tanh, A, a, T), average(lambda h: mp.tanh(h) ** 2, A, a, T)


def solve(p, energy, alpha, T, guess):
    """Solution (m, q, lambda, f, e, replicon) next to `guess` = (m, q)."""
    with mp.workdps(DIGITS):
        alpha, T = mp.mpf(alpha), mp.mpf(T)

        def violation(m, q):
            M, Q = equations(p, energy, alpha, T, m, q)
            return m - M, q - Q

        m, q = (mp.mpf(round(g, 8)) for g in guess)
        if m == 0:
            q = mp.findroot(lambda q: violation(m, q)[1], q, tol=mp.mpf(10) ** -40)
        else:
            m, q = mp.findroot(violation, [m, q], tol=mp.mpf(10) ** -40)  # squared residual
        lam, beta = noise(p, energy, alpha, q, T), 1 / T
        A, a = m ** (p - 1) / factorial(p - 1), mp.sqrt(lam)
        log2cosh = average(lambda h: mp.log(2 * mp.cosh(h)), A, a, T)
        sech4 = average(lambda h: mp.sech(h) ** 4, A, a, T)
        if p == 2:
            C = beta * (1 - q)
            f = m**2 / 2 - T * log2cosh + beta * lam * (1 - q) / 2 + alpha / 2 * (1 + T * mp.log(1 - C) - q / (1 - C))
            e = -(m**2) / 2 + alpha / 2 * (1 - 1 / (1 - C) - q * C / (1 - C) ** 2)
            replicon = alpha * beta**2 / (1 - C) ** 2 * sech4
        else:
            z = [zeta(p, energy, q, k) for k in range(3)]
            one = zeta(p, energy, 1)
            f = m * A - m**p / factorial(p) - T * log2cosh - alpha * beta / 2 * (one - z[0] - (1 - q) * z[1])
            e = -(m**p) / factorial(p) - alpha * beta * (one - z[0])
            replicon = alpha * beta**2 * z[2] * sech4
        return tuple(float(x) for x in (m, q, lam, f, e, replicon))


def fold_determinant(p, energy, alpha, T, m, q):
    """det(1 - d(M, Q)/d(m, q)), which vanishes on the spinodal; Jacobian by central differences in 40 digits."""
    with mp.workdps(40):
        alpha, T, m, q, h = mp.mpf(alpha), mp.mpf(T), mp.mpf(m), mp.mpf(q), mp.mpf(10) ** -12
        columns = []
        for dm, dq in ((h, 0), (0, h)):
            up, down = (equations(p, energy, alpha, T, m + s * dm, q + s * dq) for s in (1, -1))
            columns.append([(u - d) / (2 * h) for u, d in zip(up, down, strict=True)])
        (Mm, Qm), (Mq, Qq) = columns
        return float((1 - Mm) * (1 - Qq) - Mq * Qm)
