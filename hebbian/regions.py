"""Where the phases of a diagram lie: which points of a plane are on which side of its lines, and how far to draw it.

Lines are arrays (2, points) by name, the coordinates x and y of the plane; NaN where a line does not reach.
"""

import numpy as np

FAR = 1e9  # a coordinate beyond every diagram

#: Where retrieval lies seen from its end, glass and broken symmetry from theirs, along each axis: below (-1) or above (1).
SIDES = {"alpha": (-1, 1), "T": (-1, -1), "rho": (-1, 1), "r": (1, -1), "M": (1, -1)}


def window(lines, x, y):
    """Extent (low, high) of both axes."""
    known = {name: line[:, np.isfinite(line).all(axis=0)] for name, line in lines.items()}
    known = {name: line for name, line in known.items() if line.size}
    if (x, y) == ("alpha", "T"):
        return _load_and_temperature(known)
    return [_extent(known, lines, k, name) for k, name in enumerate((x, y))]


def _load_and_temperature(lines):
    """Extent of a diagram of load and temperature: as far as retrieval reaches, but not beyond the known glass line."""
    reach = next((lines[name] for name in ("spinodal", "first_order") if name in lines), next(iter(lines.values())))
    reach = max(reach[0].max(), lines["one_step"][0].max() if "one_step" in lines else 0.0)
    right = min(1.15 * reach, lines["glass"][0].max() if "glass" in lines else np.inf)
    return (0, right), (0, 1.15 * max(T[alpha <= right].max(initial=0.0) for alpha, T in lines.values()))


def _extent(known, lines, k, name):
    """Extent of one axis of any other diagram: of the values across, and as far as retrieval reaches along the other."""
    across = {tuple(line[k]) for line in lines.values()}
    if len(across) == 1 and len(lines) > 1 or name == "M":
        values = np.concatenate([line[k] for line in known.values()])
        return values.min(), values.max() if values.max() > values.min() else values.min() + 1
    if name == "r":
        return 0.0, 1.0
    reach = [known[line][k].max() for line in ("spinodal", "one_step", "first_order") if line in known]
    return 0.0, 1.15 * max(reach or [line[k].max() for line in known.values()]) or 1.0


def phases(lines, x, y, X, Y):
    """Which points of a grid lie in which phase.

    The lines are functions of the coordinate across: of T where the other is alpha, of the other where one is alpha or T, and
    of x elsewhere; the glass line of alpha and T is one of alpha.
    """
    if not {"spinodal", "glass"} & lines.keys():
        return {}
    plane = {x, y}
    along = next((axis for axis in ("alpha", "T") if axis in plane), y)

    def inside(name, along, side, nowhere):
        """Points on one side of a line along an axis; it is `nowhere` where it has no points."""
        across, (place, value), (at, position) = (x, lines[name], (X, Y)) if along == y else (y, lines[name][::-1], (Y, X))
        order = np.argsort(place)
        straight = np.log if across == "M" else np.asarray  # as it is drawn
        value = np.nan_to_num(value[order], nan=nowhere, posinf=FAR, neginf=-FAR)
        beyond = nowhere if plane == {"alpha", "T"} else None
        return side * (position - np.interp(straight(at), straight(place[order]), value, right=beyond)) > 0

    inward, glassy = SIDES[along]
    none = np.zeros(X.shape, bool)
    retrieval = inside("spinodal", along, inward, inward * FAR) if "spinodal" in lines else none
    broken = retrieval & inside("replicon", along, glassy, glassy * FAR) if "replicon" in lines else none
    if "one_step" in lines:
        broken = broken | (~retrieval & inside("one_step", along, inward, inward * FAR))
    rest = ~retrieval & ~broken
    regions = {"retrieval": retrieval & ~broken, "broken symmetry": broken}
    if "glass" not in lines:
        return regions | {"paramagnet" if plane == {"alpha", "T"} else "no retrieval": rest}
    if plane == {"alpha", "T"}:
        glass = rest & inside("glass", "T", -1, lines["glass"][list((x, y)).index("T")].max())
    else:
        glass = rest & inside("glass", along, glassy, -glassy * FAR)
    return regions | {"spin glass": glass, "paramagnet": rest & ~glass}


def crossed(lines, X, Y):
    """Which cells of a grid a line passes through, so that no word is written across it."""
    from scipy.spatial import cKDTree

    steps = np.array([X[0, 1] - X[0, 0], Y[1, 0] - Y[0, 0]])
    along = np.linspace(0, 1, 400)
    known = [line[:, np.isfinite(line).all(axis=0)] for line in lines.values()]
    points = [np.column_stack([np.interp(along, np.linspace(0, 1, len(values)), values) for values in line]) / steps
              for line in known if line.size]
    distance, _ = cKDTree(np.vstack(points)).query(np.column_stack([X.ravel(), Y.ravel()]) / steps)
    return distance.reshape(X.shape) < 1.5


def visible(line, extent):
    """Whether some point of a line lies inside the diagram, and not only along its edges."""
    return bool(np.all([(low < values) & (values < high) for values, (low, high) in zip(line, extent)], axis=0).any())
