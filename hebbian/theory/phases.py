"""Phase diagrams: lines in the plane of load and temperature, and the record that holds them with their model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a phase diagram; points are ordered along the line.

    Attributes
    ----------
    T, alpha : arrays of one length, temperature and load of each point.
    meaning : one sentence that says what happens on the line.
    """

    T: np.ndarray
    alpha: np.ndarray
    meaning: str = ""

    def __post_init__(self):
        for name in ("T", "alpha"):
            values = np.array(getattr(self, name), dtype=float)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if self.T.ndim != 1 or self.T.shape != self.alpha.shape:
            raise ValueError(f"a line needs T and alpha of one length, not of {self.T.shape} and {self.alpha.shape}")

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
