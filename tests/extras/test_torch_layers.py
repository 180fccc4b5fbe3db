"""Trainable layers against the golden files, the NumPy layers, PyTorch's own attention, and finite differences.

Run by `make test-torch`; without PyTorch the whole file is skipped.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="requires torch: install hebbian-lab[torch] (make test-torch)")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit"))

from attention_forward import random_cases  # noqa: E402
from attention_golden import FILES, Golden  # noqa: E402

import hebbian as hb  # noqa: E402
from hebbian import attention  # noqa: E402
from hebbian.attention import torch as layers  # noqa: E402
from hebbian.attention.parameters import repacked  # noqa: E402

PLAIN = {f"normalize_{name}{affine}": False for name in ("stored_pattern", "state_pattern", "pattern_projection")
         for affine in ("", "_affine")}


def tensors(values, dtype):
    return {name: torch.tensor(value, dtype=dtype if value.dtype.kind == "f" else None) for name, value in values.items()}


def packed(state, module):
    """The golden weights with their projections packed where the module has them so."""
    inner = "hopfield." if any(name.startswith("hopfield.") for name in state) else ""
    own = {name: value for name, value in state.items() if not name.startswith(inner)} if inner else {}
    core = {name.removeprefix(inner): value for name, value in state.items() if name not in own}
    wanted = {name.removeprefix(inner): value for name, value in module.state_dict().items()}
    return own | {inner + name: value for name, value in repacked(core, wanted).items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("dtype, suffix, tolerance", [(torch.float64, "64", 1e-10), (torch.float32, "", 2e-5)])
def test_modules_reproduce_the_golden_files(path, dtype, suffix, tolerance):
    golden = Golden(path)
    module = getattr(layers, golden.kind)(**golden.options).to(dtype).eval()
    module.load_state_dict(tensors(packed(golden.state, module), dtype))
    inputs, masks = [torch.tensor(x, dtype=dtype) for x in golden.inputs], tensors(golden.masks, dtype)
    out, weights = module(*inputs, **masks), module.get_association_matrix(*inputs, **masks)
    assert np.abs(out.detach().numpy() - golden.arrays["out" + suffix]).max() < tolerance
    assert np.abs(weights.numpy() - golden.arrays["assoc" + suffix]).max() < tolerance


CASES = [
    dict(input_size=6), dict(input_size=6, num_heads=3, scaling=[0.3, 1.0, 3.0], update_steps_max=2),
    dict(input_size=6, num_heads=2, pattern_size=5, concat_bias_pattern=True, add_zero_association=True),
    dict(input_size=6, num_heads=2, hidden_size=6, stored_pattern_as_static=True, update_steps_max=None),
    dict(input_size=6, pattern_projection_as_connected=True, normalize_hopfield_space=True,
         normalize_hopfield_space_affine=True),
    dict(input_size=6, num_heads=2, separation="sparsemax", update_steps_max=1, update_steps_stop="query"),
    dict(input_size=6, num_heads=2, separation="entmax15", association_activation="tanh", batch_first=False),
]


@pytest.mark.parametrize("options", CASES, ids=str)
def test_modules_equal_the_numpy_layers(options):
    torch.manual_seed(3)
    module = layers.Hopfield(**options).double().eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.6)
    layer = attention.Hopfield(**options)
    layer.load_state_dict(module.state_dict())
    stored, state = torch.randn(3, 3, 6).double(), torch.randn(3, 3, 6).double()
    mask = torch.zeros(3, 3, dtype=torch.bool)
    mask[1] = True
    for kwargs in ({}, {"association_mask": mask}, {"stored_pattern_padding_mask": mask.T.contiguous()}):
        found = module(stored, state, stored, **kwargs).detach().numpy()
        expected = layer(*(x.numpy() for x in (stored, state, stored)), **{k: v.numpy() for k, v in kwargs.items()})
        assert np.abs(found - expected).max() < 1e-12


def test_plain_options_are_multihead_attention():
    torch.manual_seed(0)
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).double()
    ours = layers.Hopfield(8, num_heads=2, **PLAIN).double()
    ours.load_state_dict({f"association_core.{name}": value for name, value in theirs.state_dict().items()})
    query, keys = torch.randn(3, 5, 8).double(), torch.randn(3, 7, 8).double()
    mask = torch.rand(5, 7) < 0.3
    expected, weights = theirs(query, keys, keys, attn_mask=mask, average_attn_weights=False)
    assert (ours(keys, query, keys, association_mask=mask) - expected).abs().max() < 1e-13
    assert (ours.get_association_matrix(keys, query, keys, association_mask=mask) - weights).abs().max() < 1e-13


@pytest.mark.parametrize("options", [
    dict(), dict(update_steps_max=3), dict(separation="sparsemax"), dict(separation="entmax15", update_steps_max=1)], ids=str)
def test_gradients_against_finite_differences(options):
    torch.manual_seed(5)
    module = layers.Hopfield(4, num_heads=2, trainable_scaling=True, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    stored, state = torch.randn(2, 5, 4).double().requires_grad_(), torch.randn(2, 3, 4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: module(x[0], x[1], x[0]), (stored, state), atol=1e-6)
    parameters = dict(module.named_parameters())
    assert torch.autograd.gradcheck(
        lambda beta: torch.func.functional_call(module, parameters | {"log_scaling": beta}, (stored, state, stored)),
        (parameters["log_scaling"].detach().clone().requires_grad_(),), atol=1e-6)


def test_a_trained_beta_moves_and_one_of_the_numpy_layer_does_not():
    torch.manual_seed(1)
    module = layers.Hopfield(4, num_heads=2, trainable_scaling=True)
    assert torch.allclose(module.log_scaling.exp(), torch.full((2,), 2**-0.5))
    x = torch.randn(4, 6, 4)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.05)
    before = module.log_scaling.detach().clone()
    for _ in range(30):
        optimiser.zero_grad()
        (module(x) - x).square().mean().backward()
        optimiser.step()
    assert (module.log_scaling - before).abs().min() > 1e-3
    assert "log_scaling" in module.state_dict() and "log_scaling" not in layers.Hopfield(4).state_dict()


def test_fully_masked_rows_are_zero_with_finite_gradients():
    for steps in (0, 2):
        module = layers.Hopfield(4, update_steps_max=steps)
        x, mask = torch.randn(2, 3, 4, requires_grad=True), torch.zeros(3, 3, dtype=torch.bool)
        mask[1] = True
        out = module(x, association_mask=mask)
        out.sum().backward()
        assert torch.isfinite(x.grad).all() and torch.allclose(out[:, 1], module.association_core.out_proj.bias)


def test_dropout_acts_in_training_only():
    module, x = layers.Hopfield(4, dropout=0.5), torch.randn(2, 3, 4)
    assert not torch.equal(module.train()(x), module.train()(x))
    assert torch.equal(module.eval()(x), module.eval()(x))


X = torch.ones(2, 5, 6)
BAD = [
    (lambda: layers.Hopfield(6)(torch.randn(3, 6)), "stored_pattern has shape"),
    (lambda: layers.Hopfield(6)(X[:, :0], X, X[:, :0]), "stored_pattern has shape"),
    (lambda: layers.Hopfield(6)(X[..., :5]), "size 5"),
    (lambda: layers.Hopfield(6)(X, X[:1], X), "one batch size"),
    (lambda: layers.Hopfield(6)(X, X, X[:, :3]), "as many projections"),
    (lambda: layers.Hopfield(6)(X, X), "two inputs"),
    (lambda: layers.Hopfield(6)((X, X)), "tuple of 2"),
    (lambda: layers.Hopfield(6)(X.long()), "type torch.int64"),
    (lambda: layers.Hopfield(6)(X.double()), "type torch.float64"),
    (lambda: layers.Hopfield(6)(X, association_mask=torch.zeros(4, 5, dtype=torch.bool)), "association_mask has shape"),
    (lambda: layers.Hopfield(6)(X, association_mask=torch.zeros(5, 5, dtype=torch.int64)), "association_mask of type"),
    (lambda: layers.Hopfield(6)(X, stored_pattern_padding_mask=torch.ones(2, 5)), "padding_mask has shape"),
    (lambda: layers.Hopfield(6, num_heads=2, stored_pattern_as_static=True)(X), "give static patterns of size 3"),
    (lambda: layers.Hopfield(6, association_activation="nope"), "association_activation = 'nope'"),
    (lambda: layers.Hopfield(6, separation=lambda s: s[..., 0])(X), "separation returned shape"),
    (lambda: layers.Hopfield(6, scaling=0.0), "scaling = 0.0"),
    (lambda: layers.HopfieldPooling(6, quantity=0), "quantity = 0"),
    (lambda: layers.HopfieldLayer(6)(X[0]), "input has shape"),
]


@pytest.mark.parametrize("call, words", BAD, ids=[words for _, words in BAD])
def test_bad_input_is_one_clear_sentence(call, words):
    with pytest.raises(hb.InvalidInput, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_masks_of_bytes_are_masks_of_bools():
    layer, mask = layers.Hopfield(6), torch.rand(5, 5) < 0.4
    x = torch.randn(2, 5, 6)
    assert torch.equal(layer(x, association_mask=mask.byte()), layer(x, association_mask=mask))


@pytest.mark.parametrize("block", range(4))
def test_random_configurations_against_an_independent_forward_pass(block):
    for case in random_cases(25, seed=31 + block):
        module = layers.Hopfield(**case.options).double().eval()
        module.load_state_dict({name: torch.tensor(value) for name, value in case.state.items()})
        inputs, masks = [torch.tensor(x) for x in case.inputs], {name: torch.tensor(x) for name, x in case.masks.items()}
        assert np.abs(module(*inputs, **masks).detach().numpy() - case.out).max() < 1e-10, case.options
        assert np.abs(module.get_association_matrix(*inputs, **masks).numpy() - case.weights).max() < 1e-10, case.options
