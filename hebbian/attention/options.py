"""What a Hopfield layer is made of: its options, the sizes that follow, and the layout of its parameters.

Names, defaults and layout are those of the hflayers package (1.0.2), so a user switches by changing an import and loads a
checkpoint as it is.  The NumPy and the PyTorch layers share this record.
"""

from dataclasses import dataclass, fields

import numpy as np

from hebbian.attention import separations
from hebbian.errors import InvalidInput
from hebbian.families import unknown


@dataclass(frozen=True)
class Options:
    """Options of a Hopfield layer; B batch, L states, S stored patterns, H heads, h association size, p pattern size.

    Parameters
    ----------
    input_size : size of the state patterns; may be absent only if nothing is projected ("fully static").
    hidden_size, pattern_size : h and p, both for each head; input_size // num_heads and hidden_size by default.
    output_size : size of the output; input_size by default.
    num_heads : H.
    scaling : beta, a number or one for each head; 1 / sqrt(h) by default, 1 if fully static.
    update_steps_max : state updates beyond the first association: T gives T + 1 softmaxes, 0 is plain attention, None
        iterates until convergence; one for each head if an array.
    update_steps_eps : change of the weights below which the iteration stops; one for each head if an array.
    normalize_{stored_pattern, state_pattern, pattern_projection}[_affine, _eps] : LayerNorm of the inputs.
    normalize_hopfield_space[_affine, _eps] : LayerNorm of queries and keys over h, one affine pair for all heads.
    {stored_pattern, state_pattern, pattern_projection}_as_static : no projection; every head sees the pattern itself.
    pattern_projection_as_connected : values go through the projection of the stored patterns first.
    stored_pattern_size, pattern_projection_size : sizes of these inputs; input_size by default.
    batch_first : whether inputs are (B, S, size) or (S, B, size).
    association_activation : name of a function applied to the output.
    dropout : used in training only, on the weights.
    input_bias, concat_bias_pattern, add_zero_association, disable_out_projection : biases; a learned pattern, or a zero
        pattern, beside the stored ones; no output projection.
    separation : "softmax", "sparsemax", "entmax15" or a function from scores to weights (not in hflayers).
    update_steps_stop : "batch", as hflayers: a head stops when the largest Frobenius norm, over the batch, of the change of
        its (L, S) weights is at most eps, so results depend on what shares the batch; "query": every query stops by itself.
    """

    input_size: int | None = None
    hidden_size: int | None = None
    output_size: int | None = None
    pattern_size: int | None = None
    num_heads: int = 1
    scaling: object = None
    update_steps_max: object = 0
    update_steps_eps: object = 1e-4
    normalize_stored_pattern: bool = True
    normalize_stored_pattern_affine: bool = True
    normalize_stored_pattern_eps: float = 1e-5
    normalize_state_pattern: bool = True
    normalize_state_pattern_affine: bool = True
    normalize_state_pattern_eps: float = 1e-5
    normalize_pattern_projection: bool = True
    normalize_pattern_projection_affine: bool = True
    normalize_pattern_projection_eps: float = 1e-5
    normalize_hopfield_space: bool = False
    normalize_hopfield_space_affine: bool = False
    normalize_hopfield_space_eps: float = 1e-5
    stored_pattern_as_static: bool = False
    state_pattern_as_static: bool = False
    pattern_projection_as_static: bool = False
    pattern_projection_as_connected: bool = False
    stored_pattern_size: int | None = None
    pattern_projection_size: int | None = None
    batch_first: bool = True
    association_activation: object = None
    dropout: float = 0.0
    input_bias: bool = True
    concat_bias_pattern: bool = False
    add_zero_association: bool = False
    disable_out_projection: bool = False
    separation: object = "softmax"
    update_steps_stop: str = "batch"

    def __post_init__(self):
        for name in ("input_size", "hidden_size", "output_size", "pattern_size", "stored_pattern_size",
                     "pattern_projection_size"):
            value = getattr(self, name)
            if value is not None:
                whole(name, value)
        H = whole("num_heads", self.num_heads)
        if self.input_size is None and not self.fully_static:
            raise InvalidInput("input_size is missing: give it, or make all three patterns static without output projection")
        if not self.fully_static and self.hidden_size is None and self.input_size % H:
            raise InvalidInput(f"num_heads = {H} does not divide input_size = {self.input_size}: give hidden_size")
        for name in ("stored_pattern", "state_pattern", "pattern_projection"):
            size = {"stored_pattern": self.stored_size, "state_pattern": self.input_size,
                    "pattern_projection": self.projection_size}[name]
            if getattr(self, f"normalize_{name}") and size is None:
                raise InvalidInput(f"normalize_{name} needs a size: give input_size, or switch it off")
        if self.pattern_projection_as_connected and (self.p != self.h or self.stored_size != self.projection_size):
            raise InvalidInput("pattern_projection_as_connected needs pattern_size = hidden_size and equal sizes of stored "
                               f"patterns and projections, not {self.p}, {self.h}, {self.stored_size}, {self.projection_size}")
        if self.concat_bias_pattern and (self.stored_pattern_as_static or self.pattern_projection_as_static):
            raise InvalidInput("concat_bias_pattern needs stored pattern and projection that are not static")
        if self.update_steps_stop not in ("batch", "query"):
            raise InvalidInput(f"update_steps_stop = {self.update_steps_stop!r} is not allowed: give 'batch' or 'query'")
        if not 0 <= self.dropout < 1:
            raise InvalidInput(f"dropout = {self.dropout!r} is not allowed: give a number of at least 0 and below 1")
        separations.function(self.separation)
        self.beta(self.h or 1)
        self.steps()
        self.eps()

    @property
    def fully_static(self) -> bool:
        """Whether nothing is projected, so that all sizes come from the data."""
        return (self.stored_pattern_as_static and self.state_pattern_as_static and self.pattern_projection_as_static
                and self.disable_out_projection and not self.pattern_projection_as_connected
                and not self.normalize_hopfield_space)

    @property
    def stored_size(self):
        return self.input_size if self.stored_pattern_size is None else self.stored_pattern_size

    @property
    def projection_size(self):
        return self.input_size if self.pattern_projection_size is None else self.pattern_projection_size

    @property
    def h(self):
        """Size of the association space of one head, None where the data decide."""
        if self.fully_static:
            return None
        return self.input_size // self.num_heads if self.hidden_size is None else self.hidden_size

    @property
    def p(self):
        """Size of the values of one head, None where the data decide."""
        return self.h if self.pattern_size is None else self.pattern_size

    def beta(self, h: int) -> np.ndarray:
        """Inverse temperature of every head, float64 (H,), above 0."""
        if self.scaling is None:
            return np.full(self.num_heads, 1.0 if self.fully_static else h**-0.5)
        return _per_head("scaling", self.scaling, self.num_heads)

    def steps(self) -> np.ndarray:
        """Largest number of state updates of every head, int64 (H,); None is a number that convergence comes before."""
        if self.update_steps_max is None:
            return np.full(self.num_heads, np.iinfo(np.int64).max)
        steps = np.asarray(self.update_steps_max)
        if steps.dtype.kind not in "iu" or steps.shape not in ((), (self.num_heads,)):
            raise InvalidInput(f"update_steps_max = {self.update_steps_max!r} is not allowed: give a whole number, "
                               "None, or one for each head")
        steps = np.broadcast_to(steps, (self.num_heads,)).astype(np.int64)
        return np.where(steps < 0, np.iinfo(np.int64).max, steps)

    def eps(self) -> np.ndarray:
        """Stop threshold of every head, float64 (H,), above 0."""
        return _per_head("update_steps_eps", self.update_steps_eps, self.num_heads)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter, in the layout of an hflayers state dict.

        Queries, keys and values share one `in_proj_weight` where all inputs have one size and values have the size of keys;
        otherwise they have `q_proj_weight`, `k_proj_weight`, `v_proj_weight`.  `in_proj_bias` is always one vector.
        """
        shapes, core = {}, "association_core."
        if not self.fully_static:
            widths = self.widths()
            if self.packed:
                total = sum(widths[name] for name in "qkv" if not self.static(name))
                if total:
                    shapes[core + "in_proj_weight"] = (total, self.input_size)
            else:
                for name, size in zip("qkv", (self.input_size, self.stored_size, self.value_input), strict=True):
                    if not self.static(name):
                        shapes[f"{core}{name}_proj_weight"] = (widths[name], size)
            if self.input_bias and not all(self.static(name) for name in "qkv"):
                # A static projection keeps its place at the end of the bias vector.
                shapes[core + "in_proj_bias"] = (sum(widths[n] for n in "qkv" if n == "v" or not self.static(n)),)
            if self.concat_bias_pattern:
                shapes |= {core + "bias_k": (1, 1, widths["k"]), core + "bias_v": (1, 1, widths["v"])}
            if self.normalize_hopfield_space_affine:
                shapes |= {core + "p_norm_weight": (self.h,), core + "p_norm_bias": (self.h,)}
            if not self.disable_out_projection:
                out = self.input_size if self.output_size is None else self.output_size
                shapes[core + "out_proj.weight"] = (out, widths["v"])
                if self.input_bias:
                    shapes[core + "out_proj.bias"] = (out,)
        for name, size in (("stored_pattern", self.stored_size), ("state_pattern", self.input_size),
                           ("pattern_projection", self.projection_size)):
            if getattr(self, f"normalize_{name}") and getattr(self, f"normalize_{name}_affine"):
                shapes |= {f"norm_{name}.weight": (size,), f"norm_{name}.bias": (size,)}
        return shapes

    def static(self, name: str) -> bool:
        """Whether "q", "k" or "v" is used as it comes."""
        return {"q": self.state_pattern_as_static, "k": self.stored_pattern_as_static,
                "v": self.pattern_projection_as_static}[name]

    def widths(self) -> dict[str, int]:
        """Sizes of queries, keys and values over all heads."""
        return {"q": self.num_heads * self.h, "k": self.num_heads * self.h, "v": self.num_heads * self.p}

    @property
    def packed(self) -> bool:
        """Whether one matrix projects all inputs."""
        return (self.stored_size == self.projection_size == self.input_size and self.pattern_size is None
                and not self.pattern_projection_as_connected)

    @property
    def value_input(self):
        """Size of what the value projection reads."""
        connected = self.pattern_projection_as_connected and not self.stored_pattern_as_static
        return self.num_heads * self.h if connected else self.projection_size


def build(args, options) -> Options:
    """Options from positional and named arguments; an unknown name is one clear error."""
    names = [field.name for field in fields(Options)]
    for name in options:
        if name not in names:
            raise unknown("option", name, names)
    return Options(*args, **options)


def whole(name, value) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a whole number of at least 1")
    return int(value)


def _per_head(name, value, heads):
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    if array.shape not in ((), (heads,)) or not np.isfinite(array).all() or not (array > 0).all():
        raise InvalidInput(f"{name} = {value!r} is not allowed: give a finite number above 0, or one for each of the "
                           f"{heads} heads")
    return np.broadcast_to(array, (heads,)).copy()
