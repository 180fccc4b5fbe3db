"""An independent forward pass of a Hopfield layer, with loops over samples, heads and states, and random cases for it.

Written from the equations in the docstring of `hebbian.attention.layers`, sharing no code with the layers.
"""

from dataclasses import dataclass

import numpy as np

CORE = "association_core."
PATTERNS = ("stored_pattern", "state_pattern", "pattern_projection")


def layer_norm(x, scale, shift):
    centred = x - x.mean(-1, keepdims=True)
    y = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return y if scale is None else y * scale + shift


def softmax(scores):
    if np.all(np.isneginf(scores)):
        return np.zeros_like(scores)
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def projections(options, state, h, p):
    """Matrices and biases of "q", "k", "v" out of the packed or separate entries of a state dict."""
    static = {name: options.get(f"{pattern}_as_static") for name, pattern in zip("kqv", PATTERNS, strict=True)}
    H, sizes = options["num_heads"], {"q": h, "k": h, "v": p}
    matrices, biases, row, entry = {}, dict.fromkeys("qkv", 0.0), 0, 0
    for name in "qkv":
        if static[name]:
            continue
        size = H * sizes[name]
        if CORE + "in_proj_weight" in state:
            matrices[name] = state[CORE + "in_proj_weight"][row:row + size]
            row += size
        else:
            matrices[name] = state[f"{CORE}{name}_proj_weight"]
        if CORE + "in_proj_bias" in state:
            biases[name] = state[CORE + "in_proj_bias"][entry:entry + size]
            entry += size
    return matrices, biases


def forward(options, state, inputs, association_mask=None, stored_pattern_padding_mask=None):
    """Output and weights (B, H, L, S') of a layer with these options and parameters."""
    H, D, first = options["num_heads"], options["input_size"], options.get("batch_first", True)
    h = options.get("hidden_size", D // H)
    p = options.get("pattern_size", h)
    if not first:
        inputs = [x.swapaxes(0, 1) for x in inputs]
    normed = [layer_norm(x, state.get(f"norm_{name}.weight"), state.get(f"norm_{name}.bias"))
              if options.get(f"normalize_{name}", True) else x for name, x in zip(PATTERNS, inputs, strict=True)]
    matrices, biases = projections(options, state, h, p)
    B, L, S = len(normed[0]), normed[1].shape[1], normed[0].shape[1]

    def heads(name, x):
        """What every head sees of one sample: its own part of the projection, or a static pattern whole."""
        if name == "v" and options.get("pattern_projection_as_connected"):
            x = x @ matrices["k"].T + biases["k"]
        return [x] * H if name not in matrices else np.split(x @ matrices[name].T + biases[name], H, axis=1)

    beta = np.broadcast_to(options.get("scaling") or h**-0.5, H)
    steps = options.get("update_steps_max", 0)
    limit = np.broadcast_to(10**6 if steps is None else steps, H)
    weights, values, q, k = [[None] * H for _ in range(B)], [], [], []
    added = np.zeros((B, H, L, S))
    for b in range(B):
        sample = [heads(name, x[b]) for name, x in (("q", normed[1]), ("k", normed[0]), ("v", normed[2]))]
        if options.get("normalize_hopfield_space"):
            pair = state.get(CORE + "p_norm_weight"), state.get(CORE + "p_norm_bias")
            sample[:2] = [[layer_norm(x, *pair) for x in part] for part in sample[:2]]
        for head in range(H):
            if association_mask is not None:
                mask = association_mask if association_mask.ndim == 2 else association_mask[b * H + head]
                added[b, head] += np.where(mask, -np.inf, 0) if mask.dtype == bool else mask
            if stored_pattern_padding_mask is not None:
                added[b, head][:, stored_pattern_padding_mask[b]] = -np.inf
            if options.get("concat_bias_pattern"):
                for part, name in ((1, "bias_k"), (2, "bias_v")):
                    row = state[CORE + name].reshape(H, -1)[head]
                    sample[part][head] = np.vstack([sample[part][head], row])
            if options.get("add_zero_association"):
                for part in (1, 2):
                    sample[part][head] = np.vstack([sample[part][head], np.zeros(sample[part][head].shape[1])])
        q.append(sample[0])
        k.append(sample[1])
        values.append(sample[2])
    added = np.concatenate([added, np.zeros((B, H, L, len(k[0][0]) - S))], axis=-1)
    for head in range(H):
        def associate(states, head=head):
            return np.array([[softmax(beta[head] * k[b][head] @ states[b][row] + added[b, head, row]) for row in range(L)]
                             for b in range(B)])

        now = associate([q[b][head] for b in range(B)])
        for _ in range(limit[head]):
            new = associate([now[b] @ k[b][head] for b in range(B)])
            change = max(np.linalg.norm(new[b] - now[b]) for b in range(B))
            now = new
            if change <= options.get("update_steps_eps", 1e-4):
                break
        for b in range(B):
            weights[b][head] = now[b]
    out = np.array([np.hstack([weights[b][head] @ values[b][head] for head in range(H)]) for b in range(B)])
    if CORE + "out_proj.weight" in state:
        out = out @ state[CORE + "out_proj.weight"].T + state.get(CORE + "out_proj.bias", 0.0)
    if options.get("association_activation"):
        out = np.tanh(out)
    return out if first else out.swapaxes(0, 1), np.array(weights)


@dataclass(frozen=True)
class Case:
    """Options, parameters, inputs and masks of a layer, and what it has to give."""

    options: dict
    state: dict
    inputs: list
    masks: dict
    out: np.ndarray
    weights: np.ndarray


def random_cases(count, seed):
    """Layers of random options, sizes and masks; every option of the forward pass occurs."""
    from hebbian.attention.options import Options

    draw = np.random.default_rng(seed)
    for _ in range(count):
        options, sizes = random_options(draw)
        state = {name: 0.6 * draw.standard_normal(shape) for name, shape in Options(**options).shapes().items()}
        B, L, S, H = draw.integers(1, 4), draw.integers(1, 5), draw.integers(1, 7), options["num_heads"]
        inputs = [draw.standard_normal((B, n, size)) for n, size in zip((S, L, S), sizes, strict=True)]
        if not options.get("batch_first", True):
            inputs = [x.swapaxes(0, 1).copy() for x in inputs]
        masks = {}
        kind = draw.integers(6)
        if kind < 3:
            masks["association_mask"] = (draw.random((L, S)) < 0.4, draw.random((B * H, L, S)) < 0.3,
                                         draw.standard_normal((L, S)))[kind]
        if draw.random() < 0.3:
            masks["stored_pattern_padding_mask"] = draw.random((B, S)) < 0.3
        yield Case(options, state, inputs, masks, *forward(options, state, inputs, **masks))


def random_options(draw):
    """Options and the sizes of stored patterns, states and projections."""
    def now(probability):
        return draw.random() < probability

    H = int(draw.integers(1, 4))
    D = H * int(draw.integers(1, 4))
    options, sizes = {"num_heads": H, "input_size": D}, [D, D, D]
    connected = now(0.15)
    if now(0.4):
        options["hidden_size"] = int(draw.integers(1, 6))
    if not connected and now(0.4):
        options["pattern_size"] = int(draw.integers(1, 6))
    if now(0.4):
        options["output_size"] = int(draw.integers(1, 7))
    if now(0.3):
        sizes[0] = options["stored_pattern_size"] = int(draw.integers(1, 8))
    if connected:
        options["pattern_projection_as_connected"] = True
        sizes[2] = options["pattern_projection_size"] = sizes[0]
    elif now(0.3):
        sizes[2] = options["pattern_projection_size"] = int(draw.integers(1, 8))
    if now(0.5):
        options["scaling"] = float(draw.uniform(0.2, 3)) if now(0.5) else draw.uniform(0.2, 3, H).tolist()
    options["update_steps_max"] = (0, 0, 1, 3, None, draw.integers(0, 4, H))[draw.integers(6)]
    if now(0.4):
        options["update_steps_eps"] = float(10 ** draw.uniform(-5, -1))
    for name in PATTERNS:
        if now(0.3):
            options |= {f"normalize_{name}": False, f"normalize_{name}_affine": False}
        elif now(0.3):
            options[f"normalize_{name}_affine"] = False
    if now(0.3):
        options |= {"normalize_hopfield_space": True, "normalize_hopfield_space_affine": now(0.5)}
    options |= {name: not now(0.3) for name in ("batch_first", "input_bias")}
    options |= {name: now(0.25) for name in ("add_zero_association", "concat_bias_pattern", "disable_out_projection")}
    if now(0.3):
        options["association_activation"] = "tanh"
    if not connected and now(0.25):
        static = int(draw.integers(3))
        options |= {f"{PATTERNS[static]}_as_static": True, "concat_bias_pattern": False}
        options["pattern_size" if static == 2 else "hidden_size"] = sizes[static]
    return options, sizes
