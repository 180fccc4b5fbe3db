"""Import of hflayers checkpoints, with a warning wherever a checkpoint relies on a defect of the original."""

import warnings

import numpy as np

from hebbian.attention.layers import Hopfield, HopfieldLayer, HopfieldPooling
from hebbian.families import unknown

KINDS = {"Hopfield": Hopfield, "HopfieldPooling": HopfieldPooling, "HopfieldLayer": HopfieldLayer}


class CheckpointWarning(UserWarning):
    """The layer computes something else than the original did with this checkpoint; the message says what."""


def load(state, kind: str = "Hopfield", **options):
    """A NumPy layer with the parameters of an hflayers state dict and the options it was made with.

    Parameters
    ----------
    state : mapping of names to arrays or tensors; kind : "Hopfield", "HopfieldPooling" or "HopfieldLayer".
    options : what the original was constructed with (a state dict does not hold them, nor the scaling).

    Returns
    -------
    The layer.  Warns (CheckpointWarning) where the original computed something else than its documentation says.
    """
    if kind not in KINDS:
        raise unknown("kind", str(kind), KINDS)
    for message in reliances(options):
        warnings.warn(message, CheckpointWarning, stacklevel=2)
    layer = KINDS[kind](**options)
    if layer.options.concat_bias_pattern:
        # The original gives bias_v the width of keys; since it never used it, any start is as good.
        state = {name: value for name, value in state.items() if not name.endswith("bias_v")} | {
            name: value for name, value in layer.state_dict().items() if name.endswith("bias_v")}
    layer.load_state_dict(state)
    return layer


def reliances(options) -> list[str]:
    """What a model made with these options owed to defects of hflayers 1.0.2, one sentence each."""
    found, heads = [], options.get("num_heads", 1)
    scaling = options.get("scaling")
    if scaling is not None and np.ndim(np.asarray(scaling)) and len(set(np.ravel(scaling).tolist())) > 1:
        found.append("scaling has one entry a head: the original multiplied interleaved features by them, here each head "
                     "has its own beta; retrain, or give one number")
    static = [name for name in ("stored_pattern", "state_pattern", "pattern_projection")
              if options.get(f"{name}_as_static")]
    if static and heads > 1:
        found.append(f"{' and '.join(static)} static with {heads} heads: the original mixed samples of a batch, here every "
                     "head sees the patterns of its own sample")
    if options.get("concat_bias_pattern"):
        found.append("concat_bias_pattern: the original created this pattern and never used it, here it is appended; give "
                     "concat_bias_pattern=False and strict=False for the original's output")
    if options.get("update_steps_max", 0) is None or np.any(np.asarray(options.get("update_steps_max") or 0) != 0):
        found.append("update_steps_max: the iteration stops by a norm over the batch, as in the original, so results depend "
                     "on what shares a batch; give update_steps_stop='query' for a rule that does not")
    return found
