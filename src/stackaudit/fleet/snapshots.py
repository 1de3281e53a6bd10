"""Gathers the snapshots of the workers that have the worker step: each once, whichever of those that share it gives it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from stackaudit.model.secret import is_sensitive, redact
from stackaudit.model.wire import Json
from stackaudit.probes._banner import parse_banner
from stackaudit.probes._celery_values import short
from stackaudit.probes._pidbox import Question

COMMAND = "stackaudit_snapshot"
MARK = "stackaudit"
"""As in `target/worker_step.py`, which can't be imported without loading Celery."""

_MOST_ASKED = 3
"""Of the workers that share a snapshot, how many are asked for it one after the other before it counts as unseen."""

_LONGEST = 200
_MANY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a worker with the step says in `stats`: its snapshot's digest, and what was replaced under it (name, then, now)."""

    digest: str
    replaced: tuple[tuple[str, str | None, str | None], ...] = ()
    problem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A snapshot as a worker told it, with nothing in it that could be a secret; fields as in the facts `VersionSet` and `SettingSet`."""

    python: str | None
    implementation: str | None
    platform: str | None
    system: str | None
    packages: tuple[tuple[str, str], ...]
    programs: tuple[tuple[str, str | None], ...]
    settings: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Snapshots:
    """What came of the step so far: the marks by node, and the snapshots by digest; None where one can't be read."""

    marks: dict[str, Mark] = field(default_factory=dict)
    told: dict[str, Told | None] = field(default_factory=dict)
    _asked: dict[str, set[str]] = field(default_factory=dict)

    def hear(self, node: str, method: str, answer: Json) -> Iterator[Question]:
        """Take in one answer; what is to be asked because of it."""
        mark = mark_of(answer) if method == "stats" else None
        if mark is not None:
            again = node in self.marks
            self.marks[node] = mark
            asked = self._asked.setdefault(mark.digest, set())
            # It is asked of one; of others only when everybody is asked once more, and that one was silent.
            wanted = not asked or (again and node not in asked and len(asked) < _MOST_ASKED)
            if mark.digest not in self.told and wanted:
                asked.add(node)
                yield Question(node=node, method=COMMAND)
        elif method == COMMAND and node in self.marks:
            self.told[self.marks[node].digest] = told_by(answer)

    def of(self, node: str) -> tuple[Mark | None, Told | None]:
        """The mark of a worker and its snapshot, as far as there are any."""
        mark = self.marks.get(node)
        return mark, None if mark is None else self.told.get(mark.digest)


def mark_of(stats: Json) -> Mark | None:
    """The mark in what a worker answers to `stats`; None where it has no step."""
    mark = stats.get(MARK) if isinstance(stats, dict) else None
    digest = mark.get("snapshot") if isinstance(mark, dict) else None
    if not isinstance(mark, dict) or not isinstance(digest, str):
        return None
    replaced = mark.get("replaced")
    rows = [_row(each) for each in replaced[:_MANY]] if isinstance(replaced, list) else []
    return Mark(digest=digest, replaced=tuple(each for each in rows if each is not None), problem="problem" in mark)


def _row(value: Json) -> tuple[str, str | None, str | None] | None:
    match value:
        case [str(name), (str() | None) as then, (str() | None) as now]:
            return canonicalize_name(_short(name)), then and _short(then), now and _short(now)
        case _:
            return None


def told_by(answer: Json) -> Told | None:
    """The snapshot in what a worker answers to the step's command; None where it has none."""
    said = answer.get("ok") if isinstance(answer, dict) else None
    packages = said.get("packages") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(packages, dict):
        return None
    return Told(
        python=_text(said, "python"),
        implementation=_text(said, "implementation"),
        platform=_text(said, "platform"),
        system=_text(said, "system"),
        packages=tuple(sorted({canonicalize_name(name): version for name, version in _texts(packages)}.items())),
        programs=tuple(sorted(_programs(said.get("programs")))),
        settings=tuple(sorted(_settings(said.get("settings")))),
    )


def _text(said: Mapping[str, Json], name: str) -> str | None:
    value = said.get(name)
    return _short(value) if isinstance(value, str) and value else None


def _texts(values: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name, value in list(values.items())[:_MANY]:
        if isinstance(value, str):
            yield _short(name), _short(value)


def _programs(value: Json) -> Iterator[tuple[str, str | None]]:
    """Each program with its version, as its banner says it; `?` where it does not say."""
    for name, banner in value.items() if isinstance(value, dict) else ():
        if banner is None:
            yield _short(name), None
        elif isinstance(banner, str):
            found = parse_banner(banner)
            yield _short(name), _short(found.version) if found is not None else "?"


def _settings(value: Json) -> Iterator[tuple[str, str]]:
    """Each setting as JSON. The step leaves out what could be a secret; that is not relied on here."""
    import json

    for name, setting in value.items() if isinstance(value, dict) else ():
        text = json.dumps(setting, sort_keys=True)
        hidden = "://" in text or "@" in text or is_sensitive(name)
        yield _short(name), '"***"' if hidden else text[:_LONGEST]


def _short(text: str) -> str:
    return redact(short(text[:_LONGEST]))
