"""Reads a saved record back into what was declared and what was observed."""

import json
import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from stackaudit.inputs._text import read_bytes, shown_path
from stackaudit.inputs.matrix_reading import load
from stackaudit.inputs.matrix_source import Source
from stackaudit.model.audit import RECORD_SCHEMA, Audit, Case, Judgment, Observed, Recorded, Saved
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Layer, Matrix
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.model.wire import Json, WireError, decode, digest

MOST = 100 * 1024 * 1024
"""Bytes of a record: that of ten thousand pins has ten million."""


def read(path: Path, root: Path) -> Observed:
    """What the record at `path` holds of the world, to be judged again; its own judgments and its matrix are left where they are.

    Raises:
        InputError: it can't be read, is no JSON, is no record of this kind, a value in it has another shape (told by its dotted path), or
            its digest does not hold, and somebody changed what was seen.
    """
    content = _content(path, root)
    try:
        observed = _observed(content)
    except WireError as error:
        raise _broken(path, root, f"it is no whole record: {error}") from None
    _hold(content, path, root)
    return observed


def read_whole(path: Path, root: Path) -> Recorded:
    """The record at `path` with its own judgments.

    Raises:
        InputError: as `read`.
    """
    content, held = _sound(path, root)
    try:
        return Recorded(
            observed=_observed(content),
            judgments=decode(tuple[Judgment, ...], _judgments(content), "checks"),
            digest=held,
        )
    except WireError as error:
        raise _broken(path, root, f"it is no whole record: {error}") from None


def read_saved(path: Path, root: Path) -> Saved:
    """The whole audit that the record at `path` is of, as it was: with its own judgments, matrix and day.

    What was measured is left in the file.

    Raises:
        InputError: as `read_whole`; or the matrix in it is none.
    """
    content, held = _sound(path, root)
    try:
        return Saved(audit=_audit(content, shown_path(path, root)), digest=held)
    except WireError as error:
        raise _broken(path, root, f"it is no whole record: {error}") from None


def _sound(path: Path, root: Path) -> tuple[dict[str, Json], str]:
    """The content of a record whose digest holds, and that digest."""
    content = _content(path, root)
    return content, _hold(content, path, root)


def _hold(content: dict[str, Json], path: Path, root: Path) -> str:
    """The digest of a record's `content`, which is the one that it carries."""
    held = digest({name: value for name, value in content.items() if name not in _NOT_IN_DIGEST})
    if content.get("digest") != held:
        raise _broken(
            path,
            root,
            "its digest does not hold: it was changed after it was written",
            hint="take the file as `stackaudit check -o` wrote it",
        )
    return held


_NOT_IN_DIGEST = frozenset({"schema", "tool", "started_at", "finished_at", "today", "measured", "digest"})
"""What two audits of the same facts need not share."""


_OTHER_SCHEMA = re.compile(r"stackaudit/record/[0-9]{1,9}")


def _broken(path: Path, root: Path, message: str, *, line: int | None = None, hint: str | None = None) -> InputError:
    return InputError([Fault(where=Place(path=shown_path(path, root), line=line), message=message, hint=hint)])


def _content(path: Path, root: Path) -> dict[str, Json]:
    data = read_bytes(path, root, limit=MOST, kind="record")
    if isinstance(data, Fault):
        raise InputError([data])
    try:
        content: Json = json.loads(data)
    except json.JSONDecodeError as error:
        raise _broken(path, root, "it is not JSON", line=error.lineno) from None
    except (ValueError, RecursionError):
        raise _broken(path, root, "it is not JSON") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if isinstance(schema, str) and schema != RECORD_SCHEMA and _OTHER_SCHEMA.fullmatch(schema):
        message = f"its `schema` is {schema}, and this version of stackaudit reads {RECORD_SCHEMA}"
        raise _broken(path, root, message, hint="use the version that wrote it (`tool` in the record), or a newer one")
    if not isinstance(content, dict) or content.get("schema") != RECORD_SCHEMA:
        message = f"it is no record: its `schema` is not {RECORD_SCHEMA}"
        raise _broken(path, root, message, hint="write one with `stackaudit check -o FILE.json`")
    return content


def _audit(content: dict[str, Json], shown: str) -> Audit:
    observed = _observed(content)
    case = Case(
        manifest=observed.manifest,
        snapshot=observed.snapshot,
        matrix=_matrix(content, shown),
        today=decode(date, content.get("today"), "today"),
    )
    return Audit(
        tool_version=decode(str, _object(content, "tool").get("version"), "tool.version"),
        started_at=observed.started_at,
        finished_at=observed.finished_at,
        case=case,
        judgments=decode(tuple[Judgment, ...], _judgments(content), "checks"),
        verdict=decode(Verdict, content.get("verdict"), "verdict"),
        baseline=None if content.get("baseline") is None else decode(str, content["baseline"], "baseline"),
    )


def _matrix(content: dict[str, Json], shown: str) -> Matrix | None:
    """The matrix that the record carries, from the texts of its files."""
    if content.get("matrix") is None:
        return None
    carried = _object(content, "matrix")
    name = decode(str, carried.get("name"), "matrix.name")
    texts = {"": decode(str, carried.get("content"), "matrix.content").encode()}
    texts |= {
        each.name: each.content.encode()
        for each in decode(tuple[Layer, ...], carried.get("layers", []), "matrix.layers")
    }
    return load(Source(name=name, shown=f"{shown}, its matrix {name}", path=None, read=texts.get))


def _judgments(content: dict[str, Json]) -> Json:
    """The record's checks by the names that a judgment has."""
    checks = content.get("checks")
    if not isinstance(checks, list):
        raise WireError("checks: a list is expected")
    return [
        {"check" if name == "id" else name: value for name, value in each.items()} if isinstance(each, dict) else each
        for each in checks
    ]


def _observed(content: dict[str, Json]) -> Observed:
    target = _object(content, "target")
    declared = {
        **_object(content, "manifest"),
        "sources": target.get("sources"),
        "sandbox": target.get("kind") == "sandbox",
    }
    started = decode(datetime, content.get("started_at"), "started_at")
    looks = decode(tuple[Look, ...], content.get("looks"), "looks")
    return Observed(
        manifest=decode(Manifest, declared, "manifest"),
        snapshot=Snapshot(taken_at=started, host="", looks=_with_measured(looks, content.get("measured"))),
        started_at=started,
        finished_at=decode(datetime, content.get("finished_at"), "finished_at"),
    )


def _with_measured(looks: tuple[Look, ...], measured: Json) -> tuple[Look, ...]:
    """`looks` with what was measured of them: that stands apart from them in a record, since it is no part of the digest."""
    latencies = measured.get("latencies") if isinstance(measured, dict) else None
    if not isinstance(latencies, dict):
        return looks
    found: dict[str, list[tuple[str, float]]] = {each.id: [] for each in looks}
    for told, value in latencies.items():
        # The id of one look may begin with that of another: `drill.3.11:solo.ping.1` is not of `drill.3.11:solo`.
        owner = max((each for each in found if told.startswith(f"{each}.")), key=len, default=None)
        if owner is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise WireError(f"measured.latencies.{told}: a number is expected")
        found[owner].append((told.removeprefix(f"{owner}."), float(value)))
    return tuple(replace(each, measured=tuple(found[each.id])) for each in looks)


def _object(content: dict[str, Json], name: str) -> dict[str, Json]:
    value = content.get(name)
    if not isinstance(value, dict):
        raise WireError(f"{name}: an object is expected")
    return value
