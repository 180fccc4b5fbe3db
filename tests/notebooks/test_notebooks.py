"""The notebook and the figure scripts of the experiments run as a reader would run them, on sweeps of a few seconds."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

import hebbian as hb
from hebbian import config

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "experiments"


def run(script, *arguments, cwd):
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, EXPERIMENTS / script, *map(str, arguments)], cwd=cwd, env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sweep(directory, p, alpha, T, N=(60, 80, 100)):
    return hb.sweep(hb.DenseHopfield(p=p), grid={"N": list(N), "alpha": alpha, "T": T}, samples=6, burn_in=10,
                    sweeps=20, seed=5, dir=directory, progress=False)


def is_a_figure(path):
    pixels = matplotlib.image.imread(path)[..., :3]
    colours = np.unique((pixels * 255).astype(np.uint8).reshape(-1, 3), axis=0)
    return min(pixels.shape[:2]) > 300 and len(colours) > 50


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*/*.toml")), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_sweep_file_is_valid_and_says_its_question_and_source(path):
    checked = config.read(path)
    assert checked.question.endswith("?") and checked.source
    assert checked.directory.startswith("results/")


def test_every_experiment_has_its_notes_figure_job_and_line_in_the_table():
    table = (EXPERIMENTS / "README.md").read_text()
    for folder in (path for path in EXPERIMENTS.iterdir() if path.is_dir() and path.name != "__pycache__"):
        names = {path.name for path in folder.iterdir()}
        swept = any(path.suffix == ".toml" for path in folder.iterdir())
        assert {"notes.md", "figure.py"} | ({"job.slurm"} if swept else set()) <= names, folder.name
        assert f"]({folder.name}/" in table


def test_notebook_makes_a_small_sweep_where_there_are_no_results_and_reads_it_back(tmp_path):
    output = run("explore_results.py", tmp_path / "new", cwd=tmp_path)
    assert (tmp_path / "new" / "results.h5").exists()
    assert "chi2 =" in output and "m (3, 2, 5, 12) over ['/N', '/alpha', '/T', '/sample']" in output


def test_figures_of_the_hopfield_model(tmp_path):
    sweep(tmp_path / "ags", 2, [0.05, 0.1], [0.1, 0.3, 0.6])
    run("ags_retrieval/figure.py", tmp_path / "ags", tmp_path / "figures", cwd=tmp_path)
    for name in ("ags_overlap", "ags_phases"):
        assert is_a_figure(tmp_path / "figures" / f"{name}.png")


def test_figures_of_the_dense_networks_need_the_results_file_only(tmp_path):
    sweep(tmp_path / "sweep", 3, [0.05], [0.1, 0.3], N=(20, 30, 40))
    alone = tmp_path / "p3"
    alone.mkdir()
    (tmp_path / "sweep" / "results.h5").rename(alone / "results.h5")
    run("dense_retrieval/figure.py", alone / "results.h5", cwd=tmp_path)
    assert is_a_figure(alone / "p3_overlap.png")
