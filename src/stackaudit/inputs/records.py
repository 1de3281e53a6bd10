"""Reads a saved record back into what was declared and what was observed."""

import json
from datetime import datetime
from pathlib import Path

from stackaudit.inputs._text import read_bytes, shown_path
from stackaudit.model.audit import RECORD_SCHEMA, Observed
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.manifest import Manifest
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.model.wire import Json, WireError, decode


def read(path: Path, root: Path) -> Observed:
    """What the record at `path` holds of the world, to be judged again; its own judgments and its matrix are left where they are.

    Raises:
        InputError: it can't be read, is no JSON, is no record of this kind, or a value in it has another shape (told by its dotted path).
    """
    shown = shown_path(path, root)
    data = read_bytes(path, root)
    if isinstance(data, Fault):
        raise InputError([data])
    try:
        content: Json = json.loads(data)
    except json.JSONDecodeError as error:
        raise InputError([Fault(where=Place(path=shown, line=error.lineno), message="it is not JSON")]) from None
    except (ValueError, RecursionError):
        raise InputError([Fault(where=Place(path=shown), message="it is not JSON")]) from None
    if not isinstance(content, dict) or content.get("schema") != RECORD_SCHEMA:
        message = f"it is no record: its `schema` is not {RECORD_SCHEMA}"
        raise InputError(
            [Fault(where=Place(path=shown), message=message, hint="write one with `stackaudit check -o FILE.json`")]
        )
    try:
        return _observed(content)
    except WireError as error:
        raise InputError([Fault(where=Place(path=shown), message=f"it is no whole record: {error}")]) from None


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
        snapshot=Snapshot(taken_at=started, host="", looks=looks),
        started_at=started,
        finished_at=decode(datetime, content.get("finished_at"), "finished_at"),
    )


def _object(content: dict[str, Json], name: str) -> dict[str, Json]:
    value = content.get(name)
    if not isinstance(value, dict):
        raise WireError(f"{name}: an object is expected")
    return value
