"""Reads one matrix with its layers, and validates it whole."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from stackaudit.inputs._known_bad import known_bad
from stackaudit.inputs._matrix_layers import Published, read_proofs, read_published
from stackaudit.inputs._matrix_tables import packages, products, pythons
from stackaudit.inputs._text import Toml, decoded, parse_toml
from stackaudit.inputs._toml_tables import Book, Table
from stackaudit.inputs.matrix_source import LARGEST, LAYERS, SCHEMA, Source
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.matrix import Layer, Matrix
from stackaudit.model.places import Place


def load(source: Source) -> Matrix:
    """The matrix at `source`, with what machines wrote beside it.

    Raises:
        InputError: it is wrong: every fault in it and its layers, by line.
    """
    matrix, faults = load_written(source), list[Fault]()
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


def _toml(source: Source, layer: str) -> Toml | Fault | None:
    content = source.read(layer)
    if content is None or isinstance(content, Fault):
        return content
    shown = f"{source.shown.removesuffix('.toml')}.{layer}.toml" if layer else source.shown
    if len(content) > LARGEST:
        return Fault(where=Place(path=shown), message="is larger than 1 MB: no matrix is")
    text = decoded(content, Place(path=shown))
    return text if isinstance(text, Fault) else parse_toml(text, shown)


def load_written(source: Source) -> Matrix:
    """What people wrote of the matrix at `source`, alone: packages whose ranges are derived have none.

    Raises:
        InputError: it is wrong: every fault in it, by line.
    """
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
