"""The figure scripts of the dendrite experiments draw small versions of their own sweeps."""

import pytest
from test_notebooks import EXPERIMENTS, is_a_figure, run

from hebbian import cli


@pytest.mark.parametrize("experiment, settings", [
    ("noise_robustness", dict(trials=32_000)),
    pytest.param("false_positive_scaling", dict(trials=64_000), marks=pytest.mark.slow),
    pytest.param("union_property", dict(trials=6400), marks=pytest.mark.slow),
])
def test_figures_of_sampled_dendrites(tmp_path, experiment, settings):
    for path in (EXPERIMENTS / experiment).glob("*.toml"):
        sweep(path, tmp_path / experiment / path.stem, settings)
    run(f"{experiment}/figure.py", tmp_path / experiment, cwd=tmp_path)
    assert is_a_figure(tmp_path / experiment / f"{experiment}.png")


@pytest.mark.slow
def test_figure_of_the_willshaw_net(tmp_path):
    for path in (EXPERIMENTS / "willshaw_capacity").glob("*.toml"):
        sweep(path, tmp_path / "nets" / path.stem, dict(samples=2, probes=10))
    run("willshaw_capacity/figure.py", tmp_path / "nets", cwd=tmp_path)
    assert is_a_figure(tmp_path / "nets" / "willshaw_capacity.png")


@pytest.mark.parametrize("experiment", ["reproduction", *(pytest.param(name, marks=pytest.mark.slow)
                                                          for name in ("optimal_threshold", "shared_synapses"))])
def test_figures_of_theory(tmp_path, experiment):
    output = run(f"{experiment}/figure.py", tmp_path, cwd=tmp_path)
    assert is_a_figure(tmp_path / f"{experiment}.png") and len(output.splitlines()) > 10


def sweep(path, directory, settings):
    """The sweep of a file with less work at every point."""
    overrides = [part for name, value in settings.items() for part in ("--set", f"simulate.{name}={value}")]
    assert cli.main(["sweep", str(path), "--dir", str(directory), "--quiet", *overrides]) == 0
