"""Bracketed searches and the record of a solution."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from hebbian.errors import NotConverged
from hebbian.models.dense import DenseHopfield
from hebbian.theory.dense import solve
from hebbian.theory.saddle import bracketed_root, maximum

EPS = np.finfo(float).eps


def test_roots_are_found_element_by_element_to_rounding():
    target = np.array([1e-12, 1e-3, 0.5, 2.0, 7.9])
    root = bracketed_root(lambda x, t: x**3 - t, 0.0, 2.0, target)
    assert np.max(np.abs(root / np.cbrt(target) - 1)) < 8 * EPS


def test_roots_of_hard_shapes():
    step = bracketed_root(lambda x: np.where(x < 0.3, -1.0, 1.0), 0.0, 1.0)
    assert step == pytest.approx(0.3, abs=4 * EPS)
    triple = bracketed_root(lambda x: (x - 0.7) ** 3, 0.0, 1.0)
    assert triple == pytest.approx(
        0.7, abs=1e-7
    )  # (x - 0.7)^3 underflows to nothing only at the root; flat, but bracketed


def test_missing_bracket_gives_nan_and_ends_may_be_roots():
    assert np.isnan(bracketed_root(lambda x: x**2 + 1, -1.0, 1.0))
    assert bracketed_root(lambda x: x, 0.0, 1.0) == 0 and bracketed_root(lambda x: x - 1, 0.0, 1.0) == 1
    both = bracketed_root(lambda x, t: x - t, 0.0, 1.0, np.array([0.25, 3.0]))
    assert both[0] == 0.25 and np.isnan(both[1])
    assert np.isnan(bracketed_root(lambda x: x, np.nan, 1.0))


def test_search_that_runs_out_of_iterations_says_so():
    with pytest.raises(NotConverged, match="residual"):
        bracketed_root(lambda x: np.tanh(50 * (x - 0.3)), 0.0, 1.0, iterations=2)


def test_maximum_of_two_humps_is_the_higher_one():
    x, value = maximum(lambda x: np.exp(-((x - 1) ** 2)) + 1.2 * np.exp(-10 * (x - 4) ** 2), np.linspace(0, 5, 50))
    assert value == pytest.approx(1.2 + np.exp(-9), abs=1e-7) and x == pytest.approx(4, abs=1e-3)
    assert maximum(lambda x: -x, np.linspace(0, 1, 5)) == (0, 0)


def test_solution_is_a_frozen_record_that_travels():
    solution = solve(DenseHopfield(alpha=0.05), T=0.4)
    assert set(solution.order_parameters) == {"m", "q", "n", "noise", "energy", "free_energy", "example_instability"}
    assert pickle.loads(pickle.dumps(solution)) == copy.deepcopy(solution) == solution
    with pytest.raises(dataclasses.FrozenInstanceError):
        solution.m = 1.0
    assert "retrieval" in repr(solution) and "m = 0.966" in repr(solution) and "stable" in repr(solution)


def test_solution_above_the_residual_bound_is_refused():
    solution = solve(DenseHopfield(alpha=0.05), T=0.4)
    for residual in (1e-9, np.nan):
        with pytest.raises(NotConverged, match="residual"):
            dataclasses.replace(solution, residual=residual)
