"""Asks the package index what it holds of every package of the stack: versions, dates, withdrawals, newer releases."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from packaging.version import Version

from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.published import Release
from stackaudit.model.markers import environment_of
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_specifier, parse_version, series
from stackaudit.outside.index import Absent, Answer, Trouble, ask
from stackaudit.outside.index_pages import IndexFile, Page
from stackaudit.outside.index_settings import SettingsError, index_settings
from stackaudit.probes._telling import before
from stackaudit.probes._wanted import Wanted, uncheckable, wanted_packages

_YIELDS = (Release.__name__,)
_CONFIGURE = "tell pip the address of an index that is reached over the web: `pip config set global.index-url URL`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What decides which releases count: the target's full Python version, and the moment after which nothing had been uploaded yet."""

    python: str
    cutoff: datetime | None = None


def collect(visit: Visit) -> Sequence[Look]:
    """One look for all packages that the index answered for, and one for each that it could not be asked about."""
    wanted = wanted_packages(visit)
    asked_about = [each for each in wanted if each.elsewhere is None]
    if visit.manifest.flag("offline") or not wanted:
        return []
    apart = [
        _look(each.subject, "", unseen=uncheckable(each.subject, _YIELDS, each.elsewhere))
        for each in wanted
        if each.elsewhere is not None
    ]
    if not asked_about:
        return apart
    started = time.monotonic()
    interpreter = next(iter(visit.facts(InterpreterFact)), None)
    try:
        settings = index_settings(sys.prefix if interpreter is None else interpreter.prefix)
    except SettingsError as error:
        return [_blind(str(error), "mend it: pip itself ends with an error on it"), *apart]
    if not settings.urls:
        return [_blind("pip is configured with no web index", _CONFIGURE), *apart]
    answers = ask(sorted({each.name for each in asked_about}), settings, before(visit.deadline))
    looks = looks_of(asked_about, answers, target_of(visit), settings.address)
    measured = (("package index", time.monotonic() - started),)
    return [replace(looks[0], measured=measured), *looks[1:], *apart]


def _blind(cause: str, remedy: str) -> Look:
    return _look("the package index", "", unseen=Unseen(subject="", yields=_YIELDS, cause=cause, remedy=remedy))


def target_of(visit: Visit) -> Target:
    """The target's Python, and the end of the day (or the very moment) of setting `exclude_newer`."""
    interpreter = next(iter(visit.facts(InterpreterFact)), None)
    python = environment_of(visit.manifest, interpreter)["python_full_version"]
    text = visit.manifest.text("exclude_newer")
    return Target(python=python, cutoff=None if text is None else end_of(text))


def end_of(text: str) -> datetime:
    """The moment (UTC) that RFC 3339 date or time `text` ends: a date is taken to its last moment.

    Raises:
        ValueError: it is neither; settings are validated where they are read.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)


def looks_of(wanted: Sequence[Wanted], answers: Mapping[str, Answer], target: Target, address: str) -> tuple[Look, ...]:
    """The looks that the index's `answers` amount to: facts where it answered, an `Unseen` where it did not.

    What hit every package is told once, and blinds the whole look; so does an index that knows none of them.
    """
    asked = f"{len(answers)} packages at {address}" if len(answers) > 1 else f"1 package at {address}"
    told = {each.subject: _told(each, answers[each.name], target) for each in wanted}
    facts = tuple(each for each in told.values() if isinstance(each, Release))
    unseen = {subject: each for subject, each in told.items() if isinstance(each, Unseen)}
    forms = sorted({answer.form for answer in answers.values() if isinstance(answer, Page)})
    form = ", ".join(forms) or None
    if not any(fact.known for fact in facts):
        causes = sorted({each.cause: each for each in unseen.values()}.items())
        if causes:
            whole = replace(causes[0][1], subject="", cause="; ".join(cause for cause, _ in causes))
        else:
            whole = Unseen(
                subject="",
                yields=_YIELDS,
                cause=f"the index at {address} knows none of the {len(answers)} packages: is it a package index?",
                remedy="see which one pip is configured with: `pip config list`",
            )
        return (_look(asked, address, form=form, unseen=whole),)
    first = Look(
        probe="index",
        asked=asked,
        evidence=Evidence(tool="package index", tool_version=form, command=("GET", f"{address}/NAME/")),
        facts=facts,
        yields=_YIELDS,
    )
    return (
        first,
        *(
            _look(f"{subject} at {address}", address, form=form, unseen=replace(each, subject=subject))
            for subject, each in unseen.items()
        ),
    )


def _told(wanted: Wanted, answer: Answer, target: Target) -> Release | Unseen:
    match answer:
        case Absent():
            return Release(name=wanted.name, version=wanted.version, known=False, exists=False)
        case Trouble():
            return Unseen(subject=wanted.subject, yields=_YIELDS, cause=answer.cause, remedy=answer.remedy)
        case Page() if target.cutoff is not None and any(file.uploaded_at is None for file in answer.files):
            return Unseen(
                subject=wanted.subject,
                yields=_YIELDS,
                cause="the package index tells no upload times, so nobody can tell what there was on a day in the past",
                remedy="leave --exclude-newer out, or configure an index that serves upload times (PEP 700)",
                knowable=False,
            )
        case Page():
            return release(wanted, answer, target)


def release(wanted: Wanted, page: Page, target: Target) -> Release:
    """What `page` says of `wanted`, of the series that it belongs to and of the project, for `target`."""
    files = [each for each in page.files if target.cutoff is None or _before(each, target.cutoff)]
    parsed = parse_version(wanted.version)
    own = [each for each in files if _same(each.version, parsed, wanted.version)]
    finals = _finals(files)
    in_series = [each for each in finals if parsed is not None and _series(each) == _series(parsed)]
    admitted = [each for each in finals if any(_runs_on(file, target.python) for file in finals[each])]
    reasons = sorted({each.yanked_reason for each in own if each.yanked_reason is not None})
    newest_in_series, newest_for_python = max(in_series, default=None), max(admitted, default=None)
    return Release(
        name=wanted.name,
        version=wanted.version,
        known=True,
        exists=bool(own),
        uploaded_at=_first_upload(own),
        requires_python=next((each.requires_python for each in own if each.requires_python is not None), None),
        yanked=bool(own) and all(each.yanked for each in own),
        yanked_reason="; ".join(reasons) or None,
        newest_in_series=_text(newest_in_series),
        newest_in_series_at=_first_upload(finals[newest_in_series] if newest_in_series else ()),
        newest=_text(max(finals, default=None)),
        newest_for_python=_text(newest_for_python),
        newest_for_python_at=_first_upload(finals[newest_for_python] if newest_for_python else ()),
        last_release=max((each.uploaded_at for each in files if each.uploaded_at is not None), default=None),
    )


def _finals(files: Sequence[IndexFile]) -> dict[Version, list[IndexFile]]:
    """The files that are not yanked, by the final release that they belong to."""
    finals: dict[Version, list[IndexFile]] = {}
    for file in files:
        version = None if file.yanked else parse_version(file.version)
        if version is not None and not version.is_prerelease:
            finals.setdefault(version, []).append(file)
    return finals


def _before(file: IndexFile, cutoff: datetime) -> bool:
    return file.uploaded_at is not None and file.uploaded_at <= cutoff


def _same(written: str, parsed: Version | None, text: str) -> bool:
    """Whether a file's version is the wanted one; what is not PEP 440 is compared as it is written."""
    return written == text if parsed is None else parse_version(written) == parsed


def _series(version: Version) -> str:
    return f"{version.epoch}!{series(version)}"


def _runs_on(file: IndexFile, python: str) -> bool:
    """Whether pip would take the file on this Python: a Requires-Python that can't be read keeps nobody out."""
    needs = None if file.requires_python is None else parse_specifier(file.requires_python)
    return needs is None or needs.contains(python, prereleases=True)


def _first_upload(files: Sequence[IndexFile]) -> datetime | None:
    return min((each.uploaded_at for each in files if each.uploaded_at is not None), default=None)


def _text(version: Version | None) -> str | None:
    return None if version is None else str(version)


def _look(asked: str, address: str, *, unseen: Unseen, form: str | None = None) -> Look:
    command = ("GET", f"{address}/NAME/") if address else ()
    evidence = Evidence(tool="package index", tool_version=form, command=command)
    return Look(probe="index", asked=asked, evidence=evidence, unseen=unseen, yields=_YIELDS)


PROBE = Probe(
    name="index",
    title="package index",
    reads=(InterpreterFact, Distribution),
    yields=(Release,),
    collect=collect,
    child=True,
)
