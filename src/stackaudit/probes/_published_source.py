"""Reads the source of the releases that a document names, out of their wheels: which variables it reads, and whether it is asynchronous."""

import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackaudit.model.claims import ClaimKind
from stackaudit.model.facts.deployment import SourceRead
from stackaudit.model.parts import Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.variables import looks_like_ours
from stackaudit.model.versions import parse_version
from stackaudit.outside.index import Answer
from stackaudit.outside.index_pages import IndexFile, Page
from stackaudit.outside.index_settings import IndexSettings
from stackaudit.outside.metadata import fetch_whole
from stackaudit.outside.places import temporary_folder
from stackaudit.probes._telling import before
from stackaudit.probes._wanted import Wanted
from stackaudit.probes.variables import FOLDERS, Sources, search

_YIELDS = (SourceRead.__name__,)
_MOST_BYTES = 8 * 1024 * 1024
"""The most bytes of a wheel that is read, and of all its source, unpacked, four times that."""
_COROUTINE = re.compile(rb"^\s*async\s+def\s", re.MULTILINE)
_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, ValueError, EOFError)


def read_sources(
    visit: Visit, wanted: Sequence[Wanted], answers: Mapping[str, Answer], settings: IndexSettings
) -> list[Look]:
    """One look at the source of the stack's packages that the document names, where it claims anything of them; else none."""
    manifest = visit.manifest
    named = sorted({each.name for each in manifest.claims_of(ClaimKind.VARIABLE)})
    names = [each for each in named if looks_like_ours(each)]
    if not named and not manifest.claims_of(ClaimKind.ASYNC):
        return []
    asked = {each.name: _wheel(each, answers) for each in wanted if each.name in FOLDERS}
    files = {name: found for name, found in asked.items() if found is not None}
    missing = sorted(set(asked) - set(files))
    deadline = before(visit.deadline)
    with temporary_folder("source") as folder:
        bodies = fetch_whole([(page.url, file) for page, file in files.values()], settings, deadline)
        for name, body in zip(files, bodies, strict=True):
            if body is None or not _unpack(body, folder, FOLDERS[name]):
                missing.append(name)
        found = {name: folder / FOLDERS[name] for name in sorted(files) if name not in missing}
        sources = Sources(folders=tuple(found.items()), missing=())
        readings, unread = search(names, sources, deadline)
        coroutines = tuple((name, _coroutines(path)) for name, path in found.items())
    if missing or unread:
        cause = f"the source of {', '.join(sorted({*missing, *unread}))} can't be read from the package index"
        remedy = "try again, or verify the document beside its environment: --python PATH"
        return [_look(wanted, unseen=Unseen(subject="", yields=_YIELDS, cause=cause, remedy=remedy))]
    fact = SourceRead(
        searched=tuple(found),
        asked=tuple(names),
        readers=tuple((name, f"{each.component}: {each.place}") for name in names for each in readings.get(name, ())),
        coroutines=coroutines,
    )
    return [_look(wanted, facts=(fact,))]


def _wheel(wanted: Wanted, answers: Mapping[str, Answer]) -> tuple[Page, IndexFile] | None:
    """The smallest wheel of the wanted version that is not too large to be read, with its page; None where there is none."""
    page = answers.get(wanted.name)
    if not isinstance(page, Page):
        return None
    wheels = [
        each
        for each in page.files
        if each.filename.endswith(".whl")
        and parse_version(each.version) == parse_version(wanted.version)
        and (each.size or 0) <= _MOST_BYTES
    ]
    return min(((page, each) for each in wheels), key=lambda each: (each[1].size or 0, each[1].filename), default=None)


def _unpack(body: bytes, folder: Path, package: str) -> bool:
    """Write the Python files of `package` in the wheel `body` below `folder`; whether all could be."""
    left = 4 * _MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as wheel:
            for member in wheel.infolist():
                parts = member.filename.split("/")
                if parts[0] != package or not member.filename.endswith(".py") or ".." in parts:
                    continue
                with wheel.open(member) as stream:
                    content = stream.read(left + 1)
                left -= len(content)
                if left < 0:
                    return False
                path = folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    except _BROKEN:
        return False
    return (folder / package).is_dir()


def _coroutines(folder: Path) -> int:
    return sum(len(_COROUTINE.findall(path.read_bytes())) for path in sorted(folder.rglob("*.py")))


def _look(wanted: Sequence[Wanted], *, facts: tuple[SourceRead, ...] = (), unseen: Unseen | None = None) -> Look:
    subjects = ", ".join(each.subject for each in wanted if each.name in FOLDERS)
    evidence = Evidence(tool=f"source of {subjects}" if subjects else "documentation")
    asked = "the source of the packages that the document names"
    return Look(probe="published", asked=asked, evidence=evidence, facts=facts, unseen=unseen, yields=_YIELDS)
