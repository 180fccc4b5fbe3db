"""Phase diagrams: lines in a plane of two parameters, and the record that holds them with their model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


class Line:
    """A line of a phase diagram; points are ordered along the line.

    The two coordinates are given by name and are attributes: `Line(T=..., alpha=...)` has arrays `.T` and `.alpha` of one
    length.  `coordinates` is the pair of names, `meaning` one sentence that says what happens on the line.
    """

    def __init__(self, T=None, alpha=None, meaning: str = "", **coordinates):
        coordinates |= {name: values for name, values in (("T", T), ("alpha", alpha)) if values is not None}
        arrays = {name: np.array(values, dtype=float) for name, values in coordinates.items()}
        shapes = [array.shape for array in arrays.values()]
        if len(arrays) != 2 or shapes[0] != shapes[1] or len(shapes[0]) != 1:
            raise ValueError(f"a line needs two coordinates of one length, not {dict(zip(arrays, shapes))}")
        for array in arrays.values():
            array.setflags(write=False)
        self.__dict__.update(coordinates=tuple(arrays), meaning=meaning, **arrays)

    def __setattr__(self, name, value):
        raise AttributeError(f"a line is not to be changed: {name} cannot be set")

    def __len__(self):
        return len(self.__dict__[self.coordinates[0]])


@dataclass(frozen=True, eq=False)
class PhaseDiagram(Mapping):
    """Lines of a phase diagram by name, with the model they belong to.

    Attributes
    ----------
    model : the model; its own values of x and y play no role.
    lines : dict of `Line` by name.
    x, y : names of the coordinates of the plane.
    absent : by name, one clause that says why a line that other models of the family have is not there.
    """

    model: object
    lines: dict[str, Line] = field(default_factory=dict)
    x: str = "alpha"
    y: str = "T"
    absent: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Line:
        if name in self.absent:
            raise KeyError(f"{name} of {self.model} is not there: {self.absent[name]}")
        return self.lines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self):
        names = ", ".join(f"{name} ({len(line)} points)" for name, line in self.lines.items())
        return f"<phase diagram of {self.model}: {names}>"
