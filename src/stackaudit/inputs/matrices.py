"""Finds matrices: the shipped ones, a project's own, and files; none is read before it is known to be wanted."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from stackaudit.inputs._glance import most_specific
from stackaudit.inputs._text import read_at_most, read_bytes, shown_path
from stackaudit.inputs._toml_tables import did_you_mean
from stackaudit.inputs.matrix_source import LARGEST, Source
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.matrix import Matrix
from stackaudit.model.places import Place

_FAMILY = b"stackaudit/matrix/"
FOLDER = "matrices"
"""Where a project keeps matrices of its own, below its root."""


def shipped() -> tuple[Source, ...]:
    """The matrices that ship with stackaudit, by name."""
    # By the package's own path: importlib.resources would give it too, and takes longer than to read all that is in it.
    folder = Path(import_module("stackaudit.matrices").__path__[0])
    names = sorted(
        each.name.removesuffix(".toml")
        for each in folder.iterdir()
        if each.name.endswith(".toml") and each.name.count(".") == 1
    )

    def reader(name: str) -> Callable[[str], bytes | Fault | None]:
        def read(layer: str) -> bytes | None:
            file = folder / _file_name(name, layer)
            return file.read_bytes() if file.is_file() else None

        return read

    return tuple(Source(name=name, shown=f"matrices/{name}.toml", path=None, read=reader(name)) for name in names)


def local(root: Path) -> tuple[Source, ...]:
    """The matrices in the folder `matrices` of the project at `root`, by name; other TOML files there are none of ours.

    One that can't be read is among them: what it is nobody knows, and a shipped one must not take its place in silence.
    """
    files = (each for each in sorted((root / FOLDER).glob("*.toml")) if each.name.count(".") == 1)
    return tuple(replace(_source_at(each, root), by_name=True) for each in files if _is_ours(each))


def _is_ours(path: Path) -> bool:
    try:
        return not path.exists() if not path.is_file() else _FAMILY in read_at_most(path, LARGEST)
    except OSError:
        return True


def find(name_or_path: str, root: Path, where: Place | None = None, project: Path | None = None) -> Source:
    """The matrix of this name, the project's own before a shipped one, else the file at this path, taken from `root` where it is relative.

    `where` is the place that names it, for a fault to point at; `project` the project's folder, by default `root`.

    Raises:
        InputError: there is none.
    """
    known = {each.name: each for each in (*shipped(), *local(project or root))}
    if name_or_path in known:
        return known[name_or_path]
    path = root / name_or_path
    if not path.exists():
        message = f"there is no matrix and no file `{name_or_path}`"
        place = where or Place(path=name_or_path)
        raise InputError([Fault(where=place, message=message, hint=did_you_mean(name_or_path, known))])
    return _source_at(path, root)


def read(name_or_path: str, root: Path, where: Place | None = None, project: Path | None = None) -> Matrix:
    """The matrix that `find` finds, with its layers.

    Raises:
        InputError: there is none, or it is wrong: every fault in it, by line.
    """
    return load(find(name_or_path, root, where, project))


def read_all(project: Path | None = None) -> tuple[Matrix, ...]:
    """All shipped matrices and the own ones of the project at `project`, by name; its own take the place of shipped ones."""
    found = {each.name: each for each in (*shipped(), *(local(project) if project is not None else ()))}
    return tuple(load(found[name]) for name in sorted(found))


def read_fitting(names: Collection[str], sources: Iterable[Source], broker: str | None = None) -> tuple[Matrix, ...]:
    """Those of the shipped `sources` that `fitting` can take for `names` and `broker`; the others are not parsed."""
    texts = {each: _text(each) for each in sources}
    wanted = most_specific(tuple(texts.values()), names, broker)
    return tuple(_shipped(each) for each, text in texts.items() if text in wanted)


@cache
def _shipped(source: Source) -> Matrix:
    # What ships does not change in a run, and an audit asks before it looks and after.
    return load(source)


def _text(source: Source) -> str:
    content = source.read("")
    return content.decode() if isinstance(content, bytes) else ""


def load(source: Source) -> Matrix:
    """The matrix at `source`, with what machines wrote beside it.

    Raises:
        InputError: it is wrong: every fault in it and its layers, by line.
    """
    # Most audits want one matrix or none, and what reads them takes as long to load as one to read.
    from stackaudit.inputs import matrix_reading

    return matrix_reading.load(source)


def _source_at(path: Path, root: Path) -> Source:
    stem = path.name.removesuffix(".toml")

    def read(layer: str) -> bytes | Fault | None:
        file = path.with_name(_file_name(stem, layer)) if layer else path
        return read_bytes(file, root) if not layer or file.exists() else None

    return Source(name=stem, shown=shown_path(path, root), path=path, read=read)


def _file_name(stem: str, layer: str) -> str:
    return f"{stem}.{layer}.toml" if layer else f"{stem}.toml"
