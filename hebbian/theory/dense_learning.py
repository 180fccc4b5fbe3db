r"""How many examples a dense Hopfield network needs: the learning threshold.

The set of M with a retrieval state is not an interval: one example is stored like a pattern, a few confuse the network, many
make the archetype.  The threshold is therefore where the last gap of this set ends.
"""


from hebbian.errors import NoSolution
from hebbian.theory import dense_branches as branches

RATIO = 1.25  # of successive M in the search for the last gap; at M below 1 / (RATIO - 1) nothing is left out
WINDOW = 8  # around the threshold every M is tried: the ties of even M shift it by one or two
LARGEST = 2**24  # of M


def threshold(equations, alpha, T, step) -> int:
    """Smallest M >= 2 from which on every M has a retrieval state at load alpha and temperature T.

    equations : maps M to the equations of the model with M examples.   step : 2 for odd M only, 1 for all.
    """
    def retrieves(M):
        return branches.spinodal_load(equations(M), T) >= alpha

    lowest = 3 if step == 2 else 2
    tried, M = [], lowest
    while M < LARGEST:
        tried.append((M, retrieves(M)))
        if enough(tried):
            break
        M = max(M + step, lowest + step * round((RATIO * M - lowest) / step))
    gaps = [M for M, found in tried if not found]
    if not gaps:
        return lowest
    if not tried[-1][1]:
        raise NoSolution(f"no retrieval state at load {alpha:.6g} and T = {T:g} up to M = {LARGEST}: the load is above the "
                         "capacity for any number of examples; lower alpha or T")
    failing = gaps[-1]
    working = min(M for M, _ in tried if M > failing)
    while working - failing > step:
        middle = failing + step * ((working - failing) // (2 * step))
        failing, working = (failing, middle) if retrieves(middle) else (middle, working)
    nearby = [M for M in range(failing + step, failing + WINDOW * step + 1, step) if not retrieves(M)]
    return max(nearby, default=failing) + step


def enough(tried):
    """Whether the search went far enough: M has grown tenfold, and past 30, since the last one without a retrieval state."""
    last_gap = max((M for M, found in tried if not found), default=3)
    return tried[-1][1] and tried[-1][0] > max(10 * last_gap, 30)
