"""Reads CycloneDX software bills of materials in JSON."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._requirement import locked
from stackaudit.inputs._table import Table, is_table, table, tables, text, texts
from stackaudit.inputs._text import Json, parse_json, read_text, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement
from stackaudit.model.places import Place

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""The CycloneDX specifications that are read here; what is used of them is the same in all."""

_PURL = re.compile(
    r"pkg:(?://)?pypi/(?P<name>[^@?#]+?)/?(?:@(?P<version>[^?#]*))?(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)
_KEY = re.compile(r'"purl"\s*:\s*"(?P<purl>(?:[^"\\]|\\.)*)"')


def read(path: Path, root: Path, data: bytes | None = None) -> Declared:
    """The components of the file at `path` whose package URL is of type `pypi`, nested ones too; others are not Python's.

    What the document is about (`metadata.component`) is no requirement; what it depends on is direct, where the document tells that.
    `data` is what was read of the file already, if it was: a pipe tells all only once.
    """
    shown = shown_path(path, root)
    content = read_text(path, root, data)
    if isinstance(content, Fault):
        return Declared(faults=(content,), sources=(shown,))
    if content.lstrip().startswith("<"):
        fault = Fault(where=Place(path=shown), message="an SBOM in XML is not read", hint="write it as CycloneDX JSON")
        return Declared(faults=(fault,), sources=(shown,))
    document = parse_json(content, shown)
    if isinstance(document, Fault):
        return Declared(faults=(document,), sources=(shown,))
    faults = list(_header_faults(document))
    requirements: list[Requirement] = []
    for found in () if faults else _requirements(document):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            requirements.append(found)
    return Declared(requirements=tuple(requirements), faults=tuple(faults), sources=(shown,))


def _header_faults(document: Json) -> Iterator[Fault]:
    where = document.line(max(0, document.text.find('"specVersion"')))
    if text(document.table, "bomFormat") != "CycloneDX":
        yield Fault(where=document.line(0), message="is not a CycloneDX document: its `bomFormat` says something else")
    elif text(document.table, "specVersion") not in VERSIONS:
        yield Fault(where=where, message=f"its `specVersion` is none of {', '.join(VERSIONS)}")
    components = document.table.get("components", [])
    if not isinstance(components, list):
        yield Fault(where=document.line(max(0, document.text.find('"components"'))), message="`components` is no array")


def _components(of: Table) -> Iterator[Table]:
    for component in tables(of, "components"):
        yield component
        yield from _components(component)


def _requirements(document: Json) -> Iterator[Requirement | Fault]:
    own_ref = text(table(document.table, "metadata", "component"), "bom-ref")
    lines = _lines(document)
    direct = _direct(document.table, own_ref)
    edges = {text(each, "ref") or "": texts(each, "dependsOn") for each in tables(document.table, "dependencies")}
    named = {text(each, "bom-ref"): text(each, "name") or "" for each in _components(document.table)}
    for component in _components(document.table):
        purl = text(component, "purl") or ""
        found = _PURL.fullmatch(purl)
        if found is None:
            continue
        places = lines.get(purl, [])
        where = places.pop(0) if places else Place(path=document.path)
        version = unquote(found["version"]) if found["version"] else text(component, "version")
        index = parse_qs(found["query"] or "").get("repository_url", [None])[0]
        yield locked(
            unquote(found["name"]),
            version or None,
            where,
            source=index,
            direct=direct is None or text(component, "bom-ref") in direct,
            needs=[(named[each], None) for each in edges.get(text(component, "bom-ref") or "", ()) if each in named],
        )


def _lines(document: Json) -> dict[str, list[Place]]:
    """Where each package URL stands, in order; that of the document's own subject is left out."""
    lines: dict[str, list[Place]] = {}
    for key in _KEY.finditer(document.text):
        lines.setdefault(key["purl"].replace("\\/", "/"), []).append(document.line(key.start()))
    own = lines.get(text(table(document.table, "metadata", "component"), "purl") or "", [])
    if own:
        metadata, components = document.text.find('"metadata"'), document.text.find('"components"')
        own.pop(0 if metadata < components else -1)
    return lines


def _direct(document: Table, own_ref: str | None) -> frozenset[str] | None:
    """What the document's own subject depends on; None where no such entry says anything."""
    for entry in tables(document, "dependencies"):
        if own_ref is not None and text(entry, "ref") == own_ref and texts(entry, "dependsOn"):
            return frozenset(texts(entry, "dependsOn"))
    return None


def is_cyclonedx(value: object) -> bool:
    """Whether a parsed JSON value says that it is a CycloneDX document."""
    return is_table(value) and text(value, "bomFormat") == "CycloneDX"
