"""Hopfield layers as trainable PyTorch modules: the options, equations and checkpoints of `hebbian.attention.layers`.

Needs the optional extra `torch`.  Zero update steps with softmax use `scaled_dot_product_attention`; the inverse temperature
may be trained, one log beta a head (`trainable_scaling=True`); `separation` may be any function from scores to weights that
PyTorch can differentiate.  State dicts are those of hflayers, plus `log_scaling` where it is trained.
"""

import torch
from torch import nn

from hebbian.attention import options as layout
from hebbian.attention.inputs import three
from hebbian.errors import InvalidInput


def sparsemax(scores):
    """Projection of scores on the simplex over the last axis (Martins and Astudillo 2016); see `separations.sparsemax`."""
    best, count = _descending(scores)
    sums = best.cumsum(-1)
    support = (1 + count * best > sums).sum(-1, keepdim=True).clamp(min=1)
    tau = (sums.gather(-1, support - 1) - 1) / support
    return (scores - _top(scores) - tau).clamp(min=0)


def entmax15(scores):
    """1.5-entmax over the last axis (Peters, Niculae, Martins 2019); see `separations.entmax15`."""
    best, count = _descending(scores / 2)
    mean = best.cumsum(-1) / count
    spread = (best**2).cumsum(-1) - count * mean**2
    inside = (1 - spread) / count
    thresholds = mean - torch.where(inside > 0, inside, torch.ones_like(inside)).sqrt() * (inside > 0)
    support = (thresholds <= best).sum(-1, keepdim=True).clamp(min=1)
    tau = thresholds.gather(-1, support - 1)
    return (scores / 2 - _top(scores / 2) - tau).clamp(min=0) ** 2


SEPARATIONS = {"softmax": lambda scores: scores.softmax(-1), "sparsemax": sparsemax, "entmax15": entmax15}


class Core(nn.Module):
    """Parameters of the association, under the names of an hflayers state dict."""

    def __init__(self, options):
        super().__init__()
        shapes = {name.removeprefix("association_core."): shape for name, shape in options.shapes().items()
                  if name.startswith("association_core.")}
        for name, shape in shapes.items():
            if not name.startswith("out_proj"):
                self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        if "out_proj.weight" in shapes:
            out, width = shapes["out_proj.weight"]
            self.out_proj = nn.Linear(width, out, bias="out_proj.bias" in shapes)
        for name, parameter in self.named_parameters():
            if "p_norm" in name:
                nn.init.constant_(parameter, float(name.endswith("weight")))
            elif name.endswith(("in_proj_bias", "out_proj.bias")):
                nn.init.zeros_(parameter)
            else:
                nn.init.normal_(parameter, std=0.02)

    def projections(self, options):
        """Matrices and biases of queries, keys and values by "q", "k", "v"; None where there is none."""
        matrices, biases = dict.fromkeys("qkv"), dict.fromkeys("qkv")
        moving = [name for name in "qkv" if not options.static(name)]
        if options.fully_static or not moving:
            return matrices, biases
        sizes = [options.widths()[name] for name in moving]
        if hasattr(self, "in_proj_weight"):
            matrices |= zip(moving, self.in_proj_weight.split(sizes), strict=True)
        else:
            matrices |= {name: getattr(self, f"{name}_proj_weight") for name in moving}
        if hasattr(self, "in_proj_bias"):
            biases |= zip(moving, self.in_proj_bias[:sum(sizes)].split(sizes), strict=True)
        return matrices, biases


class Hopfield(nn.Module):
    """Association of states with stored patterns, trainable; options and inputs as `hebbian.attention.Hopfield`.

    trainable_scaling : train beta, one log beta a head, from `scaling` on.
    """

    def __init__(self, *args, trainable_scaling: bool = False, **options):
        super().__init__()
        self.options = options = layout.build(args, options)
        self.association_core = Core(options)
        sizes = {"stored_pattern": options.stored_size, "state_pattern": options.input_size,
                 "pattern_projection": options.projection_size}
        for name, size in sizes.items():
            norm = None
            if getattr(options, f"normalize_{name}"):
                norm = nn.LayerNorm(size, getattr(options, f"normalize_{name}_eps"),
                                    elementwise_affine=getattr(options, f"normalize_{name}_affine"))
            setattr(self, f"norm_{name}", norm)
        if trainable_scaling:
            if options.h is None and options.scaling is None:
                raise InvalidInput("trainable_scaling of a fully static layer needs a start: give scaling")
            self.log_scaling = nn.Parameter(torch.tensor(options.beta(options.h or 1)).log().to(torch.get_default_dtype()))
        activation = options.association_activation
        if isinstance(activation, str) and not hasattr(torch, activation):
            raise InvalidInput(f"association_activation = {activation!r} is no function of torch: give its name, or a function")
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation

    def forward(self, stored, state=None, projection=None, *, stored_pattern_padding_mask=None, association_mask=None):
        """Associate; tensors (B, S, .), (B, L, .), (B, S, .) and masks as in `hebbian.attention.Hopfield`.

        Values are not searched, which would make a GPU wait: a NaN in an input or a mask reaches the output.
        """
        q, k, v, added, empty = self._prepare(stored, state, projection, stored_pattern_padding_mask, association_mask)
        dropout = self.options.dropout if self.training else 0.0
        if self.options.separation == "softmax" and not self.options.steps().any():
            out = nn.functional.scaled_dot_product_attention(q * self._beta(q), k, v, added, dropout, scale=1.0)
            out = out * ~empty
        else:
            out = nn.functional.dropout(self._weights(q, k, added, empty), dropout) @ v
        out = out.transpose(1, 2).flatten(2)
        if hasattr(self.association_core, "out_proj"):
            out = self.association_core.out_proj(out)
        if self.activation is not None:
            out = self.activation(out)
        return out if self.options.batch_first else out.transpose(0, 1)

    @torch.no_grad()
    def get_association_matrix(self, stored, state=None, projection=None, *, stored_pattern_padding_mask=None,
                               association_mask=None):
        """Weights of every stored pattern for every state and head, (B, H, L, S'), without gradient or dropout."""
        q, k, _, added, empty = self._prepare(stored, state, projection, stored_pattern_padding_mask, association_mask)
        return self._weights(q, k, added, empty)

    def _beta(self, q):
        if hasattr(self, "log_scaling"):
            return self.log_scaling.exp().to(q.dtype)[:, None, None]
        return torch.tensor(self.options.beta(q.shape[-1]), dtype=q.dtype, device=q.device)[:, None, None]

    def _prepare(self, stored, state, projection, padding, mask):
        """Queries, keys, values (B, H, ., .), what is added to the scores, and the rows with nothing to choose from."""
        options, heads = self.options, self.options.num_heads
        inputs = self._inputs(stored, state, projection)
        for name, x in inputs.items():
            norm, x = getattr(self, f"norm_{name}"), x if options.batch_first else x.transpose(0, 1)
            inputs[name] = x if norm is None else norm(x)
        matrices, biases = self.association_core.projections(options)
        stored, state, projection = inputs.values()
        if options.pattern_projection_as_connected and not options.stored_pattern_as_static:
            projection = nn.functional.linear(projection, matrices["k"], biases["k"])
        split = {}
        for name, x in (("q", state), ("k", stored), ("v", projection)):
            if not options.static(name):
                if x.shape[-1] != matrices[name].shape[1]:
                    raise InvalidInput(f"input has size {x.shape[-1]}: these options need {matrices[name].shape[1]}")
                x = nn.functional.linear(x, matrices[name], biases[name])
            elif not (name == "v" and options.pattern_projection_as_connected):
                x = x.repeat(1, 1, heads)
            split[name] = x.unflatten(2, (heads, -1)).transpose(1, 2)
        q, k, v = split.values()
        if q.shape[-1] != k.shape[-1] or (hasattr(self.association_core, "out_proj") and v.shape[-1] != options.p):
            raise InvalidInput(f"heads have queries of size {q.shape[-1]}, keys of size {k.shape[-1]} and values of size "
                               f"{v.shape[-1]}: give static patterns of size {options.h or k.shape[-1]}")
        if options.normalize_hopfield_space:
            scale, shift = (getattr(self.association_core, f"p_norm_{part}", None) for part in ("weight", "bias"))
            q, k = (nn.functional.layer_norm(x, x.shape[-1:], scale, shift, options.normalize_hopfield_space_eps)
                    for x in (q, k))
        added = self._masks(mask, padding, q, k)
        if options.concat_bias_pattern:
            k, v = (torch.cat([x, bias.unflatten(2, (heads, -1)).transpose(1, 2).expand(len(x), -1, -1, -1)], 2)
                    for x, bias in ((k, self.association_core.bias_k), (v, self.association_core.bias_v)))
        if options.add_zero_association:
            k, v = (nn.functional.pad(x, (0, 0, 0, 1)) for x in (k, v))
        added = nn.functional.pad(added, (0, k.shape[2] - added.shape[3]))
        empty = (added == -torch.inf).all(-1, keepdim=True)
        return q, k, v, added.masked_fill(empty, 0.0), empty

    def _inputs(self, stored, state, projection):
        """The three inputs by name, with shapes and types that fit."""
        stored, state, projection = three(stored, state, projection)
        inputs = {"stored_pattern": stored, "state_pattern": state, "pattern_projection": projection}
        parameter = next(self.parameters(), stored)
        for name, x in inputs.items():
            if x.dim() != 3 or 0 in x.shape:
                raise InvalidInput(f"{name} has shape {tuple(x.shape)}: give (batch, patterns, size), none of them 0")
            norm = getattr(self, f"norm_{name}")
            if norm is not None and x.shape[-1] != norm.normalized_shape[0]:
                raise InvalidInput(f"{name} has size {x.shape[-1]}: these options need {norm.normalized_shape[0]}")
            if not x.is_floating_point() or (x.dtype != parameter.dtype and not torch.is_autocast_enabled(x.device.type)):
                raise InvalidInput(f"{name} has type {x.dtype}: give {parameter.dtype}, the type of the parameters")
        batch, patterns = (0, 1) if self.options.batch_first else (1, 0)
        if len({x.shape[batch] for x in inputs.values()}) > 1 or stored.shape[patterns] != projection.shape[patterns]:
            raise InvalidInput(f"stored, state and projection have shapes {tuple(stored.shape)}, {tuple(state.shape)}, "
                               f"{tuple(projection.shape)}: give one batch size, and as many projections as stored patterns")
        return inputs

    def _masks(self, mask, padding, q, k):
        (B, H, L, _), S = q.shape, k.shape[2]
        added = torch.zeros((1, 1, 1, S), dtype=q.dtype, device=q.device)
        if mask is not None:
            if mask.shape not in ((L, S), (B * H, L, S)):
                raise InvalidInput(f"association_mask has shape {tuple(mask.shape)}: give ({L}, {S}) or ({B * H}, {L}, {S})")
            if mask.dtype not in (torch.bool, torch.uint8) and not mask.is_floating_point():
                raise InvalidInput(f"association_mask of type {mask.dtype} is not allowed: give bool (True = blocked), or "
                                   "numbers that are added to the scores")
            mask = mask.reshape(-1, 1 if mask.dim() == 2 else H, L, S)
            added = added + mask if mask.is_floating_point() else added.masked_fill(mask.bool(), -torch.inf)
        if padding is not None:
            if padding.shape != (B, S) or padding.dtype not in (torch.bool, torch.uint8):
                raise InvalidInput(f"stored_pattern_padding_mask has shape {tuple(padding.shape)} and type {padding.dtype}: "
                                   f"give bool ({B}, {S}), True where a stored pattern is padding")
            added = added.masked_fill(padding.bool()[:, None, None, :], -torch.inf)
        return added

    def _weights(self, q, k, added, empty):
        """Weights after the update steps of every head, each stopping as `update_steps_stop` says."""
        options, beta = self.options, self._beta(q)
        separation = options.separation if callable(options.separation) else SEPARATIONS[options.separation]
        limit = torch.tensor(options.steps(), device=q.device)[:, None]
        eps = torch.tensor(options.eps(), device=q.device)[:, None]

        def associate(q):
            scores = (q * beta) @ k.transpose(2, 3) + added
            weights = separation(scores)
            if weights.shape != scores.shape:
                raise InvalidInput(f"separation returned shape {tuple(weights.shape)} for scores of shape "
                                   f"{tuple(scores.shape)}: return one weight for each score")
            return weights * ~empty

        weights, step = associate(q), 0
        active = (limit > 0).expand(q.shape[:3])
        while active.any():
            new = torch.where(active[..., None], associate(weights @ k), weights)
            change = (new - weights).detach().square().sum(-1)
            weights, step = new, step + 1
            if options.update_steps_stop == "batch":
                change = change.sum(2, keepdim=True).amax(0, keepdim=True).expand(change.shape)
            active = active & (step < limit) & (change.sqrt() > eps)
        return weights


class HopfieldPooling(nn.Module):
    """Pooling of a set by learned states, trainable; see `hebbian.attention.HopfieldPooling`."""

    def __init__(self, *args, quantity: int = 1, trainable: bool = True, **options):
        super().__init__()
        self.hopfield = Hopfield(*args, **options)
        inner = self.hopfield.options
        size = inner.h if inner.state_pattern_as_static and not inner.fully_static else inner.input_size
        self.pooling_weights = _learned(quantity, size, inner.batch_first, trainable)

    def forward(self, stored, projection=None, **masks):
        """Pool a set (B, S, .) to (B, quantity output_size)."""
        return self.hopfield(*self._inputs(stored, projection), **masks).flatten(1)

    def get_association_matrix(self, stored, projection=None, **masks):
        """Weights of the set's members for every learned state, (B, H, quantity, S')."""
        return self.hopfield.get_association_matrix(*self._inputs(stored, projection), **masks)

    def _inputs(self, stored, projection):
        if isinstance(stored, (tuple, list)) and projection is None:
            stored, projection = stored
        return (stored, _expanded(self.pooling_weights, stored, self.hopfield.options),
                stored if projection is None else projection)


class HopfieldLayer(nn.Module):
    """Lookup of states in learned stored patterns, trainable; see `hebbian.attention.HopfieldLayer`."""

    def __init__(self, *args, quantity: int = 1, trainable: bool = True, lookup_weights_as_separated: bool = False,
                 lookup_targets_as_trainable: bool = True, **options):
        super().__init__()
        self.hopfield = Hopfield(*args, **options)
        inner = self.hopfield.options
        size = inner.h if inner.stored_pattern_as_static and not inner.fully_static else inner.stored_size
        self.lookup_weights = _learned(quantity, size, inner.batch_first, trainable)
        self.target_weights = None
        if lookup_weights_as_separated:
            size = size if inner.pattern_projection_size is None else inner.pattern_projection_size
            self.target_weights = _learned(quantity, size, inner.batch_first, lookup_targets_as_trainable)

    def forward(self, state, **masks):
        """Look the states (B, L, .) up, (B, L, output_size)."""
        return self.hopfield(*self._inputs(state), **masks)

    def get_association_matrix(self, state, **masks):
        """Weights of the learned patterns for every state, (B, H, L, quantity)."""
        return self.hopfield.get_association_matrix(*self._inputs(state), **masks)

    def _inputs(self, state):
        stored = _expanded(self.lookup_weights, state, self.hopfield.options)
        target = stored if self.target_weights is None else _expanded(self.target_weights, state, self.hopfield.options)
        return stored, state, target


def _learned(quantity, size, batch_first, trainable):
    layout.whole("quantity", quantity)
    if size is None:
        raise InvalidInput("input_size is missing: learned patterns need a size")
    shape = (1, quantity, size) if batch_first else (quantity, 1, size)
    return nn.Parameter(nn.init.normal_(torch.empty(shape), std=0.02), requires_grad=trainable)


def _expanded(learned, data, options):
    if data.dim() != 3:
        raise InvalidInput(f"input has shape {tuple(data.shape)}: give (batch, patterns, size)")
    if options.batch_first:
        return learned.expand(data.shape[0], -1, -1)
    return learned.expand(-1, data.shape[1], -1)


def _top(scores):
    top = scores.amax(-1, keepdim=True)
    return torch.where(top.isfinite(), top, torch.zeros_like(top))


def _descending(scores):
    """Gaps below the maximum in descending order, cut where no weight can reach, and their ranks."""
    best = (scores - _top(scores)).sort(-1, descending=True).values.clamp(min=-2.0)
    return best, torch.arange(1, best.shape[-1] + 1, device=best.device, dtype=best.dtype)
