"""The command line in one process: every verb answers, every mistake is one sentence with exit status 2."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest
import toy

import hebbian as hb
from hebbian import cli, execution, results
from hebbian.errors import InvalidInput, NotDefined
from hebbian.families import verb

toy.register()

SWEEP = """
[model]
family = "toy"
[grid]
N = [10, 20]
T = [0.5, 1.5]
[simulate]
samples = 3
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text(SWEEP)
    return tmp_path


@pytest.fixture
def finished(place, capsys):
    assert cli.main(["sweep", "sweep.toml", "--dir", "out"]) == 0
    capsys.readouterr()
    return place


def test_a_new_family_needs_one_file_a_room(place):
    data = execution.sweep("sweep.toml", dir="out", progress=False)
    assert data.m.dims == ("N", "T", "sample") and data.share.dims == ("N", "T", "sample", "count")
    assert data.m_theory.dims == ("N", "T") and data.share_theory.dims == ("N", "T", "count")
    assert data.theory_status.values.tolist() == [[0, 1], [0, 1]] and np.isnan(data.m_theory.sel(T=1.5)).all()
    assert "lower T" in str(data.theory_message.sel(N=10, T=1.5).item())
    assert (data["load"].sel(N=20) == 0.1).all() and data.model_K == 2 and data.attrs["family"] == "toy"
    with pytest.raises(NotDefined):
        verb("theory", "toy", "capacity")


def test_a_sweep_from_python_is_the_sweep_of_the_file(place):
    from hebbian.models.toy import Toy

    fromfile = execution.sweep("sweep.toml", dir="a", progress=False)
    frompython = execution.sweep(Toy(), grid={"N": [10, 20], "T": [0.5, 1.5]}, dir="b", samples=3, progress=False)
    assert fromfile.identical(frompython)
    assert (place / "a/results.h5").read_bytes() == (place / "b/results.h5").read_bytes()
    with pytest.raises(InvalidInput, match="states its own grid"):
        execution.sweep("sweep.toml", dir="a", samples=5)


def test_a_failure_is_a_warning_in_python(place):
    from hebbian.models.toy import Toy

    with pytest.warns(UserWarning, match="1 points failed"):
        data = execution.sweep(Toy(mode="broken"), grid={"N": [10]}, dir="b", progress=False)
    assert data.status.values.tolist() == [1] and np.isnan(data.m).all()


@pytest.mark.parametrize("mode, status, theory", [("unreduced", 1, 0), ("undefined", 0, 2), ("unsolved", 0, 3)])
def test_every_kind_of_failure_has_its_status(place, mode, status, theory):
    code = cli.main(["sweep", "sweep.toml", "--dir", "out", "--set", f"model.mode={mode}", "--set", "grid.T=[0.5]"])
    data = results.load("out")
    assert (data.status == status).all() and (data.theory_status == theory).all()
    assert code == (0 if mode == "undefined" else 1)


def test_an_unfinished_sweep_loads_with_nan(place):
    assert cli.main(["sweep", "sweep.toml", "--dir", "out", "--shard", "0/2"]) == 0
    data = results.load("out")
    missing = np.isnan(data.m)
    assert missing.any() and not missing.all()
    assert (data.status == 2).any()
    assert cli.main(["sweep", "sweep.toml", "--dir", "out"]) == 0
    assert not np.isnan(results.load("out").m).any()


def test_loading_a_directory_and_its_file_is_the_same(finished):
    assert results.load("out").identical(results.load("out/results.h5"))


def test_extended_samples_leave_others_missing(finished):
    line = "sweep sweep.toml --dir out --extend --set simulate.samples=4 --shard 0/9"
    assert cli.main(line.split()) == 0
    data = results.load("out")
    assert data.sizes["sample"] == 4 and np.isnan(data.m.isel(sample=3)).any()
    assert not np.isnan(data.m.isel(sample=slice(3))).any()


def test_status_and_digest_and_export(finished, capsys):
    assert cli.main(["status", "out", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"] and found["points"] == 4 and found["failures"] == {}
    assert cli.main(["status", "out"]) == 0 and "complete, in results.h5" in capsys.readouterr().out
    assert cli.main(["digest", "out"]) == 0
    whole = capsys.readouterr().out
    assert cli.main(["digest", "out/results.h5"]) == 0 and capsys.readouterr().out == whole
    assert cli.main(["export", "out"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].startswith("N,T,sample,count,") and len(rows) == 1 + 2 * 2 * 3 * 2
    assert cli.main(["export", "out", "--csv", "a.csv"]) == 0 and len(open("a.csv").readlines()) == len(rows)
    assert cli.main(["export", "out", "--netcdf", "a.nc"]) == 0
    assert results.load("a.nc").identical(results.load("out"))


def test_compare_prints_every_point_or_a_summary(finished, capsys):
    assert cli.main(["compare", "out"]) == 0
    table = capsys.readouterr().out
    assert cli.main(["compare", "out", "--summary"]) == 0
    summary = capsys.readouterr().out
    assert table.endswith(summary) and "predicted" in table and "predicted" not in summary
    assert any(line.startswith("m: 2 of 4 points have a prediction") for line in summary.splitlines())


def test_a_dry_run_writes_nothing(place, capsys):
    assert cli.main(["sweep", "sweep.toml", "--dir", "out", "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["points"] == 4 and plan["samples"] == 12 and plan["core_hours"] > 0
    assert cli.main(["sweep", "sweep.toml", "--dir", "out", "--dry-run"]) == 0
    assert "core-hours" in capsys.readouterr().out and not (place / "out").exists()


@pytest.mark.parametrize("line", [
    "sweep absent.toml", "sweep sweep.toml", "sweep sweep.toml --dir out --set grid.N=[0]", "status .", "status absent",
    "digest sweep.toml", "collect .", "sweep sweep.toml --dir out --set solve.brunch=1", "simulate", "simulate tense",
    "simulate toy", "simulate toy --N x", "solve toy --bias 3", "export absent", "compare sweep.toml",
])
def test_bad_input_is_one_sentence(place, capsys, line):
    assert cli.main(line.split()) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("hebbian: ") and said.err.count("\n") == 1, said.err
    assert "error in hebbian" not in said.err


@pytest.mark.parametrize("line", [
    "", "swep x", "sweep", "sweep sweep.toml --jobs 0", "sweep sweep.toml --shard 3/3",
    "sweep sweep.toml --limit-memory much", "sweep sweep.toml --time soon",
    "sweep sweep.toml --jobs 2 --shard 0/2", "simulate toy --NN 3",
])
def test_bad_usage_is_exit_status_two(place, capsys, line):
    assert cli.main(line.split()) == 2
    assert "hebbian" in capsys.readouterr().err


def test_debug_shows_the_traceback(place, capsys):
    assert cli.main(["--debug", "status", "absent"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_one_point_from_the_command_line(capsys):
    line = "simulate dense --alpha 0.05 --N 60 --T 0.3 --samples 3 --burn_in 5 --sweeps 10 --seed 4 --json"
    assert cli.main(line.split()) == 0
    found = json.loads(capsys.readouterr().out)
    run = hb.simulate(hb.DenseHopfield(alpha=0.05), N=60, T=0.3, samples=3, burn_in=5, sweeps=10, seed=4)
    assert found["m"]["mean"] == run.m.mean and found["realised"]["K"] == 3
    assert cli.main("solve dense --alpha 0.05 --T 0.3 --json".split()) == 0
    assert json.loads(capsys.readouterr().out)["m"] == hb.solve(hb.DenseHopfield(alpha=0.05), T=0.3).m


def test_the_fields_of_a_family_are_its_options(capsys):
    assert cli.main(["simulate", "dense", "--help"]) == 0
    said = capsys.readouterr().out
    assert "--alpha" in said and "--burn_in" in said and "number of spins" in said


@pytest.mark.parametrize("text, seconds", [("3h50m", 13800), ("90m", 5400), ("45", 45), ("1h1s", 3601)])
def test_times_are_read(text, seconds):
    assert cli._seconds(text) == seconds


@pytest.mark.parametrize("text, size", [("4G", 2**32), ("1.5k", 1536), ("100", 100), ("2GiB", 2**31)])
def test_sizes_are_read(text, size):
    assert cli._bytes(text) == size


def test_help_loads_no_numerics():
    code = ("import sys; from hebbian.cli import main; main(['--help']); "
            "heavy = {'h5py', 'scipy', 'xarray', 'mpi4py', 'matplotlib', 'tqdm', 'pandas'}; "
            "print(sorted(heavy & sys.modules.keys()))")
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - begun < 5
