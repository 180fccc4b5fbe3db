"""The directions of a grid: lists, ranges and [[zip]] tables of a sweep file, read into one kind of record."""

from dataclasses import dataclass

from hebbian.families import unknown

#: The most grid points of one sweep; every point costs at least one small file.
POINTS = 200_000

RANGE = ("start", "stop", "num")


@dataclass(frozen=True)
class Dimension:
    """One direction of the grid: its name, the fields that change along it, and their values, one row a step."""

    name: str
    fields: tuple[str, ...]
    rows: tuple[tuple, ...]


def read(grid: dict, zips: list, known, problems: list[str]) -> tuple[Dimension, ...]:
    """The dimensions that [grid] and [[zip]] ask for; what is wrong with them is added to `problems`."""
    dimensions = []
    for name, values in grid.items():
        values = _axis(f"[grid] {name}", values, problems)
        dimensions.append(Dimension(name, (name,), tuple((value,) for value in values)))
    for count, zipped in enumerate(zips, 1):
        place = f"[[zip]] {count}"
        if not isinstance(zipped, dict) or not zipped:
            problems.append(f"{place} is empty: give at least one axis")
            continue
        problems += [f"{place} {unknown('key', key, known)}" for key in zipped if key not in known]
        columns = {key: _axis(f"{place} {key}", values, problems) for key, values in zipped.items() if key in known}
        if len({len(values) for values in columns.values()}) > 1:
            sizes = ", ".join(f"{key} {len(values)}" for key, values in columns.items())
            problems.append(f"{place} has axes of different lengths ({sizes}): give equally many values to each")
        elif len(columns) == 1:
            (name, values), = columns.items()
            dimensions.append(Dimension(name, (name,), tuple((value,) for value in values)))
        elif columns:
            name = "point" if count == 1 else f"point{count}"
            dimensions.append(Dimension(name, tuple(columns), tuple(zip(*columns.values(), strict=True))))
    return tuple(dimensions)


def _axis(place, values, problems):
    """The values of one axis from a list or from a range { start, stop, num }, rounded to 12 significant digits."""
    if isinstance(values, dict):
        problems += [f"{place} {unknown('key', key, RANGE)}" for key in values if key not in RANGE]
        missing = [key for key in RANGE if key not in values]
        if missing:
            problems.append(f"{place} is a range without {' and '.join(missing)}: give start, stop and num")
            return ()
        start, stop, num = values["start"], values["stop"], values["num"]
        faults = [f"{place}.{key} = {short(value)} is not allowed: give a finite number"
                  for key, value in (("start", start), ("stop", stop))
                  if not _number(value) or not abs(value) < 1e300]
        if not isinstance(num, int) or isinstance(num, bool) or not 2 <= num <= POINTS:
            faults.append(f"{place}.num = {short(num)} is not allowed: give a whole number from 2 to {POINTS}")
        problems += faults
        if faults:
            return ()
        values = [start + (stop - start) * (i / (num - 1)) for i in range(num)]
    if not isinstance(values, (list, tuple)) or not values:
        problems.append(f"{place} = {short(values)} is not allowed: give a list of values or a range "
                        "{ start = ..., stop = ..., num = ... }")
        return ()
    wrong = [value for value in values if not (isinstance(value, str) or _number(value))]
    if wrong:
        problems.append(f"{place} contains {short(wrong[0])}: give numbers or texts")
        return ()
    return tuple(float(f"{value:.12g}") if isinstance(value, float) else value for value in values)


def short(value) -> str:
    """The value as it was given, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)
