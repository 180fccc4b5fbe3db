"""A sweep of the dense family end to end: what the file holds equals what the verbs return one by one."""

import numpy as np
import pytest

import hebbian as hb


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sweep") / "out"
    data = hb.sweep(hb.DenseHopfield(p=3), grid={"energy": ["distinct", "power"], "N": [40, 61], "alpha": [0.02, 0.04],
                                                 "T": [0.1, 0.4]},
                    dir=directory, samples=3, burn_in=10, sweeps=20, seed=4, progress=False)
    return directory, data


def test_measured_values_are_those_of_simulate(swept):
    _, data = swept
    point = data.sel(model_energy="power", N=61, alpha=0.04, T=0.1)
    run = hb.simulate(hb.DenseHopfield(p=3, energy="power", alpha=0.04), N=61, T=0.1, samples=3, burn_in=10, sweeps=20, seed=4)
    for name, estimate in run.estimates.items():
        assert point[name].values.tolist() == estimate.values.tolist()
    assert int(point["K"]) == run.realised["K"] == 149 and int(point["retrieved"].sum()) == run.retrieved


def test_theory_stands_beside_every_observable_it_knows(swept):
    _, data = swept
    point = data.sel(model_energy="distinct", N=40, alpha=0.02, T=0.1)
    theory = hb.solve(hb.DenseHopfield(p=3, alpha=0.02), T=0.1, N=40)
    for name in ("m", "q", "energy", "free_energy", "noise", "replicon"):
        assert float(point[f"{name}_theory"]) == getattr(theory, name)
    lost = data.sel(model_energy="distinct", N=40, alpha=0.02, T=0.4)
    assert int(lost["theory_status"]) == 1 and np.isnan(float(lost["m_theory"]))
    assert "no retrieval state" in str(lost["theory_message"].values)
    assert int((data["status"] == 0).sum()) == data["status"].size == 16


def test_the_file_opens_without_this_package(swept):
    import h5py
    import xarray

    directory, data = swept
    with xarray.open_dataset(directory / "results.h5", engine="h5netcdf") as opened:
        assert opened["m"].dims == data["m"].dims and np.array_equal(opened["m"], data["m"], equal_nan=True)
        assert opened["m"].attrs["symbol"] == "m" and opened.attrs["numerics"] == 1
    with h5py.File(directory / "results.h5") as file:
        assert file["m"].dims[3].label == "" and file["m"].dims[3][0].name == "/T"
        assert b"dense" in file["provenance/config"][()]



def test_histograms_of_dendrites_are_added_up_in_the_file(tmp_path):
    settings = dict(trials=20_000, batches=4, seed=3)
    data = hb.sweep(hb.Dendrite(n=300, a=12, s=8, theta=3), grid={"s": [6, 8]}, dir=tmp_path / "out", progress=False,
                    **settings)
    for s in (6, 8):
        run = hb.simulate(hb.Dendrite(n=300, a=12, s=s, theta=3), **settings)
        counts = data["histogram"].sel(s=s).sum("sample").values
        assert counts[:len(run.histogram)].tolist() == run.histogram.tolist() and counts.sum() >= 20_000
