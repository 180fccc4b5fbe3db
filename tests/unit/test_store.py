"""What is on disk: whole or absent, equal bytes for equal content, readable without this package, never trusted."""

import io
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from hebbian import store
from hebbian.errors import StoreError

ARRAYS = {"sum": np.arange(6).reshape(3, 2), "tau": np.array([0.5, 1.5, np.nan])}
NAME = "0123456789abcdef"


def table():
    return store.Table({
        "T": store.Variable(("T",), np.array([0.1, 0.2]), {"long_name": "temperature"}),
        "rule": store.Variable(("rule",), np.array(["heat_bath", "μετρ"], object)),
        "sample": store.Variable(("sample",), np.arange(3)),
        "N": store.Variable((), np.asarray(100)),
        "start": store.Variable((), np.asarray("pattern", object)),
        "m": store.Variable(("T", "rule", "sample"), np.arange(12.0).reshape(2, 2, 3), {"units": "1", "symbol": "m"}),
        "m_theory": store.Variable(("T", "rule"), np.array([[1.0, np.nan], [0.5, 0.25]])),
        "retrieved": store.Variable(("T", "rule", "sample"), np.full((2, 2, 3), -1, np.int8),
                                    {"_FillValue": np.int8(-1)}),
        "message": store.Variable(("T", "rule"), np.array([["", "fails: é"], ["", "x" * 3000]], object)),
    }, {"title": "tëst", "coordinates": "N start", "schema_version": store.SCHEMA}, "p = 2\n" * 20_000)


@pytest.fixture
def directory(tmp_path):
    return store.prepare(tmp_path / "out")


def shard(directory, **options):
    return store.write_shard(directory, NAME, 0, 3, ARRAYS, {"message": "", "status": 0}, **options)


def test_a_shard_reads_back_and_the_same_content_is_the_same_file(directory):
    first, again = shard(directory), shard(directory)
    assert first == again and store.scan(directory) == ([first], [])
    arrays, attrs = store.read_shard(first)
    assert attrs["message"] == "" and attrs["status"] == 0
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_a_failed_shard_says_so_in_its_name(directory):
    found = shard(directory, failed=True)
    assert store.scan(directory)[0] == [found] and found.failed


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"", lambda b: b + b"\0", lambda b: b"x" + b[1:]])
def test_a_damaged_shard_is_never_parsed(directory, damage):
    found = shard(directory)
    found.path.write_bytes(damage(found.path.read_bytes()))
    with pytest.raises(StoreError, match="has changed"):
        store.read_shard(found)
    assert store.scan(directory) == ([], [found.path]) and found.path.exists()
    store.scan(directory, repair=True)
    assert store.scan(directory) == ([], []) and list(directory.glob("shards/??/*.bad"))


def test_what_a_killed_writer_leaves_is_ignored_and_swept_up_later(directory):
    good = shard(directory)
    old, fresh = good.path.parent / ".aa.part", good.path.parent / ".bb.part"
    for path in (old, fresh):
        path.write_bytes(b"half a sh")
    os.utime(old, (time.time() - 1e6,) * 2)
    assert store.scan(directory, repair=True) == ([good], [])
    assert fresh.exists() and not old.exists()


STEPS = ("open", "half", "write", "fsync", "replace")


@pytest.mark.parametrize("count", range(3))
@pytest.mark.parametrize("step", STEPS)
def test_a_writer_killed_at_any_system_call_loses_nothing_it_finished(directory, step, count):
    """A forked writer of three shards kills itself at a step of one of them; what it finished is there, and whole."""
    child = os.fork()
    if child == 0:
        for number in range(3):
            if number == count:
                die_at(step)
            store.write_shard(directory, NAME, number, number + 1, ARRAYS, {"message": "x" * 5000})
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    good, bad = store.scan(directory)
    assert [shard.first for shard in good] == list(range(count)) and bad == []
    for shard in good:
        store.read_shard(shard)
    again = store.write_shard(directory, NAME, count, count + 1, ARRAYS, {"message": "x" * 5000})
    assert again in store.scan(directory)[0]


def die_at(step):
    """Make this process end at one step of writing a file, "half" after half of the bytes have reached the disk."""
    def dead(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    class Writer(io.FileIO):
        def write(self, content):
            super().write(content[:len(content) // 2] if step == "half" else content)
            os.fsync(self.fileno())
            dead()

    if step in ("half", "write"):
        store.open = lambda path, mode: Writer(path, mode)
    elif step == "open":
        store.open = dead
    else:
        setattr(os, step, dead)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(directory, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left.*run the same sweep again"):
        shard(directory)
    assert [path for path in directory.rglob("*") if path.is_file()] == []


def test_a_results_file_reads_back_with_equal_bytes_and_digest(tmp_path):
    one = store.write_results(tmp_path / "a.h5", table())
    time.sleep(1.1)
    two = store.write_results(tmp_path / "b.h5", table())
    assert one.read_bytes() == two.read_bytes()
    back = store.read_results(one)
    assert back.config == table().config and back.attrs["title"] == "tëst"
    assert store.digest(back) == store.digest(table())
    assert list(back.variables["m"].dims) == ["T", "rule", "sample"]


def test_the_digest_sees_names_types_shapes_and_values():
    def changed(name, variable):
        return store.Table({**table().variables, name: variable}, table().attrs, table().config)

    m = table().variables["m"]
    others = [changed("m", store.Variable(m.dims, m.values + 1e-15, m.attrs)), changed("n", m),
              changed("m", store.Variable(m.dims, m.values.astype(np.float32), m.attrs)),
              changed("m", store.Variable(m.dims, m.values.reshape(2, 3, 2), m.attrs))]
    assert len({store.digest(other) for other in [table(), *others]}) == 5
    assert store.digest(table()) == store.digest(store.Table(table().variables, {"title": "other"}, "other"))


def test_other_readers_see_the_same_dataset(tmp_path):
    xarray = pytest.importorskip("xarray")
    path = store.write_results(tmp_path / "a.h5", table())
    mine = store.to_dataset(store.read_results(path))
    with xarray.open_dataset(path, engine="h5netcdf") as theirs:
        assert set(theirs.dims) == {"T", "rule", "sample"}
        assert theirs.drop_attrs().identical(mine.drop_attrs())
        assert theirs.m.sel(T=0.2, rule="heat_bath").values.tolist() == [6.0, 7.0, 8.0]
        assert set(theirs.coords) == {"T", "rule", "sample", "N", "start"}
        assert np.isnan(theirs.retrieved).all(), "a fill value is missing data"


def test_a_foreign_file_is_one_sentence(tmp_path):
    import h5py

    with pytest.raises(StoreError, match="does not exist"):
        store.read_results(tmp_path / "absent.h5")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(StoreError, match="damaged or not a results file"):
        store.read_results(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(StoreError, match="not a results file"):
        store.read_results(tmp_path / "other.h5")


def test_a_claim_of_huge_size_is_refused_before_memory_is_taken(tmp_path):
    import h5py

    path = store.write_results(tmp_path / "a.h5", table())
    with h5py.File(path, "a") as file:
        file.create_dataset("bomb", shape=(2**40,), chunks=(2**20,), dtype="f8", compression="gzip")
    with pytest.raises(StoreError, match="claims 8796093022208 bytes"):
        store.read_results(path)


def test_an_object_of_another_type_is_refused(tmp_path):
    import h5py

    path = store.write_results(tmp_path / "a.h5", table())
    with h5py.File(path, "a") as file:
        file["pickled"] = np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])
    with pytest.raises(StoreError, match="which no results file"):
        store.read_results(path)


FUZZ = """
import sys
from hebbian import store
from hebbian.errors import StoreError
for path in sys.argv[1:]:
    try:
        store.to_dataset(store.read_results(path))
    except StoreError:
        pass
"""


def test_no_mutated_shard_is_ever_parsed(directory):
    """HDF5 itself can loop for ever on a damaged heap, so what a sweep resumes from is judged by its digest alone."""
    chance = random.Random(6)
    found = shard(directory)
    content = found.path.read_bytes()
    for _ in range(1000):
        mutated = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            mutated[chance.randrange(len(mutated))] ^= 1 << chance.randrange(8)
        if mutated != content:
            found.path.write_bytes(mutated)
            with pytest.raises(StoreError, match="has changed"):
                store.read_shard(found)


def test_mutated_results_end_in_clean_errors(tmp_path):
    chance, count = random.Random(5), 60
    content = store.write_results(tmp_path / "a.h5", table()).read_bytes()
    paths = []
    for i in range(count):
        mutated = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            mutated[chance.randrange(min(len(mutated), 8000))] = chance.randrange(256)
        paths.append(tmp_path / f"{i}.h5")
        paths[-1].write_bytes(mutated[:chance.randrange(len(mutated))] if chance.random() < 0.1 else mutated)
    done = subprocess.run([sys.executable, "-c", FUZZ, *map(str, paths)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
