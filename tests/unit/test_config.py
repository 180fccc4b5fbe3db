"""A sweep file means one thing, says everything that is wrong with it at once, and never ends in a traceback."""

import tomllib

import pytest
import toy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hebbian import config
from hebbian.errors import InvalidInput

toy.register()

FILE = """
question = "How does it count?"
[model]
family = "toy"
[grid]
N = [10, 20.0]
T = { start = 0.1, stop = 0.5, num = 5 }
[[zip]]
K = [1, 3]
bias = [0.25, 0.5]
[simulate]
samples = 3
[solve]
branch = "upper"
[output]
dir = "out"
"""


def parsed(text):
    return config.from_table(tomllib.loads(text), "sweep.toml")


def refusal(text):
    with pytest.raises(InvalidInput) as caught:
        parsed(text)
    return str(caught.value)


def test_a_file_resolves_to_its_grid():
    found = parsed(FILE)
    assert [d.name for d in found.dimensions] == ["N", "T", "point"] and found.shape == (2, 5, 2)
    records = list(found.records())
    assert len(records) == 20
    steps, model, run = records[-1]
    assert (steps, model.K, model.bias, run.N, run.T, run.samples) == ((1, 4, 1), 3, 0.5, 20, 0.5, 3)


def test_a_range_and_a_list_name_the_same_numbers():
    values = [row[0] for row in parsed(FILE).dimensions[1].rows]
    assert values == [0.1, 0.2, 0.3, 0.4, 0.5]
    listed = FILE.replace("{ start = 0.1, stop = 0.5, num = 5 }", "[0.1, 0.2, 0.3, 0.4, 0.5]")
    assert parsed(listed).digest() == parsed(FILE).digest()


def test_canonical_text_reads_back_as_itself():
    found = parsed(FILE.replace("How does", 'How \\u007f \\"does\\" \\n α'))
    assert parsed(found.text()).text() == found.text()
    assert "work = 1000.0" in found.text(), "defaults belong to a resolved sweep"
    assert "dir" not in found.text(), "where results are must not name the sweep"
    assert parsed(FILE.replace('"out"', '"elsewhere"')).digest() == parsed(FILE).digest()
    assert parsed(FILE.replace("samples = 3", "samples = 4")).digest() != parsed(FILE).digest()


@pytest.mark.parametrize("change, words", [
    (("N = [", "n = ["), ["[grid]", "'n'", "did you mean 'N'"]),
    (("samples = 3", "sample = 3"), ["[simulate]", "did you mean 'samples'"]),
    (("samples = 3", "bias = 0.5"), ["[simulate]", "belongs in [model]"]),
    (("[output]", "[outputs]"), ["did you mean 'output'"]),
    (('"toy"', '"toi"'), ["family", "did you mean 'toy'"]),
    (('family = "toy"', ""), ["family is missing"]),
    (("N = [10, 20.0]", ""), ["N is missing"]),
    (("N = [10, 20.0]", "N = []"), ["[grid] N", "list of values"]),
    (("N = [10, 20.0]", "N = [10, -3]"), ["[grid] N = -3", "from 1 to"]),
    (("N = [10, 20.0]", "N = [10, 10.0]"), ["N = 10", "twice"]),
    (("N = [10, 20.0]", "N = [1, 20]"), ["N = 1 is too small", "K = 3"]),
    (("N = [10, 20.0]", "N = [10, [20]]"), ["[grid] N contains [20]"]),
    (("num = 5", "num = 1"), ["T.num = 1", "from 2"]),
    (("num = 5", "step = 5"), ["'step'", "without num"]),
    (("stop = 0.5", "stop = inf"), ["T.stop = inf"]),
    (("K = [1, 3]", "K = [1, 2, 3]"), ["different lengths", "K 3", "bias 2"]),
    (("K = [1, 3]", "N = [1, 3]"), ["N is given on two axes"]),
    (("samples = 3", "samples = 3\nT = 0.5"), ["[simulate] T is also an axis"]),
    (("[simulate]\nsamples = 3", "[simulate]\nsamples = 9999999999999999999999"), ["64 bits"]),
    (('dir = "out"', "dir = 3"), ["[output] dir = 3"]),
    (("[solve]", "[solve]\nwhen = 2020-01-01"), ["[solve] when"]),
    (('question = "', "theory = 1 #"), ["theory = 1", "true or false"]),
    (("T = {", "samples = [1, 2]\nT = {"), ["samples"]),
])
def test_what_is_wrong_is_named_with_its_place_and_remedy(change, words):
    assert change[0] in FILE
    text = refusal(FILE.replace(*change))
    assert "sweep.toml: " in text
    for word in words:
        assert word in text


def test_all_faults_are_said_at_once():
    text = refusal('theory = 3\n[model]\nfamily = "toy"\nbais = 1\n[grid]\nT = []\n[simulate]\nsampels = 2\n')
    assert len(text.splitlines()) == 5
    text = refusal('[model]\nfamily = "toy"\nbias = 7\nK = 0\n[grid]\nT = [-1, -2]\n[simulate]\nN = -5\nsamples = 0\n')
    assert len(text.splitlines()) == 6


def test_a_grid_beyond_reason_is_refused_before_it_is_built():
    axis = "{ start = 0, stop = 100000, num = 100000 }"
    assert "10000000000 points" in refusal(f'[model]\nfamily = "toy"\n[grid]\nN = {axis}\nT = {axis}\n')


def test_overrides_reach_every_section(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(FILE)
    found = config.read(file, ["simulate.samples=9", "grid.N=[30]", "question=Why?", "output.dir=else where"])
    assert found.simulate["samples"] == 9 and found.dimensions[0].rows == ((30,),)
    assert (found.question, found.directory) == ("Why?", "else where")
    for wrong in ("simulate.samples", "=3", "question.deep=3"):
        with pytest.raises(InvalidInput, match="--set"):
            config.read(file, [wrong])


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    for content in (b"[model", b"\xff\xfe", b"x = " + b"[" * 100_000, b"x = 1" + b"0" * 5000):
        (tmp_path / "s.toml").write_bytes(content)
        with pytest.raises(InvalidInput, match="s.toml"):
            config.read(tmp_path / "s.toml")
    with pytest.raises(InvalidInput, match="cannot be read"):
        config.read(tmp_path / "absent.toml")


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=3),
                    st.sampled_from([-1, 0, 1, 2, 0.5, 1e308, 2**62, "plain", "dense", "toy"]))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4)
                      | st.dictionaries(st.sampled_from(["start", "stop", "num", "x"]), inner, max_size=4),
                      max_leaves=6)
names = st.sampled_from(["family", "N", "T", "K", "bias", "alpha", "p", "energy", "mode", "samples", "seed", "dir"])
tables = st.dictionaries(names, values, max_size=4)
files = st.fixed_dictionaries({}, optional={
    "model": tables.map(lambda t: {"family": "toy", **t}) | tables.map(lambda t: {"family": "dense", **t}) | values,
    "grid": tables | values, "zip": st.lists(tables, max_size=2) | values, "simulate": tables | values,
    "solve": tables | values, "output": tables | values, "theory": values, "question": values, "y": values})


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(files)
def test_any_table_is_a_sweep_or_a_clean_error(table):
    try:
        found = config.from_table(table)
    except InvalidInput as error:
        assert str(error).startswith("sweep: ")
    else:
        assert parsed(found.text()).text() == found.text()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(FILE) - 1), st.characters(max_codepoint=0x2FF)), min_size=1, max_size=6))
def test_any_mutated_file_is_a_sweep_or_a_clean_error(changes):
    text = list(FILE)
    for place, character in changes:
        text[place] = character
    try:
        table = tomllib.loads("".join(text))
    except tomllib.TOMLDecodeError:
        return
    try:
        config.from_table(table)
    except InvalidInput as error:
        assert str(error).startswith("sweep: ")
