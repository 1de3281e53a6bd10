"""Reads matrices: the shipped ones, a project's own, and files; each validated whole before anything is asked of the world."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

from stackaudit.inputs._glance import can_fit
from stackaudit.inputs._known_bad import known_bad
from stackaudit.inputs._matrix_layers import Published, read_proofs, read_published
from stackaudit.inputs._matrix_tables import packages, products, pythons
from stackaudit.inputs._text import Toml, decoded, parse_toml, read_at_most, read_bytes, shown_path
from stackaudit.inputs._toml_tables import Book, Table, did_you_mean
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.matrix import Layer, Matrix
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

SCHEMA = "stackaudit/matrix/1"
_FAMILY = b"stackaudit/matrix/"
LARGEST = 1_000_000
FOLDER = "matrices"
"""Where a project keeps matrices of its own, below its root."""

LAYERS = ("published", "proof")
"""What machines write beside `NAME.toml`: `NAME.published.toml` and `NAME.proof.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A matrix file that was found: `shown` is how messages name it, `read` gives the bytes of it or, by name, of a layer beside it.

    `path` is None for one that ships; `by_name` is True for a project's own, which must be called as their files are.
    """

    name: str
    shown: str
    path: Path | None
    read: Callable[[str], bytes | Fault | None]
    by_name: bool = False


def shipped() -> tuple[Source, ...]:
    """The matrices that ship with stackaudit, by name."""
    folder = files("stackaudit.matrices")
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


def read_fitting(names: Collection[str], sources: Iterable[Source]) -> tuple[Matrix, ...]:
    """Those of the shipped `sources` that can fit `names`, as `fitting` takes them; the others are not parsed."""
    return tuple(_shipped(each) for each in sources if can_fit(_text(each), names))


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
    matrix, faults = _written(source), list[Fault]()
    layers = list(matrix.layers)
    published: Published | None = None
    for name in LAYERS:
        toml = _toml(source, name)
        if isinstance(toml, Fault):
            raise InputError([toml])
        if toml is None:
            continue
        layers.append(_layer(name, toml))
        if name == "published":
            published = read_published(toml, faults)
        else:
            matrix = replace(matrix, proofs=read_proofs(toml, faults))
    matrix = _with_ranges(matrix, published, source, faults)
    if faults:
        raise InputError(_sorted(faults))
    return replace(matrix, layers=tuple(layers), sha256=_joint(layers))


def load_written(source: Source) -> Matrix:
    """What people wrote of the matrix at `source`, alone: packages whose ranges are derived have none.

    Raises:
        InputError: it is wrong: every fault in it, by line.
    """
    return _written(source)


def load_published(source: Source) -> tuple[Published, str] | None:
    """What was derived for the matrix at `source`, and its text; None where nothing was derived yet.

    Raises:
        InputError: it is wrong: every fault in it, by line.
    """
    toml = _toml(source, "published")
    if toml is None:
        return None
    if isinstance(toml, Fault):
        raise InputError([toml])
    faults: list[Fault] = []
    published = read_published(toml, faults)
    if faults:
        raise InputError(_sorted(faults))
    return published, toml.text


def _source_at(path: Path, root: Path) -> Source:
    stem = path.name.removesuffix(".toml")

    def read(layer: str) -> bytes | Fault | None:
        file = path.with_name(_file_name(stem, layer)) if layer else path
        return read_bytes(file, root) if not layer or file.exists() else None

    return Source(name=stem, shown=shown_path(path, root), path=path, read=read)


def _file_name(stem: str, layer: str) -> str:
    return f"{stem}.{layer}.toml" if layer else f"{stem}.toml"


def _toml(source: Source, layer: str) -> Toml | Fault | None:
    content = source.read(layer)
    if content is None or isinstance(content, Fault):
        return content
    shown = f"{source.shown.removesuffix('.toml')}.{layer}.toml" if layer else source.shown
    if len(content) > LARGEST:
        return Fault(where=Place(path=shown), message="is larger than 1 MB: no matrix is")
    text = decoded(content, Place(path=shown))
    return text if isinstance(text, Fault) else parse_toml(text, shown)


def _written(source: Source) -> Matrix:
    toml = _toml(source, "")
    if toml is None or isinstance(toml, Fault):
        gone = Fault(where=Place(path=source.shown), message="there is no such file")
        raise InputError([toml or gone])
    book = Book(toml)
    root = Table(book, toml.table)
    if root.choice("schema", [SCHEMA]) != SCHEMA:
        raise InputError(book.faults)
    layer = _layer("", toml)
    matrix = Matrix(
        name=root.text("name"),
        title=root.text("title"),
        version=root.text("version"),
        looked_at=root.day("looked_at", required=True) or date.min,
        brokers=root.texts("brokers"),
        pythons=pythons(root.table("python", required=True)),
        packages=packages(root.table("package", required=True)),
        products=products(root.table("product")),
        known_bad=known_bad(root),
        where=Place(path=source.shown),
        sha256=layer.sha256,
        layers=(layer,),
    )
    root.close()
    if source.by_name and matrix.name and matrix.name != source.name:
        called = f"the file is called {source.name}.toml: a project's matrices are found by that"
        root.fault("name", f"`name` is `{matrix.name}`, and {called}")
    if book.faults:
        raise InputError(_sorted(book.faults))
    return matrix


def _with_ranges(matrix: Matrix, published: Published | None, source: Source, faults: list[Fault]) -> Matrix:
    path = None if source.by_name else source.path
    derived = [entry for entry in matrix.packages if entry.derive is not None]
    missing = [entry.name for entry in derived if published is None or entry.name not in published.ranges]
    if missing:
        message = f"the ranges of {', '.join(missing)} were not derived yet"
        faults.append(
            Fault(where=matrix.where, message=message, hint=f"run `stackaudit matrix derive {path or source.name}`")
        )
    if published is None:
        return matrix
    unknown = sorted(published.ranges.keys() - {entry.name for entry in derived})
    if unknown:
        message = f"holds ranges of {', '.join(unknown)}, which the matrix does not have derived"
        where = Place(path=f"{source.shown.removesuffix('.toml')}.published.toml")
        faults.append(Fault(where=where, message=message, hint=f"run `stackaudit matrix derive {path or source.name}`"))
    filled = tuple(
        entry if entry.derive is None else replace(entry, ranges=published.ranges.get(entry.name, ()))
        for entry in matrix.packages
    )
    return replace(matrix, packages=filled, published_at=published.at)


def _layer(name: str, toml: Toml) -> Layer:
    return Layer(name=name, sha256=hashlib.sha256(toml.text.encode()).hexdigest(), content=toml.text)


def _joint(layers: Sequence[Layer]) -> str:
    """One layer's digest is its own; of several it is that of their digests, a line each."""
    if len(layers) == 1:
        return layers[0].sha256
    return hashlib.sha256("".join(f"{each.sha256}  {each.name}\n" for each in layers).encode()).hexdigest()


def _sorted(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda each: (each.where.path, each.where.line or 0))
