"""Looks at ffmpeg, and at the ffprobe that belongs to it: whether they work, which they are, and what they can do."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.programs import Program, ProgramState
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.process import Completed, Ending
from stackaudit.probes._banner import Banner, parse_banner, parse_encoders, parse_filters, parse_protocols
from stackaudit.probes._package import fixes, owner
from stackaudit.probes._program import PATIENCE, ask, cut_short, find, hung

LISTS: tuple[tuple[str, str, Callable[[str], frozenset[str]], tuple[str, ...]], ...] = (
    ("encoder", "-encoders", parse_encoders, ("aac", "libx264", "mjpeg", "mpeg4", "png")),
    ("filter", "-filters", parse_filters, ("scale", "transpose")),
    ("protocol", "-protocols", parse_protocols, ("ftp", "http", "https", "rtmp", "tcp")),
)
"""What ffmpeg is asked about: the word before the name in `Program.features`, the option that lists, its parser, and the names."""


def collect(visit: Visit) -> Sequence[Look]:
    """One look at each of the two programs; none where no ffmpeg is asked for."""
    request = next((each for each in visit.manifest.programs if each.name == "ffmpeg"), None)
    if request is None:
        return []
    path, seen = find(request.command)
    first = _look("ffmpeg", path, seen, visit.deadline)
    probe_path, probe_seen = _ffprobe(path)
    return [first, _look("ffprobe", probe_path, probe_seen, visit.deadline)]


def _ffprobe(ffmpeg: str | None) -> tuple[str | None, str]:
    """Where the ffprobe is: beside ffmpeg under its name (`ffmpeg-7` has an `ffprobe-7`), beside it as `ffprobe`, or on PATH."""
    if ffmpeg is not None:
        beside = Path(ffmpeg)
        for name in dict.fromkeys((beside.name.replace("ffmpeg", "ffprobe"), "ffprobe")):
            there = beside.with_name(name)
            if name != beside.name and there.is_file() and os.access(there, os.X_OK):
                return str(there), ""
    path, seen = find("ffprobe")
    return path, seen if path is not None or ffmpeg is None else f"no ffprobe is beside {ffmpeg} or on PATH"


def _look(name: str, path: str | None, seen: str, deadline: Deadline) -> Look:
    evidence = Evidence(tool=name, command=(path or name, "-version"))
    if path is None:
        fact = Program(name=name, path=None, state=ProgramState.ABSENT, detail=seen)
        return Look(probe="ffmpeg", asked=name, evidence=replace(evidence, command=()), facts=(fact,))
    if seen:
        fact = Program(name=name, path=path, state=ProgramState.BROKEN, detail=seen)
        return Look(probe="ffmpeg", asked=name, evidence=evidence, facts=(fact,))
    answer = ask([path, "-version"], deadline)
    if cut_short(answer):
        return _unseen(name, evidence)
    banner = parse_banner(answer.text)
    evidence = replace(
        evidence,
        tool_version=banner.text if banner else None,
        exit_status=answer.exit_status,
        sha256=hashlib.sha256(answer.stdout).hexdigest(),
    )
    state, detail = _state(name, path, answer, banner)
    fact = Program(name=name, path=path, state=state, detail=detail)
    if state is ProgramState.WORKS and banner is not None:
        package = owner(path, deadline)
        fact = replace(fact, version=banner.version, kind=banner.kind, branch=banner.branch, owner=package)
        fact = replace(fact, flags=banner.flags)
        fact = replace(fact, fixes=None if package is None else fixes(package))
        fact = _with_features(fact, path, deadline) if name == "ffmpeg" else fact
        if deadline.remaining() <= 0:
            # What came last may have been cut short: half an answer is none.
            return _unseen(name, evidence)
    measured = ((f"{name} -version", answer.seconds),)
    return Look(probe="ffmpeg", asked=name, evidence=evidence, facts=(fact,), measured=measured)


def _state(name: str, path: str, answer: Completed, banner: Banner | None) -> tuple[ProgramState, str]:
    """What became of `-version`, in words that name the file."""
    if hung(answer):
        return ProgramState.HUNG, f"{path} did not answer -version within {PATIENCE:g} s"
    match answer.ending:
        case Ending.NOT_FOUND:
            return ProgramState.BROKEN, f"{path} names an interpreter or loader that is not there"
        case Ending.NOT_EXECUTABLE:
            return ProgramState.BROKEN, f"{path} is not a program for this machine"
        case Ending.TOO_MUCH_OUTPUT:
            return ProgramState.BROKEN, f"{path} does not stop printing when asked for its version"
        case _:
            pass
    status = answer.exit_status or 0
    if status < 0:
        return ProgramState.BROKEN, f"{path} crashed when asked for its version (signal {-status})"
    if status > 0:
        missing = " (a shared library is missing)" if "error while loading shared" in answer.error_text else ""
        return ProgramState.BROKEN, f"{path} ended with exit status {status} when asked for its version{missing}"
    if not answer.text.strip():
        return ProgramState.BROKEN, f"{path} printed nothing when asked for its version"
    if banner is None:
        return ProgramState.FOREIGN, f"{path} answers, but not as {name} does: something else goes by that name"
    if banner.program != name or banner.project != "FFmpeg":
        return ProgramState.FOREIGN, f"{path} says that it is {banner.project}'s {banner.program}"
    return ProgramState.WORKS, f"{name} version {banner.text}"


def _with_features(fact: Program, path: str, deadline: Deadline) -> Program:
    found: list[str] = []
    for word, option, parse, names in LISTS:
        answer = ask([path, "-hide_banner", option], deadline)
        if hung(answer):
            detail = f"{path} answered -version, but not {option} within {PATIENCE:g} s"
            return replace(fact, state=ProgramState.HUNG, detail=detail)
        present = parse(answer.text) if answer.exit_status == 0 else frozenset[str]()
        found += [f"{word} {name}" for name in names if name in present]
    return replace(fact, features=tuple(found))


def _unseen(name: str, evidence: Evidence) -> Look:
    unseen = Unseen(
        subject=name,
        yields=(Program.__name__,),
        cause="the time for the audit was up before ffmpeg and ffprobe had answered",
        remedy="give it more time with --timeout SECONDS, or leave the check out with --skip ffmpeg",
    )
    return Look(probe="ffmpeg", asked=name, evidence=evidence, unseen=unseen)


PROBE = Probe(name="ffmpeg", title="ffmpeg", reads=(), yields=(Program,), collect=collect)
