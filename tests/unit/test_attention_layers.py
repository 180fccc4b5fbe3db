"""Hopfield layers: the golden files of the original package, defects done right, checkpoints, inputs refused."""

import warnings

import numpy as np
import pytest
from attention_forward import random_cases
from attention_golden import FILES, Golden

import hebbian as hb
from hebbian import attention
from hebbian.attention.checkpoints import reliances


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("dtype, suffix, tolerance", [(np.float64, "64", 1e-10), (np.float32, "", 2e-5)])
def test_layers_reproduce_the_golden_files(path, dtype, suffix, tolerance):
    golden = Golden(path)
    layer = getattr(attention, golden.kind)(dtype=dtype, **golden.options)
    layer.load_state_dict(golden.state)
    out = layer(*golden.inputs, **golden.masks)
    weights = layer.get_association_matrix(*golden.inputs, **golden.masks)
    values = layer.get_projected_pattern_matrix(*golden.inputs, **golden.masks)
    assert out.dtype == dtype and out.shape == golden.arrays["out"].shape
    assert np.abs(out - golden.arrays["out" + suffix]).max() < tolerance
    assert np.abs(weights - golden.arrays["assoc" + suffix]).max() < tolerance
    assert np.abs(values - golden.arrays["values"]).max() < 2e-5  # the file holds them in float32 only


@pytest.mark.parametrize("block", range(4))
def test_random_configurations_against_an_independent_forward_pass(block):
    changed = []
    for case in random_cases(25, seed=31 + block):
        for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 2e-5)):
            layer = attention.Hopfield(dtype=dtype, **case.options)
            layer.load_state_dict(case.state)
            assert np.abs(layer(*case.inputs, **case.masks) - case.out).max() < tolerance, case.options
            weights = layer.get_association_matrix(*case.inputs, **case.masks)
            assert np.abs(weights - case.weights).max() < tolerance, case.options
        other = attention.Hopfield(**case.options | {"scaling": 0.1})
        other.load_state_dict(case.state)
        changed.append(np.abs(other.get_association_matrix(*case.inputs, **case.masks) - case.weights).max())
    assert np.median(changed) > 1e-3  # control: another beta is seen


def test_a_changed_beta_does_not_reproduce_a_golden_file():
    golden = Golden(FILES[0])
    layer = attention.Hopfield(**golden.options, scaling=0.3)
    layer.load_state_dict(golden.state)
    assert np.abs(layer(*golden.inputs) - golden.arrays["out64"]).max() > 1e-3


def rng(seed=3):
    return np.random.default_rng(seed)


def randomised(layer, scale=0.5, seed=5):
    """The same layer with parameters large enough that its weights are far from uniform."""
    draw = rng(seed)
    layer.load_state_dict({name: scale * draw.standard_normal(value.shape) for name, value in layer.state_dict().items()})
    return layer


PLAIN = {f"normalize_{name}{affine}": False for name in ("stored_pattern", "state_pattern", "pattern_projection")
         for affine in ("", "_affine")}


def test_every_head_has_its_own_beta():
    options = dict(input_size=6, num_heads=2, hidden_size=4, update_steps_max=2)
    both = randomised(attention.Hopfield(**options, scaling=[0.3, 2.0]))
    x = rng().standard_normal((2, 5, 6))
    found = both.get_association_matrix(x)
    for head, beta in enumerate((0.3, 2.0)):
        one = attention.Hopfield(**options, scaling=beta)
        one.load_state_dict(both.state_dict())
        assert np.abs(found[:, head] - one.get_association_matrix(x)[:, head]).max() < 1e-13
        assert np.abs(found[:, 1 - head] - one.get_association_matrix(x)[:, 1 - head]).max() > 1e-3


@pytest.mark.parametrize("static", ["stored_pattern", "state_pattern", "pattern_projection"])
def test_static_patterns_with_several_heads_do_not_mix_samples(static):
    layer = randomised(attention.Hopfield(6, num_heads=2, hidden_size=6, **PLAIN, **{f"{static}_as_static": True}))
    x = tuple(rng().standard_normal((3, n, 6)) for n in (5, 4, 5))
    together = layer(*x)
    for sample in range(3):
        assert np.abs(together[sample] - layer(*(part[sample:sample + 1] for part in x))[0]).max() < 1e-13


def test_a_fully_static_layer_is_retrieval():
    layer = attention.Hopfield(
        scaling=2.0, update_steps_max=3, disable_out_projection=True, stored_pattern_as_static=True,
        state_pattern_as_static=True, pattern_projection_as_static=True, update_steps_eps=1e-12, **PLAIN)
    memories, query = rng().standard_normal((1, 8, 5)), rng(4).standard_normal((1, 3, 5))
    assert np.abs(layer(memories, query, memories)[0] - attention.retrieve(query[0], memories[0], 2.0, steps=4)).max() < 1e-13
    assert not layer.state_dict()


def test_a_concatenated_bias_pattern_takes_weight():
    layer = randomised(attention.Hopfield(6, num_heads=2, pattern_size=2, concat_bias_pattern=True, add_zero_association=True))
    x = rng().standard_normal((2, 5, 6))
    weights = layer.get_association_matrix(x)
    assert weights.shape == (2, 2, 5, 7) and weights[..., 5].min() > 0
    assert np.abs(weights.sum(axis=-1) - 1).max() < 1e-13
    values = layer.get_projected_pattern_matrix(x)
    assert np.allclose(values[0, :, 5].ravel(), layer.parameters["association_core.bias_v"].ravel())
    assert not values[:, :, 6].any()


def test_a_fully_masked_row_associates_to_zero():
    layer = randomised(attention.Hopfield(6, num_heads=2, update_steps_max=2))
    x, blocked = rng().standard_normal((2, 5, 6)), np.zeros((5, 5), bool)
    blocked[3] = True
    weights = layer.get_association_matrix(x, association_mask=blocked)
    assert not weights[:, :, 3].any() and np.allclose(np.delete(weights, 3, 2).sum(axis=-1), 1)
    assert np.allclose(layer(x, association_mask=blocked)[:, 3], layer.parameters["association_core.out_proj.bias"])


def test_masks_of_numbers_bools_and_padding_agree():
    layer = randomised(attention.Hopfield(6, num_heads=2, batch_first=False))
    x, padding = rng().standard_normal((5, 3, 6)), np.zeros((3, 5), bool)
    padding[1, 3:] = True
    full = np.repeat(padding, 2, axis=0)[:, None, :] & np.ones((6, 5, 5), bool)
    reference = layer(x, stored_pattern_padding_mask=padding)
    assert np.array_equal(layer(x, association_mask=full), reference)
    assert np.array_equal(layer(x, association_mask=np.where(full, -np.inf, 0.0)), reference)
    assert np.abs(layer(x) - reference).max() > 1e-3


def test_stopping_by_query_does_not_depend_on_the_batch():
    # Controls: with the rule of the original the same layer does.
    x = rng().standard_normal((4, 5, 6))
    apart = {}
    for stop in ("query", "batch"):
        layer = randomised(attention.Hopfield(6, num_heads=2, update_steps_max=None, update_steps_eps=1e-2,
                                              update_steps_stop=stop))
        single = np.concatenate([layer(x[b:b + 1]) for b in range(4)])
        apart[stop] = np.abs(layer(x) - single).max()
    assert apart["query"] < 1e-13 < 1e-6 < apart["batch"]


def test_steps_and_eps_by_head():
    options = dict(input_size=6, num_heads=2, update_steps_eps=[1e-4, 1e-3])
    layer = randomised(attention.Hopfield(**options, update_steps_max=[0, 3]))
    x = rng().standard_normal((2, 5, 6))
    for head, steps in enumerate((0, 3)):
        other = attention.Hopfield(**options, update_steps_max=steps)
        other.load_state_dict(layer.state_dict())
        assert np.array_equal(layer.get_association_matrix(x)[:, head], other.get_association_matrix(x)[:, head])


def test_sparse_separation_gives_exact_zeros_and_the_users_own_is_used():
    x = rng().standard_normal((2, 9, 6))
    layer = randomised(attention.Hopfield(6, separation="sparsemax"), scale=1.5)
    weights = layer.get_association_matrix(x)
    assert np.count_nonzero(weights == 0) > 0 and np.allclose(weights.sum(axis=-1), 1)
    own = attention.Hopfield(6, separation=lambda scores: np.full(scores.shape, 1 / scores.shape[-1]))
    assert np.allclose(own.get_association_matrix(x), 1 / 9)


def test_state_dicts_round_trip_packed_or_apart():
    layer = randomised(attention.HopfieldPooling(6, num_heads=2, quantity=3))
    other = attention.HopfieldPooling(6, num_heads=2, quantity=3, seed=9)
    state = layer.state_dict()
    packed = state.pop("hopfield.association_core.in_proj_weight")
    apart = dict(zip("qkv", np.split(packed, 3), strict=True))
    other.load_state_dict(state | {f"hopfield.association_core.{name}_proj_weight": value for name, value in apart.items()})
    x = rng().standard_normal((2, 5, 6))
    assert np.array_equal(layer(x), other(x)) and layer(x).shape == (2, 18)
    with pytest.raises(hb.InvalidInput, match="missing.*in_proj_weight"):
        other.load_state_dict(state)
    other.load_state_dict(state, strict=False)


def test_a_fresh_layer_averages():
    weights = attention.Hopfield(32).get_association_matrix(rng().standard_normal((4, 10, 32)))
    assert np.abs(weights - 0.1).max() < 0.03


def test_import_warns_exactly_where_a_checkpoint_relies_on_a_defect():
    plain = dict(input_size=6, num_heads=2)
    cases = {"scaling": dict(scaling=[1.0, 2.0]), "static": dict(hidden_size=6, state_pattern_as_static=True),
             "concat_bias": dict(concat_bias_pattern=True), "update_steps_max": dict(update_steps_max=None)}
    for word, extra in cases.items():
        with pytest.warns(attention.CheckpointWarning, match=word):
            attention.load_checkpoint(attention.Hopfield(**plain, **extra).state_dict(), **plain, **extra)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state = attention.HopfieldLayer(**plain, quantity=4).state_dict()
        attention.load_checkpoint(state, "HopfieldLayer", **plain, quantity=4)
    assert reliances(dict(scaling=[2.0, 2.0], num_heads=2)) == []
    with pytest.raises(hb.InvalidInput, match="HopfieldPooling"):
        attention.load_checkpoint({}, "HopfieldPoolin")


X = np.ones((2, 5, 6))
BAD = [
    (lambda: attention.Hopfield(), "input_size is missing"),
    (lambda: attention.Hopfield(6, num_heads=4), "does not divide"),
    (lambda: attention.Hopfield(6, scaling=0.0), "scaling = 0.0"),
    (lambda: attention.Hopfield(6, num_heads=2, scaling=[1.0, -1.0]), "scaling"),
    (lambda: attention.Hopfield(6, update_steps_eps=0.0), "update_steps_eps = 0.0"),
    (lambda: attention.Hopfield(6, update_steps_max=1.5), "update_steps_max = 1.5"),
    (lambda: attention.Hopfield(6, num_head=2), "did you mean 'num_heads'"),
    (lambda: attention.Hopfield(6, association_activation="rel"), "association_activation = 'rel'"),
    (lambda: attention.Hopfield(6, separation="sparse"), "separation 'sparse' is unknown"),
    (lambda: attention.Hopfield(6, pattern_projection_as_connected=True, pattern_size=2), "connected"),
    (lambda: attention.Hopfield(6, dropout=1.0), "dropout = 1.0"),
    (lambda: attention.Hopfield(6, dtype=np.int64), "dtype"),
    (lambda: attention.Hopfield(6)(np.ones((5, 6))), "stored has shape"),
    (lambda: attention.Hopfield(6)(np.ones((2, 0, 6))), "stored has shape"),
    (lambda: attention.Hopfield(6)(np.full((2, 5, 6), np.nan)), "stored contains nan at index"),
    (lambda: attention.Hopfield(6)(np.ones((2, 5, 7))), "size 7"),
    (lambda: attention.Hopfield(6)(X, np.ones((3, 5, 6)), X), "one batch size"),
    (lambda: attention.Hopfield(6)(X, X), "two inputs"),
    (lambda: attention.Hopfield(6)(X, association_mask=np.ones((4, 5), bool)), "association_mask has shape"),
    (lambda: attention.Hopfield(6)(X, association_mask=np.full((5, 5), np.nan)), "association_mask of type"),
    (lambda: attention.Hopfield(6)(X, stored_pattern_padding_mask=np.ones((5, 2), bool)), "padding_mask has shape"),
    (lambda: attention.HopfieldPooling(6, quantity=0), "quantity = 0"),
    (lambda: attention.Hopfield(6).load_state_dict({}), "missing"),
]


@pytest.mark.parametrize("call, words", BAD, ids=[words for _, words in BAD])
def test_bad_input_is_one_clear_sentence(call, words):
    with pytest.raises(hb.InvalidInput, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
