"""Parameters of Hopfield layers: their start, their packing in a checkpoint, and the small operations they enter."""

import numpy as np

from hebbian import streams
from hebbian.attention.inputs import require_finite
from hebbian.errors import InvalidInput

CORE = "association_core."


class Parameters(dict):
    """Arrays by the names of an hflayers state dict, all in one dtype; made from the shapes of `Options.shapes`."""

    def __init__(self, shapes, dtype, seed):
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise InvalidInput(f"dtype = {dtype!r} is not allowed: give numpy.float32 or numpy.float64")
        super().__init__({name: initial(name, shape, seed).astype(self.dtype) for name, shape in shapes.items()})

    def load(self, state, strict: bool) -> None:
        """Take the values of a mapping of names to arrays or tensors, converted to the dtype of these parameters."""
        state = repacked({name: to_numpy(value) for name, value in state.items()}, self)
        missing, extra = sorted(self.keys() - state.keys()), sorted(state.keys() - self.keys())
        if strict and (missing or extra):
            raise InvalidInput(f"state dict does not fit these options: missing {missing}, unknown {extra}")
        for name in self.keys() & state.keys():
            if state[name].shape != self[name].shape:
                raise InvalidInput(f"{name} has shape {state[name].shape}: these options need {self[name].shape}")
            require_finite(name, state[name])
            self[name] = state[name].astype(self.dtype)


def to_numpy(value) -> np.ndarray:
    """An array, also from a tensor that records gradients."""
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)


def initial(name: str, shape, seed: int) -> np.ndarray:
    """Start of a parameter: matrices and learned patterns N(0, 0.02^2), norms 1, biases 0."""
    if name.startswith("norm_") or "p_norm" in name:
        return np.full(shape, 1.0 if name.endswith("weight") else 0.0)
    if name.endswith(("in_proj_bias", "out_proj.bias")):
        return np.zeros(shape)
    key = streams.key("weights", name, tuple(shape), seed=seed, sample=0)
    return 0.02 * streams.normals(key, int(np.prod(shape))).reshape(shape)


def repacked(state: dict, wanted) -> dict:
    """A state dict with its projections packed or apart, as the wanted names are."""
    packed, apart = CORE + "in_proj_weight", [f"{CORE}{name}_proj_weight" for name in "qkv"]
    if packed in wanted and packed not in state and any(name in state for name in apart):
        rest = {name: value for name, value in state.items() if name not in apart}
        return rest | {packed: np.concatenate([state[name] for name in apart if name in state])}
    wanted_apart = [name for name in apart if name in wanted]
    if packed in state and wanted_apart and len({wanted[name].shape[1] for name in wanted_apart}) == 1:
        ends = np.cumsum([len(wanted[name]) for name in wanted_apart])
        parts = np.split(state[packed], ends[:-1])
        return {name: value for name, value in state.items() if name != packed} | dict(zip(wanted_apart, parts, strict=True))
    return state


def projections(parameters, options):
    """The matrices and biases of queries, keys and values by "q", "k", "v"; None where there is none."""
    matrices, biases = dict.fromkeys("qkv"), dict.fromkeys("qkv")
    if options.fully_static:
        return matrices, biases
    widths = options.widths()
    moving = [name for name in "qkv" if not options.static(name)]
    ends = np.cumsum([widths[name] for name in moving])[:-1]
    if CORE + "in_proj_weight" in parameters:
        matrices |= zip(moving, np.split(parameters[CORE + "in_proj_weight"], ends), strict=True)
    else:
        matrices |= {name: parameters[f"{CORE}{name}_proj_weight"] for name in moving}
    if CORE + "in_proj_bias" in parameters:
        # A static projection of values leaves its part of the vector unused.
        used = parameters[CORE + "in_proj_bias"][:sum(widths[name] for name in moving)]
        biases |= zip(moving, np.split(used, ends), strict=True)
    return matrices, biases


def linear(name: str, x, matrix, bias):
    """x W^T + b over the last axis, with the size of x checked."""
    if x.shape[-1] != matrix.shape[1]:
        raise InvalidInput(f"{name} has size {x.shape[-1]}: these options need {matrix.shape[1]}")
    x = x @ matrix.T
    return x if bias is None else x + bias


def layer_norm(x, scale, shift, eps):
    """(x - mean) / sqrt(variance + eps) over the last axis, then scale and shift where given."""
    centred = x - x.mean(axis=-1, keepdims=True)
    x = centred / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + x.dtype.type(eps))
    return x if scale is None else x * scale + shift


def masks(mask, padding, B, H, L, S):
    """What is added to the scores and what is blocked, both broadcasting to (B, H, L, S)."""
    added, blocked = np.zeros((1, 1, 1, S)), np.zeros((1, 1, 1, S), bool)
    if mask is not None:
        mask = to_numpy(mask)
        if mask.shape not in ((L, S), (B * H, L, S)):
            raise InvalidInput(f"association_mask has shape {mask.shape}: give ({L}, {S}) or ({B * H}, {L}, {S})")
        mask = mask.reshape(-1, 1 if mask.ndim == 2 else H, L, S)
        if mask.dtype.kind in "bu":
            blocked = blocked | mask.astype(bool)
        elif mask.dtype.kind == "f" and not np.isnan(mask).any() and not np.isposinf(mask).any():
            blocked = blocked | np.isneginf(mask)
            added = added + np.where(np.isneginf(mask), 0, mask)
        else:
            raise InvalidInput(f"association_mask of type {mask.dtype} is not allowed: give bool (True = blocked), or numbers "
                               "below infinity that are added to the scores")
    if padding is not None:
        padding = to_numpy(padding)
        if padding.shape != (B, S) or padding.dtype.kind not in "bu":
            raise InvalidInput(f"stored_pattern_padding_mask has shape {padding.shape} and type {padding.dtype}: "
                               f"give bool ({B}, {S}), True where a stored pattern is padding")
        blocked = blocked | padding.astype(bool)[:, None, None, :]
    return np.broadcast_to(added, np.broadcast_shapes(added.shape, (1, 1, 1, S))), blocked
