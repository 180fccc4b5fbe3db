"""The bench that needs no other package: it measures what it says and prints it both ways."""

import json

import pytest

from hebbian import bench


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(bench, "WORKS", (bench.Work("p=2 N=200", 2, 200, 10, 0.3, "retrieval"),
                                         bench.Work("p=3 N=50", 3, 50, 200, 0.5, "random")))
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "roofline", lambda: {"float32 adds": 5e10})
    monkeypatch.setattr(bench, "call_overhead", lambda: 0.01)


def test_bench_prints_a_row_for_every_work(short, capsys):
    bench.run()
    text = capsys.readouterr().out
    assert "p=2 N=200" in text and "p=3 N=50" in text and "squares" in text and "float32 adds" in text


def test_bench_prints_json(short, capsys):
    bench.run(json=True)
    found = json.loads(capsys.readouterr().out)
    assert {row["work"] for row in found["kernels"]} == {"p=2 N=200", "p=3 N=50"}
    assert all(row["attempts per second"] > 1e4 and 0 < row["acceptance"] < 1 for row in found["kernels"])
    assert found["machine"]["kernel_path"]


def test_the_roofline_counts_what_was_done():
    from hebbian._kernels import dense

    assert dense.float_adds(1000) % 12000 == 0
    assert dense.read_buffer(bench.np.ones(256, bench.np.int32), 3) == 3 * 1024
    assert dense.random_words(65) == dense.random_words(128, thresholds=True) == 128
