"""Looks how many files called ffmpeg and ffprobe are on PATH, and of which versions."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from stackaudit.model.facts.programs import Copy
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.probes._banner import parse_banner
from stackaudit.probes._program import ask, cut_short

MOST = 8
"""Files of one name that are asked."""


def collect(visit: Visit) -> Sequence[Look]:
    """One look for each of the two names that several files on PATH bear; the same file under two paths is one."""
    if not any(each.name == "ffmpeg" and os.sep not in each.command for each in visit.manifest.programs):
        return []
    return [look for name in ("ffmpeg", "ffprobe") if (look := _look(name, visit)) is not None]


def _look(name: str, visit: Visit) -> Look | None:
    paths = list(_on_path(name))[:MOST]
    evidence = Evidence(tool="PATH")
    asked = f"which files called {name} are on PATH"
    facts: list[Copy] = []
    for path in paths if len(paths) > 1 else ():
        answer = ask([path, "-version"], visit.deadline)
        if cut_short(answer):
            cause = f"the time for the audit was up before every {name} on PATH had answered"
            remedy = "give it more time with --timeout SECONDS"
            unseen = Unseen(subject="", yields=(Copy.__name__,), cause=cause, remedy=remedy)
            return Look(probe="ffmpeg_copies", asked=asked, evidence=evidence, unseen=unseen)
        banner = parse_banner(answer.text) if answer.exit_status == 0 else None
        version = banner.version if banner is not None and banner.program == name else None
        facts.append(Copy(name=name, path=path, version=version, first=path == paths[0]))
    return Look(probe="ffmpeg_copies", asked=asked, evidence=evidence, facts=tuple(facts))


def _on_path(name: str) -> Iterator[str]:
    seen: set[Path] = set()
    for folder in os.get_exec_path():
        path = Path(folder, name)
        if path.is_file() and os.access(path, os.X_OK) and path.resolve() not in seen:
            seen.add(path.resolve())
            yield str(path.absolute())


PROBE = Probe(name="ffmpeg_copies", title="ffmpeg on PATH", reads=(), yields=(Copy,), collect=collect)
