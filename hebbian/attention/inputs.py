"""The gate of hebbian.attention: user input becomes contiguous arrays of one float type, or one clear sentence."""

import numbers

import numpy as np

from hebbian.errors import InvalidInput


def floats(name: str, array, *others) -> np.ndarray:
    """`array` in float32 if it and all `others` are float32 (or half) arrays, in float64 otherwise."""
    try:
        array, *others = (np.asarray(value) for value in (array, *others))
    except ValueError:
        raise InvalidInput(f"{name}, or what goes with it, has rows of different lengths: give rectangular arrays") from None
    if array.dtype.kind not in "fiub":
        raise InvalidInput(f"{name} has type {array.dtype}: give real numbers")
    kinds = [value.dtype for value in (array, *others)]
    single = all(kind.kind == "f" and kind.itemsize <= 4 for kind in kinds)
    return np.ascontiguousarray(array, np.float32 if single else np.float64)


def memories_and_query(memories, query, query_name: str = "query") -> tuple[np.ndarray, np.ndarray]:
    """Memories (K, d) with K, d >= 1 and a query (..., d), finite, of one float type.

    The memories, which may be large, are not searched for NaN here: a NaN there reaches the result, and `require_finite`
    looks for it only then.
    """
    X, q = floats("memories", memories, query), floats(query_name, query, memories)
    if X.ndim != 2 or 0 in X.shape:
        raise InvalidInput(f"memories has shape {X.shape}: give (K, d) with at least one memory and one dimension")
    if q.ndim < 1 or q.shape[-1] != X.shape[1]:
        raise InvalidInput(f"{query_name} has shape {q.shape} but memories has shape {X.shape}: "
                           f"give (..., d) with d = {X.shape[1]}")
    require_finite(query_name, q)
    return X, q


def memories_only(memories) -> np.ndarray:
    """Finite memories (K, d)."""
    X = floats("memories", memories)
    if X.ndim != 2 or 0 in X.shape:
        raise InvalidInput(f"memories has shape {X.shape}: give (K, d) with at least one memory and one dimension")
    require_finite("memories", X)
    return X


def require_finite(name: str, array: np.ndarray) -> None:
    """Raise InvalidInput with the position of the first entry that is NaN or infinite."""
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"{name} contains {array[where]} at index {where}: give finite numbers")


def positive(name: str, value) -> float:
    """A finite number above 0, and large enough that dividing by it overflows nothing."""
    number = isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))
    if not number or not np.isfinite(value) or value < np.finfo(np.float64).tiny:
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a finite number above 0")
    return float(value)


def count(name: str, value, least: int) -> int:
    """A whole number of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral) or value < least:
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a whole number of at least {least}")
    return int(value)


def mask(name: str, value, shape: tuple[int, ...]) -> np.ndarray:
    """A bool array that broadcasts to `shape` (True = blocked), as a view of that shape."""
    array = np.asarray(value)
    if array.dtype != bool:
        raise InvalidInput(f"{name} has type {array.dtype}: give a bool array, True where a memory is blocked")
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InvalidInput(f"{name} has shape {array.shape}: give a shape that broadcasts to {shape}") from None


def three(stored, state=None, projection=None) -> tuple:
    """Stored, state and projection of a layer, from three inputs, a tuple of three, or one that serves as all."""
    if isinstance(stored, (tuple, list)) and state is None and projection is None:
        if len(stored) != 3:
            raise InvalidInput(f"input is a tuple of {len(stored)}: give (stored, state, projection)")
        stored, state, projection = stored
    if (state is None) != (projection is None):
        raise InvalidInput("two inputs were given: give one for everything, or stored, state and projection")
    return (stored, stored, stored) if state is None else (stored, state, projection)
