r"""Hopfield layers in NumPy: association, pooling and lookup, with the options and checkpoints of the hflayers package.

With stored patterns Y (B, S, .), states R (B, L, .) and projections P (B, S, .):

    Q = LN(R) Wq + bq,  K = LN(Y) Wk + bk,  V = LN(P) Wv + bv         split into H heads
    p = softmax(beta Q K^T + masks);  while steps remain:  Q <- p K,  p = softmax(beta Q K^T + masks)
    out = concat over heads of p V, times Wo plus bo

Inference only; `hebbian.attention.torch` trains.  Where the original has a defect, these layers do what its documentation
says: `scaling` of several numbers is one beta a head (there it multiplies features in an interleaved order); static
patterns are seen by every head of their own sample (there samples of a batch mix); `concat_bias_pattern` appends its
learned pattern (there it is created and never used).  A row whose every stored pattern is blocked has weights 0 and
associates to 0 (there NaN).  `checkpoints.load` warns where a checkpoint relies on the original behaviour.
"""

import numpy as np

from hebbian.attention import options as layout
from hebbian.attention import separations
from hebbian.attention.inputs import require_finite, three
from hebbian.attention.parameters import CORE, Parameters, layer_norm, linear, masks, projections
from hebbian.errors import InvalidInput

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0), "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "tanh": np.tanh, "exp": np.exp,
    "sin": np.sin, "cos": np.cos, "abs": np.abs, "square": np.square, "sign": np.sign,
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
}

class Layer:
    """A layer's options and parameters, and their exchange with checkpoints; `hopfield` is the inner layer of a wrapper.

    parameters : the layer's own arrays, named as in an hflayers state dict; an inner layer adds the prefix "hopfield.".
    """

    hopfield = None

    def __init__(self, shapes, dtype, seed):
        self.parameters = Parameters(shapes, dtype, seed)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters by name."""
        inner = {} if self.hopfield is None else self.hopfield.state_dict()
        return {name: value.copy() for name, value in self.parameters.items()} | {
            f"hopfield.{name}": value for name, value in inner.items()}

    def load_state_dict(self, state, strict: bool = True) -> None:
        """Take parameters from a mapping of names to arrays or tensors; they are converted to the layer's dtype.

        The projections may come packed (`in_proj_weight`) or apart (`q_proj_weight`, ...).  With `strict` a missing or
        unknown name raises InvalidInput; a shape that does not fit always does.
        """
        if self.hopfield is not None:
            inner = {name.removeprefix("hopfield."): state[name] for name in state if name.startswith("hopfield.")}
            self.hopfield.load_state_dict(inner, strict)
            state = {name: state[name] for name in state if not name.startswith("hopfield.")}
        self.parameters.load(state, strict)


class Hopfield(Layer):
    """Association of state patterns with stored patterns: layer(stored, state, projection) -> (B, L, output_size).

    Parameters
    ----------
    options : see `hebbian.attention.options.Options`, by name or in its order.
    dtype : numpy.float64 (default) or numpy.float32; inputs are converted to it.
    seed : of the initial parameters: projections N(0, 0.02^2), biases 0, LayerNorms 1 and 0.  With so small a start every
        weight is 1 / S within a few per cent: an untrained layer averages, it does not retrieve.
    """

    def __init__(self, *args, dtype=np.float64, seed: int = 1, **options):
        self.options = options = layout.build(args, options)
        super().__init__(options.shapes(), dtype, seed)
        if isinstance(options.association_activation, str) and options.association_activation not in ACTIVATIONS:
            raise InvalidInput(f"association_activation = {options.association_activation!r} is not known here: give one of "
                               f"{', '.join(ACTIVATIONS)}, or a function")

    def __call__(self, stored, state=None, projection=None, *, stored_pattern_padding_mask=None, association_mask=None):
        """Associate.

        Parameters
        ----------
        stored, state, projection : (B, S, .), (B, L, .), (B, S, .), or one tuple of the three, or one array for all;
            (S, B, .) without `batch_first`.
        stored_pattern_padding_mask : bool (B, S), True where a stored pattern is padding.
        association_mask : (L, S) or (B H, L, S); bool, True = blocked, or numbers that are added to the scores.

        Returns
        -------
        array (B, L, output_size), or (B, L, H p) without output projection; (L, B, .) without `batch_first`.
        """
        weights, values = self._associate(stored, state, projection, stored_pattern_padding_mask, association_mask)
        out = np.swapaxes(weights @ values, 1, 2)
        out = out.reshape(*out.shape[:2], -1)
        if CORE + "out_proj.weight" in self.parameters:
            out = out @ self.parameters[CORE + "out_proj.weight"].T
            if CORE + "out_proj.bias" in self.parameters:
                out = out + self.parameters[CORE + "out_proj.bias"]
        activation = self.options.association_activation
        if activation is not None:
            out = ACTIVATIONS[activation](out) if isinstance(activation, str) else activation(out)
        return out if self.options.batch_first else np.swapaxes(out, 0, 1)

    def get_association_matrix(self, stored, state=None, projection=None, *, stored_pattern_padding_mask=None,
                               association_mask=None):
        """Weights of every stored pattern for every state and head, (B, H, L, S')."""
        return self._associate(stored, state, projection, stored_pattern_padding_mask, association_mask)[0]

    def get_projected_pattern_matrix(self, stored, state=None, projection=None, *, stored_pattern_padding_mask=None,
                                     association_mask=None):
        """Values that the weights average, (B, H, S', p)."""
        return self._associate(stored, state, projection, stored_pattern_padding_mask, association_mask)[1]

    def _associate(self, stored, state, projection, padding, mask):
        stored, state, projection = self._inputs(stored, state, projection)
        q, k, v = self._project(stored, state, projection)
        added, blocked = masks(mask, padding, *q.shape[:3], k.shape[2])
        q, k = self._space_norm(q), self._space_norm(k)
        extra = []
        if self.options.concat_bias_pattern:
            extra.append([self.parameters[CORE + name].reshape(1, self.options.num_heads, 1, -1)
                          for name in ("bias_k", "bias_v")])
        if self.options.add_zero_association:
            extra.append([np.zeros((1, 1, 1, k.shape[-1]), k.dtype), np.zeros((1, 1, 1, v.shape[-1]), v.dtype)])
        for key, value in extra:
            k = np.concatenate([k, np.broadcast_to(key, (*k.shape[:2], 1, k.shape[-1]))], axis=2)
            v = np.concatenate([v, np.broadcast_to(value, (*v.shape[:2], 1, v.shape[-1]))], axis=2)
        pad = [(0, 0)] * 3 + [(0, len(extra))]
        return self._iterate(q, k, np.pad(added, pad).astype(q.dtype), np.pad(blocked, pad)), v

    def _inputs(self, stored, state, projection):
        stored, state, projection = three(stored, state, projection)
        given = {"stored": stored, "state": state, "projection": projection}
        arrays = []
        for name, value in given.items():
            array = np.asarray(value, self.parameters.dtype)
            if array.ndim != 3 or 0 in array.shape:
                raise InvalidInput(f"{name} has shape {array.shape}: give (batch, patterns, size), none of them 0")
            require_finite(name, array)
            arrays.append(array if self.options.batch_first else np.swapaxes(array, 0, 1))
        stored, state, projection = arrays
        if not len(stored) == len(state) == len(projection) or stored.shape[1] != projection.shape[1]:
            raise InvalidInput(f"stored, state and projection have shapes {stored.shape}, {state.shape}, {projection.shape} "
                               "(batch first): give one batch size, and as many projections as stored patterns")
        return arrays

    def _project(self, stored, state, projection):
        """Queries (B, H, L, h), keys (B, H, S, h) and values (B, H, S, p)."""
        options = self.options
        stored, state, projection = (
            self._layer_norm(name, x) for name, x in
            (("stored_pattern", stored), ("state_pattern", state), ("pattern_projection", projection)))
        matrices, biases = projections(self.parameters, options)
        if options.pattern_projection_as_connected and not options.stored_pattern_as_static:
            projection = linear("projection", projection, matrices["k"], biases["k"])
        projected = {}
        for name, what, x in (("q", "state", state), ("k", "stored", stored), ("v", "projection", projection)):
            if not options.static(name):
                x = linear(what, x, matrices[name], biases[name])
            elif not (name == "v" and options.pattern_projection_as_connected):
                # A static pattern is seen as it is by every head of its own sample.
                x = np.tile(x, (1, 1, options.num_heads))
            projected[name] = np.swapaxes(x.reshape(*x.shape[:2], options.num_heads, -1), 1, 2)
        q, k, v = projected.values()
        width = options.p
        if q.shape[-1] != k.shape[-1] or (CORE + "out_proj.weight" in self.parameters and v.shape[-1] != width):
            raise InvalidInput(f"heads have queries of size {q.shape[-1]}, keys of size {k.shape[-1]} and values of size "
                               f"{v.shape[-1]}: give static patterns of size {options.h or k.shape[-1]}")
        return q, k, v

    def _layer_norm(self, name, x):
        options = self.options
        if not getattr(options, f"normalize_{name}"):
            return x
        scale, shift = (self.parameters.get(f"norm_{name}.{part}") for part in ("weight", "bias"))
        size = {"stored_pattern": options.stored_size, "state_pattern": options.input_size,
                "pattern_projection": options.projection_size}[name]
        if x.shape[-1] != size:
            raise InvalidInput(f"{name} has size {x.shape[-1]}: these options need {size}")
        return layer_norm(x, scale, shift, getattr(options, f"normalize_{name}_eps"))

    def _space_norm(self, x):
        if not self.options.normalize_hopfield_space:
            return x
        return layer_norm(x, self.parameters.get(CORE + "p_norm_weight"), self.parameters.get(CORE + "p_norm_bias"),
                          self.options.normalize_hopfield_space_eps)

    def _iterate(self, q, k, added, blocked):
        """Weights (B, H, L, S) after the update steps of every head."""
        options = self.options
        beta = options.beta(q.shape[-1]).astype(q.dtype)[:, None, None]
        keys, limit, eps = np.swapaxes(k, 2, 3), options.steps()[:, None], options.eps()[:, None]

        def associate(q):
            scores = np.where(blocked, -np.inf, (q * beta) @ keys + added)
            return separations.apply(options.separation, scores.astype(q.dtype))

        weights, step = associate(q), 0
        active = np.broadcast_to(limit > 0, q.shape[:1] + (q.shape[1], q.shape[2]))
        while active.any():
            new = np.where(active[..., None], associate(weights @ k), weights)
            change = ((new - weights) ** 2).sum(axis=-1)
            weights, step = new, step + 1
            if options.update_steps_stop == "batch":
                change = np.broadcast_to(change.sum(axis=2, keepdims=True).max(axis=0, keepdims=True), change.shape)
            active = active & (step < limit) & (np.sqrt(change) > eps)
        return weights


class HopfieldPooling(Layer):
    """Pooling of a set: learned state patterns ask, the set answers; layer(stored, projection) -> (B, quantity output_size).

    quantity : number of learned state patterns; trainable : kept for checkpoints, without effect here; the other
    parameters are those of `Hopfield`.
    """

    def __init__(self, *args, quantity: int = 1, trainable: bool = True, dtype=np.float64, seed: int = 1, **options):
        self.hopfield = Hopfield(*args, dtype=dtype, seed=seed, **options)
        self.options = options = self.hopfield.options
        size = options.h if options.state_pattern_as_static and not options.fully_static else options.input_size
        super().__init__({"pooling_weights": _learned(quantity, size, options)}, dtype, seed)

    def __call__(self, stored, projection=None, **masks):
        """Pool a set (B, S, .), with values from `projection` where given; see `Hopfield` for the masks."""
        out = self.hopfield(*self._inputs(stored, projection), **masks)
        return out.reshape(len(out), -1)

    def get_association_matrix(self, stored, projection=None, **masks):
        """Weights of the set's members for every learned state, (B, H, quantity, S')."""
        return self.hopfield.get_association_matrix(*self._inputs(stored, projection), **masks)

    def get_projected_pattern_matrix(self, stored, projection=None, **masks):
        """Values that the weights average, (B, H, S', p)."""
        return self.hopfield.get_projected_pattern_matrix(*self._inputs(stored, projection), **masks)

    def _inputs(self, stored, projection):
        if isinstance(stored, (tuple, list)) and projection is None:
            stored, projection = stored
        projection = stored if projection is None else projection
        return stored, _expanded(self.parameters["pooling_weights"], stored, self.options), projection


class HopfieldLayer(Layer):
    """Lookup in learned stored patterns: layer(state) -> (B, L, output_size).

    quantity : number of learned stored patterns; lookup_weights_as_separated : separate targets (values);
    lookup_targets_as_trainable, trainable : kept for checkpoints, without effect here; the others as in `Hopfield`.
    """

    def __init__(self, *args, quantity: int = 1, trainable: bool = True, lookup_weights_as_separated: bool = False,
                 lookup_targets_as_trainable: bool = True, dtype=np.float64, seed: int = 1, **options):
        self.hopfield = Hopfield(*args, dtype=dtype, seed=seed, **options)
        self.options = options = self.hopfield.options
        size = options.h if options.stored_pattern_as_static and not options.fully_static else options.stored_size
        shapes = {"lookup_weights": _learned(quantity, size, options)}
        if lookup_weights_as_separated:
            target = size if options.pattern_projection_size is None else options.pattern_projection_size
            shapes["target_weights"] = _learned(quantity, target, options)
        super().__init__(shapes, dtype, seed)

    def __call__(self, state, **masks):
        """Look the states (B, L, .) up among the learned patterns; see `Hopfield` for the masks."""
        return self.hopfield(*self._inputs(state), **masks)

    def get_association_matrix(self, state, **masks):
        """Weights of the learned patterns for every state, (B, H, L, quantity)."""
        return self.hopfield.get_association_matrix(*self._inputs(state), **masks)

    def get_projected_pattern_matrix(self, state, **masks):
        """Values that the weights average, (B, H, quantity, p)."""
        return self.hopfield.get_projected_pattern_matrix(*self._inputs(state), **masks)

    def _inputs(self, state):
        stored = self.parameters["lookup_weights"]
        target = self.parameters.get("target_weights", stored)
        return _expanded(stored, state, self.options), state, _expanded(target, state, self.options)


def _learned(quantity, size, options):
    """Shape of learned patterns: one for all samples of a batch."""
    layout.whole("quantity", quantity)
    if size is None:
        raise InvalidInput("input_size is missing: learned patterns need a size")
    return (1, quantity, size) if options.batch_first else (quantity, 1, size)


def _expanded(learned, data, options):
    """Learned patterns repeated for every sample of the data."""
    data = np.asarray(data)
    if data.ndim != 3:
        raise InvalidInput(f"input has shape {data.shape}: give (batch, patterns, size)")
    axis = 0 if options.batch_first else 1
    shape = list(learned.shape)
    shape[axis] = data.shape[axis]
    return np.broadcast_to(learned, shape)
