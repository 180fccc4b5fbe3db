"""Finite-size Monte Carlo of dense Hopfield networks against replica-symmetric theory, with controls that must fail.

Seeds were declared before the runs.  The theory carries the size corrections that are known; the points lie where replica
symmetry is stable and what is left of the finite-size shift is below the error bar.
"""

import pytest

import hebbian as hb

POINTS = {
    "p2": (dict(p=2, alpha=0.05), dict(N=2000, T=0.4, samples=16, burn_in=150, sweeps=300, seed=20261)),
    "p3 distinct": (dict(p=3, alpha=0.05), dict(N=300, T=0.15, samples=16, burn_in=100, sweeps=200, seed=20262)),
    "p3 power": (dict(p=3, alpha=0.02, energy="power"), dict(N=200, T=0.15, samples=32, burn_in=100, sweeps=200, seed=20263)),
    "p4 distinct": (dict(p=4, alpha=0.01), dict(N=120, T=0.04, samples=16, burn_in=100, sweeps=200, seed=20264)),
}


@pytest.fixture(scope="module", params=POINTS)
def measured(request):
    fields, settings = POINTS[request.param]
    model = hb.DenseHopfield(**fields)
    return model, hb.simulate(model, **settings)


def test_overlaps_and_energy_lie_on_the_theory(measured):
    model, run = measured
    settings = run.settings
    table = hb.compare(run, hb.solve(model, T=settings.T, N=settings.N))
    assert run.retrieved == settings.samples
    for name in ("m", "q", "energy"):
        assert abs(table[name].z) < 3, str(table)


def test_controls_fail(measured):
    model, run = measured
    settings = run.settings
    if model.p == 2:
        wrong = hb.solve(model, T=1.1 * settings.T, N=settings.N)
    else:
        other = "power" if model.energy == "distinct" else "distinct"
        wrong = hb.solve(hb.DenseHopfield(p=model.p, alpha=model.alpha, energy=other), T=settings.T, N=settings.N)
    assert max(abs(hb.compare(run, wrong)[name].z) for name in ("m", "q", "energy")) > 5


def test_the_paramagnet_at_high_temperature():
    model = hb.DenseHopfield(p=2, alpha=0.05)
    run = hb.simulate(model, N=1000, T=2.0, samples=16, burn_in=100, sweeps=200, seed=20265)
    theory = hb.solve(model, T=2.0, branch="paramagnet")
    assert theory.m == 0 and abs(hb.compare(run, theory)["energy"].z) < 3
    assert abs(hb.compare(run, hb.solve(model, T=2.2, branch="paramagnet"))["energy"].z) > 5
    assert run.retrieved == 0


def test_beyond_the_spinodal_the_pattern_is_lost():
    model = hb.DenseHopfield(p=2, alpha=0.25)
    with pytest.raises(hb.NoSolution):
        hb.solve(model, T=0.4)
    run = hb.simulate(model, N=1000, T=0.4, samples=8, burn_in=200, sweeps=200, seed=20266)
    assert run.retrieved == 0 and run.m.mean < 0.45
    inside = hb.simulate(hb.DenseHopfield(p=2, alpha=0.05), N=1000, T=0.4, samples=8, burn_in=200, sweeps=200, seed=20266)
    assert inside.retrieved == 8
