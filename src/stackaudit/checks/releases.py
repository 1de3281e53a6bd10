"""Judges what the package index says of the packages: are they there, are they withdrawn, what is newer."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from stackaudit.checks._off_index import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.model.audit import Case
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.secret import redact
from stackaudit.model.versions import parse_version

LONG_AGO_YEARS = 3
"""Years without any release after which a package of the stack is told."""
_LONGEST_REASON = 200


def asked_by(manifest: Manifest) -> str | None:
    """Skipped with no network allowed, and where there is no version to ask about."""
    if manifest.flag("offline"):
        return "offline: the package index is not asked"
    if manifest.interpreter is None and not any(each.pin is not None for each in manifest.requirements):
        return "no environment and no pin: there is no version to ask about"
    return None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many releases the index was asked about, and what is wrong or old, each counted once."""
    releases = case.facts(Release)
    failed = {rule: {each.subject for each in findings if each.rule == rule and _failed(each)} for rule in _COUNTED}
    parts = [f"{len(failed[rule])} {words}" for rule, words in _COUNTED.items() if failed[rule]]
    told = f"{len(releases)} release{'' if len(releases) == 1 else 's'} looked up"
    if not releases:
        return "the package index showed nothing"
    return f"{told}: {', '.join(parts)}" if parts else f"{told}, none withdrawn"


_COUNTED = {
    "RE101": "not on the index",
    "RE102": "yanked",
    "RE103": "behind in their series",
    "RE104": "behind the newest",
    "RE105": "without a release for years",
}

CHECK = Check(id="releases", code="RE", title="Releases", order=40, asked_by=asked_by, summarize=summarize)


def _failed(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL


def _cared_for(case: Case) -> tuple[Release, ...]:
    """The releases of packages that the stack's owner chooses: those of the matrix and those required directly."""
    return tuple(
        each
        for each in case.facts(Release)
        if (case.matrix is not None and case.matrix.package(each.name) is not None)
        or any(requirement.direct for requirement in case.requirements_of(each.name))
    )


def _newer(candidate: str | None, release: Release) -> bool:
    """Whether `candidate` is a newer version than the release's own."""
    own, other = parse_version(release.version), parse_version(candidate or "")
    return own is not None and other is not None and other > own


def _dated(version: str | None, at: datetime | None) -> str:
    return f"{version} of {at.date().isoformat()}" if at is not None else f"{version}"


def _day(case: Case) -> date:
    """The day that is looked at: today, or the one in the past that the user named."""
    text = case.manifest.text("exclude_newer")
    return case.today if text is None else date.fromisoformat(text[:10])


def _all(case: Case) -> Iterator[str]:
    return (each.subject for each in case.facts(Release))


def _on_index(case: Case) -> Iterator[str]:
    return (each.subject for each in case.facts(Release) if each.exists)


def _comparable(case: Case) -> Iterator[str]:
    """Chosen packages of which the index has a final release in the same series to compare with."""
    return (each.subject for each in _cared_for(case) if each.newest_in_series is not None and _is_version(each))


def _newest_of_series(case: Case) -> Iterator[str]:
    """Chosen packages with nothing newer in their series; the others have their one finding already."""
    return (
        each.subject
        for each in _cared_for(case)
        if each.newest_for_python is not None and _is_version(each) and not _newer(each.newest_in_series, each)
    )


def _is_version(release: Release) -> bool:
    return parse_version(release.version) is not None


def _known(case: Case) -> Iterator[str]:
    return (each.subject for each in _cared_for(case) if each.known)


@rule(
    "RE101",
    "Every version is on the package index",
    severity="medium",
    reads=[Release],
    about=_all,
    why="a version that is gone from the index can't be installed again: the next build, or the next server, fails",
    fix="pin a version that the index has",
    source="https://peps.python.org/pep-0691/",
)
def on_index(rule: Rule, case: Case) -> Iterator[Finding]:
    """A project that the index does not know may be private; a version missing from one that it knows has vanished, or never was."""
    for release in case.facts(Release):
        where = case.place_of(release.name, release.version)
        parsed = parse_version(release.version)
        if not release.known:
            yield rule.uncheckable(release.subject, NOT_ON_INDEX, where=where, fix=SAY_PRIVATE, cause=NOT_ON_INDEX)
        elif not release.exists and parsed is not None and parsed.local is not None:
            yield rule.uncheckable(
                release.subject, f"{release.version} is a local build, which the index never lists", where=where
            )
        elif not release.exists:
            day = case.manifest.text("exclude_newer")
            lacks = "has" if day is None else f"on {day} had"
            newest = f"; the newest is {release.newest}" if release.newest is not None else ""
            yield rule.fails(
                release.subject, f"the index {lacks} no {release.name} {release.version}{newest}", where=where
            )


@rule(
    "RE102",
    "No version is yanked",
    severity="medium",
    reads=[Release],
    about=_on_index,
    why="its maintainers withdrew it: it holds a fault that they do not want anyone to run",
    fix="move to a version that is not yanked",
    source="https://peps.python.org/pep-0592/",
)
def not_yanked(rule: Rule, case: Case) -> Iterator[Finding]:
    """Yanked means that all files of the version are."""
    for release in case.facts(Release):
        if release.yanked:
            reason = f": {_one_line(release.yanked_reason)}" if release.yanked_reason else ", with no reason given"
            series = release.newest_in_series
            yield rule.fails(
                release.subject,
                f"{release.name} {release.version} was yanked{reason}",
                where=case.place_of(release.name, release.version),
                fix=f"move to {release.name} {series}" if _newer(series, release) else None,
            )


@rule(
    "RE103",
    "Every package of the stack is at the newest release of its series",
    severity="low",
    reads=[Release],
    about=_comparable,
    why="a series' later releases carry its fixes, and are meant to change nothing else",
    fix="move to the newest release of the series",
)
def newest_of_series(rule: Rule, case: Case) -> Iterator[Finding]:
    """Also says what is newest for this Python, so that one package gets one finding."""
    for release in _cared_for(case):
        if _newer(release.newest_in_series, release):
            overall = release.newest_for_python
            further = (
                f"; the newest for this Python is {_dated(overall, release.newest_for_python_at)}"
                if overall is not None and overall != release.newest_in_series and _newer(overall, release)
                else ""
            )
            step = _dated(release.newest_in_series, release.newest_in_series_at)
            yield rule.fails(
                release.subject,
                f"{release.name} {release.version} is behind {step}{further}",
                where=case.place_of(release.name, release.version),
                fix=f"move to {release.name} {release.newest_in_series}",
            )


@rule(
    "RE104",
    "Every package of the stack is at the newest release for its Python",
    severity="low",
    reads=[Release],
    about=_newest_of_series,
    why="fixes go to the newest series first, and sooner or later nowhere else",
    fix="plan the move to the newer series, one package at a time",
)
def newest_for_python(rule: Rule, case: Case) -> Iterator[Finding]:
    """Only where the series itself has nothing newer: that would have been told already."""
    for release in _cared_for(case):
        if _newer(release.newest_for_python, release) and not _newer(release.newest_in_series, release):
            newest = _dated(release.newest_for_python, release.newest_for_python_at)
            yield rule.fails(
                release.subject,
                f"{release.name} {release.version} is behind {newest}, the newest for this Python",
                where=case.place_of(release.name, release.version),
            )


@rule(
    "RE105",
    "Every package of the stack had a release within three years",
    severity="low",
    reads=[Release],
    about=_known,
    why="a project without releases for years will hardly make one for its next vulnerability or the next Python",
    fix="see whether the project is still cared for, and what its users move to",
)
def alive(rule: Rule, case: Case) -> Iterator[Finding]:
    """Any upload of the project counts."""
    today = _day(case)
    for release in _cared_for(case):
        if not release.known:
            continue
        where = case.place_of(release.name, release.version)
        if release.last_release is None:
            yield rule.uncheckable(release.subject, "the index does not tell when it was released", where=where)
            continue
        last = release.last_release.date()
        if (today.year - last.year, today.month, today.day) > (LONG_AGO_YEARS, last.month, last.day):
            yield rule.fails(
                release.subject, f"the last release of {release.name} was on {last.isoformat()}", where=where
            )


def _one_line(text: str) -> str:
    """Somebody else's text, fit for a line of ours: printable, on one line, cut where it is long, without logins."""
    line = redact(" ".join("".join(each if each.isprintable() else " " for each in text).split()))
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
