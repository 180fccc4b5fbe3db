"""Results on disk: shards that survive any kill, one consolidated file that every reader opens, and the log.

The only importer of h5py.  Nothing here knows physics: a shard is a dict of arrays and attributes, a results file is a
`Table` of named arrays over named dimensions.

A shard is built in memory and written aside, synced and renamed, so that it is either whole or absent; its name
carries the digest of its bytes, which is checked before the HDF5 library sees them.  An HDF5 file that grows in place
can be lost by a kill between two of its writes, flushed or not, so no file here ever does.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hebbian.errors import StoreError

#: Version of the layout of shards and results files.
SCHEMA = 1

#: A shard beyond this is not one of ours, and HDF5 itself holds no larger attribute.
LARGEST_SHARD, LARGEST_ATTRIBUTE = 2**31, 2**16

_SHARD = re.compile(r"([0-9a-f]{16})\.(\d+)-(\d+)\.(done|failed)\.([0-9a-f]{32})\.h5")
_STALE = 86400


@dataclass(frozen=True)
class Shard:
    """A verified shard file: the task it belongs to, the samples it holds, and whether the task failed."""

    name: str
    first: int
    last: int
    failed: bool
    path: Path


@dataclass(frozen=True)
class Variable:
    """An array over named dimensions with its attributes."""

    dims: tuple[str, ...]
    values: np.ndarray
    attrs: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """What a results file holds: variables by name, attributes, and the resolved configuration.

    A variable over the dimension of its own name is its scale; the attribute "coordinates" names the other coordinates.
    """

    variables: dict[str, Variable]
    attrs: dict
    config: str


def prepare(directory) -> Path:
    """Make the directory of a sweep and prove that it can be written to."""
    directory = Path(directory)
    try:
        for part in ("shards", "log"):
            (directory / part).mkdir(parents=True, exist_ok=True)
        _replace(directory / "log" / f".probe-{secrets.token_hex(4)}", b"").unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"{directory}: cannot be written ({reason}): give another output directory") from None
    return directory


def read_config(directory) -> str | None:
    """The resolved configuration of a sweep directory, or None where there is none yet."""
    try:
        return (Path(directory) / "config.toml").read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{directory}/config.toml: cannot be read ({error})") from None


def write_config(directory, text: str) -> None:
    """Put the resolved configuration in its place, whole or not at all."""
    _replace(Path(directory) / "config.toml", text.encode())


def write_shard(directory, name: str, first: int, last: int, arrays: dict, attrs: dict, failed=False) -> Shard:
    """Store one finished task; the same content always gives the same file."""
    content = _image(lambda file: _fill_shard(file, arrays, attrs))
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    outcome = "failed" if failed else "done"
    path = Path(directory) / "shards" / name[:2] / f"{name}.{first}-{last}.{outcome}.{digest}.h5"
    try:
        path.parent.mkdir(exist_ok=True)
        _replace(path, content)
    except OSError as error:
        raise StoreError(f"{path.parent}: cannot be written ({error.strerror}): "
                         "make room and run the same sweep again") from None
    return Shard(name, first, last, failed, path)


def scan(directory, repair: bool = False) -> tuple[list[Shard], list[Path]]:
    """Every shard whose bytes agree with its name, and the paths of those that do not.

    With `repair`, corrupt shards are renamed to *.bad, so that their tasks are done again and the evidence stays, and
    what killed processes left half-written more than a day ago is removed.
    """
    good, bad = [], []
    for path in sorted((Path(directory) / "shards").glob("??/*")):
        match = _SHARD.fullmatch(path.name)
        if match is None:
            if repair and path.suffix == ".part" and time.time() - path.stat().st_mtime > _STALE:
                path.unlink(missing_ok=True)
            continue
        name, first, last, outcome, digest = match.groups()
        if hashlib.blake2b(_contents(path), digest_size=16).hexdigest() == digest:
            good.append(Shard(name, int(first), int(last), outcome == "failed", path))
        else:
            bad.append(path)
            if repair:
                # Another process of a job array may have renamed it first.
                with contextlib.suppress(FileNotFoundError):
                    path.rename(path.with_suffix(".bad"))
    return good, bad


def read_shard(shard: Shard) -> tuple[dict, dict]:
    """The arrays and attributes of a shard, its digest checked once more on the very bytes that are parsed."""
    import h5py

    content = _contents(shard.path)
    if hashlib.blake2b(content, digest_size=16).hexdigest() not in shard.path.name:
        raise StoreError(f"{shard.path}: has changed since it was written: run the sweep again to repair it")
    with _readable(shard.path), h5py.File(io.BytesIO(content), "r") as file:
        return {key: _values(file[key]) for key in file}, _attributes(file)


def write_results(path, table: Table) -> Path:
    """Write a table as a netCDF-4 compatible HDF5 file whose bytes depend on the table only."""
    return _replace(Path(path), _image(lambda file: _fill_results(file, table)))


def read_results(path) -> Table:
    """Read a results file, which may come from anywhere: sizes are checked before memory is taken."""
    import h5py

    with _readable(path), h5py.File(path, "r", locking=False) as file:
        if "schema_version" not in file.attrs:
            raise StoreError(f"{path}: is not a results file of hebbian")
        schema = int(file.attrs["schema_version"])
        if schema != SCHEMA:
            raise StoreError(f"{path}: has layout {schema} but this version reads {SCHEMA}: "
                             "use the version that wrote it")
        variables = {}
        for name in file:
            if isinstance(file[name], h5py.Dataset):
                dims = tuple(name if not scale else scale[0].name.lstrip("/") for scale in file[name].dims)
                attrs = _attributes(file[name])
                variables[name] = Variable(dims, _values(file[name]), attrs)
        return Table(variables, _attributes(file), str(_values(file["provenance/config"])))


def to_dataset(table: Table):
    """The table as an xarray.Dataset, as `xarray.open_dataset` would show its file."""
    import xarray

    variables = {name: (v.dims, v.values, v.attrs) for name, v in table.variables.items()}
    dataset = xarray.Dataset(variables, attrs={**table.attrs, "config": table.config})
    return xarray.decode_cf(dataset, decode_times=False)


def digest(table: Table) -> str:
    """SHA-256 over names, dtypes, shapes and values, which stays equal where versions and attributes differ."""
    total = hashlib.sha256()
    for name in sorted(table.variables):
        values = table.variables[name].values
        texts = values.dtype.kind == "O"
        total.update(f"{name} {'text' if texts else values.dtype.name} {values.shape}\n".encode())
        total.update(json.dumps(values.tolist()).encode() if texts else
                     np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes())
    return total.hexdigest()


def hdf5_version() -> str:
    """Version of the HDF5 library in use."""
    import h5py

    return h5py.version.hdf5_version


class Log:
    """One line of JSON per event, in a file of this process: everything that may differ between two runs of a sweep."""

    def __init__(self, directory, rank: int = 0):
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        self.path = Path(directory) / "log" / f"{stamp}-{socket.gethostname()}-{os.getpid()}-rank{rank}.jsonl"

    def write(self, event: str, **details) -> None:
        """Append one event; a log that cannot be written must not stop the science."""
        line = json.dumps({"time": round(time.time(), 3), "event": event, **details}, default=str)
        with contextlib.suppress(OSError), open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


_INTERNAL = ("CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid")


def _replace(path, content):
    """Write a file so that a reader, or a machine that loses power, sees all of it or none."""
    aside = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(aside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return path


def _image(fill):
    """The bytes of an HDF5 file made in memory, so that no writer ever leaves a torn one on disk."""
    import h5py

    with h5py.File("image", "w", driver="core", backing_store=False) as file:
        fill(file)
        file.flush()
        return file.id.get_file_image()


def _fill_shard(file, arrays, attrs):
    file.attrs["schema_version"] = SCHEMA
    for key in sorted(attrs):
        file.attrs[key] = attrs[key]
    for key in sorted(arrays):
        file.create_dataset(key, data=arrays[key])


def _fill_results(file, table):
    import h5py

    text = h5py.string_dtype()
    for key in sorted(table.attrs):
        file.attrs[key] = table.attrs[key]
    file.attrs["schema_version"] = SCHEMA
    file.create_dataset("provenance/config", data=table.config, dtype=text)
    scales = [name for name, variable in table.variables.items() if variable.dims == (name,)]
    for name in scales + [name for name in table.variables if name not in scales]:
        variable = table.variables[name]
        values = np.asarray(variable.values)
        packed = values.ndim > 0 and values.dtype.kind in "fiu" and name not in scales
        how = {"compression": "gzip", "compression_opts": 4, "shuffle": True} if packed else {}
        dataset = file.create_dataset(name, data=values, dtype=text if values.dtype.kind in "OU" else None, **how)
        for key, value in variable.attrs.items():
            dataset.attrs[key] = value
        if name in scales:
            dataset.make_scale(name)
            continue
        for axis, dim in enumerate(variable.dims):
            dataset.dims[axis].attach_scale(file[dim])


def _values(dataset):
    """The array of a dataset, refused where it claims more than its bytes on disk can hold."""
    import h5py

    stored = dataset.id.get_storage_size()
    # Deflate cannot shrink more than about 1032 times; a larger claim is an attack or a torn file.
    if dataset.is_virtual or dataset.external or dataset.nbytes > 1100 * stored + 4096:
        raise StoreError(f"{dataset.name}: claims {dataset.nbytes} bytes but {stored} are stored: the file is damaged")
    if h5py.check_string_dtype(dataset.dtype):
        values = dataset.asstr()[()]
        return np.array(values, dtype=object)
    if dataset.dtype.kind not in "fiu":
        raise StoreError(f"{dataset.name}: has type {dataset.dtype}, which no results file of hebbian holds")
    return dataset[()] if dataset.ndim else np.asarray(dataset[()])


def _attributes(item):
    """The attributes of a file or dataset but for those that HDF5 keeps about its own scales."""
    attrs = {}
    for key in item.attrs:
        if key not in _INTERNAL:
            if item.attrs.get_id(key).get_storage_size() > LARGEST_ATTRIBUTE:
                raise StoreError(f"{item.name}: attribute {key!r} claims more bytes than HDF5 can hold in one")
            value = item.attrs[key]
            attrs[key] = value.item() if isinstance(value, np.generic) else value
    return attrs


def _contents(path):
    if path.stat().st_size > LARGEST_SHARD:
        return b""
    return path.read_bytes()


@contextlib.contextmanager
def _readable(path):
    """Turn whatever h5py raises on a damaged file into one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise StoreError(f"{path}: does not exist: give a sweep directory or a results file") from None
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: is damaged or not a results file ({error})") from None
