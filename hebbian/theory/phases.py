"""Phase diagrams: lines in the plane of temperature and load, or dilution, and the record that holds them with their model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a phase diagram; points are ordered along the line.

    Attributes
    ----------
    T : array, temperature of each point.
    alpha, d : array of the same length, load or dilution of each point; the family has one of them, the other is None.
    meaning : one sentence that says what happens on the line.
    """

    T: np.ndarray
    alpha: np.ndarray | None = None
    meaning: str = ""
    d: np.ndarray | None = None

    def __post_init__(self):
        for name in ("T", "alpha", "d"):
            if getattr(self, name) is not None:
                values = np.array(getattr(self, name), dtype=float)
                values.setflags(write=False)
                object.__setattr__(self, name, values)
        other = [values for values in (self.alpha, self.d) if values is not None]
        if len(other) != 1 or self.T.ndim != 1 or self.T.shape != other[0].shape:
            shapes = [self.T.shape, *(values.shape for values in other)]
            raise ValueError(f"a line needs T and one of alpha and d, of one length, not of shapes {shapes}")

    def __len__(self):
        return self.T.size


@dataclass(frozen=True, eq=False)
class PhaseDiagram(Mapping):
    """Lines of a phase diagram by name, with the model they belong to.

    Attributes
    ----------
    model : the model, whose own load plays no role.
    lines : dict of `Line` by name.
    """

    model: object
    lines: dict[str, Line] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Line:
        return self.lines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __repr__(self):
        names = ", ".join(f"{name} ({len(line)} points)" for name, line in self.lines.items())
        return f"<phase diagram of {self.model}: {names}>"
