"""Keeps what was seen of a cell that held, by the digest of what was installed and what it was tried with, so that it is not done again."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from stackaudit import __version__
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.snapshot import Look
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json, WireError, decode, digest, encode
from stackaudit.outside.files import write_whole

SCHEMA = "stackaudit/cell/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What an earlier run saw of a cell, and when (UTC)."""

    at: datetime
    looks: tuple[Look, ...]


def key_of(resolution: RowResolution, conditions: Sequence[str], drills: Sequence[str]) -> str:
    """The digest of all that a cell's looks depend on: packages, Python, machine, drills, and this tool down to its text."""
    body: dict[str, Json] = {
        "tool": __version__,
        "text": _text_of_the_lab(),
        "cell": resolution.cell,
        "row": encode(resolution.row),
        "packages": encode(resolution.packages),
        "platform": resolution.platform,
        "conditions": list(conditions),
        "drills": list(drills),
    }
    return digest(body).removeprefix("sha256:")


@cache
def _text_of_the_lab() -> str:
    """The digest of all that builds and drills: a drill may ask more tomorrow, under the same name."""
    found = hashlib.sha256()
    for room in ("stackaudit.lab", "stackaudit.lab.drills", "stackaudit.target"):
        for each in sorted(files(room).iterdir(), key=lambda each: each.name):
            if each.name.endswith(".py"):
                found.update(each.read_bytes())
    return found.hexdigest()


def kept(key: str) -> Kept | None:
    """What is kept under `key`; None where there is nothing, or nothing that can be read and is as it was written, in the past."""
    try:
        found = json.loads(_path(key).read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA or found.pop("digest") != digest({**found, "key": key}):
            return None
        at = datetime.fromisoformat(found["at"])
        # A clock that was wrong when it was kept would be in every proof that is made of it.
        return Kept(at=at, looks=decode(tuple[Look, ...], found["looks"])) if at <= datetime.now(UTC) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, WireError):
        return None


def keep(key: str, looks: Sequence[Look]) -> None:
    """Keep `looks` under `key`, as seen now; where they can't be written they are seen again next time."""
    body: dict[str, Json] = {"schema": SCHEMA, "at": datetime.now(UTC).isoformat(), "looks": encode(tuple(looks))}
    body["digest"] = digest({**body, "key": key})
    path = _path(key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(body))
    except OSError:
        return


def _path(key: str) -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("stackaudit", appauthor=False) / "cells" / f"{key}.json"
