"""The record of a phase diagram."""

import numpy as np
import pytest

from hebbian.theory.phases import Line, PhaseDiagram


def test_phase_diagram_is_a_mapping_of_lines_with_its_model():
    line = Line([0.0, 1.0], [0.1, 0.0], "a line")
    diagram = PhaseDiagram("model", {"spinodal": line})
    assert list(diagram) == ["spinodal"] and diagram["spinodal"] is line and len(diagram) == 1
    assert diagram.model == "model" and "spinodal (2 points)" in repr(diagram)


def test_lines_are_read_only_and_of_one_length():
    line = Line([0.0, 1.0], [0.1, 0.0])
    assert len(line) == 2 and line.T.dtype == float
    with pytest.raises(ValueError):
        line.T[0] = 3.0
    with pytest.raises(ValueError, match="one length"):
        Line(np.zeros(2), np.zeros(3))
