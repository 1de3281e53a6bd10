"""Finds the files in which a project declares what it needs, and reads them by their kind."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from stackaudit.inputs import pythons
from stackaudit.inputs._asked import Asked
from stackaudit.inputs._declared import Declared, merged
from stackaudit.inputs._text import read_bytes, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place

LOCKS = ("pylock.toml", "uv.lock", "poetry.lock", "Pipfile.lock")
"""The lock files, in the order in which the first that is there is read."""

KINDS = "requirements*.txt, pylock.toml, uv.lock, poetry.lock, Pipfile.lock, pyproject.toml, a CycloneDX SBOM in JSON"
"""The kinds of files that are read, as a message names them."""

_DOCUMENTS = (".json", ".cdx", ".cdx.xml", "bom.xml")
_FOREIGN_SUFFIXES = {".toml", ".lock", ".yml", ".yaml", ".py", ".cfg", ".xml"}
_FOREIGN = {"Pipfile", "conda-lock.yml", "environment.yml", "environment.yaml", "pdm.lock", "setup.cfg", "setup.py"}


def declared_files(root: Path) -> tuple[Path, ...]:
    """The files in folder `root` in which the project declares what it needs.

    The first lock that is there; else the requirements files (constraints are not: they are read where a file names them); else the
    `pyproject.toml`; else none.
    """
    for name in LOCKS:
        if (root / name).is_file():
            return (root / name,)
    found = [
        path
        for path in (*root.glob("requirements*.txt"), *(root / "requirements").glob("*.txt"))
        if path.is_file() and "constraint" not in path.name.lower()
    ]
    if found:
        return tuple(sorted(found, key=lambda path: (len(path.parts), path.stem != "requirements", path)))
    project = root / "pyproject.toml"
    return (project,) if project.is_file() else ()


def read_pythons(folder: Path, root: Path) -> Declared:
    """All that the files in `folder` say about the Python to run on: `pyproject.toml`, `.python-version`, `runtime.txt`, Dockerfiles."""
    found = [pythons.read(path, root) for path in pythons.claim_files(folder)]
    project = folder / "pyproject.toml"
    if not project.is_file():
        return merged(found)
    from stackaudit.inputs import pyproject

    return merged([pyproject.claims(project, root), *found])


def read_files(
    paths: Sequence[Path], root: Path, environ: Mapping[str, str], *, named: bool, asked: Asked | None = None
) -> Declared:
    """What all of `paths` declare, in their order, each read by its kind; places are relative to `root`, the working directory.

    `environ` fills in `${VAR}` in requirements files; `asked` says which extras and groups of the project count. `named` is False for
    files that nobody named: then a `pyproject.toml` may declare nothing. Faults are returned, never raised.
    """
    chosen = asked or Asked()
    options = Asked(extras=chosen.extras, groups=chosen.groups, environ=environ)
    return merged(_read(path, root, options, named=named) for path in dict.fromkeys(paths))


def _read(path: Path, root: Path, asked: Asked, *, named: bool) -> Declared:
    # Each reader is loaded where there is something for it to read: all of them take a twentieth of a small audit's time.
    name = path.name
    if name == "pyproject.toml":
        from stackaudit.inputs import pyproject

        return pyproject.read(path, root, asked, named=named)
    if name.endswith((".lock", ".toml")):
        lock = _read_lock(path, root, asked)
        if lock is not None:
            return _closed(lock)
    return _read_by_content(path, root, asked)


def _read_lock(path: Path, root: Path, asked: Asked) -> Declared | None:
    """What the lock at `path` declares, None where its name is that of no lock."""
    if path.name.endswith("uv.lock"):
        from stackaudit.inputs import uvlock

        return uvlock.read(path, root, extras=asked.extras, groups=asked.groups)
    if path.name.endswith("poetry.lock"):
        from stackaudit.inputs import poetrylock

        return poetrylock.read(path, root, extras=asked.extras, groups=asked.groups)
    if path.name.endswith("Pipfile.lock"):
        from stackaudit.inputs import pipfilelock

        return pipfilelock.read(path, root, groups=asked.groups)
    from stackaudit.inputs import pylock

    if pylock.FILE_NAME.fullmatch(path.name):
        return pylock.read(path, root, extras=asked.extras, groups=asked.groups)
    return None


def _closed(declared: Declared) -> Declared:
    """`declared` by a lock or an SBOM: it lists all that an install gives."""
    return replace(declared, terms=replace(declared.terms, closed=declared.sources))


def _unknown(path: Path, root: Path) -> Declared:
    shown = shown_path(path, root)
    fault = Fault(where=Place(path=shown), message="is no kind of file that is read here", hint=f"give one of: {KINDS}")
    return Declared(faults=(fault,), sources=(shown,))


def _read_by_content(path: Path, root: Path, asked: Asked) -> Declared:
    """A file whose name does not tell its kind. It is read once: a pipe tells all only once."""
    data = read_bytes(path, root)
    if isinstance(data, Fault):
        return Declared(faults=(data,), sources=(shown_path(path, root),))
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.name.endswith(_DOCUMENTS) or head.startswith(b"{"):
        return _closed(_read_document(path, root, asked, data))
    if path.name in _FOREIGN or path.suffix in _FOREIGN_SUFFIXES or head.startswith(b"<"):
        return _unknown(path, root)
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        shown = shown_path(path, root)
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        where = Place(path=shown, line=line)
        fault = Fault(where=where, message="holds a NUL byte: it is no text", hint=f"give one of: {KINDS}")
        return Declared(faults=(fault,), sources=(shown,))
    from stackaudit.inputs import requirements

    return requirements.read(path, root, asked.environ, data)


def _read_document(path: Path, root: Path, asked: Asked, data: bytes) -> Declared:
    from stackaudit.inputs import pipfilelock, sbom

    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        # The reader of SBOMs says where it stops to be JSON, or that it is XML.
        return sbom.read(path, root, data)
    if isinstance(value, dict) and "_meta" in value and "default" in value:
        return pipfilelock.read(path, root, groups=asked.groups, data=data)
    return sbom.read(path, root, data) if sbom.is_cyclonedx(value) else _unknown(path, root)
