r"""The field of the synchronous (Little) dynamics of dense networks, and what its stationary state is.

With `order="synchronous"` all spins are drawn at once from the configuration s before,

    P(s_i' = +-1 | s) = (1 +- tanh(h_i / T)) / 2,      h_i(s) = sum_mu c_i^mu U'(X_mu).

Here c are the patterns (storage), the examples (unsupervised, with their weight in U) or the sums of examples (supervised),
X_mu = c^mu . s, and U' = dU/dX is the derivative of the polynomial U of `hebbian.models.dense`.  This is the first-order
mean-field field -dH/ds_i, in which every pattern enters through its overlap alone and no term of spin i with itself is taken
out.  For `energy="power"` it is sum_mu c_i F'(n_mu) with F = m^p / p!; "distinct" is without the lower Hermite orders that its
U lacks (for p = 2 the two agree).  The exact field of the sequential dynamics, half the energy of a flip, has no self-term
s_i sum_mu (c_i^mu)^2 U''(X_mu) + ...; for "power" with even p >= 4 it grows like alpha N and freezes the network.

Stationary law.
  p = 2.  h_i = sum_j J_ij s_j with J_ij = J_ji and J_ii = alpha (storage; the mean for supervised) or alpha / R (unsupervised).
      The transition probability W(s -> s') = prod_i exp(s_i' h_i / T) / (2 cosh(h_i / T)) obeys detailed balance with

          P(s)  ~  prod_i 2 cosh(h_i(s) / T)  =  exp(-H_T(s) / T),      H_T = -T sum_i ln 2 cosh(h_i / T),

      the pseudo-Hamiltonian of P. Peretto, Biol. Cybern. 50, 51 (1984), which depends on T.  Replica-symmetric theory of it
      is due to J. F. Fontanari and R. Koeberle, J. Phys. France 49, 13 (1988).
  p >= 3.  sum_i s_i' h_i(s) is not symmetric in s and s', and there is no detailed balance: the law is the left eigenvector of
      the 2^N x 2^N matrix W for the eigenvalue 1, unique since all W > 0 at T > 0.  No closed form of it is known to us.

Cycles.  Where U is convex (p = 2, "power" with even p), sum_mu U rises with every synchronous step at T = 0, since a convex
function lies above its tangent; the network then ends in a fixed point, and no cycle exists.  Otherwise cycles exist, nearly
all of two configurations (p = 3 "distinct", N = 40, K = 300: of 200 runs from random starts 55 end in one, 2 in a cycle of
four), and at low T such pairs are visited in turn for long times, so that m of even and of odd sweeps may differ.  A spin
without a field keeps its value at T = 0.
"""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from hebbian.models import dense

#: Largest size of U' in the integers of the kernel, which takes it apart into two int16.
LARGEST = 2**31 - 2**16 - 1


@lru_cache(maxsize=8)
def field_table(model: dense.DenseHopfield, N: int) -> dense.IntegerTable:
    """U'(X) = values * unit on the overlaps of `dense.energy_table`, int32 values; rounded, once, where they do not fit."""
    coefficients, unit = dense.coefficients(model, N)
    slopes = [k * c for k, c in enumerate(coefficients)][1:]
    common = math.lcm(*(c.denominator for c in slopes))
    reach = N * (model.M if model.protocol == "supervised" else 1)
    overlaps = np.arange(-reach, reach + 1, 2).astype(object)
    values = sum(int(c * common) * overlaps**power for power, c in enumerate(slopes) if c)
    table = dense.rounded_table(tuple(values), Fraction(unit) / common, LARGEST)
    return dense.IntegerTable(table.values.astype(np.int32), table.unit, table.exact)
