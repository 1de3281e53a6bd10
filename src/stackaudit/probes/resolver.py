"""Asks an installer what a fresh install of the declared files would give: wheels alone, nothing built, nothing installed."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from packaging.requirements import Requirement as Line

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.model.facts.published import Resolution
from stackaudit.model.fresh_install import open_files, why_not_asked
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.markers import applying, environment_of
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.secret import strip_secrets
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.model.versions import THINKABLE, parse_requirement
from stackaudit.outside.index import Absent, Trouble, ask
from stackaudit.outside.index_pages import Page
from stackaudit.outside.index_settings import IndexSettings, SettingsError, index_settings, searches_folders
from stackaudit.outside.installers import Cause
from stackaudit.outside.process import Ending
from stackaudit.outside.resolving import Answer, Question, resolve
from stackaudit.probes._telling import before
from stackaudit.probes.index import end_of

YIELDS = (Resolution.__name__,)
_OR_LEAVE_OUT = "or leave it out with --offline, or let it through with --allow-unknown MX210,VU105"
_LOCK = "a lock file lists all that an install gives: with one there is nothing to ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One question with what its answer is told by: the files, the Python's full version, the moment, the index."""

    files: tuple[str, ...]
    python: str
    until: datetime | None
    settings: IndexSettings
    question: Question

    @property
    def told_python(self) -> str:
        """As people write it: where no patch was said, the newest thinkable one stands in, which nobody has."""
        return self.python.removesuffix(THINKABLE)

    @property
    def sentence(self) -> str:
        return f"what a fresh install of {', '.join(self.files)} gives"


def collect(visit: Visit) -> Sequence[Look]:
    """One look: what the installer would take, that nothing goes together, or why that stayed unseen."""
    manifest = visit.manifest
    if why_not_asked(manifest) is not None:
        return []
    interpreter = next(iter(visit.facts(InterpreterFact)), None)
    prefix = sys.prefix if interpreter is None else interpreter.prefix
    files = open_files(manifest)
    try:
        settings = index_settings(prefix)
    except SettingsError as error:
        return [_blind(files, str(error), "mend it: pip itself ends with an error on it")]
    if not settings.urls:
        return [_blind(files, "pip is configured with no web index", f"configure one for pip, {_OR_LEAVE_OUT}")]
    requirements = applying(manifest, interpreter)
    constraints = applying(replace(manifest, requirements=manifest.terms.constraints), interpreter)
    stranger = next(_strangers(manifest, [*requirements, *constraints], settings), None)
    if stranger is not None:
        return [_blind(files, stranger, _LOCK, knowable=False)]
    until = manifest.text("exclude_newer")
    moment = None if until is None else end_of(until)
    python = environment_of(manifest, interpreter)["python_full_version"]
    question = Question(
        lines=tuple(dict.fromkeys(_line(each) for each in requirements)),
        constraints=tuple(dict.fromkeys(_line(each) for each in constraints)),
        python=python,
        interpreter=None if interpreter is None else interpreter.path,
        prereleases=manifest.terms.prereleases,
        exclude_newer=None if moment is None else moment.isoformat(),
        prefix=prefix,
        group=False,
    )
    asked = _Asked(files=files, python=python, until=moment, settings=settings, question=question)
    return [_look(asked, before(visit.deadline))]


def _line(requirement: Requirement) -> str:
    """`requirement` as an installer takes it; its marker was found to hold."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _strangers(manifest: Manifest, requirements: Sequence[Requirement], settings: IndexSettings) -> Iterator[str]:
    """Why the configured index alone can't tell: what is fetched from elsewhere, and what that pulls in, nobody knows from here."""
    apart = [
        f"{each.name} ({each.where})"
        for each in requirements
        if each.private or each.source is not None or "+" in str(each.specifier)
    ]
    apart += [str(each) for each in manifest.unnamed]
    if apart:
        yield f"what comes from elsewhere than the package index is not fetched here: {', '.join(dict.fromkeys(apart))}"
    known = {strip_secrets(each.reveal()).rstrip("/") for each in settings.urls}
    others = [each for each in manifest.terms.indexes if each.rstrip("/") not in known]
    if others:
        yield f"the files name places of their own to look for packages, and pip is configured with others: {', '.join(others)}"


def _look(asked: _Asked, deadline: Deadline) -> Look:
    answer = resolve(asked.question, deadline)
    told = _told(asked, answer, deadline)
    return Look(
        probe="resolver",
        asked=asked.sentence,
        evidence=Evidence(
            tool=answer.tool or "resolver",
            tool_version=answer.version,
            command=answer.command,
            exit_status=answer.exit_status,
            sha256=answer.sha256,
        ),
        facts=(told,) if isinstance(told, Resolution) else (),
        unseen=told if isinstance(told, Unseen) else None,
        yields=YIELDS,
    )


def _told(asked: _Asked, answer: Answer, deadline: Deadline) -> Resolution | Unseen:
    """What `answer` amounts to."""
    packages = tuple((name, str(version)) for name, version in answer.packages)
    found = Resolution(
        files=asked.files, python=asked.python, packages=packages, until=asked.until, required_by=answer.required_by
    )
    if not answer.tool:
        cause = f"there is neither uv nor a pip that runs on Python {asked.told_python} to ask {asked.sentence}"
        return _unseen(cause, f"install uv beside stackaudit, {_OR_LEAVE_OUT}")
    if answer.ending is Ending.TIMED_OUT:
        cause = f"{answer.tool} had not found out {asked.sentence} when the time for it was up"
        return _unseen(cause, f"give it more time with --timeout SECONDS, {_OR_LEAVE_OUT}")
    refusal = answer.refusal
    if refusal is None and answer.ending is Ending.EXITED and (packages or not asked.question.lines):
        return found
    reached = refusal is not None and refusal.cause is not Cause.UNREACHABLE
    if reached and asked.until is not None and (unseen := _timeless(asked, deadline)) is not None:
        return unseen
    if refusal is None or refusal.cause not in {Cause.UNSOLVABLE, Cause.NO_WHEEL, Cause.ABSENT, Cause.UNREACHABLE}:
        cause = f"{answer.tool} did not get to an answer about {asked.sentence} (exit status {answer.exit_status})"
        return _unseen(cause, f"run the audit again, {_OR_LEAVE_OUT}")
    if refusal.cause is Cause.UNREACHABLE:
        cause = f"the package index at {asked.settings.address} did not answer {answer.tool} as it should"
        return _unseen(cause, f"see whether this machine reaches it, {_OR_LEAVE_OUT}")
    if searches_folders(asked.question.prefix):
        cause = (
            f"pip is configured with folders to look for packages in too, which are not searched here: {refusal.reason}"
        )
        return _unseen(cause, _LOCK, knowable=False)
    if refusal.cause is Cause.NO_WHEEL:
        return _unseen(f"nothing is built here, and not all has a wheel: {refusal.reason}", _LOCK, knowable=False)
    if refusal.cause is Cause.ABSENT and refusal.about is not None:
        return _clarified(found, refusal.about, asked, deadline)
    return _no_index(refusal.unlisted, asked, deadline) or replace(found, refusal=refusal.reason)


def _no_index(unlisted: Sequence[str], asked: _Asked, deadline: Deadline) -> Unseen | None:
    """That something else answers in place of the index, where it does: uv takes a login page for one that lists nothing."""
    lines = [parse_requirement(each) for each in unlisted]
    pages = ask(sorted({each.name for each in lines if each is not None}), asked.settings, deadline).values()
    troubles = [page for page in pages if isinstance(page, Trouble)]
    return _unseen(troubles[0].cause, f"{troubles[0].remedy}, {_OR_LEAVE_OUT}") if troubles else None


def _timeless(asked: _Asked, deadline: Deadline) -> Unseen | None:
    """That the index tells no upload times, where it does not: then every file was passed over, and the refusal says nothing."""
    names = sorted({Line(each).name for each in asked.question.lines})
    pages = ask(names, asked.settings, deadline).values()
    if not any(isinstance(page, Page) and any(file.uploaded_at is None for file in page.files) for page in pages):
        return None
    cause = "the package index tells no upload times, so nobody can tell what there was on a day in the past"
    return _unseen(cause, "leave --exclude-newer out, or configure an index that serves upload times", knowable=False)


def _clarified(found: Resolution, about: str, asked: _Asked, deadline: Deadline) -> Resolution | Unseen:
    """What nothing was found of: the index lets nobody in, does not know it, has other versions alone, or has no wheel of it."""
    line = parse_requirement(about)
    name = about if line is None else line.name
    page = ask([name], asked.settings, deadline)[name]
    match page:
        case Trouble():
            return _unseen(page.cause, f"{page.remedy}, {_OR_LEAVE_OUT}")
        case Absent():
            cause = f"the package index at {asked.settings.address} knows no {name}: what it pulls in can't be told from here"
            return _unseen(cause, _LOCK, knowable=False)
        case Page():
            versions = [each.version for each in page.files]
            if line is not None and not any(line.specifier.filter(versions, prereleases=True)):
                return replace(found, refusal=f"there is no {about}")
            cause = f"nothing is built here, and there is no wheel of {about} for Python {asked.told_python}"
            return _unseen(cause, _LOCK, knowable=False)


def _unseen(cause: str, remedy: str, *, knowable: bool = True) -> Unseen:
    return Unseen(subject="", yields=YIELDS, cause=cause, remedy=remedy, knowable=knowable)


def _blind(files: Sequence[str], cause: str, remedy: str, *, knowable: bool = True) -> Look:
    return Look(
        probe="resolver",
        asked=f"what a fresh install of {', '.join(files)} gives",
        evidence=Evidence(tool="resolver"),
        unseen=_unseen(cause, remedy, knowable=knowable),
        yields=YIELDS,
    )


PROBE = Probe(
    name="resolver",
    title="fresh install",
    reads=(InterpreterFact,),
    yields=(Resolution,),
    collect=collect,
    child=True,
)
