"""Validation of the fields of a record: each function returns the cleaned value or raises one clear sentence."""

import math
import numbers

import numpy as np

from hebbian.errors import InvalidInput


def integer(name, value, low, high=None):
    """Return `value` as an int in [low, high]; whole floats such as 3.0 are accepted, booleans are not."""
    whole = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)) and value == value // 1
    if not whole or value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"from {low} to {high}"
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a whole number {allowed}")
    return int(value)


def real(name, value, low=-math.inf, high=math.inf, *, open_low=False, open_high=False):
    """Return `value` as a finite float in [low, high]; an end is excluded where its `open_` flag is set."""
    number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)) and math.isfinite(value)
    if (not number or value < low or value > high
            or (open_low and value == low) or (open_high and value == high)):
        bounds = []
        if low > -math.inf:
            bounds.append(f"{'above' if open_low else 'at least'} {low:g}")
        if high < math.inf:
            bounds.append(f"{'below' if open_high else 'at most'} {high:g}")
        allowed = f" {' and '.join(bounds)}" if bounds else ""
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a finite number{allowed}")
    return float(value)


def choice(name, value, allowed):
    """Return `value` if it is one of the strings in `allowed`."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInput(f"{name} = {value!r} is not allowed: give one of {', '.join(map(repr, allowed))}")
    return value
