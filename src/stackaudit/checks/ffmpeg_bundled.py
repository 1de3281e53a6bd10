"""Judges the copies of ffmpeg inside Python packages, which no package manager and no `ffmpeg -version` shows."""

import re
from collections.abc import Iterable, Iterator

from stackaudit.checks._known_live import Live, known_faults
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.ffmpeg_branches import BRANCH_OF_LIBAVUTIL
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

_LIBRARY = re.compile(r"(?:lib)?av(?P<which>util|codec)[-\w]*\.?")
_LIBAVUTIL = re.compile(
    r"libavutil[-\w]*\.(?:so\.)?(?P<major>\d{1,3})\.(?P<minor>\d{1,3})\.\d{1,4}(?:\.dylib)?", re.ASCII
)
_PROGRAM = re.compile(r"ffmpeg-[\w-]+-v(?P<version>(?P<branch>\d{1,2}\.\d{1,2})(?:\.\d{1,3})?)(?:\.exe)?", re.ASCII)
_FETCHING = frozenset({"ffmpeg-downloader", "static-ffmpeg"})
"""Packages that fetch an ffmpeg when they are first used."""


def _holding(case: Case) -> list[Distribution]:
    return [each for each in case.facts(Distribution) if each.name in _FETCHING or _copies(each)]


def _copies(distribution: Distribution) -> list[str]:
    return [each for each in distribution.bundled if _LIBRARY.match(each) or each.startswith("ffmpeg")]


def _about(case: Case) -> Iterable[str]:
    return (each.subject for each in _holding(case)) if case.matrix and case.matrix.product("ffmpeg") else ()


@rule(
    "FF109",
    "The copies of ffmpeg inside packages are supported",
    severity="medium",
    reads=[Distribution],
    about=_about,
    why="they read the same files of strangers, and stay as they are until the package is upgraded",
    fix="upgrade the package, or let it use the ffmpeg of the system",
    source="https://ffmpeg.org/download.html",
)
def copies_are_supported(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the names of their files: imageio-ffmpeg writes the release there, libraries the version that tells the branch."""
    product = case.matrix.product("ffmpeg") if case.matrix is not None else None
    if product is None:
        return
    for each in _holding(case):
        program = next((found for name in each.bundled if (found := _PROGRAM.fullmatch(name))), None)
        branch_name = program["branch"] if program is not None else _branch_of_libraries(each)
        branch = product.branch(branch_name) if branch_name is not None else None
        if program is not None:
            live = Live(subject=each.subject, name="ffmpeg", version=program["version"], where=case.place_of(each.name))
            yield from known_faults(rule, case, live)
        if each.name in _FETCHING:
            message = "it fetches an ffmpeg when it is first used: which one, its files do not tell"
            yield rule.uncheckable(each.subject, message, where=case.place_of(each.name))
        elif branch_name is None:
            message = "it holds a copy of ffmpeg, and its files do not tell of which branch"
            yield rule.uncheckable(each.subject, message, where=case.place_of(each.name))
        elif branch is None:
            message = f"it holds ffmpeg {branch_name}, and nobody vouches for that branch in the matrix"
            yield rule.fails(each.subject, message, where=case.place_of(each.name), severity=Severity.LOW)
        elif branch.ended(case.today):
            when = f" on {branch.end_of_life}" if branch.end_of_life else ""
            message = f"it holds ffmpeg {program['version'] if program else branch.name}, whose support ended{when}"
            yield rule.fails(each.subject, message, where=case.place_of(each.name), source=branch.source)


def _branch_of_libraries(distribution: Distribution) -> str | None:
    for each in distribution.bundled:
        found = _LIBAVUTIL.fullmatch(each)
        if found is not None:
            return BRANCH_OF_LIBAVUTIL.get((int(found["major"]), int(found["minor"])))
    return None
