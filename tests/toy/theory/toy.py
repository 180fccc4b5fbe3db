"""A closed formula where the real families have saddle points."""

from dataclasses import dataclass

import numpy as np

from hebbian.errors import NoSolution, NotConverged, NotDefined


@dataclass(frozen=True, kw_only=True)
class Solution:
    T: float
    m: float
    share: np.ndarray
    free_energy: float
    stable: bool
    branch: str


def predict(model, settings, *, branch="upper"):
    if settings.T > 1.0:
        raise NoSolution(f"no solution at T = {settings.T:g}: lower T")
    if model.mode == "undefined":
        raise NotDefined("the toy has no theory in this mode")
    if model.mode == "unsolved":
        raise NotConverged("residual 1e-3")
    return Solution(T=settings.T, m=model.bias, share=np.full(model.K, model.bias), free_energy=-settings.T,
                    stable=True, branch=branch)
